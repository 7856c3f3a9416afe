// Paths on this machine: what exists, whether it may be read, and how messages name it.
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { type Finding, finding } from '../../core/errors.ts';
import type { Files } from '../../core/ports.ts';
import { clip, oneLine } from '../../core/text.ts';

/** An existing path, as requested and with links resolved. */
export interface Found {
  readonly path: string;
  readonly real: string;
  readonly kind: 'file' | 'folder' | 'other';
}

export interface Places {
  /** Absolute; relative paths start at the workspace. */
  absolute(path: string): string;
  /** Undefined: nothing exists, or a dangling link. */
  find(path: string): Promise<Found | undefined>;
  /** True inside the workspace or the temporary folder, links resolved. */
  mayRead(found: Found): boolean;
  /** Relative to the workspace if it is inside. */
  show(path: string): string;
}

/** The two folders that manifests may come from. */
export async function placesOf(
  files: Files,
  roots: { readonly workspace: string; readonly temp: string },
): Promise<Places> {
  const workspace = resolve(roots.workspace);
  const real = await Promise.all(
    [workspace, resolve(roots.temp)].map(async (root) => (await realPath(files, root)) ?? root),
  );
  return {
    absolute: (path) => resolve(workspace, path),
    find: (path) => find(files, resolve(workspace, path)),
    mayRead: (found) => real.some((root) => isInside(found.real, root)),
    show: (path) => {
      const absolute = resolve(workspace, path);
      const shown = isInside(absolute, workspace) ? relative(workspace, absolute) : absolute;
      return clip(oneLine(shown || '.'), 300);
    },
  };
}

async function find(files: Files, path: string): Promise<Found | undefined> {
  const real = await realPath(files, path);
  const kind = real === undefined ? undefined : await files.kind(real);
  if (real === undefined || kind === undefined || kind === 'link') return undefined;
  return { path, real, kind };
}

/** The last two: a name that is too long for any file, or contains a NUL byte. */
const nowhere: ReadonlySet<unknown> = new Set([
  'ENOENT',
  'ENOTDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'ERR_INVALID_ARG_VALUE',
]);

async function realPath(files: Files, path: string): Promise<string | undefined> {
  try {
    return await files.realPath(path);
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (nowhere.has(code)) return undefined;
    throw error;
  }
}

/** True for the folder itself and everything below it. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** `manifest-invalid` for a path that leaves the workspace. */
export function outsideFinding(shown: string): Finding {
  const what = `${shown} leads out of the workspace, so it is not read.`;
  return finding('manifest-invalid', what, {
    file: shown,
    hint: 'Move the file into the repository, and replace links that lead out of it.',
  });
}

const kustomizationNames = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** The path of the kustomization file of a folder, if it has one. */
export async function kustomizationIn(files: Files, folder: string): Promise<string | undefined> {
  const names = await files.list(folder);
  const name = kustomizationNames.find((each) => names.includes(each));
  return name === undefined ? undefined : join(folder, name);
}

/** True for `…/kustomization.yaml` and its other names. */
export function isKustomizationFile(path: string): boolean {
  return kustomizationNames.some((name) => path.endsWith(`${sep}${name}`));
}
