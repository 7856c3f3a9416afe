// Inputs that a run gets as they are read: an input that is in the table `fields` is in `Inputs`.
import { type Defined, defined } from '../core/defined.ts';
import type { InputName } from './contract.ts';
import type { Values } from './fields.ts';

/** Those of which rules between inputs make something else. */
const decided = [
  'yc-k8s-cluster-id',
  'yc-k8s-cluster-name',
  'yc-folder-id',
  'kubeconfig',
  'kube-context',
  'yc-sa-json-credentials',
  'yc-sa-id',
  'yc-oidc-audience',
  'yc-iam-token',
  'app',
  'environment',
  'manifests',
  'images',
  'built',
  'build',
  'bake-file',
  'bake-targets',
  'registry',
  'yc-registry-id',
  'registry-username',
  'registry-password',
  'registry-auth-host',
  'builder',
  'provenance',
  'sbom',
  'variables',
  'secrets',
  'scan',
] as const satisfies readonly InputName[];

/** Milliseconds: the name says so. */
const inMilliseconds = { timeout: 'timeoutMs', 'lock-timeout': 'lockTimeoutMs' } as const;

type PlainName = Exclude<InputName, (typeof decided)[number]>;
type Camel<S extends string> = S extends `${infer A}-${infer B}`
  ? `${A}${Capitalize<Camel<B>>}`
  : S;
type FieldOf<N extends PlainName> = N extends keyof typeof inMilliseconds
  ? (typeof inMilliseconds)[N]
  : Camel<N>;

/** `timeoutMs` for `timeout`, `lockTimeoutMs`, and camel case for all others; absent where not given. */
export type PlainInputs = Defined<{ readonly [N in PlainName as FieldOf<N>]: Values[N] }>;

/** The read values under the names of `PlainInputs`. */
export function plainInputs(values: Values): PlainInputs {
  const isDecided: ReadonlySet<string> = new Set(decided);
  const names = Object.keys(values).filter((name) => !isDecided.has(name)) as PlainName[];
  const fields = names.map((name) => [fieldOf(name), values[name]] as const);
  return defined(Object.fromEntries(fields)) as PlainInputs;
}

function fieldOf(name: PlainName): string {
  if (name in inMilliseconds) return inMilliseconds[name as keyof typeof inMilliseconds];
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
