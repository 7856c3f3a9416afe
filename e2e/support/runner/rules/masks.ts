// What the runner masks in a job, and what of its outputs is left then. Pure.
import { allRules, type Rules } from './table.ts';

/** What else is a mask, as text → text; an empty one is none (ValueEncoders.cs). */
const encoders: readonly ((value: string) => string)[] = [
  (value) => base64(value, 0),
  (value) => base64(value, 1),
  (value) => base64(value, 2),
  (value) => value.replaceAll('"', '\\"'),
  (value) => value.replaceAll("'", "''"),
  (value) => JSON.stringify(value).slice(1, -1),
  uri,
  (value) => value.replaceAll(/[<>"'&]/g, (sign) => entities[sign] ?? sign),
  (value) => (value.length > 8 && /^".*"$/s.test(value) ? value.slice(1, -1) : ''),
  (value) => part(value, (text, at, length) => text.slice(0, at + length)),
  (value) => part(value, (text, at, length) => text.slice(at + length + (length === 2 ? 1 : 0))),
];

const entities: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '&': '&amp;',
};

/** Of a part that begins `shift` bytes later, as it looks within a longer base64 text. */
function base64(value: string, shift: number): string {
  const bytes = Buffer.from(value);
  return bytes.subarray(bytes.length > shift ? shift : 0).toString('base64');
}

/** As .NET's `Uri.EscapeDataString`. */
function uri(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** What PowerShell prints of a value at its `&`; short ones are none. */
function part(value: string, cut: (text: string, at: number, length: number) => string): string {
  const plus = value.indexOf('&+');
  const [at, length] = plus < 0 ? [value.lastIndexOf('&'), 1] : [plus, 2];
  const text = at < 0 ? '' : cut(value, at, length);
  return text.length >= 6 ? text : '';
}

const linesOf = (text: string) => text.split(/[\r\n]/).map((line) => line.trim());

/** All masks of a job: of its secrets, and of the texts that its steps asked to mask. */
export function masksOf(
  secrets: readonly string[],
  added: readonly string[] = [],
  rules: Rules = allRules,
): ReadonlySet<string> {
  const values = [
    ...(rules.has('mask-whole') ? secrets.map((text) => text.trim()) : []),
    ...(rules.has('mask-lines') ? secrets.flatMap(linesOf) : []),
    ...(rules.has('mask-added') ? added.flatMap((text) => [text, ...linesOf(text)]) : []),
  ].filter((value) => value !== '');
  const encoded = rules.has('mask-encoded')
    ? [...new Set(values)].flatMap((value) => encoders.map((encode) => encode(value)))
    : [];
  return new Set([...values, ...encoded].filter((value) => value !== ''));
}

/** The text as the log shows it: `***` for what is masked; masks that touch are one. */
export function mask(text: string, masks: ReadonlySet<string>): string {
  const hidden = new Array<boolean>(text.length).fill(false);
  for (const value of masks) {
    for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
      hidden.fill(true, at, at + value.length);
    }
  }
  const shown = [...hidden.keys()].map((at) => {
    if (!hidden[at]) return text.charAt(at);
    return hidden[at - 1] ? '' : '***';
  });
  return shown.join('');
}

export interface Outputs {
  readonly kept: Readonly<Record<string, string>>;
  /** Names of those that were dropped, with the runner's words. */
  readonly dropped: readonly string[];
}

/** What leaves the job of its outputs. */
export function outputsOf(
  outputs: Readonly<Record<string, string>>,
  masks: ReadonlySet<string>,
  rules: Rules = allRules,
): Outputs {
  const all = Object.entries(outputs).filter(([, value]) => value !== '');
  const isLost = (value: string) => rules.has('output-dropped') && mask(value, masks) !== value;
  return {
    kept: Object.fromEntries(all.filter(([, value]) => !isLost(value))),
    dropped: all.filter(([, value]) => isLost(value)).map(([name]) => name),
  };
}

/** The runner's own warning (JobExtension.cs). */
export const skipped = (name: string) => `Skip output '${name}' since it may contain secret.`;
