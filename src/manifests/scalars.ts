// What a plain YAML scalar means to Kubernetes: the rules of kubectl's own reader, not of YAML 1.2.
//
// kubectl and kustomize read YAML with sigs.k8s.io/yaml, which is go-yaml 2: YAML 1.1 with
// exceptions. `on` is a boolean, `012` is ten, a date is a text. Whoever moves here from
// `kubectl apply` must get the same objects, so these rules were compared with kubectl 1.32.
import { exactInteger } from './exact-number.ts';

const nulls = new Set(['', '~', 'null', 'Null', 'NULL']);
const yes = new Set(['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']);
const no = new Set(['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF']);
const endless = /^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/;
const integer = /^([-+]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)$/;
const float = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const lowest = -(2n ** 63n);
const highest = 2n ** 63n - 1n;

/** null, boolean, number (or an exact one), else the text itself. Undefined: no JSON can say it. */
export function plainScalar(text: string): unknown {
  if (nulls.has(text)) return null;
  if (yes.has(text)) return true;
  if (no.has(text)) return false;
  if (endless.test(text)) return undefined;
  return /^[-+.0-9]/.test(text) ? numberOrText(text) : text;
}

function numberOrText(text: string): unknown {
  const digits = text.replaceAll('_', '');
  const whole = integer.exec(digits);
  if (whole) {
    const size = magnitude(whole[2] ?? '0');
    const value = whole[1] === '-' ? -size : size;
    // Beyond 64 bits the API server itself goes on with a float.
    return value < lowest || value > highest ? Number(value) : exactInteger(value);
  }
  const value = float.test(digits) ? Number(digits) : Number.NaN;
  return Number.isFinite(value) ? value : text;
}

function magnitude(digits: string): bigint {
  // `012` and `0o12` are both octal.
  return BigInt(digits.replace(/^0[oO]?(?=[0-7]+$)/, '0o'));
}
