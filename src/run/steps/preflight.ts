// What reads and dry-run pods prove wrong, before the first write.
import { isUntrusted } from '../../core/guard.ts';
import { referencesOf } from '../../images/built.ts';
import type { Registries } from '../../preflight/check.ts';
import { startPreflight } from '../../preflight/preflight.ts';
import { apiOf, type Connected, keep } from '../state/state.ts';
import type { StepOf } from '../state/step.ts';
import { registryOf } from './registry.ts';

/** Its reads run beside the dry run, whose answers the checks then take. */
export async function preflight({ checks }: StepOf<'preflight'>, run: Connected): Promise<void> {
  if (!checks) return;
  const { state, engine, inputs, signal } = run;
  const { http, clock, log } = engine.ports;
  const { documents, namespace } = state;
  const begun = startPreflight({
    app: inputs.app,
    documents,
    namespace,
    api: apiOf(run),
    http,
    registries: registriesOf(run),
    clock,
    log,
    signal,
  });
  await state.given['dry-run'].promise;
  const { findings, unchecked } = await begun.finish(state.planned, { awaits: inputs.wait });
  signal.throwIfAborted();
  state.unverified = [...state.unverified, ...unchecked];
  const refused = inputs.command === 'diff' ? 'a deploy would be refused' : 'refused';
  const changed = inputs.command === 'diff' ? 'is' : 'was';
  const evidence = [`${refused} before anything ${changed} changed`];
  keep(
    findings.map((each) =>
      each.severity === 'fatal' ? { ...each, evidence: [...each.evidence, ...evidence] } : each,
    ),
    run,
  );
}

/** The run's registry is opened only where an image of its host is asked for. */
function registriesOf(run: Connected): Registries {
  const { inputs, context, engine, state } = run;
  const { registry } = inputs;
  return {
    own: registry?.host,
    authHost: registry?.authHost,
    pushed: new Set(Object.values(referencesOf(state.built))),
    foreign: isUntrusted(context),
    async login(host) {
      const isOwn = host === registry?.host;
      // Opened for its own host alone: that writes files with the login.
      const opened = await (isOwn ? registryOf(run) : state.registry)?.catch(() => undefined);
      const own = isOwn ? await opened?.login().catch(() => undefined) : undefined;
      return own ?? opened?.loginFor(host);
    },
    mask: engine.ports.log.mask,
  };
}
