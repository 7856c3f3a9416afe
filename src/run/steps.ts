// The table of what each step of a plan does to a run: wiring only, the work is in steps/.

import { changesOf } from '../apply/changes.ts';
import { dryRunAll, unverifiedOf } from '../apply/dry-run/dry-run.ts';
import { previewedRestarts } from '../apply/dry-run/restarts.ts';
import { liveImageDocuments } from '../apply/live-workloads.ts';
import { createApi } from '../cluster/create-api.ts';
import { authenticate } from '../connect/authenticate.ts';
import { checkForeign } from '../connect/check-foreign.ts';
import { ActionError, type Finding, finding } from '../core/errors.ts';
import { isUntrusted } from '../core/guard.ts';
import { counted, listed, spell } from '../core/text.ts';
import type { Timing } from '../core/timing.ts';
import type { ClusterTarget } from '../inputs/types.ts';
import { guarded } from '../lock/guard.ts';
import { loadManifests } from '../manifests/load/load-manifests.ts';
import { transform } from '../manifests/transform.ts';
import { findDeployed } from '../rollout/wait/find-deployed.ts';
import { judgeNow } from '../rollout/wait/judge-now.ts';
import type { ScanMode } from '../scan/result.ts';
import type { InstalledTool } from '../tools/install.ts';
import { installTools, type ToolRequest } from '../tools/install-tools.ts';
import {
  apiOf,
  type Connected,
  connected,
  imagesOf,
  keep,
  type Run,
  settingsOf,
} from './state/state.ts';
import type { Fact, Plan, StepName, StepOf } from './state/step.ts';
import { runApply, runAwait } from './steps/apply-and-await.ts';
import { isLeftToNewer } from './steps/asked-revision.ts';
import { runBuild } from './steps/build.ts';
import { acquireLock } from './steps/lock.ts';
import { prune } from './steps/prune.ts';
import { withRecordedRules } from './steps/recorded-rules.ts';
import { cloudOf } from './steps/registry.ts';
import { runChooseRelease, runPlanPrune, runReadReleases } from './steps/releases.ts';
import { runPrepareScan, runScan } from './steps/scan.ts';
import { runUndo } from './steps/undo.ts';

const modes: Readonly<Record<ScanMode, string>> = {
  gate: 'nothing is written before every scan has passed',
  report: 'the report waits for it, the apply does not',
};

function targetWords(target: ClusterTarget): string {
  if (target.by === 'id') return `cluster ${target.id}`;
  if (target.by === 'name') return `cluster ${target.name} in folder ${target.folderId}`;
  return target.context ? `the kubeconfig's context ${target.context}` : 'the kubeconfig';
}

/** What a step is made of. `run` throws ActionError, or the abort's own error. */
interface Row<K extends StepName, N extends Fact, G extends Fact> {
  /** The line of the printed plan. */
  describe(step: StepOf<K>): string;
  /** Of the report's timeline. */
  readonly section: Timing['section'];
  /** Its lines are folded under this; without it they stay in sight. */
  readonly group?: string;
  /** It is planned after who gives these, or beside them, and then waits for them. */
  readonly needs: readonly N[];
  readonly gives: readonly G[];
  run(step: StepOf<K>, run: 'connection' extends N ? Connected : Run): Promise<void>;
}

const row =
  <K extends StepName>() =>
  <const N extends Fact, const G extends Fact>(parts: Row<K, N, G>): Row<K, N, G> =>
    parts;

