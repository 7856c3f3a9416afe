// One deploy of an application at a time in a namespace: waits for the lock and holds it.
import { randomUUID } from 'node:crypto';
import { createApi } from '../../cluster/create-api.ts';
import type { RunContext } from '../../core/context.ts';
import { clip } from '../../core/text.ts';
import { githubOf } from '../../github/repository.ts';
import { runStatus } from '../../github/run-status.ts';
import type { Seeking } from '../../lock/acquire.ts';
import { holdLock, type Lock } from '../../lock/hold.ts';
import { type Holder, leaseName } from '../../lock/lease.ts';
import { type Connected, namespaceOfDocuments, type Run, repositoryMark } from '../state/state.ts';

/**
 * Goes on while manifests are loaded. Undefined where there is nothing to lock, or where another
 * step has failed meanwhile. Throws ActionError `locked` or `forbidden`.
 */
export async function acquireLock(run: Connected, timeoutMs: number): Promise<Lock | undefined> {
  const { state, signal } = run;
  const either = AbortSignal.any([signal, state.failed.signal]);
  try {
    return await lockIn(run, timeoutMs, either);
  } catch (error) {
    if (state.failed.signal.aborted && !signal.aborted) return undefined;
    throw error;
  }
}

async function lockIn(run: Connected, timeoutMs: number, either: AbortSignal) {
  const { engine, inputs } = run;
  const { log } = engine.ports;
  const namespace = inputs.namespace ?? (await namespaceOfManifests(run));
  if (namespace === undefined) {
    log.info('no lock: nothing goes into a namespace');
    return undefined;
  }
  const lock = await holdLock(seekingOf(run, { namespace, timeoutMs }), either);
  const name = leaseName(inputs.app);
  if (lock.isHeld) log.info(`holding the lock ${name} in namespace ${namespace}`);
  else log.info(`the lock ${name} is taken when the namespace ${namespace} is there`);
  return lock;
}

/** Where the inputs name none: the first by alphabet that an object names, else the context's. */
async function namespaceOfManifests({ state, inputs }: Run): Promise<string | undefined> {
  if (inputs.manifests.length === 0) return state.namespace;
  await state.given.documents.promise;
  return namespaceOfDocuments(state);
}

type Wish = Pick<Seeking, 'namespace' | 'timeoutMs'>;

function seekingOf(run: Connected, wish: Wish): Seeking {
  const { state, engine, inputs, context, signal } = run;
  const { cluster } = state.connection;
  const { clock, log } = engine.ports;
  // Its own, below the guard; of the API's troubles the other one tells.
  const quiet = { ...log, info: log.debug };
  const on = githubOf(run);
  return {
    ...(on ? { hasEnded: runStatus(on, log) } : {}),
    api: createApi(cluster, { clock, log: quiet }),
    clock,
    log,
    app: inputs.app,
    holder: holderFor(context),
    signal,
    ...wish,
  };
}

/** The run's own address, so that whoever waits can go and look. */
function holderFor(context: RunContext): Holder {
  const { on, runUrl, actor, attempt } = context;
  const where = runUrl ? `${runUrl}/attempts/${attempt}` : on;
  const identity = `${where}#${randomUUID().slice(0, 8)}`;
  return { identity, actor: clip(actor, 300), repository: repositoryMark(context) };
}
