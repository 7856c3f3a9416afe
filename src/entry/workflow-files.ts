// The workflow files of the repository that a terminal stands in.
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowFile } from '../commands/doctor/workflow-jobs.ts';
import { readBounded } from '../platform/secret-source.ts';

const folder = '.github/workflows';

/** Empty if the folder is missing; a file that cannot be read is left out. */
export async function workflowsOf(root: string): Promise<readonly WorkflowFile[]> {
  const names = await readdir(join(root, folder)).catch(() => []);
  const files = names.filter((name) => /\.ya?ml$/.test(name)).sort();
  const read = async (name: string) => {
    const text = await textOf(join(root, folder, name));
    return text === undefined ? [] : [{ path: `${folder}/${name}`, text }];
  };
  return (await Promise.all(files.map(read))).flat();
}

/** Far more than a workflow that GitHub runs. */
const mostBytes = 2 ** 20;

async function textOf(path: string): Promise<string | undefined> {
  try {
    return (await stat(path)).isFile() ? await readBounded(path, mostBytes) : undefined;
  } catch {
    return undefined;
  }
}

/** Ten times the largest of ours. */
const mostRollbackBytes = 64 * 2 ** 10;

/** The text of the repository's `rollback.yml`; undefined if it is missing or too large. */
export async function rollbackWorkflowOf(root: string): Promise<string | undefined> {
  const path = join(root, folder, 'rollback.yml');
  try {
    return (await lstat(path)).isFile() ? await readBounded(path, mostRollbackBytes) : undefined;
  } catch {
    return undefined;
  }
}