/** One row each, in the order in which a deploy comes to them. */
export const steps = {
  authenticate: row<'authenticate'>()({
    describe: ({ target }) => `authenticate to ${targetWords(target)}`,
    section: 'prepare',
    group: 'Authenticate',
    needs: [],
    gives: ['connection'],
    run: connect,
  }),
  'install-tools': row<'install-tools'>()({
    describe: ({ tools }) => `install ${listed(tools)} for later steps`,
    section: 'prepare',
    group: 'Install tools',
    needs: [],
    gives: [],
    run: async (_, run) => void (await askedTools(run)),
  }),
  'prepare-scanner': row<'prepare-scanner'>()({
    describe: () => 'prepare Trivy and its vulnerability database',
    section: 'prepare',
    group: 'Prepare the scanner',
    needs: [],
    gives: [],
    run: ({ mode }, run) => runPrepareScan(mode, run),
  }),
  'acquire-lock': row<'acquire-lock'>()({
    describe: ({ timeoutMs }) =>
      `acquire the lock${timeoutMs > 0 ? `, waiting at most ${spell(timeoutMs)}` : ', or fail'}`,
    section: 'prepare',
    needs: ['connection'],
    gives: [],
    async run({ timeoutMs }, run) {
      const lock = await acquireLock(run, timeoutMs);
      if (lock) run.state.lock = lock;
    },
  }),
  'load-manifests': row<'load-manifests'>()({
    describe: ({ entries }) => `load manifests: ${entries.join(', ')}`,
    section: 'prepare',
    group: 'Load manifests',
    needs: [],
    gives: ['documents'],
    run: readManifests,
  }),
  'find-workloads': row<'find-workloads'>()({
    describe: ({ images }) => `find live workloads that run ${images.join(', ')}`,
    section: 'prepare',
    group: 'Find workloads',
    needs: ['connection'],
    gives: ['documents'],
    run: findWorkloads,
  }),
  'choose-release': row<'choose-release'>()({
    describe: ({ to }) =>
      to ? `take release ${to}` : 'take the newest good release older than the live one',
    section: 'prepare',
    group: 'Release',
    needs: ['connection'],
    gives: ['documents', 'releases'],
    run: runChooseRelease,
  }),
  'build-images': row<'build-images'>()({
    describe: ({ names }) =>
      `build ${names.length > 0 ? names.join(', ') : 'what the bake file says'} and push by digest`,
    section: 'build',
    needs: [],
    gives: [],
    run: runBuild,
  }),
  'pin-images': row<'pin-images'>()({
    describe: () => 'set the images that were built, by digest',
    section: 'prepare',
    needs: ['documents'],
    gives: [],
    run: pinImages,
  }),
  'dry-run': row<'dry-run'>()({
    describe: () => 'dry-run every object on the server; a refusal ends the run here',
    section: 'apply',
    group: 'Dry run',
    needs: ['connection', 'documents'],
    gives: ['dry-run'],
    run: dryRun,
  }),
  scan: row<'scan'>()({
    describe: ({ mode, baseline }) =>
      `scan images, manifests and Dockerfiles${baseline ? ', compared with what runs now' : ''}: ${modes[mode]}`,
    section: 'scan',
    needs: [],
    gives: [],
    run: ({ mode }, run) => runScan(mode, run),
  }),
  'read-releases': row<'read-releases'>()({
    describe: ({ contents, optional }) =>
      `read the recorded releases${contents && !optional ? ', and whether a newer commit is live' : ''}`,
    section: 'prepare',
    needs: ['connection'],
    gives: ['releases'],
    run: runReadReleases,
  }),
  'plan-prune': row<'plan-prune'>()({
    describe: () => 'find what this release no longer has',
    section: 'apply',
    needs: ['connection', 'documents', 'releases'],
    gives: ['prune-plan'],
    run: runPlanPrune,
  }),
  apply: row<'apply'>()({
    describe: () => 'record the release, and apply what differs, stage by stage',
    section: 'apply',
    group: 'Apply',
    needs: ['connection', 'dry-run', 'releases'],
    gives: ['applied'],
    run: runApply,
  }),
  'await-rollout': row<'await-rollout'>()({
    describe: ({ timeoutMs }) => `await every workload, at most ${spell(timeoutMs)}`,
    section: 'rollout',
    needs: ['connection', 'applied'],
    gives: [],
    run: runAwait,
  }),
  judge: row<'judge'>()({
    describe: () => 'judge what is deployed now',
    section: 'rollout',
    needs: ['connection', 'releases'],
    gives: [],
    run: judge,
  }),
  prune: row<'prune'>()({
    describe: () => 'delete what this release no longer has',
    section: 'rollout',
    group: 'Prune',
    needs: ['connection', 'prune-plan', 'applied'],
    gives: [],
    run: (_, run) => prune(run),
  }),
  undo: row<'undo'>()({
    describe: ({ timeoutMs, wait }) => {
      const then = wait ? `, and await it, at most ${spell(timeoutMs)} more` : '';
      return `after a failure: put back what was there${then}`;
    },
    section: 'rollout',
    // The apply may have failed in the middle.
    needs: ['connection'],
    gives: [],
    run: runUndo,
  }),
} as const;

