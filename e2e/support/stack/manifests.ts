// The stack's manifests as a user would have them: a copy whose overlays list the wanted components.
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provideAssets } from '../cluster/assets.ts';
import { execOk } from '../cluster/exec.ts';

const SOURCE = join(import.meta.dirname, '..', '..', '..', 'manifests');

export type Environment = 'production' | 'staging';

export const NAMESPACES: Readonly<Record<Environment, string>> = {
  production: 'ai-creatives',
  staging: 'ai-creatives-staging',
};

/** Every component that an overlay may list, by its folder's name. */
export async function componentNames(): Promise<readonly string[]> {
  return (await readdir(join(SOURCE, 'components'))).sort();
}

export interface Stack {
  /** What lies in it is a repository's root: `manifests/…`. */
  readonly folder: string;
  overlay(environment: Environment): string;
  /** What kustomize makes of a folder below `manifests`. */
  render(path: string): Promise<string>;
  /** Takes a component out of an overlay's comments; it may be out already. */
  take(component: string, environment: Environment): Promise<void>;
  /** Replaces a text that must be there, in a file below `manifests`. */
  edit(path: string, from: string, to: string): Promise<void>;
  remove(): Promise<void>;
}

/** `components` are taken out of the comments of both overlays. Throws on one that they do not name. */
export async function copyStack(components: readonly string[] = []): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), 'webgen-stack-'));
  const manifests = join(folder, 'manifests');
  await cp(SOURCE, manifests, { recursive: true });
  const edit: Stack['edit'] = async (path, from, to) => {
    const file = join(manifests, path);
    const text = await readFile(file, 'utf8');
    if (!text.includes(from)) throw new Error(`${path} does not hold: ${from}`);
    await writeFile(file, text.replaceAll(from, to));
  };
  const take: Stack['take'] = async (component, environment) => {
    const line = `  - ../../components/${component}\n`;
    const file = `overlays/${environment}/kustomization.yaml`;
    const text = await readFile(join(manifests, file), 'utf8');
    if (text.includes(`\n${line}`)) return;
    await edit(file, `  # - ../../components/${component}\n`, line);
  };
  for (const environment of ['production', 'staging'] as const) {
    for (const component of components) await take(component, environment);
  }
  return {
    folder,
    overlay: (environment) => join(manifests, 'overlays', environment),
    render: async (path) => {
      const { kubectl = 'kubectl' } = await provideAssets(['kubectl']);
      return execOk(kubectl, ['kustomize', join(manifests, path)]);
    },
    take,
    edit,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
