// Makes text from outside safe to show: no line may act on the runner, the terminal or the reader.
import { escapes, invisible } from './redaction/invisible.ts';
import { known } from './redaction/redaction.ts';

const lineBreak = /\r\n|[\n\r\u0085\u2028\u2029]/;

// Fast path: most lines need no change, and there may be a hundred thousand of them.
const plain = /^[\t\x20-\x7e]*$/;

/** One line without line breaks, control characters or escape sequences. */
export function oneLine(text: string): string {
  if (plain.test(text)) return text;
  return text
    .replaceAll(escapes, '')
    .split(lineBreak)
    .join(' ')
    .replaceAll(invisible, '')
    .toWellFormed();
}

/**
 * One line that the runner cannot read as a command: `::name::` counts after leading white space,
 * `##[name]` anywhere (actions/runner, ActionCommand.cs). Idempotent.
 */
export function neutralise(line: string): string {
  return oneLine(line)
    .replaceAll('##[', '## [')
    .replace(/^(\s*):(?=:)/, '$1: ');
}

/** The lines of a text, each neutralised; trailing empty ones are dropped. */
export function safeLines(text: string): readonly string[] {
  const lines = text.split(lineBreak).map(neutralise);
  while (lines.length > 0 && lines.at(-1)?.trim() === '') lines.pop();
  return lines;
}

/** Characters kept beyond the cut for redaction: the longest form that a secret may have. */
const margin = 4_096;

/**
 * At most `length` characters; `…` marks a cut, which is never inside a character.
 * Secrets are redacted before the cut: half a secret could not be recognised later.
 */
export function clip(given: string, length: number): string {
  if (given.length <= length) return given;
  const text = known.redact(given.slice(0, length + margin));
  if (text.length < length) return `${text}…`;
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** `1 pod`, `3 pods`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Milliseconds for people: `0.4 s`, `48 s`, `2 min 5 s`, `1 h 3 min`. */
export function spell(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min${whole % 60 ? ` ${whole % 60} s` : ''}`;
  return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ''}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

/** Of the UTF-8 bytes. */
export function base64(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
