// The table of what each step of a plan does to a run: wiring only, the work is in steps/.

import { createApi } from './cluster/create-api.ts';
import { ActionError, type Finding, finding, throwIfFatal } from './errors.ts';
import { checkKubeconfig, isUntrusted } from './guard.ts';
import { transform } from './manifests/transform.ts';
import type { Step } from './plan.ts';
import { type Running, whatIsLeft } from './running.ts';
import { applyAll } from './steps/apply-manifests.ts';
import type { ApplySettings } from './steps/apply-settings.ts';
import { authenticate, withHints } from './steps/authenticate.ts';
import { awaitRollout } from './steps/await-rollout.ts';
import { changesOf } from './steps/changes.ts';
import { dryRunAll, unverifiedOf } from './steps/dry-run.ts';
import { findDeployed } from './steps/find-deployed.ts';
import { installTools, type ToolRequest } from './steps/install-tools.ts';
import { judgeNow } from './steps/judge-now.ts';
import { loadManifests } from './steps/load-manifests.ts';
import { restartsOf } from './steps/restarts.ts';
import { liveImageDocuments } from './steps/set-images.ts';
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
      onSecretFile: engine.onSecretFile,
    });
    const { cluster, startsPrograms } = await engine.connect(access);
    if (access.borrowed) {
      const workspace = await ports.files.realPath(context.workspace);
      const file = { path: access.path, workspace, startsPrograms };
      throwIfFatal(checkKubeconfig(context, file));
    }
    state.access = access;
    state.cluster = cluster;
    state.api = createApi(cluster, ports);
    const namespace = inputs.namespace ?? cluster.namespace;
    if (namespace !== undefined) state.namespace = namespace;
    engine.exports.exportVariable('KUBECONFIG', access.forLater ?? access.path);
    ports.log.info(`cluster ${cluster.server}`);
  },

  async 'install-tools'(_, run) {
    await tools(run, { needsKubectl: false });
  },

  async 'load-manifests'({ entries }, run) {
    const { engine, context, state, signal, inputs } = run;
    const { ports } = engine;
    const untrusted = isUntrusted(context);
    const kubectl = () => kubectlPath(run);
    const loaded = await loadManifests(entries, { ports, context, untrusted, kubectl, signal });
    const documents = transform(loaded.documents, {
      ...inputs,
      ...(inputs.namespace ? { namespace: inputs.namespace } : {}),
    });
    keep([...loaded.findings, ...documents.findings], run);
    state.documents = documents.documents;
    ports.log.info(`${state.documents.length} objects from ${entries.join(', ')}`);
  },

  async 'find-workloads'(_, run) {
    const found = await liveImageDocuments(run.inputs.images, settingsOf(run));
    keep(found.findings, run);
    const secrets = transform([], { ...run.inputs, images: {} });
    keep(secrets.findings, run);
    run.state.documents = [...secrets.documents, ...found.documents];
    run.state.partial = true;
  },

  async 'dry-run'(_, run) {
    const { state, engine, inputs } = run;
    const { objects, findings } = await dryRunAll(state.documents, settingsOf(run));
    state.planned = objects;
    state.unverified = unverifiedOf(objects);
    keep(findings, run);
    if (inputs.command === 'diff') {
      state.changes = changesOf(objects, { patches: true });
      state.restarts = restartsOf(objects);
    }
    if (findings.some(({ severity }) => severity === 'fatal')) return;
    const changing = objects.filter(({ change }) => change !== 'unchanged').length;
    engine.ports.log.info(`dry run: ${changing} of ${objects.length} objects would change`);
    for (const { object, why } of state.unverified) {
      engine.ports.log.info(`not checked yet: ${object}, because ${why}`);
    }
  },

  async apply(_, run) {
    const { state, engine } = run;
    const outcome = await applyAll(state.planned, settingsOf(run), {
      onApplied(applied) {
        const changes = changesOf([applied.planned]);
        state.changes = [...state.changes, ...changes];
        for (const { object, change } of changes) {
          if (change !== 'unchanged') engine.ports.log.info(`${object} ${change}`);
        }
      },
    });
    const planned = outcome.applied.map((each) => each.planned);
    state.applied = outcome.applied;
    state.changes = changesOf(planned);
    state.restarts = restartsOf(planned);
    state.left = outcome.left;
    state.uncertain = outcome.uncertain;
    const [first, ...more] = outcome.findings;
    if (!first) return;
    keep([{ ...first, evidence: [...first.evidence, ...whatIsLeft(state)] }, ...more], run);
  },

  async 'await-rollout'({ timeoutMs }, run) {
    const { state, engine, signal, inputs } = run;
    const { clock, log } = engine.ports;
    const started = state.timings.find(({ name }) => name === 'apply')?.from ?? clock.now();
    const left = Math.max(1000, timeoutMs - (clock.now() - started));
    // A token that would end in the middle of the wait is made anew before it.
    await state.access?.token?.get(left + 60_000);
    const result = await awaitRollout({
      api: apiOf(run),
      clock,
      targets: state.applied,
      timeoutMs: left,
      logLines: inputs.logLines,
      signal,
      onLine: log.info,
    });
    state.workloads = result.workloads;
    keep(result.findings, run);
  },

  async judge(_, run) {
    const { state, inputs, engine, signal } = run;
    const api = apiOf(run);
    const objects = await findDeployed({
      api,
      app: inputs.app,
      namespace: state.namespace,
      signal,
    });
    const result = await judgeNow({
      api,
      clock: engine.ports.clock,
      targets: objects.map((object) => ({ object })),
      logLines: inputs.logLines,
      signal,
    });
    state.workloads = result.workloads;
    keep(result.findings, run);
  },
};

