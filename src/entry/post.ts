// The post step: removes every secret file that this run left for later steps.
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import type { Files, Log } from '../core/ports.ts';

/**
 * `state` is the JSON list of paths that the run recorded. A link, or a path outside the temporary
 * folder, is no longer ours and is left alone. Never throws: cleaning up must not fail a job.
 */
export async function removeSecretFiles(
  state: string,
  temp: string,
  { files, log }: { readonly files: Files; readonly log: Log },
): Promise<void> {
  for (const path of pathsOf(state)) {
    try {
      await removeOne(path, temp, { files, log });
    } catch (error) {
      const reason = (error as { code?: string }).code ?? 'unknown reason';
      log.info(`A temporary file could not be removed (${reason}): ${path}`);
    }
  }
}

/** What to remove if only one system call is possible: the folder that we created, else the file. */
export function secretPlaces(paths: readonly string[], temp: string): readonly string[] {
  return paths.map((path) => {
    const folder = dirname(path);
    const ours = dirname(folder) === temp && basename(folder).startsWith('webgen-deploy-');
    return ours ? folder : path;
  });
}

function pathsOf(state: string): readonly string[] {
  try {
    const list: unknown = JSON.parse(state || '[]');
    return Array.isArray(list) ? list.filter((each) => typeof each === 'string') : [];
  } catch {
    return [];
  }
}

async function removeOne(
  path: string,
  temp: string,
  { files, log }: { readonly files: Files; readonly log: Log },
): Promise<void> {
  const folder = dirname(path);
  if ((await files.kind(folder)) === undefined) return;
  // Resolved, so that no link in the path leads out of the temporary folder.
  const root = await files.realPath(temp);
  const real = await files.realPath(folder);
  const inside = isAbsolute(path) && `${real}${sep}`.startsWith(`${root}${sep}`);
  const target = join(real, basename(path));
  // A folder that we created is removed as a whole: a killed run may have left a half-written file.
  const ours = dirname(real) === root && basename(real).startsWith('webgen-deploy-');
  const kind = await files.kind(target);
  if (kind === undefined && !ours) return;
  if (!inside || (kind !== undefined && kind !== 'file')) {
    log.info(`Not removed, since it is a link or outside the temporary folder: ${path}`);
    return;
  }
  await files.remove(ours ? real : target);
}
