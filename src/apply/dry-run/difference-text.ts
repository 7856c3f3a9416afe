// The difference between two objects as readable text that never shows a Secret's values.
import { createTwoFilesPatch } from 'diff';
import { stringify } from 'yaml';
import { comparable } from '../../kube/compare.ts';
import type { Fields } from '../../kube/json.ts';
import { fieldsAt, sameJson } from '../../kube/json.ts';
import { type KubeObject, kindKey, nameOf } from '../../kube/objects.ts';

/** A unified difference in YAML; empty where nothing differs. No `before`: the object is new. */
export function differenceText(before: KubeObject | undefined, after: KubeObject): string {
  const [old, young] = hidden(before ? comparable(before) : undefined, comparable(after), after);
  if (old && sameJson(old, young)) return '';
  const name = nameOf(after);
  const text = createTwoFilesPatch(
    before ? `live ${name}` : '/dev/null',
    name,
    old ? yamlOf(old) : '',
    yamlOf(young),
    undefined,
    undefined,
    { context: 3 },
  );
  return text.replace(/^=+\n/, '');
}

function yamlOf(value: Fields): string {
  return stringify(value, { lineWidth: 0, sortMapEntries: true, aliasDuplicateObjects: false });
}

type Pair = readonly [Fields | undefined, Fields];

function hidden(before: Fields | undefined, after: Fields, object: KubeObject): Pair {
  if (kindKey(object) !== 'Secret') return [before, after];
  const parts = ['data', 'stringData'] as const;
  const masked = parts.map((part) => maskedPart(before, after, part));
  const only = (at: 0 | 1) =>
    Object.fromEntries(
      parts.flatMap((part, place) => {
        const values = masked[place]?.[at] ?? {};
        return Object.keys(values).length > 0 ? [[part, values]] : [];
      }),
    );
  const { data: _a, stringData: _b, ...oldRest } = before ?? {};
  const { data: _c, stringData: _d, ...youngRest } = after;
  return [before ? { ...oldRest, ...only(0) } : undefined, { ...youngRest, ...only(1) }];
}

// Never a hash nor a length: a short value could be guessed from either.
function maskedPart(before: Fields | undefined, after: Fields, part: string) {
  const old = fieldsAt(before, part);
  const young = fieldsAt(after, part);
  const differs = (key: string) =>
    Object.hasOwn(old, key) && Object.hasOwn(young, key) && !sameJson(old[key], young[key]);
  const marked = (values: Fields, word: string) =>
    Object.fromEntries(
      Object.keys(values).map((key) => [key, differs(key) ? `*** (${word})` : '***']),
    );
  return [marked(old, 'before'), marked(young, 'after')] as const;
}
