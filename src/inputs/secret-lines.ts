// Reads the `secrets` input. The text before `=` may be part of a broken value, so no part
// of a line is ever shown, only its number.
import { invalid, type Reader, refuse } from '../core/readers.ts';
import { Secret } from '../core/secret.ts';
import type { SecretValue } from '../manifests/secrets.ts';

/** One entry in plain text, for reading and masking only. */
export interface SecretEntry {
  /** Its first line, from 1. */
  readonly line: number;
  /** The value; the whole text if the entry is malformed. */
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
 * Splits the input like the runner's own files: `=` or `<<`, whichever comes first, and a
 * delimiter that must be a whole line.
 */
function secretEntries(text: string): readonly SecretEntry[] {
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

/** Decodes base64 strictly: padded, canonical, UTF-8 without NUL. It may contain line breaks. */
function decoded(text: string): string | undefined {
  const compact = text.replaceAll(/[\r\n]/g, '').trim();
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) return undefined;
  const bytes = Uint8Array.from(atob(compact), (each) => each.charCodeAt(0));
  if (btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')) !== compact) {
    return undefined;
  }
  try {
    const plain = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // UTF-16 from a Windows shell.
    return plain.includes('\0') ? undefined : plain;
  } catch {
    return undefined;
  }
}

export interface SecretsText {
  /** `unclear`: both readings are valid, so neither is used. */
  readonly form: 'plain' | 'base64' | 'unclear';
  /** The lines, decoded. */
  readonly entries: readonly SecretEntry[];
}

const isRight = (entries: readonly SecretEntry[]): boolean =>
  entries.length > 0 && entries.every(({ target }) => target !== undefined);

/**
 * Plain or base64. A line has `/` and `=` before its value and base64 has `=` only at its end,
 * so almost no text is both; an ambiguous one is refused.
 */
export function readSecretsText(text: string): SecretsText {
  const entries = secretEntries(text);
  const plain: SecretsText = { form: 'plain', entries };
  const inside = decoded(text);
  if (inside === undefined) return plain;
  const lines = secretEntries(inside);
  const isBoth = isRight(entries) && isRight(lines);
  if (isBoth) return { form: 'unclear', entries: [...entries, ...lines] };
  const isEncoded = isRight(lines) || !entries.some(({ target }) => target !== undefined);
  return isEncoded ? { form: 'base64', entries: lines } : plain;
}

/** A file as one line of base64. macOS knows neither `-w` nor a file as argument. */
export const onOneLine = (file: string): string => `base64 < ${file} | tr -d '\\n'`;

/** Stores the lines so that the runner masks one text, and no piece of it. */
export const storeSecrets = (environment: string): string =>
  `${onOneLine(`${environment}.txt`)} | gh secret set APPLICATION_SECRETS --env ${environment}`;

const form =
  'Write SecretName/key=value, or SecretName/key<<END, the lines, and END on its own line; or base64 of all lines.';
const empty = `Set the secret that fills it, or leave the line out. For a value that is meant to \
be empty write SecretName/key<<END with END on the next line.`;
const unclear =
  'Put a line that begins with # before it: before the line, or before the lines that are encoded.';

/** Longer than any real password, and only base64 characters. */
const isDamaged = (text: string): boolean =>
  /^[A-Za-z0-9+/_-]{40,}={0,2}$/.test(text.replaceAll(/\s/g, ''));

/** Lines `SecretName/key=value` and blocks `SecretName/key<<END`, plain or all of them in base64. */
export const secretValues: Reader<readonly SecretValue[]> = (text, name) => {
  const seen = new Map<string, number>();
  const values: SecretValue[] = [];
  const read = readSecretsText(text);
  if (read.form === 'unclear') {
    return refuse(name, 'can be read as a line and as base64 of lines', unclear);
  }
  if (read.form === 'plain' && !read.entries.some(({ target }) => target) && isDamaged(text)) {
    const what = 'looks like base64 and cannot be decoded to lines of UTF-8 text: was it cut?';
    return refuse(name, what, `Store it again: ${storeSecrets('production')}`);
  }
  const inside = read.form === 'base64' ? ' of the decoded text' : '';
  const findings = read.entries.flatMap((entry) => {
    const refused = (what: string, hint: string) => [
      invalid(name, `line ${entry.line}${inside} ${what}`, hint),
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
