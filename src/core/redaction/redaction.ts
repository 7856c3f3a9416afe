// Redacts secrets in every form in which a program may print them. One pass
// over the text finds all of them: the time grows with the text, not with the number of secrets.
import { unseen } from './invisible.ts';
import { beginnings, endings, extend, index, needlesOf, type Range, shortest } from './search.ts';
import { viewsOf } from './views.ts';

/** Below this length, an encoded form is too often part of something else. */
const shortestEncoded = 6;
/** From this length on, it is not part of something else by chance. */
const shortestLong = 12;

export interface Redactor {
  /** The lines of a secret, without duplicates; armour and short lines of a longer text do not count. */
  remember(secret: string): void;
  /**
   * The text without invisible characters and escape sequences, with `***` for every secret, in
   * plain text, as base64 or hex, URL-encoded, escaped or quoted, also where it was cut.
   */
  redact(text: string): string;
  /** Whether a whole secret is in the text, in any form. */
  holds(text: string): boolean;
  /** The same, only for secrets long enough not to be part of a word, a name or an address by chance. */
  holdsLong(text: string): boolean;
  /** Whether the text is a secret and nothing else. */
  is(text: string): boolean;
  /** Knows no secret any more: for a process that is several runs, one after the other. */
  forget(): void;
}

/** The lines that count as secret. */
export function secretLines(secret: string): readonly string[] {
  const lines = secret
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (lines.length === 1) return lines;
  const longEnough = lines.filter((line) => line.length >= shortest && !line.startsWith('-----'));
  return [...new Set(longEnough)];
}

export function redactor(): Redactor {
  const known = new Set<string>();
  let [heads, tails, longs] = [index(), index(), index()];
  const add = (text: string, wraps: boolean, isLong: boolean): void => {
    if (text.length < shortest || known.has(text)) return;
    known.add(text);
    for (const needle of needlesOf(text, wraps)) {
      heads.put(needle.text, 0, needle);
      if (isLong) longs.put(needle.text, 0, needle);
      tails.put(needle.text, needle.text.length - shortest, needle);
    }
  };
  const rangesIn = (text: string, alsoCut: boolean, among = heads): readonly Range[] => {
    if (known.size === 0) return [];
    return viewsOf(text).flatMap(({ text: seen, start, end }) => {
      const found = beginnings(seen, among, alsoCut);
      const rests = alsoCut ? endings(seen, tails) : [];
      return [...found, ...rests].map(([from, to]): Range => [start(from), end(to)]);
    });
  };
  return {
    remember(secret) {
      const lines = secretLines(secret);
      for (const line of lines) {
        const isLong = line.length >= shortestLong;
        for (const form of plainForms(line)) add(form, false, isLong);
        if (line.length < shortestEncoded) continue;
        for (const form of encodedForms(line, lines.length === 1)) add(form, true, isLong);
      }
    },
    redact(given) {
      const text = given.replaceAll(unseen, '');
      return withStars(text, rangesIn(text, true));
    },
    holds: (given) => rangesIn(given.replaceAll(unseen, ''), false).length > 0,
    holdsLong: (given) => rangesIn(given.replaceAll(unseen, ''), false, longs).length > 0,
    is: (given) => known.has(given.trim()),
    forget() {
      known.clear();
      [heads, tails, longs] = [index(), index(), index()];
    },
  };
}

/**
 * Verbatim; form-encoded as in an address; with tabs as our own lines show them. Escaped ones too: a decoder that
 * reads an escape that begins before the secret consumes the secret's first characters.
 */
function plainForms(line: string): readonly string[] {
  const inside = [inUrl(line), escaped(line), escaped(escaped(line))];
  return [line, line.replaceAll(' ', '+'), line.replaceAll('\t', '  '), ...inside];
}

const escaped = (line: string): string => JSON.stringify(line).slice(1, -1);
const inUrl = (line: string): string => encodeURIComponent(line.toWellFormed());

/** A multi-line key would have too many nested forms. */
function encodedForms(line: string, isAlone: boolean): readonly string[] {
  const inside = isAlone ? textsInside(line) : [line, escaped(line)];
  return [...hexForms(line), ...[...inside].flatMap(base64Forms)];
}

/** Forms inside base64: JSON in JSON, an address, and base64 again, as the login in a Docker Secret. */
function textsInside(line: string): ReadonlySet<string> {
  const texts = [line, escaped(line), escaped(escaped(line)), inUrl(line), ...base64Forms(line)];
  return new Set(texts);
}

function hexForms(line: string): readonly string[] {
  const bytes = Array.from(new TextEncoder().encode(line));
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex, hex.toUpperCase()];
}

/** Base64 for every offset of the secret in the encoded text, without the characters shared with its neighbours. */
function base64Forms(secret: string): readonly string[] {
  const bytes = new TextEncoder().encode(secret);
  const forms = [0, 1, 2].map((offset) => {
    const shifted = new Uint8Array(offset + bytes.length);
    shifted.set(bytes, offset);
    const text = btoa(Array.from(shifted, (byte) => String.fromCharCode(byte)).join(''));
    return text.slice(Math.ceil((offset * 8) / 6), Math.floor((shifted.length * 8) / 6));
  });
  const [first = ''] = forms;
  const whole = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  const all = [...forms, ...(whole.startsWith(first) ? [whole.replace(/=+$/, '')] : [])];
  return all.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}

function withStars(text: string, found: readonly Range[]): string {
  const merged: Range[] = [];
  for (const range of found.toSorted(([a], [b]) => a - b)) extend(merged, range);
  if (merged.length === 0) return text;
  const shown = merged.map(([from], at) => `${text.slice(merged[at - 1]?.[1] ?? 0, from)}***`);
  return `${shown.join('')}${text.slice(merged.at(-1)?.[1] ?? 0)}`;
}

/** The secrets known to this run. The log adds them; everything that is shown or cut is redacted by them. */
export const known: Redactor = redactor();
