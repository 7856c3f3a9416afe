// Readers of lists: one entry per line, empty lines and `#` comments skipped.

import {
  didYouMean,
  invalid,
  type Read,
  type Reader,
  refuse,
  shapeOf,
  shown,
} from '../core/readers.ts';
import { type RegistryAddress, registryAddress } from '../registry/address.ts';
import type { ProblemSeverity } from '../scan/problems.ts';
import { severities } from '../scan/problems.ts';

export interface Line {
  readonly text: string;
  /** From 1, within the input. */
  readonly number: number;
}

export function linesOf(text: string): readonly Line[] {
  const lines = text.split(/\r\n|\r|\n/).map((each, index) => ({ text: each, number: index + 1 }));
  return lines.filter((line) => line.text.trim() !== '' && !line.text.trim().startsWith('#'));
}

type Entry = { readonly key: string; readonly value: string } | { readonly wrong: string };

/** Lines `key=value` → a record; `entry` splits and checks one line, `hint` shows the right form. */
function pairs(entry: (line: string) => Entry, hint: string): Reader<Record<string, string>> {
  return (text, name) => {
    const seen = new Map<string, { readonly value: string; readonly number: number }>();
    const findings = linesOf(text).flatMap((line) => {
      const found = entry(line.text);
      if ('wrong' in found) return [invalid(name, `line ${line.number} ${found.wrong}`, hint)];
      const earlier = seen.get(found.key);
      if (!earlier) seen.set(found.key, { value: found.value, number: line.number });
      if (!earlier) return [];
      const what = `sets the same name on lines ${earlier.number} and ${line.number}`;
      return [invalid(name, what, 'Keep one of the two lines.')];
    });
    if (findings.length > 0) return { findings };
    // Without a prototype, so that a variable named `constructor` is absent unless given.
    const record: Record<string, string> = Object.create(null);
    for (const [key, { value }] of seen) record[key] = value;
    return { value: record };
  };
}

function split(line: string): readonly [string, string] | undefined {
  const at = line.indexOf('=');
  return at < 0 ? undefined : [line.slice(0, at), line.slice(at + 1)];
}

/** Lines `NAME=value`. The value is everything after the first `=`, unchanged and never shown. */
export const variables = pairs((line) => {
  const parts = split(line);
  if (!parts) return { wrong: `has no \`=\` (${shapeOf(line)})` };
  const key = parts[0].trimStart();
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) return { key, value: parts[1] };
  return { wrong: 'has a name that is not letters, digits and `_`' };
}, 'Write NAME=value, without spaces around `=`; the name begins with a letter or `_`.');

const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const imageName = new RegExp(
  `^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\\d+)?/)?${component}(?:/${component})*$`,
);
const reference = /^[A-Za-z0-9][A-Za-z0-9._:/-]*(?:@sha256:[0-9a-f]{64})?$/;

const digestAlone = /^sha256:[0-9a-f]{64}$/;

/** `sha256:…` without a repository. */
export const isDigest = (value: string): boolean => digestAlone.test(value);

/**
 * Lines `name=reference` or `name=sha256:…`. The reference's shape is checked loosely: its parser
 * reports the rest.
 */
export const images = pairs((line) => {
  const parts = split(line.trim());
  if (!parts) return { wrong: 'has no `=`' };
  const [key, value] = [parts[0].trim(), parts[1].trim()];
  if (key.length > 255 || !imageName.test(key)) {
    return { wrong: 'has a name that is not an image repository (a tag does not belong there)' };
  }
  if (value === '') {
    return { wrong: `gives \`${key}\` an empty reference: was the output that fills it empty?` };
  }
  // A truncated digest would otherwise be read as an image named sha256 with a tag.
  if (/^sha\d+:/i.test(value) && !isDigest(value)) {
    const what = `gives \`${key}\` no digest: \`sha256:\` and 64 hexadecimal digits in lower case`;
    return { wrong: `${what} (${shapeOf(value)})` };
  }
  if (value.length <= 512 && reference.test(value) && !value.endsWith(':')) return { key, value };
  return { wrong: `gives \`${key}\` a reference of the wrong form (${shapeOf(value)})` };
}, 'Write name=registry/repository:tag, name=registry/repository@sha256:… or name=sha256:….');

