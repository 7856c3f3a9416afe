// Opens the connection: credentials first, then the API server behind the lock's guard.
import { createApi } from '../../cluster/create-api.ts';
import { authenticate } from '../../connect/authenticate.ts';
import { checkForeign } from '../../connect/check-foreign.ts';
import { guarded } from '../../lock/guard.ts';
import type { Run } from '../state/state.ts';
import type { StepOf } from '../state/step.ts';
import { cloudOf } from './registry.ts';

export async function connect({ target }: StepOf<'authenticate'>, run: Run): Promise<void> {
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
