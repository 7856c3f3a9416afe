// Strings come in once and become typed `Inputs`; every problem is collected before it fails.
import type { RunContext } from './context.ts';
import type { Finding } from './errors.ts';
import type { BuildRequest } from './images/build.ts';
import { readFields, type Values } from './inputs/fields.ts';
import { nameImages } from './inputs/images.ts';
import { manyLineFindings } from './inputs/many-lines.ts';
import { exposedIn, maskingNotes, secretsToMask } from './inputs/mask.ts';
import { type RawInputs, undeclared } from './inputs/raw.ts';
import { chooseRegistry, type Registry, takesIamToken } from './inputs/registry.ts';
import { chooseScan } from './inputs/scan.ts';
import { chooseTarget } from './inputs/target.ts';
import { type Facts, findWork } from './inputs/work.ts';
import { invalid } from './readers.ts';
import type { Patience } from './rollout/patience.ts';
import type { ProblemSeverity } from './scan/problems.ts';
import type { ScanMode } from './scan/result.ts';
import type { Secret } from './secret.ts';

export type Command =
  | 'deploy'
  | 'diff'
  | 'status'
  | 'setup'
  | 'build'
  | 'scan'
  | 'rollback'
  | 'history';

export type Credentials =
  | { readonly by: 'key'; readonly key: ServiceAccountKey }
  | { readonly by: 'oidc'; readonly serviceAccountId: string; readonly audience?: string }
  | { readonly by: 'token'; readonly token: Secret };

export interface ServiceAccountKey {
  readonly id: string;
  readonly serviceAccountId: string;
  /** PKCS#8 PEM without any leading text line. */
  readonly privateKey: Secret;
}

export type ClusterTarget =
  | { readonly by: 'id'; readonly id: string; readonly credentials: Credentials }
  | {
      readonly by: 'name';
      readonly name: string;
      readonly folderId: string;
      readonly credentials: Credentials;
    }
  /** `text` is the kubeconfig itself, decoded. */
  | {
      readonly by: 'kubeconfig';
      readonly path?: string;
      readonly text?: Secret;
      readonly context?: string;
    };

export interface SecretValue {
  readonly secret: string;
  readonly key: string;
  readonly value: Secret;
}

export interface Inputs {
  readonly command: Command;
  /** Absent only for `setup` without a cluster. */
  readonly target?: ClusterTarget;
  readonly clusterEndpoint: 'external' | 'internal';
  readonly ycApiEndpoint: string;
  readonly app: string;
  /** Empty where nothing says it and the command does not need it. */
  readonly environment: string;
  readonly namespace?: string;
  readonly createNamespace: boolean;
  /** In their order; a leading `-` excludes. */
  readonly manifests: readonly string[];
  readonly images: Readonly<Record<string, string>>;
  /** What this run builds itself; absent where nothing is built. */
  readonly build?: BuildRequest;
  /** Absent where none is named. */
  readonly registry?: Registry;
  readonly variables: Readonly<Record<string, string>>;
  readonly secrets: readonly SecretValue[];
  readonly timeoutMs: number;
  readonly wait: boolean;
  readonly forceConflicts: boolean;
  readonly lock: boolean;
  readonly lockTimeoutMs: number;
  readonly restartOnConfig: boolean;
  readonly scan: 'off' | ScanMode;
  readonly scanSeverity: readonly ProblemSeverity[];
  readonly scanIgnoreUnfixed: boolean;
  readonly scanBaseline: boolean;
  readonly trivyVersion: string;
  readonly trivySha256?: string;
  /** In the order to try them; absent: where its maker publishes it. */
  readonly trivyDbRepository?: readonly string[];
  readonly kubectlVersion: string;
  readonly ycVersion: string;
  readonly ycSha256?: string;
  readonly toolMirror?: string;
  readonly githubToken?: Secret;
  readonly environmentUrl?: string;
  readonly comment: boolean;
  readonly summary: boolean;
  readonly logLines: number;
  readonly patience: Patience;
  readonly prune: boolean;
  readonly pruneConfirm: boolean;
  readonly takeOver: boolean;
  readonly allowOlder: boolean;
  /** For `status`: the release that the caller made; undefined: whatever is live. */
  readonly revision?: number;
  /** For `rollback`; undefined: the newest good one older than the live one. */
  readonly toRelease?: number;
  readonly onFailure: 'rollback' | 'keep';
  readonly onFirstFailure: 'keep' | 'remove';
}

export interface ReadInputs {
  /** Absent when a finding is fatal. */
  readonly inputs?: Inputs;
  /** Fatal ones, warnings and notes; every problem at once. */
  readonly findings: readonly Finding[];
}

const withoutCluster: readonly Command[] = ['setup', 'build', 'scan'];

