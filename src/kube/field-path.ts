// Field paths as the API server writes them, found again in the manifest.
import type { Path } from './document.ts';
import { isFields, valueAt } from './json.ts';

// No real field path is this long.
const longest = 1_024;
/** A label's or ConfigMap's key may contain dots; no real one has more parts than this. */
const mostJoined = 32;

// `.name`, `[3]`, `[name="app",protocol="TCP"]`, `[app.kubernetes.io/name]`
const part = /\[((?:"(?:[^"\\]|\\.)*"|[^\]"])*)\]|([^.[\]]+)/g;

/**
 * `spec.template.spec.containers[0].imagee` → its path in the object. Keys that contain dots are
 * recognised if the object has them; a path that the object does not have stays as written. A text of
 * more than 1,024 characters names no field.
 */
export function pathOfField(object: unknown, text: string): Path {
  if (text.length > longest) return [];
  const path: (string | number)[] = [];
  const names: string[] = [];
  const flush = () => {
    path.push(...dotted(valueAt(object, path), names));
    names.length = 0;
  };
  for (const [, inside, name] of text.matchAll(part)) {
    if (name !== undefined) names.push(name);
    else {
      flush();
      path.push(bracket(valueAt(object, path), inside ?? ''));
    }
  }
  flush();
  return path;
}

/** Rejoins names that are one key with dots in it: the longest existing key wins. */
function dotted(value: unknown, names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const joined = isFields(value) ? Math.min(names.length, mostJoined) : 1;
  for (let length = joined; length > 1; length -= 1) {
    const key = names.slice(0, length).join('.');
    if (isFields(value) && Object.hasOwn(value, key)) {
      return [key, ...dotted(value[key], names.slice(length))];
    }
  }
  const [first = '', ...rest] = names;
  return [first, ...dotted(valueAt(value, [first]), rest)];
}

function bracket(value: unknown, inside: string): string | number {
  if (!Array.isArray(value)) return inside.replace(/^"(.*)"$/, '$1');
  if (/^\d+$/.test(inside)) return Number(inside);
  // Server-side apply names list items by their keys.
  const wanted = [...inside.matchAll(/([^=,]+)=("(?:[^"\\]|\\.)*"|[^,]*)/g)].map(
    ([, key = '', text = '']) => [key.trim(), text.replace(/^"(.*)"$/, '$1')] as const,
  );
  const index = value.findIndex(
    (item) =>
      wanted.length > 0 && wanted.every(([key, text]) => String(valueAt(item, [key])) === text),
  );
  return index < 0 ? inside : index;
}
