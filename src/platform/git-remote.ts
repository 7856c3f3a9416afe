// The git remote of the folder on a terminal: whose application it is that is looked at or deployed.
import type { Shell } from '../ports.ts';
import { type Repository, repositoryOfRemote } from '../release/repository.ts';

/** Undefined without git, without a repository, and where the remote is no address. Never throws. */
export async function repositoryHere(
  shell: Shell,
  folder: string,
): Promise<Repository | undefined> {
  const git = await shell.which('git');
  if (git === undefined) return undefined;
  const args = ['config', '--get', 'remote.origin.url'];
  try {
    const { code, stdout } = await shell.run(git, args, { cwd: folder, timeoutMs: 2_000 });
    return code === 0 ? repositoryOfRemote(stdout) : undefined;
  } catch {
    return undefined;
  }
}