/** Reads every input, then checks the rules between them. Pure: `facts` is what the caller saw. */
export function readInputs(raw: RawInputs, context: RunContext, facts: Facts): ReadInputs {
  const read = readFields(raw);
  // With a wrong command nobody knows what is needed, so only what is given is judged.
  const known = !read.wrong.has('command');
  const required = known && !withoutCluster.includes(read.values.command);
  const { defaultKubeconfig } = facts;
  const chosen = chooseTarget(read, {
    on: context.on,
    required,
    defaultKubeconfig,
    opensRegistry: takesIamToken(read),
  });
  const pushing = chooseRegistry(read, chosen.credentials);
  const named = nameImages(read, context);
  const work = findWork(read, context, { ...facts, known });
  const scanning = chooseScan(read, {
    builds: pushing.build !== undefined,
    hasTarget: chosen.target !== undefined,
    hasWork:
      pushing.build !== undefined ||
      work.value.manifests.length > 0 ||
      Object.keys(named.images).length > 0,
  });
  const findings = [
    ...undeclared(raw),
    ...read.findings,
    ...chosen.findings,
    ...pushing.findings,
    ...exposedIn(pushing.build?.images ?? [], secretsToMask(raw)),
    ...named.findings,
    ...work.findings,
    ...scanning.findings,
    ...toolFindings(read.values, required || chosen.target !== undefined),
    ...maskingNotes(raw),
    ...manyLineFindings(raw, context, holderOf(read.values.command, work.value.environment)),
  ];
  if (findings.some(({ severity }) => severity === 'fatal')) return { findings };
  const { images } = named;
  const { findings: _, ...pushed } = pushing;
  const target = chosen.target ? { target: chosen.target } : {};
  const { scan } = scanning;
  const plain = plainInputs(read.values);
  return { findings, inputs: { ...plain, ...work.value, images, ...target, ...pushed, scan } };
}

/** GitHub's environment that holds the secrets: a preview has one of its own, as `init` writes it. */
const holderOf = (command: Command, environment: string): string =>
  command === 'diff' ? 'pr-check' : environment;

function toolFindings(values: Values, cluster: boolean): readonly Finding[] {
  const findings: Finding[] = [];
  if (values['yc-sha256'] && ['auto', 'none'].includes(values['yc-version'])) {
    const hint = 'Give both, or leave the digest out.';
    findings.push(invalid('yc-sha256', 'needs an exact `yc-version` beside it', hint));
  }
  if (values['kubectl-version'] === 'match-cluster' && !cluster) {
    const what = 'is `match-cluster`, but no cluster is given';
    findings.push(invalid('kubectl-version', what, 'Give a cluster, or a version.'));
  }
  return findings;
}

type PlainInputs = Omit<
  Inputs,
  'scan' | 'target' | 'app' | 'environment' | 'manifests' | 'images' | 'build' | 'registry'
>;

function plainInputs(values: Values): PlainInputs {
  const { namespace, 'yc-sha256': ycSha256, 'tool-mirror': toolMirror } = values;
  const { 'github-token': githubToken, 'environment-url': environmentUrl } = values;
  const repositories = values['trivy-db-repository'];
  return {
    command: values.command,
    clusterEndpoint: values['cluster-endpoint'],
    ycApiEndpoint: values['yc-api-endpoint'],
    ...(namespace === undefined ? {} : { namespace }),
    createNamespace: values['create-namespace'],
    variables: values.variables ?? {},
    secrets: values.secrets ?? [],
    timeoutMs: values.timeout,
    wait: values.wait,
    forceConflicts: values['force-conflicts'],
    lock: values.lock,
    lockTimeoutMs: values['lock-timeout'],
    restartOnConfig: values['restart-on-config'],
    scanSeverity: values['scan-severity'],
    scanIgnoreUnfixed: values['scan-ignore-unfixed'],
    scanBaseline: values['scan-baseline'],
    trivyVersion: values['trivy-version'],
    ...(values['trivy-sha256'] === undefined ? {} : { trivySha256: values['trivy-sha256'] }),
    ...(repositories === undefined ? {} : { trivyDbRepository: repositories }),
    kubectlVersion: values['kubectl-version'],
    ycVersion: values['yc-version'],
    ...(ycSha256 === undefined ? {} : { ycSha256 }),
    ...(toolMirror === undefined ? {} : { toolMirror }),
    ...(githubToken === undefined ? {} : { githubToken }),
    ...(environmentUrl === undefined ? {} : { environmentUrl }),
    comment: values.comment,
    summary: values.summary,
    logLines: values['log-lines'],
    patience: values.patience,
    prune: values.prune,
    pruneConfirm: values['prune-confirm'],
    takeOver: values['take-over'],
    allowOlder: values['allow-older'],
    ...(values.revision === undefined ? {} : { revision: values.revision }),
    ...(values['to-release'] === undefined ? {} : { toRelease: values['to-release'] }),
    onFailure: values['on-failure'],
    onFirstFailure: values['on-first-failure'],
  };
}
