// Redacts a whole value: an outcome, a report, a scanner's findings.
import { known } from './redaction.ts';

// Keys whose values are our own words, needed by the report. A password may be `failed`, which stays a word.
const ownKeys = new Set(
  'change check code command did kind section severities severity state verdict'.split(' '),
);
const ownWord = /^[A-Za-z -]{1,40}$/;

/** The same value with every text in it redacted, including keys, except for our own words. */
export function withoutSecrets<T>(value: T): T {
  return cleaned(value, '') as T;
}

function cleaned(value: unknown, key: string): unknown {
  if (typeof value === 'string') {
    return ownKeys.has(key) && ownWord.test(value) ? value : known.redact(value);
  }
  if (Array.isArray(value)) return value.map((each) => cleaned(each, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [known.redact(name), cleaned(each, name)]),
  );
}
