// The table of inputs: each name with the reader for its type.
import { commandNames } from '../core/commands.ts';
import type { Finding } from '../core/errors.ts';
import {
  boolean,
  dnsLabel,
  duration,
  hostName,
  httpsUrl,
  identifier,
  integer,
  label,
  oneOf,
  pageUrl,
  passphrase,
  type Reader,
  sha256,
  token,
  version,
} from '../core/readers.ts';
import { patiences } from '../kube/annotations.ts';
import { catalog, type ToolName } from '../tools/catalog.ts';
import { serviceAccountKey } from '../yandex/service-account-key.ts';
import { imageBuilds } from './build.ts';
import { type InputName, inputTable } from './contract.ts';
import { kubeconfig } from './kubeconfig.ts';
import {
  databaseRepositories,
  images,
  manifests,
  names,
  nonEmpty,
  registry,
  severityList,
  variables,
} from './lists.ts';
import type { RawInputs } from './raw.ts';
import { secretValues } from './secret-lines.ts';

type ToolInput = Extract<InputName, `${ToolName}-${'version' | 'sha256'}`>;

/** Of every tool of the catalog: `<name>-version`, and `<name>-sha256` where action.yml has it. */
function toolFields(): Readonly<Record<ToolInput, Reader<string>>> {
  const readers = Object.values(catalog).flatMap(({ name, versions }) => [
    [`${name}-version`, version(versions.accepts, ...versions.words)] as const,
    [`${name}-sha256`, sha256] as const,
  ]);
  return Object.fromEntries(readers.filter(([name]) => name in inputTable)) as Record<
    ToolInput,
    Reader<string>
  >;
}

export const fields = {
  command: oneOf(...commandNames),
  app: dnsLabel,
  environment: dnsLabel,
  'yc-k8s-cluster-id': identifier,
  'yc-k8s-cluster-name': identifier,
  'yc-folder-id': identifier,
  'cluster-endpoint': oneOf('external', 'internal'),
  kubeconfig,
  'kube-context': label,
  namespace: dnsLabel,
  'create-namespace': boolean,
  'yc-sa-json-credentials': serviceAccountKey,
  'yc-sa-id': identifier,
  'yc-oidc-audience': label,
  'yc-iam-token': token,
  'yc-api-endpoint': httpsUrl,
  manifests: nonEmpty(manifests),
  images: nonEmpty(images),
  built: boolean,
  build: imageBuilds,
  'bake-file': label,
  'bake-targets': nonEmpty(names),
  registry,
  'yc-registry-id': identifier,
  'registry-username': label,
  'registry-password': passphrase,
  'registry-auth-host': hostName,
  builder: identifier,
  provenance: oneOf('false', 'true', 'min', 'max'),
  sbom: boolean,
  variables,
  secrets: secretValues,
  timeout: duration(1000, 24 * 3_600_000),
  wait: boolean,
  'force-conflicts': boolean,
  lock: boolean,
  'lock-timeout': duration(0, 24 * 3_600_000),
  'restart-on-config': boolean,
  preflight: boolean,
  scan: oneOf('off', 'report', 'gate'),
  'scan-severity': severityList,
  'scan-ignore-unfixed': boolean,
  'scan-baseline': boolean,
  // In the order to try them; not given: where its maker publishes it.
  'trivy-db-repository': databaseRepositories,
  ...toolFields(),
  'tool-mirror': httpsUrl,
  'github-token': token,
  'environment-url': pageUrl,
  comment: boolean,
  summary: boolean,
  'log-lines': integer(0, 1000),
  patience: oneOf(...patiences),
  prune: boolean,
  'prune-confirm': boolean,
  'take-over': boolean,
  'allow-older': boolean,
  // For `status`: the release that the caller made; not given: whatever is live.
  revision: integer(1, 1_000_000),
  // For `rollback`; not given: the newest good one older than the live one.
  'to-release': integer(1, 1_000_000),
  'on-failure': oneOf('rollback', 'keep'),
  'on-first-failure': oneOf('keep', 'remove'),
} as const satisfies Readonly<Record<InputName, Reader<unknown>>>;

type ValueOf<R> = R extends Reader<infer T> ? T : never;
type Missing<N extends InputName> = (typeof inputTable)[N]['default'] extends ''
  ? undefined
  : never;

/** Inputs that are empty and have no default are undefined. */
export type Values = {
  readonly [N in InputName]: ValueOf<(typeof fields)[N]> | Missing<N>;
};

export interface ReadFields {
  readonly values: Values;
  readonly findings: readonly Finding[];
  /** Names of non-empty inputs, valid or not. */
  readonly given: ReadonlySet<InputName>;
  readonly wrong: ReadonlySet<InputName>;
}

// Entries of these end with their line, not with their last visible character.
const untrimmed: readonly InputName[] = ['variables', 'secrets'];

/**
 * Reads each input separately. Empty means not given, so the default applies; a wrong value leaves the
 * default (or nothing) in its place, so that the rules between inputs can still be checked.
 */
export function readFields(raw: RawInputs): ReadFields {
  const findings: Finding[] = [];
  const given = new Set<InputName>();
  const wrong = new Set<InputName>();
  const read = (name: InputName): unknown => {
    const text = textOf(raw, name);
    if (text === '') return standard(name);
    given.add(name);
    const result = fields[name](text, name);
    if ('value' in result) return result.value;
    wrong.add(name);
    findings.push(...result.findings);
    return standard(name);
  };
  const names = Object.keys(fields) as InputName[];
  const values = Object.fromEntries(names.map((name) => [name, read(name)])) as unknown as Values;
  return { values, findings, given, wrong };
}

function textOf(raw: RawInputs, name: InputName): string {
  const text = raw[name] ?? '';
  return untrimmed.includes(name) && text.trim() !== '' ? text : text.trim();
}

function standard(name: InputName): unknown {
  const text = inputTable[name].default;
  const result = text === '' ? undefined : fields[name](text, name);
  return result && 'value' in result ? result.value : undefined;
}
