// What a plain YAML scalar means to Kubernetes: the rules of kubectl's own parser, not of YAML 1.2.
//
// kubectl and kustomize read YAML with sigs.k8s.io/yaml, which is go-yaml 2: YAML 1.1 with
// exceptions. `on` is a boolean, `012` is ten, a date is a text. Users who migrate from
// `kubectl apply` must get the same objects, so these rules were compared with kubectl 1.32.
import { exactInteger } from '../../kube/exact-number.ts';

const nulls = new Set(['', '~', 'null', 'Null', 'NULL']);
const yes = new Set(['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']);
const no = new Set(['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF']);
const endless = /^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/;
const integer = /^([-+]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)$/;
const float = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
/** Characters: a longer number is infinite as a float, and slow to parse. */
const longestNumber = 400;
const lowest = -(2n ** 63n);
const highest = 2n ** 63n - 1n;

/** null, boolean, number (or an exact one), else the text itself. Undefined: not representable in JSON. */
export function plainScalar(text: string): unknown {
  if (nulls.has(text)) return null;
  if (yes.has(text)) return true;
  if (no.has(text)) return false;
  if (endless.test(text)) return undefined;
  const mayCount = text.length <= longestNumber && /^[-+.0-9]/.test(text);
  return mayCount ? numberOrText(text) : text;
}

function numberOrText(text: string): unknown {
  const digits = text.replaceAll('_', '');
  const whole = integer.exec(digits);
  if (whole) {
    const size = magnitude(whole[2] ?? '0');
    const value = whole[1] === '-' ? -size : size;
    // Beyond 64 bits the API server itself uses a float.
    return value < lowest || value > highest ? Number(value) : exactInteger(value);
  }
  const value = float.test(digits) ? Number(digits) : Number.NaN;
  return Number.isFinite(value) ? value : text;
}

function magnitude(digits: string): bigint {
  // `012` and `0o12` are both octal.
  return BigInt(digits.replace(/^0[oO]?(?=[0-7]+$)/, '0o'));
}

export type Said = { readonly value: unknown } | { readonly what: string; readonly hint: string };

/** A scalar without quotes and without a tag. */
export function plain(text: string): Said {
  const value = plainScalar(text);
  if (value !== undefined) return { value };
  return {
    what: 'has a number that JSON cannot say (infinity or not a number)',
    hint: 'Put the value in quotes if it is meant as text.',
  };
}

const tagOf = (name: string) => `tag:yaml.org,2002:${name}`;
const isNumber = (value: unknown) =>
  value !== null && (typeof value === 'number' || typeof value === 'object');
const typesByTag: Readonly<Record<string, (value: unknown) => boolean>> = {
  [tagOf('int')]: isNumber,
  [tagOf('float')]: isNumber,
  [tagOf('bool')]: (value) => typeof value === 'boolean',
  [tagOf('null')]: (value) => value === null,
};

/** A scalar with a tag. An application tag (`!foo`) makes it a text, as with kubectl. */
export function tagged(text: string, tag: string): Said {
  if (tag === tagOf('binary')) return binary(text);
  const wanted = typesByTag[tag];
  if (!wanted) return { value: text };
  const said = plain(text);
  if (!('value' in said) || wanted(said.value)) return said;
  return { what: 'has a value that is not of its tag', hint: 'Remove the tag (!!…).' };
}

function binary(text: string): Said {
  const base64 = text.replaceAll(/\s/g, '');
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) {
    return { what: 'has a !!binary value that is not base64', hint: 'Encode it again.' };
  }
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return { value: new TextDecoder().decode(bytes) };
}
