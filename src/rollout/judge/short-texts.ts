// Cuts an object's texts before any judge's pattern matches them: no real message is that long.

import { clip } from '../../core/text.ts';
import { isFields } from '../../kube/json.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { longestText } from '../../kube/rules/cel.ts';

/** Characters; a little more than a rule accepts, so that a rule still reports that a text is too long. */
const longest = longestText + 8;
/** Levels; no judge looks deeper. */
const deepest = 100;

/** The object with every text cut to some 8,200 characters; the same object where none is longer. */
export function withShortTexts(object: KubeObject): KubeObject {
  return shortened(object, 0) as KubeObject;
}

function shortened(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.length > longest ? clip(value, longest) : value;
  if (depth > deepest) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => shortened(item, depth + 1));
    return items.every((item, at) => item === value[at]) ? value : items;
  }
  if (!isFields(value)) return value;
  const entries = Object.entries(value).map(
    ([key, item]) => [key, shortened(item, depth + 1)] as const,
  );
  return entries.every(([key, item]) => item === value[key]) ? value : Object.fromEntries(entries);
}
