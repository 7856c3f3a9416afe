// Wires the build step: registry, builder, secrets, and the resulting images.

import type { Buildx } from '../../build/bake.ts';
import { secretVariable } from '../../build/bake-definition.ts';
import { buildFromFile } from '../../build/build-from-file.ts';
import { buildImages } from '../../build/build-images.ts';
import { sourceFacts } from '../../build/source-facts.ts';
import { type Finding, throwIfFatal } from '../../core/errors.ts';
import { isUntrusted } from '../../core/guard.ts';
import { invalid } from '../../core/readers.ts';
import { Secret } from '../../core/secret.ts';
import type { BuildRequest } from '../../images/request.ts';
import { exposedIn } from '../../inputs/mask.ts';
import type { OpenRegistry } from '../../registry/login.ts';
import { platformName } from '../../tools/catalog.ts';
import type { Run } from '../state/state.ts';
import { registryOf } from './registry.ts';

/** Sets `state.built`. Stops where another step of the wave has failed: nothing would be deployed. */
export async function runBuild(_: unknown, run: Run): Promise<void> {
  const { failed } = run.state;
  const signal = AbortSignal.any([run.signal, failed.signal]);
  try {
    await build({ ...run, signal });
  } catch (error) {
    if (run.signal.aborted || error !== failed.signal.reason) throw error;
    run.engine.ports.log.info('The build was stopped because the run has already failed.');
  }
}

async function build(run: Run): Promise<void> {
  const { inputs, engine, context, state, signal } = run;
  const { build: request, registry: address } = inputs;
  if (!request || !address) throw new Error('a build without request or registry was planned');
  const secrets = buildSecrets(request, run);
  const [registry, source] = await Promise.all([
    registryOf(run),
    sourceFacts(context, engine.ports.shell),
  ]);
  const { client } = registry;
  if (!client) throw new Error('the registry was opened without an address');
  const times: Readonly<Record<string, string>> =
    source.committedAt === undefined ? {} : { SOURCE_DATE_EPOCH: String(source.committedAt) };
  const buildx: Buildx = {
    ports: engine.ports,
    workspace: context.workspace,
    ...(request.builder === undefined ? {} : { builder: request.builder }),
    environment: { ...childEnvironment(engine.environment, registry), ...times, ...secrets },
    signal,
    onSecretFile: engine.onSecretFile,
  };
  const building = {
    request,
    address,
    registry: { ...registry, client },
    buildx,
    http: engine.ports.http,
    context,
    source,
    proposed: isUntrusted(context),
    gha: Boolean(engine.environment['ACTIONS_RUNTIME_TOKEN']),
    machine: engine.tools.platform ? platformName(engine.tools.platform) : '',
    logLines: inputs.logLines,
    onTiming: (timing: (typeof state.timings)[number]) => void state.timings.push(timing),
  };
  state.built = await (request.bake ? buildFromFile(building) : buildImages(building));
}

/** Variables that locate Docker, its builders and GitHub's cache. */
const passed =
  /^(?:DOCKER_(?:HOST|CONTEXT|TLS_VERIFY|CERT_PATH|API_VERSION)|BUILDX_(?:BUILDER|CONFIG)|BUILDKIT_HOST|BUILDKIT_COLORS|KUBECONFIG|ACTIONS_(?:CACHE_URL|RESULTS_URL|RUNTIME_TOKEN|CACHE_SERVICE_V2))$/;

/** For programs that build and push: the user's own builders and logins, and ours where needed. */
function childEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  { plainConfig, userConfig }: OpenRegistry,
): Readonly<Record<string, string | Secret>> {
  const taken = Object.entries(environment).flatMap(([name, value]) => {
    if (!value || !passed.test(name)) return [];
    return [[name, name.endsWith('_TOKEN') ? new Secret(value) : value] as const];
  });
  const tls = environment['DOCKER_TLS_VERIFY'] ? { DOCKER_CERT_PATH: userConfig } : {};
  return {
    BUILDX_CONFIG: `${userConfig}/buildx`,
    ...tls,
    ...Object.fromEntries(taken),
    DOCKER_CONFIG: plainConfig,
    // Attestations are explicit inputs: those that buildx adds itself turn every image into an index.
    BUILDX_NO_DEFAULT_ATTESTATIONS: '1',
    BUILDX_METADATA_PROVENANCE: 'disabled',
  };
}

/** The step's own variables named by the images' `secrets`, masked. */
function buildSecrets(request: BuildRequest, run: Run): Readonly<Record<string, Secret>> {
  const { environment, ports } = run.engine;
  const problems: Finding[] = [];
  const all = request.images.flatMap(({ name, secrets }) =>
    Object.entries(secrets).flatMap(([id, variable]) => {
      const value = environment[variable];
      // The runner's own variables are not build secrets: a build could leak them.
      if (value && !/^(?:INPUT|ACTIONS|STATE)_/.test(variable)) {
        return [[secretVariable(id), new Secret(value)] as const];
      }
      const what = `of \`${name}\` needs the secret \`${id}\`, but the variable ${variable} is not set`;
      problems.push(invalid('build', what, `Set ${variable} in the \`env\` of the step.`));
      return [];
    }),
  );
  const values = all.map(([, value]) => value);
  for (const value of values) ports.log.mask(value);
  throwIfFatal([...problems, ...exposedIn(request.images, values)]);
  return Object.fromEntries(all);
}
