// The table of what each step of a plan does to a run: wiring only, the work is in steps/.

import { buildAndPush } from './build-and-push.ts';
import { createApi } from './cluster/create-api.ts';
import { ActionError, type Finding, finding } from './errors.ts';
import { isUntrusted } from './guard.ts';
import { guarded } from './lock/guard.ts';
import { transform } from './manifests/transform.ts';
import { cloudOf } from './open-registry.ts';
import type { Step } from './plan.ts';
import { chooseReleaseDue, planPruneDue, readReleasesDue } from './release-steps.ts';
import { undoDue } from './roll-back.ts';
import { applyDue, awaitDue } from './roll-out.ts';
import { apiOf, imagesOf, keep, type Running, settingsOf } from './running.ts';
import { prepareScanDue, scanDue } from './scan-run.ts';
import { acquireLock } from './steps/acquire-lock.ts';
import { isLeftToNewer } from './steps/asked-revision.ts';
import { authenticate } from './steps/authenticate.ts';
import { changesOf } from './steps/changes.ts';
import { checkForeign } from './steps/check-foreign.ts';
import { dryRunAll, unverifiedOf } from './steps/dry-run.ts';
import { findDeployed } from './steps/find-deployed.ts';
import { installTools, type ToolRequest } from './steps/install-tools.ts';
import { judgeNow } from './steps/judge-now.ts';
import { loadManifests } from './steps/load-manifests.ts';
import { prune } from './steps/prune.ts';
import { withRecordedRules } from './steps/recorded-rules.ts';
import { previewedRestarts } from './steps/restarts.ts';
import { liveImageDocuments } from './steps/set-images.ts';
import { counted } from './text.ts';
import type { InstalledTool } from './tools/install.ts';

type Runners = {
  readonly [K in Step['do']]: (step: Extract<Step, { do: K }>, run: Running) => Promise<void>;
};

const runners: Runners = {
  async authenticate({ target }, run) {
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
    state.access = access;
    state.cluster = cluster;
    state.api = createApi(
      guarded(cluster, () => state.lock),
      ports,
    );
    const namespace = inputs.namespace ?? cluster.namespace;
    if (namespace !== undefined) state.namespace = namespace;
    engine.exports.exportVariable('KUBECONFIG', access.forLater ?? access.path);
    ports.log.info(`cluster ${cluster.server}`);
  },

  async 'install-tools'(_, run) {
    await askedTools(run);
  },

  async 'load-manifests'({ entries }, run) {
    const { engine, context, state, signal, inputs } = run;
    const { ports } = engine;
    const untrusted = isUntrusted(context);
    const kubectl = () => kubectlPath(run);
    const loaded = await loadManifests(entries, { ports, context, untrusted, kubectl, signal });
    state.loaded = loaded.documents;
    // What is still being built is checked by its name, so that a mistake shows at once.
    const expected = Object.fromEntries(
      (inputs.build?.images ?? []).map(({ name }) => [name, name]),
    );
    keep([...loaded.findings, ...setDocuments({ ...inputs.images, ...expected }, run)], run);
    ports.log.info(`${counted(state.documents.length, 'object')} from ${entries.join(', ')}`);
  },

  'build-images': buildAndPush,

  async 'pin-images'(_, run) {
    // The other ones were told when the manifests were read.
    const findings = setDocuments(imagesOf(run), run);
    keep(
      findings.filter(({ severity }) => severity === 'fatal'),
      run,
    );
  },

  async 'find-workloads'(_, run) {
    const found = await liveImageDocuments(imagesOf(run), settingsOf(run));
    keep(found.findings, run);
    const secrets = transform([], { ...run.inputs, images: {} });
    keep(secrets.findings, run);
    run.state.documents = [...secrets.documents, ...found.documents];
    run.state.partial = true;
  },

  async 'acquire-lock'({ timeoutMs }, run) {
    const lock = await acquireLock(run, timeoutMs);
    if (lock) run.state.lock = lock;
  },

  async 'dry-run'(_, run) {
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
  },

  'prepare-scanner': ({ mode }, run) => prepareScanDue(mode, run),
  scan: ({ mode }, run) => scanDue(mode, run),
  apply: applyDue,
  'await-rollout': awaitDue,
  undo: undoDue,
  'read-releases': readReleasesDue,
  'choose-release': chooseReleaseDue,
  'plan-prune': planPruneDue,
  prune: (_, run) => prune(run),

  async judge(_, run) {
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
  },
};

function setDocuments(images: Readonly<Record<string, string>>, run: Running): readonly Finding[] {
  const { inputs, state } = run;
  const { documents, findings } = transform(state.loaded, {
    ...inputs,
    images,
    ...(inputs.namespace ? { namespace: inputs.namespace } : {}),
  });
  state.documents = documents;
  return findings;
}

/** Carries out one step. Throws ActionError, or the abort's own error. */
export function runStep<K extends Step['do']>(
  step: Extract<Step, { do: K }>,
  run: Running,
): Promise<void> {
  const done = runners[step.do as K](step, run);
  const { opened, read } = run.state;
  if (step.do === 'authenticate') void done.then(opened.resolve, opened.reject);
  if (step.do === 'load-manifests') void done.then(read.resolve, read.reject);
  return done;
}

/** What was asked for by version: installed once, whoever waits for it. */
function askedTools(run: Running): Promise<readonly InstalledTool[]> {
  run.state.tools ??= tools(run, { needsKubectl: false, versions: run.inputs });
  return run.state.tools;
}

async function tools(
  run: Running,
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
async function versionOfCluster(run: Running): Promise<string | undefined> {
  if (!run.inputs.target) return undefined;
  await run.state.opened.promise;
  const known = run.state.access?.clusterVersion;
  if (known !== undefined) return known;
  const { status, body } = await apiOf(run).send({ method: 'GET', path: '/version' });
  const { gitVersion } = (status === 200 ? body : {}) as { readonly gitVersion?: unknown };
  return typeof gitVersion === 'string' ? gitVersion : undefined;
}

/** The one on PATH where `kubectl-version` leaves the choice, else the asked version, installed. */
async function kubectlPath(run: Running): Promise<string> {
  const versions = { ...run.inputs, ycVersion: 'none' };
  const left = run.inputs.kubectlVersion === 'auto';
  const installed = await (left ? tools(run, { needsKubectl: true, versions }) : askedTools(run));
  const path =
    installed.find(({ name }) => name === 'kubectl')?.path ??
    (await run.engine.ports.shell.which('kubectl'));
  if (path !== undefined) return path;
  const what = 'A kustomization folder needs kubectl, and there is none on PATH.';
  const hint = 'Install kubectl on the runner, or set kubectl-version: auto.';
  throw new ActionError(finding('tool-unavailable', what, { hint }));
}
