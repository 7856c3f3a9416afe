// Which commit is built and when it was made: labels, tags and reproducible times need both.
import type { RunContext } from '../core/context.ts';
import type { Shell } from '../core/ports.ts';

export interface SourceFacts {
  /** Empty where nothing says it. */
  readonly commit: string;
  /** Seconds since the epoch; absent where neither Git nor the event says it. */
  readonly committedAt?: number;
}

/** Asks Git in the workspace; what is not there is taken from the event. Never throws. */
export async function sourceFacts(
  context: Pick<RunContext, 'workspace' | 'sha' | 'commitTime'>,
  shell: Shell,
): Promise<SourceFacts> {
  const { workspace, sha } = context;
  const git = async (...args: readonly string[]): Promise<string> => {
    // In a container job the folder belongs to another user, which Git otherwise refuses.
    const safe = ['-c', `safe.directory=${workspace}`, '-C', workspace];
    const result = await shell
      .run('git', [...safe, ...args], { timeoutMs: 10_000 })
      .catch(() => undefined);
    return result?.code === 0 ? result.stdout.trim() : '';
  };
  const known = /^[0-9a-f]{7,64}$/.test(sha) ? sha : '';
  const commit = known || (await git('rev-parse', 'HEAD'));
  // A shallow clone has the merge of a pull request, not its head.
  const text =
    (await git('show', '-s', '--format=%ct', commit || 'HEAD')) ||
    (await git('show', '-s', '--format=%ct', 'HEAD'));
  const event = Date.parse(context.commitTime ?? '') / 1_000;
  const seconds = /^\d+$/.test(text) ? Number(text) : event;
  return { commit, ...(Number.isFinite(seconds) ? { committedAt: Math.floor(seconds) } : {}) };
}
