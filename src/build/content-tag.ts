// The tag that identifies an image's inputs: the hash of everything that goes into its build.
import { createHash } from 'node:crypto';
import type { Files, TreeEntry } from '../core/ports.ts';
import type { ImageBuild } from '../images/request.ts';
import { readDockerfile } from './dockerfile.ts';
import { ignoreRules } from './dockerignore.ts';
import { contentPrefix } from './tags.ts';

export interface ContentSettings {
  readonly files: Files;
  readonly workspace: string;
  /** What else changes the image: attestations, and the machine's platform if none is named. */
  readonly variant: string;
  /** The current `sha256:…` of a base image; undefined if its registry does not answer. */
  resolve(reference: string): Promise<string | undefined>;
}

export type Content =
  | { readonly tag: string; readonly notes: readonly string[] }
  /** Why it cannot be known whether the inputs changed. */
  | { readonly unknown: string };

/** How many files are read concurrently. */
const atOnce = 64;
const version = 'webgen-deploy content 1';

/** Reads every file of the context that `.dockerignore` does not exclude; only looks up base images. */
export async function contentTag(image: ImageBuild, settings: ContentSettings): Promise<Content> {
  const { files, workspace } = settings;
  const context = `${workspace}/${image.context}`;
  const dockerfile = `${context}/${image.dockerfile ?? 'Dockerfile'}`;
  const text = await files.read(dockerfile).catch(() => undefined);
  if (text === undefined) return { unknown: 'its Dockerfile cannot be read' };
  const { bases, unknown } = readDockerfile(text, image.buildArgs);
  if (unknown !== undefined) return { unknown };
  const resolved = await Promise.all(
    bases.map(async (base) => ({ base, digest: await settings.resolve(base) })),
  );
  const lost = resolved.find(({ digest }) => digest === undefined);
  if (lost) return { unknown: `its base image ${lost.base} could not be looked up` };
  const own = await files.read(`${dockerfile}.dockerignore`).catch(() => undefined);
  const ignore = own ?? (await files.read(`${context}/.dockerignore`).catch(() => ''));
  const entries = await contextFiles(context, ignore, files);
  const hash = createHash('sha256');
  const add = (...parts: readonly unknown[]): void => {
    hash.update(`${JSON.stringify(parts)}\n`);
  };
  add(version, image.target ?? '', image.platforms, sorted(image.buildArgs), sorted(image.secrets));
  add(settings.variant, text, resolved);
  for (let at = 0; at < entries.length; at += atOnce) {
    const some = entries.slice(at, at + atOnce);
    const digests = await Promise.all(some.map((entry) => digestOf(context, entry, files)));
    for (const [each, { path, kind, executable }] of some.entries()) {
      add(path, kind, executable, digests[each] ?? '');
    }
  }
  const git = entries.some(({ path }) => path.startsWith('.git/'));
  const notes = git
    ? ['its context has .git, which differs each time: put it into .dockerignore']
    : [];
  return { tag: `${contentPrefix}${hash.digest('hex').slice(0, 32)}`, notes };
}

async function contextFiles(
  context: string,
  ignore: string,
  files: Files,
): Promise<readonly TreeEntry[]> {
  const rules = ignoreRules(ignore);
  const enters = (path: string) => !rules.ignores(path) || rules.mayHold(path);
  const all = await files.tree(context, enters);
  return all.filter(({ path, kind }) => kind !== 'other' && !rules.ignores(path));
}

function digestOf(context: string, entry: TreeEntry, files: Files): Promise<string> {
  if (entry.kind === 'link') return Promise.resolve(entry.target ?? '');
  return files.digest(`${context}/${entry.path}`);
}

function sorted(record: Readonly<Record<string, string>>): readonly (readonly string[])[] {
  return Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
