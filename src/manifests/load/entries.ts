// Parses the lines of the `manifests` input, before anything is opened.
import { type Finding, finding } from '../../core/errors.ts';
import { clip, oneLine } from '../../core/text.ts';

export type Entry =
  | { readonly by: 'path'; readonly text: string }
  | { readonly by: 'glob'; readonly text: string }
  | {
      readonly by: 'remote';
      readonly text: string;
      readonly url: string;
      readonly sha256: string;
    };

export interface Entries {
  readonly included: readonly Entry[];
  readonly excluded: readonly Entry[];
  readonly findings: readonly Finding[];
}

/** A leading `-` excludes, in any line: what is excluded once is never applied. */
export function readEntries(lines: readonly string[]): Entries {
  const included: Entry[] = [];
  const excluded: Entry[] = [];
  const findings: Finding[] = [];
  for (const line of lines) {
    const excludes = line.startsWith('-');
    const entry = readEntry(excludes ? line.slice(1).trim() : line.trim());
    if ('code' in entry) findings.push(entry);
    else if (excludes && entry.by === 'remote') findings.push(remoteExcluded(entry.text));
    else (excludes ? excluded : included).push(entry);
  }
  if (lines.length > 0 && included.length === 0 && findings.length === 0)
    findings.push(onlyExcluded);
  return { included, excluded, findings };
}

function readEntry(text: string): Entry | Finding {
  if (text === '') {
    return entryFinding('-', 'is empty', 'Write a path, a glob or an address after the dash.');
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return readRemote(text);
  // A NUL would end the path early for the system, but not for us.
  if (text.includes('\0')) return entryFinding(text, 'is not a path', 'Remove the NUL character.');
  return { by: /[*?[{]/.test(text) ? 'glob' : 'path', text };
}

const remoteForm = 'https://host/file.yaml#sha256=<64 hexadecimal digits>';

function readRemote(text: string): Entry | Finding {
  const url = URL.parse(text);
  const shown = withoutSecrets(text);
  if (url?.protocol !== 'https:') {
    return entryFinding(shown, 'is not an https address', `Write it as ${remoteForm}.`);
  }
  if (url.username !== '' || url.password !== '') {
    const hint = 'Remove the part before the @; a manifest from an address gets no credentials.';
    return entryFinding(shown, 'contains a user name or a password', hint);
  }
  const sha256 = /^#sha256=([0-9a-fA-F]{64})$/.exec(url.hash)?.[1];
  if (sha256 === undefined) {
    const hint = `Write it as ${remoteForm}: curl -fsSL <address> | sha256sum gives the digits.`;
    return entryFinding(shown, 'does not end in the SHA-256 digest of the file', hint);
  }
  url.hash = '';
  return { by: 'remote', text: shown, url: url.href, sha256: sha256.toLowerCase() };
}

/** An address that is safe to show: without user, password and query. */
function withoutSecrets(address: string): string {
  const url = URL.parse(address);
  return clip(oneLine(url ? `${url.protocol}//${url.host}${url.pathname}` : address), 300);
}

/** `input-invalid` for one line of `manifests`. */
export function entryFinding(text: string, what: string, hint: string): Finding {
  const shown = clip(oneLine(text), 300);
  return finding('input-invalid', `The entry ${shown} of the input manifests ${what}.`, { hint });
}

function remoteExcluded(text: string): Finding {
  return entryFinding(text, 'excludes an address', 'Remove the line without the dash instead.');
}

const onlyExcluded = finding(
  'input-invalid',
  'Every line of the input manifests begins with a dash, so everything is excluded.',
  { hint: 'Remove the dashes: the input is not a YAML list, and a leading dash excludes.' },
);
