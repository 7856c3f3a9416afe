// The lists and maps inside one entry of the `build` input.
import { isMap, isScalar, isSeq } from 'yaml';
import { shown } from '../core/readers.ts';

/** `what` continues "Input `build` of `backend` …". */
export type Refuse = (what: string, hint: string) => void;

/** A single text or a list of them. */
export function texts(value: unknown, refuse: (what: string) => void): readonly string[] {
  if (value === undefined || value === null) return [];
  const items: readonly unknown[] = isSeq(value)
    ? value.items.map((item) => (isScalar(item) ? item.value : item))
    : typeof value === 'string'
      ? value.split(/[\s,]+/).filter((part) => part !== '')
      : [value];
  const wrong = items.some((item) => typeof item !== 'string');
  if (wrong) refuse('that is not a list of texts');
  return items.filter((item) => typeof item === 'string');
}

/** A map, or a list of `key=value`; values are taken as they stand. */
function pairs(
  value: unknown,
  wrong: (what: string) => void,
): readonly (readonly [string, string])[] {
  if (value === undefined || value === null) return [];
  if (isMap(value)) {
    return value.items.flatMap(({ key, value: held }) => {
      const name = isScalar(key) ? String(key.value) : '';
      const text = isScalar(held) ? held.value : held;
      if (text === null || isMap(text) || isSeq(text)) {
        wrong(`give ${shown(name)} no value`);
        return [];
      }
      // `1.30` is a number to YAML; its source text is what was meant.
      return [[name, isScalar(held) ? (held.source ?? String(text)) : String(text)] as const];
    });
  }
  return texts(value, () => wrong('are neither a map nor a list')).map((line) => {
    const at = line.indexOf('=');
    return at < 0 ? ([line, ''] as const) : ([line.slice(0, at), line.slice(at + 1)] as const);
  });
}

const variable = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function buildArgs(value: unknown, refuse: Refuse): Readonly<Record<string, string>> {
  const hint = 'Write `build-args:` and below it lines `NAME: value`.';
  const all = pairs(value, (what) => refuse(`has \`build-args\` that ${what}`, hint));
  for (const [name] of all.filter(([name]) => !variable.test(name))) {
    refuse(`has the build-arg ${shown(name)}, which is not a valid name`, hint);
  }
  return recordOf(all);
}

const secretId = /^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/;

/** `NPM_TOKEN`, `npmrc=NPM_TOKEN`, or a map `npmrc: NPM_TOKEN`: id → variable of the step's `env`. */
export function secretIds(value: unknown, refuse: Refuse): Readonly<Record<string, string>> {
  const hint =
    'Write `secrets: [NPM_TOKEN]` or `npmrc: NPM_TOKEN`, and NPM_TOKEN in the step’s env.';
  const all = pairs(value, (what) => refuse(`has \`secrets\` that ${what}`, hint));
  const filled = all.map(([id, name]) => [id, name === '' ? id : name] as const);
  if (filled.some(([id, name]) => !secretId.test(id) || !variable.test(name))) {
    // An invalid name may be the secret itself, so it is not shown.
    refuse('has a secret that is neither a variable’s name nor id=NAME', hint);
  }
  return recordOf(filled);
}

/** Without a prototype, so that an argument named `constructor` is absent unless given. */
function recordOf(all: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  const record: Record<string, string> = Object.create(null);
  for (const [name, value] of all) record[name] = value;
  return record;
}
