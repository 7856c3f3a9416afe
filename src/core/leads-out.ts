// Whether a path in unreviewed files leads out of the workspace, links followed.
import { dirname, resolve } from 'node:path';
import { isWithin } from './guard.ts';
import type { Files } from './ports.ts';

/**
 * True outside `workspace`, by the real path of the file, or of the folder that it would be in;
 * and for `.git`, where the checkout may keep the job's token.
 */
export async function leadsOut(path: string, workspace: string, files: Files): Promise<boolean> {
  const root = await realOf(resolve(workspace), files);
  const real = await realOf(resolve(workspace, path), files);
  return !isWithin(real, root) || isWithin(real, resolve(root, '.git'));
}

async function realOf(path: string, files: Files): Promise<string> {
  const found = await files.realPath(path).catch(() => undefined);
  const parent = dirname(path);
  if (found !== undefined || parent === path) return found ?? path;
  // A dangling link may get a target later.
  if ((await files.kind(path)) === 'link') return '/';
  return resolve(await realOf(parent, files), path.slice(parent.length).replace(/^[/\\]+/, ''));
}
