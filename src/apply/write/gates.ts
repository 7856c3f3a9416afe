// What must be true of an object before the next stage may begin.

import type { Api } from '../../cluster/api.ts';
import { readOne } from '../../cluster/live-objects.ts';
import { type Finding, finding } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import { fieldsAt, listAt, textAt } from '../../kube/json.ts';
import { type KubeObject, nameOf } from '../../kube/objects.ts';
import { pathOf } from '../../kube/paths.ts';
import type { Resource } from '../../kube/resource.ts';
import { gateOf } from '../../manifests/order.ts';
import { resourcesOfDefinition } from '../planned/served-documents.ts';

export interface Gated {
  readonly object: KubeObject;
  readonly resource: Resource;
}

export interface GateKeeper {
  readonly api: Api;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

const patienceMs = 30_000;
// Without a controller-manager nothing fills a quota's status; the quota applies all the same.
const quotaPatienceMs = 2_000;

/** Waits; returns a finding if it takes more than 30 s. */
export async function passGate(gated: Gated, keeper: GateKeeper): Promise<Finding | undefined> {
  const gate = gateOf(gated.object);
  if (!gate) return;
  const open = { active: isActive, established: isServed, 'quota-filled': isFilled }[gate];
  const patience = gate === 'quota-filled' ? quotaPatienceMs : patienceMs;
  if (await until(() => open(gated, keeper), patience, keeper)) return;
  if (gate === 'quota-filled') return;
  const words = gate === 'active' ? 'Active' : 'Established and served';
  return finding('api-error', `${nameOf(gated.object)} was not ${words} after 30 s.`, {
    object: nameOf(gated.object),
    hint: 'Read its status; what comes after it was not applied.',
  });
}

/** Polls, at first every 50 ms, until it is true. False when the time is up. */
export async function until(
  isTrue: () => Promise<boolean>,
  patience: number,
  { clock, signal }: Pick<GateKeeper, 'clock' | 'signal'>,
): Promise<boolean> {
  const end = clock.now() + patience;
  for (let pause = 50; ; pause = Math.min(1000, pause * 1.5)) {
    if (await isTrue()) return true;
    if (clock.now() + pause > end) return false;
    await clock.sleep(pause, signal);
  }
}

async function isActive({ object, resource }: Gated, { api, signal }: GateKeeper) {
  if (textAt(object, 'status', 'phase') === 'Active') return true;
  const live = await readOne({ object, resource, api, signal });
  return textAt(live, 'status', 'phase') === 'Active';
}

/** Established is not enough: the kind's own path still answers 404 for a moment. */
async function isServed({ object, resource }: Gated, { api, signal }: GateKeeper) {
  const live = await readOne({ object, resource, api, signal });
  const conditions = listAt(live, 'status', 'conditions');
  const established = conditions.some(
    (each) => textAt(each, 'type') === 'Established' && textAt(each, 'status') === 'True',
  );
  if (!established) return false;
  const answers = await Promise.all(
    resourcesOfDefinition(object).map(async (served) => {
      api.forget(served.apiVersion);
      const known = await api.resourceOf(served.apiVersion, served.kind);
      if (!known) return false;
      const path = pathOf(known, { query: { limit: 1 } });
      const { status } = await api.send({ method: 'GET', path, ...(signal ? { signal } : {}) });
      return status !== 404;
    }),
  );
  return answers.every(Boolean);
}

async function isFilled({ object, resource }: Gated, { api, signal }: GateKeeper) {
  const live = await readOne({ object, resource, api, signal });
  return Object.keys(fieldsAt(live, 'status', 'hard')).length > 0;
}
