// Takes secrets out of what people read, in every form in which a program may repeat them. One pass
// over the text finds all of them: its time grows with the text, not with the number of secrets.
import { unseen } from './invisible.ts';
import { beginnings, endings, extend, index, needlesOf, type Range, shortest } from './search.ts';
import { viewsOf } from './views.ts';

/** Below, another form of a short value is too often a part of something else. */
const shortestEncoded = 6;
/** No part of something else by chance. */
const shortestLong = 12;

export interface Redactor {
  /** The lines of a secret, each once; armour and short lines of a longer text are none. */
  remember(secret: string): void;
  /**
   * The text without invisible characters and escape sequences, with `***` for every secret, in
   * plain text, as base64 or hex, URL-encoded, escaped or quoted, also where it was cut.
   */
  redact(text: string): string;
  /** Whether a whole secret is in the text, in any form. */
  holds(text: string): boolean;
  /** The same of secrets that are no part of a word, a name or an address by chance. */
  holdsLong(text: string): boolean;
  /** Whether the text is a secret and nothing else. */
  is(text: string): boolean;
}

/** The lines that count as secret. */
export function secretLines(secret: string): readonly string[] {
  const lines = secret
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (lines.length === 1) return lines;
  const telling = lines.filter((line) => line.length >= shortest && !line.startsWith('-----'));
  return [...new Set(telling)];
}

export function redactor(): Redactor {
  const known = new Set<string>();
  const heads = index();
  const tails = index();
  const longs = index();
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
  };
}

/**
 * As it is; as a form in an address has it; as our own lines show a tab. Escaped ones too: whoever
 * reads an escape that begins before the secret takes its first characters for the escape's own.
 */
function plainForms(line: string): readonly string[] {
  const inside = [inUrl(line), escaped(line), escaped(escaped(line))];
  return [line, line.replaceAll(' ', '+'), line.replaceAll('\t', '  '), ...inside];
}

const escaped = (line: string): string => JSON.stringify(line).slice(1, -1);
const inUrl = (line: string): string => encodeURIComponent(line.toWellFormed());

/** A key of many lines would have too many of those that lie in one another. */
function encodedForms(line: string, isAlone: boolean): readonly string[] {
  const inside = isAlone ? textsInside(line) : [line, escaped(line)];
  return [...hexForms(line), ...[...inside].flatMap(base64Forms)];
}

/** What may lie in base64: JSON in JSON, an address, and base64 again, as a login in a Secret of Docker. */
function textsInside(line: string): ReadonlySet<string> {
  const texts = [line, escaped(line), escaped(escaped(line)), inUrl(line), ...base64Forms(line)];
  return new Set(texts);
}

function hexForms(line: string): readonly string[] {
  const bytes = Array.from(new TextEncoder().encode(line));
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex, hex.toUpperCase()];
}

/** Base64 wherever the secret begins in what was encoded, without the characters that it shares. */
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

/** What this process knows to be secret. The log remembers; everything that is shown or cut asks. */
export const known: Redactor = redactor();
