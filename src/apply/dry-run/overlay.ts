// What an object would become, without asking the server: the manifest laid over the live object.
import { reveal, Secret } from '../../core/secret.ts';
import { differences } from '../../kube/compare.ts';
import { hasField, removeFields, writtenHas } from '../../kube/field-set.ts';
import { type Fields, isFields } from '../../kube/json.ts';
import { appliedSet, othersSet } from '../../kube/managed-fields.ts';
import type { KubeObject } from '../../kube/objects.ts';
import type { PlannedObject } from '../planned/planned-object.ts';

type Guess = Pick<PlannedObject, 'predicted' | 'change' | 'fields' | 'write'>;

/**
 * An approximation without asking the server: live defaults stay, and a field is removed
 * if we alone own it and the manifest lacks it. A value that the server would normalise shows as a change.
 */
export function predictByReading(
  sent: KubeObject,
  live: KubeObject | undefined,
  manager: string,
): Guess {
  if (!live) return { predicted: sent, change: 'created', fields: [], write: true };
  const laid = overlaid(live, sent) as KubeObject;
  const others = othersSet(live, manager);
  const keep = (steps: readonly string[]): boolean =>
    writtenHas(sent, steps) || hasField(others, steps);
  const predicted = removeFields(laid, appliedSet(live, manager) ?? {}, keep) as KubeObject;
  const fields = differences(live, predicted);
  const change = fields.length > 0 ? 'configured' : 'unchanged';
  return { predicted, change, fields, write: fields.length > 0 };
}

function overlaid(there: unknown, asked: unknown): unknown {
  // Compared in memory only; the code that shows a Secret hides its values.
  if (asked instanceof Secret) return reveal(asked);
  if (isFields(there) && isFields(asked)) {
    const laid = Object.entries(asked).map(([key, each]) => [key, overlaid(there[key], each)]);
    return { ...there, ...Object.fromEntries(laid) };
  }
  if (!Array.isArray(there) || !Array.isArray(asked)) return asked;
  const named = asked.every((item) => nameIn(item) !== undefined);
  if (!named) {
    return asked.map((item, at) =>
      there.length === asked.length ? overlaid(there[at], item) : item,
    );
  }
  const wanted = new Map(asked.map((item) => [nameIn(item), item]));
  const old = there.map((item) => {
    const next = wanted.get(nameIn(item));
    return next === undefined ? item : overlaid(item, next);
  });
  const known = new Set(there.map(nameIn));
  return [...old, ...asked.filter((item) => !known.has(nameIn(item)))];
}

function nameIn(item: unknown): string | undefined {
  const name = isFields(item) ? (item as Fields)['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}
