// Reads the `secrets` input. What stands left of `=` may be a piece of a broken value, so no part
// of a line is ever shown, only its number.
import type { SecretValue } from '../inputs.ts';
import { invalid, type Reader } from '../readers.ts';
import { Secret } from '../secret.ts';

/** One entry in plain text, for reading and masking only. */
export interface SecretEntry {
  /** Where it begins, from 1. */
  readonly line: number;
  /** The value; all of the text where the entry is wrong. */
  readonly value: string;
  readonly heredoc: boolean;
  readonly target?: { readonly secret: string; readonly key: string };
  readonly wrong?: string;
}

// A Secret's name is an RFC 1123 subdomain; its keys are what apimachinery's IsConfigMapKey takes.
const subdomain = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const secretKey = /^(?!\.$|\.\.)[-._A-Za-z0-9]{1,253}$/;

function targetOf(text: string): SecretEntry['target'] {
  const [secret = '', key = '', ...rest] = text.trim().split('/');
  const fits = secret.length <= 253 && subdomain.test(secret) && secretKey.test(key);
  return fits && rest.length === 0 ? { secret, key } : undefined;
}

const badTarget = 'does not begin with a valid SecretName/key';

function oneLine(text: string, line: number): SecretEntry {
  const at = text.indexOf('=');
  const target = targetOf(text.slice(0, Math.max(at, 0)));
  const base = { line, heredoc: false };
  if (at < 0) return { ...base, value: text, wrong: 'has neither `=` nor `<<`' };
  if (!target) return { ...base, value: text, wrong: badTarget };
  return { ...base, value: text.slice(at + 1), target };
}

function manyLines(lines: readonly string[], index: number, mark: number): [SecretEntry, number] {
  const opening = lines[index] ?? '';
  const delimiter = opening.slice(mark + 2);
  const base = { line: index + 1, heredoc: true };
  if (delimiter === '') {
    return [{ ...base, value: opening, wrong: 'has no delimiter after `<<`' }, index + 1];
  }
  const end = lines.indexOf(delimiter, index + 1);
  const value = lines.slice(index + 1, end < 0 ? lines.length : end).join('\n');
  const target = targetOf(opening.slice(0, mark));
  if (end < 0) {
    const wrong = 'opens a block that no line closes';
    return [{ ...base, value: `${opening}\n${value}`, wrong }, lines.length];
  }
  const entry = target ? { ...base, value, target } : { ...base, value, wrong: badTarget };
  return [entry, end + 1];
}

/**
 * Splits the input as the runner splits its own files: `=` or `<<`, whichever comes first, and a
 * delimiter that must be a whole line.
 */
export function secretEntries(text: string): readonly SecretEntry[] {
  const lines = text.split(/\r\n|\r|\n/);
  const entries: SecretEntry[] = [];
  let index = 0;
  while (index < lines.length) {
    const current = lines[index] ?? '';
    const mark = /^[^=]*?<</.exec(current)?.[0].length;
    if (current.trim() === '' || current.trim().startsWith('#')) {
      index += 1;
    } else if (mark === undefined) {
      entries.push(oneLine(current, index + 1));
      index += 1;
    } else {
      const [entry, next] = manyLines(lines, index, mark - 2);
      entries.push(entry);
      index = next;
    }
  }
  return entries;
}

const form =
  'Write SecretName/key=value, or SecretName/key<<END, the lines, and END on its own line.';
const empty = `Set the secret that fills it, or leave the line out. For a value that is meant to \
be empty write SecretName/key<<END with END on the next line.`;

/** Lines `SecretName/key=value` and blocks `SecretName/key<<END`. */
export const secretValues: Reader<readonly SecretValue[]> = (text, name) => {
  const seen = new Map<string, number>();
  const values: SecretValue[] = [];
  const findings = secretEntries(text).flatMap((entry) => {
    const refused = (what: string, hint: string) => [
      invalid(name, `line ${entry.line} ${what}`, hint),
    ];
    if (!entry.target) return refused(entry.wrong ?? badTarget, form);
    const id = `${entry.target.secret}/${entry.target.key}`;
    const earlier = seen.get(id);
    if (earlier) return refused(`sets the same key as line ${earlier}`, 'Keep one of the two.');
    seen.set(id, entry.line);
    values.push({ ...entry.target, value: new Secret(entry.value) });
    return entry.value === '' && !entry.heredoc ? refused('has an empty value', empty) : [];
  });
  return findings.length > 0 ? { findings } : { value: values };
};
