// The ports of `init`: the folder that it is started in, and the terminal that answers its questions.
import { lstat, mkdir, readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Folder } from '../commands/init/answers.ts';
import type { InitDoors } from '../commands/init/init.ts';
import type { Shell } from '../core/ports.ts';
import { currentBranchHere, defaultBranchHere, repositoryHere } from '../platform/git-remote.ts';
import { ownCommit } from '../platform/own-commit.ts';

/** Undefined if standard input is not a terminal. Questions go to standard error. */
export async function openQuestions(): Promise<
  { readonly ask: (question: string) => Promise<string>; close(): void } | undefined
> {
  if (!process.stdin.isTTY) return undefined;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  return { ask: (question) => lines.question(question), close: () => lines.close() };
}

/** Ports for `folder`, the root of an application's repository; `entry` is the program's file. */
export async function initDoors(
  folder: string,
  { shell, entry }: { readonly shell: Shell; readonly entry: string },
): Promise<Omit<InitDoors, 'ask'>> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isDirectory() && !/^\.|^node_modules$/.test(entry.name))
    .map(({ name }) => name);
  return {
    repository: basename(await realpath(folder)),
    folders: await Promise.all(['.', ...names.sort()].map((name) => look(folder, name))),
    git: await gitFacts(folder, shell, entry),
    read: async (path) => ((await isOpen(folder, path)) ? read(join(folder, path)) : 'no-file'),
    write: async (path, text) => {
      const target = join(folder, path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, text);
    },
  };
}

async function gitFacts(folder: string, shell: Shell, entry: string): Promise<InitDoors['git']> {
  const [remote, noted, current, commit] = await Promise.all([
    repositoryHere(shell, folder),
    defaultBranchHere(shell, folder),
    currentBranchHere(shell, folder),
    ownCommit(shell, entry),
  ]);
  // A repository that was not cloned has no recorded default branch.
  const own = current === 'main' || current === 'master' ? current : undefined;
  const defaultBranch = noted ?? own;
  const isGitHub = remote?.server === 'https://github.com';
  return {
    ...(isGitHub ? { owner: remote.name.split('/')[0] ?? '' } : {}),
    ...(defaultBranch === undefined ? {} : { defaultBranch }),
    ...(commit === undefined ? {} : { commit }),
  };
}

async function look(root: string, name: string): Promise<Folder> {
  const files = await readdir(join(root, name)).catch(() => []);
  const dockerfile = await read(join(root, name, 'Dockerfile'));
  const built = typeof dockerfile === 'object' ? { dockerfile: dockerfile.text } : {};
  return { name, files, ...built };
}

/** Whether every folder above the file is one, or is to be made: not a file, and no way out. */
async function isOpen(folder: string, path: string): Promise<boolean> {
  const parts = path.split('/').slice(0, -1);
  const above = parts.map((_, index) => join(folder, ...parts.slice(0, index + 1)));
  const there = await Promise.all(above.map((each) => lstat(each).catch(() => undefined)));
  return there.every((each) => each === undefined || each.isDirectory());
}

const read: InitDoors['read'] = async (path) => {
  try {
    const stats = await lstat(path);
    return stats.isFile() ? { text: await readFile(path, 'utf8') } : 'no-file';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
};
