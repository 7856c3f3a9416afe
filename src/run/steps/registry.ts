// The run's registry and its cloud access: opened once, by the first step that needs them.
import { type OpenRegistry, openRegistry } from '../../registry/login.ts';
import { type Cloud, openCloud } from '../../yandex/cloud.ts';
import type { Credentials } from '../../yandex/credentials.ts';
import type { Run } from '../state/state.ts';

/** One token for the cluster and the registry. */
export function cloudOf(run: Run, credentials: Credentials): Promise<Cloud> {
  const { engine, inputs, state } = run;
  const options = {
    apiEndpoint: inputs.ycApiEndpoint,
    ...(engine.idToken ? { idToken: engine.idToken } : {}),
  };
  state.cloud ??= openCloud(credentials, options, engine.ports);
  return state.cloud;
}

/** The run's Docker configuration, with the login for `registry` where there is one. */
export function registryOf(run: Run): Promise<OpenRegistry> {
  run.state.registry ??= open(run);
  return run.state.registry;
}

async function open(run: Run): Promise<OpenRegistry> {
  const { engine, inputs } = run;
  const { registry } = inputs;
  const login = registry?.login;
  return openRegistry(
    {
      address: registry,
      authHost: registry?.authHost,
      ...(login?.by === 'password' ? { login } : {}),
      ...(login?.by === 'iam' ? { tokens: (await cloudOf(run, login.credentials)).tokens } : {}),
      environment: engine.environment,
      onSecretFile: engine.onSecretFile,
    },
    engine.ports,
  );
}
