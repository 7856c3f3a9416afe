// Which commit of the project this program is: npm records it when it installs from git, and a clone
// has it as HEAD. A file in dist/ cannot contain it, since it is part of that commit.
import { lstat, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Shell } from '../core/ports.ts';
import { textAt } from '../kube/json.ts';

const hash = /^[0-9a-f]{40}$/;

/** `entry` is the program's file, in the package's folder `dist` or `src`. Never throws. */
export async function ownCommit(shell: Shell, entry: string): Promise<string | undefined> {
  try {
    const root = dirname(dirname(await realpath(entry)));
    return (await fromNpm(root)) ?? (await fromClone(shell, root));
  } catch {
    return undefined;
  }
}

/** `npx github:…#v1.2.3` and `npm install`: the hidden lock file has the resolved commit. */
async function fromNpm(root: string): Promise<string | undefined> {
  const modules = dirname(root);
  if (basename(modules) !== 'node_modules') return undefined;
  const lock: unknown = JSON.parse(await readFile(join(modules, '.package-lock.json'), 'utf8'));
  const resolved = textAt(lock, 'packages', `node_modules/${basename(root)}`, 'resolved') ?? '';
  const commit = /^git\+[^#]+#([0-9a-f]{40})$/.exec(resolved)?.[1];
  return commit;
}

async function fromClone(shell: Shell, root: string): Promise<string | undefined> {
  const git = await shell.which('git');
  if (git === undefined || !(await isThere(join(root, '.git')))) return undefined;
  const args = ['rev-parse', '--verify', 'HEAD'];
  const { code, stdout } = await shell.run(git, args, { cwd: root, timeoutMs: 2_000 });
  const commit = stdout.trim();
  return code === 0 && hash.test(commit) ? commit : undefined;
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