const digest = /#sha256=[0-9a-f]{64}$/i;

function wrongManifest(entry: string): string | undefined {
  if (/^https:\/\/[^\s/?#]*@/i.test(entry)) return 'has a user or password in its URL';
  if (/^https:\/\//i.test(entry)) return digest.test(entry) ? undefined : 'is a URL without digest';
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(entry)) return 'has a scheme other than https://';
  return entry.includes('\0') ? 'has a character that no path has' : undefined;
}

/** Paths, globs and URLs in their order; an exclusion keeps its leading `-`, without a space. */
export const manifests: Reader<readonly string[]> = (text, name) => {
  const entries = linesOf(text).map((line) => ({
    number: line.number,
    text: line.text.trim().replace(/^-\s*/, '-'),
  }));
  const findings = entries.flatMap((entry) => {
    const wrong = wrongManifest(entry.text.replace(/^-/, ''));
    const hint = 'Write a path, a glob, or https://…#sha256=<64 hexadecimal digits>.';
    return wrong ? [invalid(name, `line ${entry.number} ${wrong}`, hint)] : [];
  });
  if (entries.length > 0 && entries.every((entry) => entry.text.startsWith('-'))) {
    const hint = 'Write the entries one per line without `-`; a leading `-` excludes.';
    return { findings: [...findings, invalid(name, 'only excludes', hint)] };
  }
  return findings.length > 0 ? { findings } : { value: entries.map((entry) => entry.text) };
};

/** Plain names, one per line. */
export const names: Reader<readonly string[]> = (text, name) => {
  const lines = linesOf(text).map((line) => ({ ...line, text: line.text.trim() }));
  const wrong = lines.filter((line) => !/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(line.text));
  if (wrong.length === 0) return { value: lines.map((line) => line.text) };
  const what = (line: Line) => `line ${line.number} is ${shown(line.text)}, not a name`;
  return { findings: wrong.map((line) => invalid(name, what(line), 'Write one name per line.')) };
};

/** `host/path`, as `docker push` takes it, without a scheme. */
export const registry: Reader<RegistryAddress> = (text, name) => {
  const value = registryAddress(text);
  if (value) return { value };
  const hint = 'Write host/path: registry.yandexcloud.net/<registry id>, ghcr.io/owner.';
  const why = /^https?:\/\//.test(text) ? 'begins with a scheme' : `is ${shapeOf(text)}, not one`;
  return refuse(name, why, hint);
};

/** A list that must have an entry if it is given. */
export function nonEmpty<T>(read: Reader<T>): Reader<T> {
  return (text, name): Read<T> =>
    linesOf(text).length > 0
      ? read(text, name)
      : refuse(name, 'holds comments only', 'Write an entry, or leave the input out.');
}

/** `CRITICAL,HIGH`, or one per line, in any case. */
export const severityList: Reader<readonly ProblemSeverity[]> = (text, name) => {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const chosen = severities.filter((each) => words.some((word) => word.toUpperCase() === each));
  const odd = words.find((word) => !severities.some((each) => each === word.toUpperCase()));
  const hint = `Use a list of ${severities.join(', ')}.`;
  if (odd !== undefined) {
    const guess =
      didYouMean(
        odd,
        severities.map((each) => each.toLowerCase()),
      ) || ', which is not a severity';
    return refuse(name, `has ${shown(odd)}${guess}`, hint);
  }
  return { value: chosen };
};

/** Lines `host/path:2`. */
export const databaseRepositories: Reader<readonly string[]> = (text, name): Read<string[]> => {
  const lines = linesOf(text).map((line) => ({ ...line, text: line.text.trim() }));
  const wrong = lines.find((line) => !repository.test(line.text));
  const hint = 'Write registry/path:2, one a line, in the order to try them.';
  if (wrong) return refuse(name, `line ${wrong.number} is not a repository`, hint);
  if (lines.length === 0) return refuse(name, 'holds comments only', hint);
  return { value: lines.map((line) => line.text) };
};

const repository = /^[A-Za-z0-9][A-Za-z0-9.-]*(?::\d+)?(?:\/[a-z0-9][a-z0-9._-]*)+(?::[\w.-]+)?$/;
