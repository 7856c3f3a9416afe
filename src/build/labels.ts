// The OCI labels that record where an image comes from.
import type { RunContext } from '../core/context.ts';
import { versionOf } from './tags.ts';

export interface LabelFacts extends Pick<RunContext, 'ref' | 'repository' | 'runUrl'> {
  readonly name: string;
  readonly commit: string;
  /** Seconds since the epoch: the commit's time, so that the same commit gives the same image. */
  readonly committedAt?: number;
}

const prefix = 'org.opencontainers.image';

/** Names from the OCI image specification; unknown values are left out. */
export function imageLabels(facts: LabelFacts): Readonly<Record<string, string>> {
  const { name, repository, runUrl, commit, committedAt, ref } = facts;
  const server = runUrl.split('/').slice(0, 3).join('/') || 'https://github.com';
  const labels: Readonly<Record<string, string>> = {
    title: name,
    source: repository === '' ? '' : `${server}/${repository}`,
    revision: commit,
    version: versionOf(ref),
    created: committedAt === undefined ? '' : new Date(committedAt * 1000).toISOString(),
  };
  const known = Object.entries(labels).filter(([, value]) => value !== '');
  return Object.fromEntries(known.map(([key, value]) => [`${prefix}.${key}`, value]));
}
