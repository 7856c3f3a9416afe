// checkov in a virtual environment of its own: it has a hundred dependencies, so it is no wheel among the tools.
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { execOk } from '../cluster/exec.ts';
import { withLock } from '../cluster/lock.ts';
import { tell } from '../cluster/say.ts';
import { cacheBase, type Provided } from '../tools/tools.ts';

const VERSION = '3.3.30';

/** Some minutes the first time. */
export async function provideCheckov(): Promise<Provided> {
  const folder = join(await cacheBase(), `checkov-${VERSION}`);
  const path = join(folder, 'bin', 'checkov');
  try {
    await withLock(`${folder}.lock`, () => install(folder, path));
    return { path };
  } catch (error) {
    return { missing: `no checkov: ${String(error).split('\n').slice(-3).join(' ')}` };
  }
}

async function install(folder: string, path: string): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  await tell(`installing checkov ${VERSION} (once)`, async () => {
    await execOk('python3', ['-m', 'venv', folder]);
    await execOk(join(folder, 'bin', 'pip'), ['install', '--quiet', `checkov==${VERSION}`]);
  });
}