/** Carries out one step. Throws ActionError, or the abort's own error. */
export function runStep<K extends Step['do']>(
  step: Extract<Step, { do: K }>,
  run: Running,
): Promise<void> {
  const done = runners[step.do as K](step, run);
  const { resolve, reject } = run.state.opened;
  if (step.do === 'authenticate') void done.then(resolve, reject);
  return done;
}

function keep(findings: readonly Finding[], { state }: Running): void {
  state.findings.push(...(state.access ? withHints(findings, state.access) : findings));
}

function apiOf({ state }: Running) {
  if (!state.api) throw new Error('a step that needs the cluster ran before authenticate');
  return state.api;
}

function settingsOf(run: Running): ApplySettings {
  const { inputs, engine, state, signal } = run;
  const { app, createNamespace, forceConflicts, restartOnConfig } = inputs;
  return {
    api: apiOf(run),
    clock: engine.ports.clock,
    log: engine.ports.log,
    app,
    namespace: state.namespace,
    createNamespace,
    forceConflicts,
    restartOnConfig,
    partial: state.partial,
    signal,
  };
}

async function tools(
  run: Running,
  request: Pick<ToolRequest, 'needsKubectl'>,
): Promise<readonly InstalledTool[]> {
  const { engine, inputs } = run;
  const { ports, exports } = engine;
  const mirror = inputs.toolMirror === undefined ? {} : { mirror: inputs.toolMirror };
  const clusterVersion = () => versionOfCluster(run);
  return installTools(
    { command: inputs.command, versions: inputs, clusterVersion, ...request },
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
  const installed = await tools(run, { needsKubectl: true });
  const path =
    installed.find(({ name }) => name === 'kubectl')?.path ??
    (await run.engine.ports.shell.which('kubectl'));
  if (path !== undefined) return path;
  const what = 'A kustomization folder needs kubectl, and there is none on PATH.';
  const hint = 'Install kubectl on the runner, or set kubectl-version: auto.';
  throw new ActionError(finding('tool-unavailable', what, { hint }));
}