export type Needs<K extends StepName> = (typeof steps)[K]['needs'][number];
export type Gives<K extends StepName> = (typeof steps)[K]['gives'][number];

/** The row of a step, for who knows no step by name. */
export function rowOf<K extends StepName>(step: StepOf<K>): Row<K, Fact, Fact> {
  return steps[step.do as K] as unknown as Row<K, Fact, Fact>;
}

/** Carries out one step, once what it needs is given. Throws ActionError, or the abort's own error. */
export async function runStep<K extends StepName>(step: StepOf<K>, run: Run): Promise<void> {
  const { needs, gives, run: work } = rowOf(step);
  const { given } = run.state;
  try {
    for (const need of needs) await given[need].promise;
    // Whoever gives the connection has put it there.
    await work(step, run as Connected);
    for (const fact of gives) given[fact].resolve();
  } catch (error) {
    for (const fact of gives) given[fact].reject(error);
    throw error;
  }
}

/** The plan as numbered lines; steps of one wave share its number. */
export function describePlan(plan: Plan): readonly string[] {
  const waves = [...plan.waves, ...(plan.undo ? [[plan.undo]] : [])];
  return waves.flatMap((wave, index) =>
    wave.map((step) => `${index + 1}. ${rowOf(step).describe(step)}`),
  );
}

async function connect({ target }: StepOf<'authenticate'>, run: Run): Promise<void> {
  const { engine, inputs, context, state } = run;
  const { ports } = engine;
  const access = await authenticate(target, ports, {
    apiEndpoint: inputs.ycApiEndpoint,
    endpoint: inputs.clusterEndpoint,
    workspace: context.workspace,
    ...(engine.idToken ? { idToken: engine.idToken } : {}),
    cloud: (credentials) => cloudOf(run, credentials),
    onSecretFile: engine.onSecretFile,
  });
  const named = target.by === 'kubeconfig' ? target.path : undefined;
  await checkForeign(access, named, { context, files: ports.files });
  const cluster = await engine.connect(access);
  const api = createApi(
    guarded(cluster, () => state.lock),
    ports,
  );
  state.connection = { access, cluster, api };
  const namespace = inputs.namespace ?? cluster.namespace;
  if (namespace !== undefined) state.namespace = namespace;
  engine.exports.exportVariable('KUBECONFIG', access.forLater ?? access.path);
  ports.log.info(`cluster ${cluster.server}`);
}

async function readManifests({ entries }: StepOf<'load-manifests'>, run: Run): Promise<void> {
  const { engine, context, state, signal, inputs } = run;
  const { ports } = engine;
  const untrusted = isUntrusted(context);
  const kubectl = () => kubectlPath(run);
  const loaded = await loadManifests(entries, { ports, context, untrusted, kubectl, signal });
  state.loaded = loaded.documents;
  // What is still being built is checked by its name, so that a mistake shows at once.
  const expected = Object.fromEntries((inputs.build?.images ?? []).map(({ name }) => [name, name]));
  keep([...loaded.findings, ...setDocuments({ ...inputs.images, ...expected }, run)], run);
  ports.log.info(`${counted(state.documents.length, 'object')} from ${entries.join(', ')}`);
}

async function pinImages(_: unknown, run: Run): Promise<void> {
  // The other ones were told when the manifests were read.
  const findings = setDocuments(imagesOf(run), run);
  keep(
    findings.filter(({ severity }) => severity === 'fatal'),
    run,
  );
}

async function findWorkloads(_: unknown, run: Connected): Promise<void> {
  const found = await liveImageDocuments(imagesOf(run), settingsOf(run));
  keep(found.findings, run);
  const secrets = transform([], { ...run.inputs, images: {} });
  keep(secrets.findings, run);
  run.state.documents = [...secrets.documents, ...found.documents];
  run.state.partial = true;
}

