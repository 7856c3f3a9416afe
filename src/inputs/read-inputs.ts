// Turns strings into typed `Inputs`, once; every problem is collected before it fails.
import { type Command, commands } from '../core/commands.ts';
import type { RunContext } from '../core/context.ts';
import type { Finding } from '../core/errors.ts';
import { invalid } from '../core/readers.ts';
import { readFields, type Values } from './fields.ts';
import { nameImages } from './images.ts';
import { manyLineFindings } from './many-lines.ts';
import { exposedIn, maskingNotes, secretsToMask } from './mask.ts';
import { type RawInputs, undeclared } from './raw.ts';
import { chooseRegistry, takesIamToken } from './registry.ts';
import { chooseScan } from './scan.ts';
import { chooseTarget } from './target.ts';
import type { Inputs } from './types.ts';
import { type Facts, findWork } from './work.ts';

export interface ReadInputs {
  /** Absent if a finding is fatal. */
  readonly inputs?: Inputs;
  /** Fatal findings, warnings and notes; every problem at once. */
  readonly findings: readonly Finding[];
}

/** Reads every input, then checks the rules between them. Pure: `facts` is what the caller saw. */
export function readInputs(raw: RawInputs, context: RunContext, facts: Facts): ReadInputs {
  const read = readFields(raw);
  // With a wrong command it is unknown what is needed, so only the given inputs are checked.
  const known = !read.wrong.has('command');
  const required = known && commands[read.values.command].needsCluster;
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

/** GitHub's environment with the secrets: a preview has its own, as `init` writes it. */
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
