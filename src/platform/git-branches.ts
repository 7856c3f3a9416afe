// Which branch of the folder's repository is the default one, as far as git knows without the network.
import type { Shell } from '../ports.ts';

/**
 * `origin/HEAD` where a clone has it; else the branch that is checked out, where it is main or master.
 * Undefined otherwise, and without git. Never throws.
 */
export async function defaultBranchHere(shell: Shell, folder: string): Promise<string | undefined> {
  const git = await shell.which('git');
  if (git === undefined) return undefined;
  const ask = async (...args: readonly string[]) => {
    try {
      const { code, stdout } = await shell.run(git, args, { cwd: folder, timeoutMs: 2_000 });
      return code === 0 ? stdout.trim() : '';
    } catch {
      return '';
    }
  };
  const remote = await ask('symbolic-ref', '--quiet', 'refs/remotes/origin/HEAD');
  if (remote.startsWith('refs/remotes/origin/')) return remote.slice('refs/remotes/origin/'.length);
  const current = await ask('symbolic-ref', '--quiet', '--short', 'HEAD');
  return current === 'main' || current === 'master' ? current : undefined;
}
