// The git remote of a terminal's folder: the repository whose application is inspected or deployed.

import type { Repository } from '../core/context.ts';
import { repositoryOfRemote } from '../core/context.ts';
import type { Shell } from '../core/ports.ts';

/** Undefined without git or a repository, or if the remote is not an address. Never throws. */
export async function repositoryHere(
  shell: Shell,
  folder: string,
): Promise<Repository | undefined> {
  const said = await gitSays(['config', '--get', 'remote.origin.url'], shell, folder);
  return said === undefined ? undefined : repositoryOfRemote(said);
}

/**
 * The default branch of the remote, as git has noted it when it cloned; nobody is asked. Undefined where
 * it has not. Any name that git takes. Never throws.
 */
export async function defaultBranchHere(shell: Shell, folder: string): Promise<string | undefined> {
  const args = ['symbolic-ref', '--short', 'refs/remotes/origin/HEAD'];
  const said = await gitSays(args, shell, folder);
  return /^origin\/(\S{1,250})$/.exec(said?.trim() ?? '')?.[1];
}

/** The checked-out branch. Never throws. */
export async function currentBranchHere(shell: Shell, folder: string): Promise<string | undefined> {
  const said = await gitSays(['symbolic-ref', '--quiet', '--short', 'HEAD'], shell, folder);
  return said?.trim() || undefined;
}

async function gitSays(
  args: readonly string[],
  shell: Shell,
  folder: string,
): Promise<string | undefined> {
  const git = await shell.which('git');
  if (git === undefined) return undefined;
  try {
    const { code, stdout } = await shell.run(git, args, { cwd: folder, timeoutMs: 2_000 });
    return code === 0 ? stdout : undefined;
  } catch {
    return undefined;
  }
}
