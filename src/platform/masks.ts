// Which texts count as secret in what we print: the lines of every secret that was made.
import { reveal, type Secret } from '../secret.ts';

// A line of `{` or `no` would mask half of everything: the runner has no lower bound itself.
const shortest = 4;

/** The lines to mask, each once; PEM armour and short lines are no secrets. */
export function maskable(secret: Secret): readonly string[] {
  const lines = reveal(secret)
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (lines.length === 1) return lines;
  const telling = lines.filter((line) => line.length >= shortest && !line.startsWith('-----'));
  return [...new Set(telling)];
}

/** Replaces what was remembered, the longest first, so that no rest of it stays. */
export interface Redactor {
  remember(lines: readonly string[]): void;
  redact(text: string): string;
}

export function redactor(): Redactor {
  let known: readonly string[] = [];
  return {
    remember(lines) {
      const long = lines.filter((line) => line.length >= shortest);
      known = [...new Set([...known, ...long])].sort((a, b) => b.length - a.length);
    },
    redact(text) {
      return known.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
    },
  };
}
