// Which commit is built and when it was made, for labels, tags and reproducible timestamps.
import type { RunContext } from '../core/context.ts';
import type { Shell } from '../core/ports.ts';

export interface SourceFacts {
  /** Empty if unknown. */
  readonly commit: string;
  /** Seconds since the epoch; absent if neither Git nor the event has it. */
  readonly committedAt?: number;
}

/** Asks Git in the workspace; anything missing is taken from the event. Never throws. */
export async function sourceFacts(
  context: Pick<RunContext, 'workspace' | 'sha' | 'commitTime'>,
  shell: Shell,
): Promise<SourceFacts> {
  const { workspace, sha } = context;
  const git = async (...args: readonly string[]): Promise<string> => {
    // In a container job the folder belongs to another user, which Git would reject.
    const safe = ['-c', `safe.directory=${workspace}`, '-C', workspace];
    const result = await shell
      .run('git', [...safe, ...args], { timeoutMs: 10_000 })
      .catch(() => undefined);
    return result?.code === 0 ? result.stdout.trim() : '';
  };
  const known = /^[0-9a-f]{7,64}$/.test(sha) ? sha : '';
  const commit = known || (await git('rev-parse', 'HEAD'));
  // A shallow clone has a pull request's merge commit, not its head.
  const text =
    (await git('show', '-s', '--format=%ct', commit || 'HEAD')) ||
    (await git('show', '-s', '--format=%ct', 'HEAD'));
  const event = Date.parse(context.commitTime ?? '') / 1_000;
  const seconds = /^\d+$/.test(text) ? Number(text) : event;
  return { commit, ...(Number.isFinite(seconds) ? { committedAt: Math.floor(seconds) } : {}) };
}
