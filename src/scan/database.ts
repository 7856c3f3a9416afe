// The vulnerability database: where it comes from, how old it is, when it is too old.
import { spell } from '../core/text.ts';
import { isFields } from '../kube/json.ts';

/**
 * Where Trivy's maker publishes it, the mirrors with the higher rate limits first. ghcr.io has one limit for
 * all its readers, so waiting does not help, but the next mirror does.
 */
export const databaseMirrors = [
  'mirror.gcr.io/aquasec/trivy-db:2',
  'public.ecr.aws/aquasecurity/trivy-db:2',
  'ghcr.io/aquasecurity/trivy-db:2',
] as const;

/** The index of Java archives, which a mirror keeps next to the database. */
export function javaMirrors(mirrors: readonly string[]): readonly string[] {
  const beside = mirrors.flatMap((each) =>
    /\/trivy-db:2$/.test(each) ? [each.replace(/trivy-db:2$/, 'trivy-java-db:1')] : [],
  );
  return beside.length > 0 ? beside : databaseMirrors.map((each) => javaMirrors([each])[0] ?? each);
}

export interface DatabaseDates {
  /** Milliseconds since the epoch: when it was made, and when the next one was due. */
  readonly updatedAt: number;
  readonly nextUpdate: number;
}

/** From `metadata.json` next to the database; undefined if it has another schema or is unreadable. */
export function readDatabaseDates(json: string): DatabaseDates | undefined {
  let metadata: unknown;
  try {
    metadata = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!isFields(metadata) || metadata['Version'] !== 2) return undefined;
  const time = (key: string) => Date.parse(String(metadata[key]));
  const [updatedAt, nextUpdate] = [time('UpdatedAt'), time('NextUpdate')];
  return Number.isNaN(updatedAt) || Number.isNaN(nextUpdate)
    ? undefined
    : { updatedAt, nextUpdate };
}

/** Yesterday's database finds nearly everything; last week's misses what is attacked today. */
export const oldestMs = 7 * 24 * 3_600_000;

/** `2026-11-27 06:12 UTC, 4 h old`. */
export function ageWords(updatedAt: number, now: number): string {
  const date = new Date(updatedAt).toISOString().slice(0, 16).replace('T', ' ');
  const days = Math.floor((now - updatedAt) / 86_400_000);
  const age =
    days >= 2 ? `${days} days` : spell(Math.max(0, now - updatedAt)).replace(/ \d+ min$/, '');
  return `${date} UTC, ${age} old`;
}
