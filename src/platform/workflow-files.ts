// The workflow files of the repository that a terminal stands in.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowFile } from '../doctor/repository.ts';

const folder = '.github/workflows';

/** Empty where the folder is missing; a file that cannot be read is left out. */
export async function workflowsOf(root: string): Promise<readonly WorkflowFile[]> {
  const names = await readdir(join(root, folder)).catch(() => []);
  const files = names.filter((name) => /\.ya?ml$/.test(name)).sort();
  const read = async (name: string) => {
    const text = await readFile(join(root, folder, name), 'utf8').catch(() => undefined);
    return text === undefined ? [] : [{ path: `${folder}/${name}`, text }];
  };
  return (await Promise.all(files.map(read))).flat();
}
