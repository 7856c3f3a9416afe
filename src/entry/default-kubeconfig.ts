// The default cluster of a terminal: what kubectl would use, in one file.
import { existsSync } from 'node:fs';
import { dirname, join, delimiter as pathDelimiter, resolve } from 'node:path';
import { oneKubeconfig } from '../connect/one-kubeconfig.ts';
import type { Files } from '../core/ports.ts';
import { Secret } from '../core/secret.ts';
import { readYaml } from '../core/small-yaml.ts';

export interface Surroundings {
  /** The variable `KUBECONFIG`: a path, or several as in PATH. */
  readonly named: string | undefined;
  readonly home: string;
  readonly files: Pick<Files, 'read' | 'makeTemp' | 'write'>;
  /** Called with the path of a secret file before it is created. */
  onSecretFile(path: string): void;
}

/**
 * The path, or undefined if there is none. Of several files in `KUBECONFIG`, missing ones
 * are skipped, as kubectl does, and the others are merged into one, with the secrets of all.
 */
export async function defaultKubeconfig(around: Surroundings): Promise<string | undefined> {
  const paths = (around.named ?? '').split(pathDelimiter).filter((path) => path !== '');
  const there = paths.filter((path) => existsSync(path));
  if (there.length > 1) return merged(there, around);
  if (paths.length > 0) return there[0] ?? paths[0];
  const standard = join(around.home, '.kube', 'config');
  return existsSync(standard) ? standard : undefined;
}

async function merged(
  paths: readonly string[],
  { files, onSecretFile }: Surroundings,
): Promise<string> {
  const texts = await Promise.all(
    paths.map(async (path) => ({ path, text: await files.read(path) })),
  );
  // The kubeconfig reader reports what is wrong with it, without quoting it.
  const broken = texts.find(({ text }) => 'problem' in readYaml(text));
  if (broken) return broken.path;
  const parts = texts.map(({ path, text }) => ({ folder: dirname(resolve(path)), text }));
  const path = join(await files.makeTemp('webgen-deploy-'), 'kubeconfig');
  onSecretFile(path);
  await files.write(path, new Secret(oneKubeconfig(parts)), 0o600);
  return path;
}
