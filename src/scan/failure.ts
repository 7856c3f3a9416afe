// Why the scanner failed: the exit code decides that it did, its message selects the hint.

import type { Code } from '../core/codes.ts';
import { type Finding, finding, type Severity } from '../core/errors.ts';
import { clip, safeLines } from '../core/text.ts';

interface Row {
  readonly says: RegExp;
  readonly code: Code;
  /** `{}` is the subject: an image's name, or the manifests. */
  readonly what: string;
  readonly hint: string;
}

const registry = 'the registry of {}';

/** The first row that fits; the order matters where one text holds another. */
const rows: readonly Row[] = [
  {
    says: /--skip-db-update cannot be specified on the first run/,
    code: 'vulnerability-database-unavailable',
    what: 'There is no vulnerability database on this machine to scan {} with.',
    hint: 'Let the runner reach a mirror of the database, or name your own in trivy-db-repository.',
  },
  {
    says: /failed to download (?:vulnerability|Java) DB|Java DB update failed/,
    code: 'vulnerability-database-unavailable',
    what: 'The vulnerability database could not be downloaded to scan {}.',
    hint: 'Run it again later, or name a mirror that the runner reaches in trivy-db-repository.',
  },
  {
    says: /DB error|failed to open db|Java DB (?:open|metadata) error/,
    code: 'vulnerability-database-unavailable',
    what: 'The vulnerability database is broken, so {} was not scanned.',
    hint: "Remove the folder webgen-deploy-trivy-db from the runner's tool cache, then run it again.",
  },
  {
    says: /MANIFEST_UNKNOWN|NAME_UNKNOWN|manifest unknown/,
    code: 'image-not-found',
    what: '{} is not in the registry, so it was not scanned.',
    hint: 'Check that it was pushed, and that the registry id, the name and the digest are right.',
  },
  {
    says: /UNAUTHORIZED|401 Unauthorized|authentication required/i,
    code: 'registry-unauthenticated',
    what: `${registry} did not accept the credentials, so it was not scanned.`,
    hint: 'Give the credentials of the registry: those of Yandex Cloud, or registry-username and registry-password.',
  },
  {
    says: /DENIED|403 Forbidden/,
    code: 'registry-denied',
    what: `${registry} does not let this account read it, so it was not scanned.`,
    hint: 'Give the account the role cloud-registry.artifacts.puller (Container Registry: container-registry.images.puller).',
  },
  {
    says: /dial tcp|no such host|i\/o timeout|connection re(?:fused|set)|TLS handshake|x509:/,
    code: 'registry-unreachable',
    what: `${registry} did not answer, so it was not scanned.`,
    hint: 'Check the registry, the network and the proxy of the runner.',
  },
];

const fallback: Omit<Row, 'says'> = {
  code: 'scan-failed',
  what: 'The scanner failed, so {} was not scanned.',
  hint: 'Read what the scanner says; run it again if the failure is temporary.',
};

/** Characters kept from the end of its output. */
const longest = 65_536;

/** The last lines of the scanner's output; earlier ones are progress. */
export function lastWords(stderr: string): readonly string[] {
  const lines = safeLines(stderr.slice(-longest)).filter((line) => line.trim() !== '');
  const fatal = lines.findIndex((line) => /\bFATAL\b/.test(line));
  const tail = fatal < 0 ? lines.slice(-3) : lines.slice(fatal, fatal + 6);
  return tail.map((line) => clip(line.replace(/^\S+Z\s+FATAL\s+Fatal error\s+/, ''), 1000));
}

export interface Failed {
  /** `image backend`, `the manifests`. */
  readonly subject: string;
  readonly object?: string;
  readonly stderr: string;
  /** It did not end in time. */
  readonly late?: boolean;
  readonly severity: Severity;
}

/** Always a finding, and never with the code of a found vulnerability. */
export function scanFailure({ subject, object, stderr, late, severity }: Failed): Finding {
  const row = late
    ? fallback
    : (rows.find(({ says }) => says.test(stderr.slice(-longest))) ?? fallback);
  const what = late
    ? `The scan of ${subject} did not end in time.`
    : row.what.replace('{}', subject).replace(/^[a-z]/, (first) => first.toUpperCase());
  const hint = late
    ? 'Run it again; scan a smaller image, or use a runner that is nearer.'
    : row.hint;
  const parts = { severity, hint, evidence: lastWords(stderr), ...(object ? { object } : {}) };
  return finding(row.code, what, parts);
}