async function dryRun(_: unknown, run: Connected): Promise<void> {
  const { state, engine, inputs } = run;
  const { objects, findings, unbuilt = [] } = await dryRunAll(state.documents, settingsOf(run));
  state.planned = objects;
  state.unverified = [...unverifiedOf(objects), ...unbuilt];
  keep(findings, run);
  if (inputs.command === 'diff') {
    state.changes = changesOf(objects, { patches: true });
    state.restarts = previewedRestarts(objects);
  }
  if (findings.some(({ severity }) => severity === 'fatal')) return;
  const changing = objects.filter(({ change }) => change !== 'unchanged').length;
  engine.ports.log.info(`dry run: ${changing} of ${objects.length} objects would change`);
  for (const [why, same] of Map.groupBy(state.unverified, (each) => each.why)) {
    const names = same.map(({ object }) => object).join(', ');
    engine.ports.log.info(`not checked yet, because ${why}: ${names}`);
  }
}

async function judge(_: unknown, run: Connected): Promise<void> {
  const { state, inputs, engine, signal } = run;
  if (await isLeftToNewer(run)) return;
  const api = apiOf(run);
  const objects = await findDeployed({
    api,
    app: inputs.app,
    namespace: state.namespace,
    signal,
    onLine: engine.ports.log.info,
  });
  const result = await judgeNow({
    api,
    clock: engine.ports.clock,
    targets: (await withRecordedRules(objects, run)).map((object) => ({ object })),
    logLines: inputs.logLines,
    patience: inputs.patience,
    signal,
  });
  const isBad = result.findings.some(({ severity }) => severity === 'fatal');
  // A run that began meanwhile may be why.
  if (isBad && (await isLeftToNewer(run, { again: true }))) return;
  state.workloads = result.workloads;
  keep(result.findings, run);
}

function setDocuments(images: Readonly<Record<string, string>>, run: Run): readonly Finding[] {
  const { inputs, state } = run;
  const { documents, findings } = transform(state.loaded, {
    ...inputs,
    images,
    ...(inputs.namespace ? { namespace: inputs.namespace } : {}),
  });
  state.documents = documents;
  return findings;
}

/** What was asked for by version: installed once, whoever waits for it. */
function askedTools(run: Run): Promise<readonly InstalledTool[]> {
  run.state.tools ??= tools(run, { needsKubectl: false, versions: run.inputs });
  return run.state.tools;
}

async function tools(
  run: Run,
  request: Pick<ToolRequest, 'needsKubectl' | 'versions'>,
): Promise<readonly InstalledTool[]> {
  const { engine, inputs } = run;
  const { ports, exports } = engine;
  const mirror = inputs.toolMirror === undefined ? {} : { mirror: inputs.toolMirror };
  const clusterVersion = () => versionOfCluster(run);
  return installTools(
    { command: inputs.command, clusterVersion, ...request },
    { ...ports, ...engine.tools, ...mirror, exports },
  );
}

/** The cloud's word, else the API server's own. Waits for the connection; undefined without one. */
async function versionOfCluster(run: Run): Promise<string | undefined> {
  const there = await connected(run);
  if (!there) return undefined;
  const { access, api } = there.state.connection;
  if (access.clusterVersion !== undefined) return access.clusterVersion;
  const { status, body } = await api.send({ method: 'GET', path: '/version' });
  const { gitVersion } = (status === 200 ? body : {}) as { readonly gitVersion?: unknown };
  return typeof gitVersion === 'string' ? gitVersion : undefined;
}

/** The one on PATH where `kubectl-version` leaves the choice, else the asked version, installed. */
async function kubectlPath(run: Run): Promise<string> {
  const { kubectlVersion } = run.inputs;
  const left = kubectlVersion === 'auto';
  const versions = { kubectlVersion };
  const installed = await (left ? tools(run, { needsKubectl: true, versions }) : askedTools(run));
  const path =
    installed.find(({ name }) => name === 'kubectl')?.path ??
    (await run.engine.ports.shell.which('kubectl'));
  if (path !== undefined) return path;
  const what = 'A kustomization folder needs kubectl, and there is none on PATH.';
  const hint = 'Install kubectl on the runner, or set kubectl-version: auto.';
  throw new ActionError(finding('tool-unavailable', what, { hint }));
}
