// What one pod takes of a quota. Pure.

import { fieldsAt, items, textAt, valueAt } from '../kube/json.ts';
import { amountOf } from '../kube/quantity.ts';

/** By the names that a ResourceQuota uses: `pods`, `requests.cpu`, `limits.memory`, … */
export type Amounts = ReadonlyMap<string, number>;

const parts = ['requests', 'limits'] as const;

/**
 * As the quota's evaluator counts it (pkg/quota/v1/evaluator/core/pods.go, and component-helpers' resource
 * PodRequests): the larger of all containers together and of each init container with the sidecars before
 * it, and the overhead; the pod's own resources instead where it has them.
 */
export function podAmounts(pod: unknown): Amounts {
  const spec = valueAt(pod, ['spec']);
  const amounts = new Map<string, number>([
    ['pods', 1],
    ['count/pods', 1],
  ]);
  for (const part of parts) {
    for (const [name, amount] of sumOf(spec, part)) {
      amounts.set(`${part}.${name}`, amount);
      if (part === 'requests') amounts.set(name, amount);
    }
  }
  return amounts;
}

function sumOf(spec: unknown, part: (typeof parts)[number]): Amounts {
  const containers = items(valueAt(spec, ['containers'])).map((each) => resourcesOf(each, part));
  let sidecars: Amounts = new Map();
  let peak: Amounts = new Map();
  for (const each of items(valueAt(spec, ['initContainers']))) {
    const own = resourcesOf(each, part);
    if (textAt(each, 'restartPolicy') === 'Always') sidecars = added(sidecars, own);
    peak = larger(
      peak,
      added(sidecars, textAt(each, 'restartPolicy') === 'Always' ? new Map() : own),
    );
  }
  const together = larger(containers.reduce(added, sidecars), peak);
  const whole = resourcesOf(spec, part);
  const overhead = quantities(fieldsAt(spec, 'overhead'));
  return added(new Map([...together, ...whole]), overhead);
}

/** Of a container, or of a pod's spec; a request that is not written is its limit. */
function resourcesOf(value: unknown, part: (typeof parts)[number]): Amounts {
  const limits = quantities(fieldsAt(value, 'resources', 'limits'));
  if (part === 'limits') return limits;
  return new Map([...limits, ...quantities(fieldsAt(value, 'resources', 'requests'))]);
}

function quantities(fields: Readonly<Record<string, unknown>>): Amounts {
  return new Map(
    Object.entries(fields).flatMap(([name, text]) => {
      const amount = amountOf(String(text));
      return Number.isNaN(amount) ? [] : [[name, amount] as const];
    }),
  );
}

/** Of both together. */
export function added(a: Amounts, b: Amounts): Amounts {
  const sum = new Map(a);
  for (const [name, amount] of b) sum.set(name, (sum.get(name) ?? 0) + amount);
  return sum;
}

export const times = (amounts: Amounts, count: number): Amounts =>
  new Map([...amounts].map(([name, amount]) => [name, amount * count]));

const larger = (a: Amounts, b: Amounts): Amounts =>
  new Map(
    [...new Set([...a.keys(), ...b.keys()])].map((name) => [
      name,
      Math.max(a.get(name) ?? 0, b.get(name) ?? 0),
    ]),
  );

/** The smaller of both, and nothing of what only one has. */
export const smaller = (a: Amounts, b: Amounts): Amounts =>
  new Map(
    [...a].flatMap(([name, amount]) => {
      const other = b.get(name);
      return other === undefined ? [] : [[name, Math.min(amount, other)] as const];
    }),
  );
