// The tools that a run installs, once, whoever asks for them first.
import { ActionError, finding } from '../../core/errors.ts';
import type { InstalledTool } from '../../tools/install.ts';
import { installTools, type ToolRequest } from '../../tools/install-tools.ts';
import { connected, type Run } from '../state/state.ts';

/** What was asked for by version: installed once, whoever waits for it. */
export function askedTools(run: Run): Promise<readonly InstalledTool[]> {
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

/** The cloud's answer, else the API server's own. Waits for the connection; undefined without one. */
async function versionOfCluster(run: Run): Promise<string | undefined> {
  const there = await connected(run);
  if (!there) return undefined;
  const { access, api } = there.state.connection;
  if (access.clusterVersion !== undefined) return access.clusterVersion;
  const { status, body } = await api.send({ method: 'GET', path: '/version' });
  const { gitVersion } = (status === 200 ? body : {}) as { readonly gitVersion?: unknown };
  return typeof gitVersion === 'string' ? gitVersion : undefined;
}

/** The one on PATH where `kubectl-version` allows it, else the requested version, installed. */
export async function kubectlPath(run: Run): Promise<string> {
  const { kubectlVersion } = run.inputs;
  const left = kubectlVersion === 'auto';
  const versions = { kubectlVersion };
  const installed = await (left ? tools(run, { needsKubectl: true, versions }) : askedTools(run));
  const path =
    installed.find(({ name }) => name === 'kubectl')?.path ??
    (await run.engine.ports.shell.which('kubectl'));
  if (path !== undefined) return path;
  const what = 'A kustomization folder needs kubectl, which is not on PATH.';
  const hint = 'Install kubectl on the runner, or set kubectl-version: auto.';
  throw new ActionError(finding('tool-unavailable', what, { hint }));
}
