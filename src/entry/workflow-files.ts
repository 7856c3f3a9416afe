// The workflow files of the repository in a terminal's current folder.
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowFile } from '../commands/doctor/workflow-jobs.ts';
import { readBounded } from '../platform/secret-source.ts';

const folder = '.github/workflows';

/** Empty if the folder is missing; a file that cannot be read is left out. */
export async function workflowsOf(root: string): Promise<readonly WorkflowFile[]> {
  const names = await readdir(join(root, folder)).catch(() => []);
  const files = names.filter((name) => /\.ya?ml$/.test(name)).sort();
  const read = async (name: string) => {
    const text = await readFile(join(root, folder, name), 'utf8').catch(() => undefined);
    return text === undefined ? [] : [{ path: `${folder}/${name}`, text }];
  };
  return (await Promise.all(files.map(read))).flat();
}

/** Ten times the largest of ours. */
const mostBytes = 64 * 2 ** 10;

/** The text of the repository's `rollback.yml`; undefined if it is missing or too large. */
export async function rollbackWorkflowOf(root: string): Promise<string | undefined> {
  const path = join(root, folder, 'rollback.yml');
  try {
    return (await lstat(path)).isFile() ? await readBounded(path, mostBytes) : undefined;
  } catch {
    return undefined;
  }
}
