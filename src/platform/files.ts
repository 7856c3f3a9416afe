// The file system, hardened for a shared runner: never writes through a link.
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import {
  chmod,
  glob,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  symlink,
  unlink,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ActionError, finding } from '../core/errors.ts';
import type { Files, TreeEntry } from '../core/ports.ts';
import { reveal, type Secret } from '../core/secret.ts';
import { clip, oneLine } from '../core/text.ts';
import { readBounded } from './secret-source.ts';

/** The real Files. Temporary folders are created in `temp`, with access for the owner only. */
export function realFiles(temp: string): Files {
  return {
    read,
    write,
    kind: async (path) => kindOf(await stats(path)),
    realPath: (path) => realpath(path),
    list: async (folder) => (await readdir(folder)).sort(),
    glob: matches,
    tree: (folder, enters) => walk({ folder, enters, below: '' }),
    digest,
    link: (target, path) => symlink(target, path),
    makeTemp: async (prefix) => {
      await mkdir(temp, { recursive: true });
      return mkdtemp(join(temp, prefix));
    },
    remove: (path) => rm(path, { recursive: true, force: true }),
  };
}

/** Bytes. A scanner's report of a large image has about 20 MB, a saved namespace 50. */
const mostBytes = 128 * 2 ** 20;

/** Read in chunks: `/dev/zero`, which a link may point to, has no size and no end. */
async function read(path: string): Promise<string> {
  const text = await readBounded(resolve(path), mostBytes);
  if (text !== undefined) return text;
  const what = `The file ${clip(oneLine(path), 300)} is larger than ${mostBytes / 2 ** 20} MiB, so it is not read.`;
  const hint = 'Check the path, and where it leads if it is a link; split a file that is so large.';
  throw new ActionError(finding('input-invalid', what, { hint }));
}

async function stats(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function kindOf(found: Stats | undefined) {
  if (!found) return undefined;
  if (found.isSymbolicLink()) return 'link';
  if (found.isFile()) return 'file';
  return found.isDirectory() ? 'folder' : 'other';
}

/**
 * Writes a new file next to the old one and renames it: a reader sees the old text or the new one,
 * never a part; the mode applies from the first byte; a link that appears meanwhile is replaced, not
 * followed. A rename onto a folder fails.
 */
async function write(path: string, text: string | Secret, mode = 0o644): Promise<void> {
  const kind = kindOf(await stats(path));
  if (kind === 'link' || kind === 'other') {
    throw new Error(`${path} is not a regular file, so it is not written.`);
  }
  await mkdir(dirname(path), { recursive: true });
  const beside = `${path}.${randomUUID()}`;
  const handle = await open(beside, 'wx', mode);
  try {
    await handle.writeFile(reveal(text));
    await handle.close();
    await chmod(beside, mode);
    await rename(beside, path);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await unlink(beside).catch(() => undefined);
    throw error;
  }
}

async function matches(pattern: string, root: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const entry of glob(pattern, { cwd: root })) found.push(resolve(root, entry));
  return found.sort();
}

interface Walk {
  readonly folder: string;
  readonly enters: (path: string) => boolean;
  readonly below: string;
}

async function walk({ folder, enters, below }: Walk): Promise<readonly TreeEntry[]> {
  const found = await readdir(join(folder, below), { withFileTypes: true });
  const parts = found
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(async (entry) => {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) return enters(path) ? walk({ folder, enters, below: path }) : [];
      return [await treeEntry(folder, path)];
    });
  return (await Promise.all(parts)).flat();
}

async function treeEntry(folder: string, path: string): Promise<TreeEntry> {
  const found = await lstat(join(folder, path));
  if (found.isSymbolicLink()) {
    return { path, kind: 'link', executable: false, target: await readlink(join(folder, path)) };
  }
  // Of a file's mode, Git and Docker keep only whether it is executable.
  return { path, kind: found.isFile() ? 'file' : 'other', executable: (found.mode & 0o111) !== 0 };
}

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
}
