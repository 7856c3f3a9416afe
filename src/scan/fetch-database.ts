// Provides a vulnerability database: today's if already on this machine, else from the next mirror.
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Finding, finding, type Severity } from '../core/errors.ts';
import type { Clock, Log } from '../core/ports.ts';
import { ageWords, type DatabaseDates, oldestMs, readDatabaseDates } from './database.ts';
import { lastWords } from './failure.ts';
import { runTrivy, type Trivy } from './run-trivy.ts';

export interface Database extends DatabaseDates {
  /** Holds `trivy.db` and `metadata.json`. */
  readonly folder: string;
}

export interface DatabaseRequest {
  /** Kept between runs on a persistent machine: one subfolder for each database. */
  readonly base: string;
  readonly mirrors: readonly string[];
  /** Severity of the finding if there is none. */
  readonly severity: Severity;
}

export interface DatabasePorts {
  readonly clock: Clock;
  readonly log: Log;
}

export interface Provided {
  readonly database?: Database;
  readonly findings: readonly Finding[];
}

/** The database has about 70 MB; a mirror that takes longer counts as down. */
const downloadMs = 3 * 60_000;

export async function fetchDatabase(
  trivy: Trivy,
  { base, mirrors, severity }: DatabaseRequest,
  { clock, log }: DatabasePorts,
): Promise<Provided> {
  await mkdir(base, { recursive: true });
  const kept = await newestIn(base);
  const provided = (database: Database, from: string): Provided => {
    log.info(`vulnerability database of ${ageWords(database.updatedAt, clock.now())}, ${from}`);
    return { database, findings: [] };
  };
  if (kept && clock.now() < kept.nextUpdate) return provided(kept, 'kept from an earlier run');
  const problems: string[] = [];
  for (const mirror of mirrors) {
    const result = await download(trivy, mirror, base);
    if ('database' in result) {
      await forget(base, result.database);
      return provided(result.database, `from ${mirror}`);
    }
    problems.push(`${mirror}: ${result.problem}`);
    log.info(
      `${mirror}: no database${mirror === mirrors.at(-1) ? '' : '; trying the next mirror'}`,
    );
  }
  return withoutMirror(kept, { problems, severity, now: clock.now() });
}

interface Missing {
  readonly problems: readonly string[];
  readonly severity: Severity;
  readonly now: number;
}

/** An old database is better than none for a week; after that it would give false assurance. */
function withoutMirror(kept: Database | undefined, missing: Missing): Provided {
  const { problems, severity, now } = missing;
  const code = 'vulnerability-database-unavailable';
  if (kept && now - kept.updatedAt <= oldestMs) {
    const what = `The newest vulnerability database could not be downloaded; the scan uses that of ${ageWords(kept.updatedAt, now)}.`;
    const parts = { severity: 'warning', evidence: problems } as const;
    return { database: kept, findings: [finding(code, what, parts)] };
  }
  const old = kept ? `, and the one that is kept is of ${ageWords(kept.updatedAt, now)}` : '';
  const what = `No mirror gives the vulnerability database${old}, so no image was scanned.`;
  return { findings: [finding(code, what, { severity, evidence: problems })] };
}

async function download(
  trivy: Trivy,
  mirror: string,
  base: string,
): Promise<{ readonly database: Database } | { readonly problem: string }> {
  // Next to its destination, so that the rename is atomic: other jobs of this machine read there.
  const folder = await mkdtemp(join(base, '.new-'));
  try {
    const args = ['image', '--download-db-only', '--db-repository', mirror, '--cache-dir', folder];
    const { code, stderr } = await runTrivy(trivy, { args, cwd: folder, timeoutMs: downloadMs });
    if (code !== 0) return { problem: lastWords(stderr).join(' ') || 'it did not answer in time' };
    const dates = await datesIn(join(folder, 'db'));
    if (!dates) return { problem: 'its database has an unknown format' };
    const place = join(base, String(dates.updatedAt));
    // Another job may have stored the same one meanwhile.
    await rename(join(folder, 'db'), place).catch(async (error: unknown) => {
      if (!(await datesIn(place))) throw error;
    });
    return { database: { folder: place, ...dates } };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function datesIn(folder: string): Promise<DatabaseDates | undefined> {
  const text = await readFile(join(folder, 'metadata.json'), 'utf8').catch(() => '');
  return readDatabaseDates(text);
}

async function keptIn(base: string): Promise<readonly Database[]> {
  const names = (await readdir(base)).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    names.map(async (name) => {
      const folder = join(base, name);
      const dates = await datesIn(folder);
      return dates ? [{ folder, ...dates }] : [];
    }),
  );
  return found.flat().sort((a, b) => b.updatedAt - a.updatedAt);
}

const newestIn = async (base: string): Promise<Database | undefined> => (await keptIn(base))[0];

/** Older ones except the last, which a concurrent scan may still read. */
async function forget(base: string, now: Database): Promise<void> {
  const old = (await keptIn(base)).filter(({ updatedAt }) => updatedAt < now.updatedAt).slice(1);
  await Promise.all(old.map(({ folder }) => rm(folder, { recursive: true, force: true })));
}
