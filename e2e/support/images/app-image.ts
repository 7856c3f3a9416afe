// The test application's images: built once, kept in the cache, pushed where a test wants them.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../cluster/assets.ts';
import { execOk } from '../cluster/exec.ts';
import { isCode } from '../cluster/lock.ts';
import { makeImage } from './image.ts';
import { type Pushed, pushImage } from './push.ts';

export interface AppImage {
  /** Default `app`. */
  readonly repository?: string;
  /** Default `1`. */
  readonly tag?: string;
  /**
   * What it does when the pod gives no `args`; default `serve`. Modes and flags: `serve -after=2s
   * -health=503 -flaps=2`, `crash -after=500ms -code=3 -logs=5 -text=…`, `crash-once -marker=/state/crashed`
   * (an emptyDir there; so `fail-once`, which then ends well, and `sick-once`, which first serves
   * unhealthy), `sleep`, `exit -after=1s`, `memory`, `get -url=http://…`.
   */
  readonly args?: readonly string[];
  /** NAME and VERSION are what `/` answers; PORT is where (default 8080). */
  readonly env?: Readonly<Record<string, string>>;
}

const SOURCE = join(import.meta.dirname, 'app');

/** Pushes the test application to a registry (`TestCluster.registry`). */
export async function pushApp(registry: string, image: AppImage = {}): Promise<Pushed> {
  const { repository = 'app', tag = '1', args = ['serve'], env = {} } = image;
  const made = makeImage({ program: await appProgram(), args, env });
  return pushImage(registry, { repository, tag }, made);
}

/** The static program, built once. */
export async function appProgram(): Promise<Buffer> {
  const source = await readFile(join(SOURCE, 'main.go'));
  const key = createHash('sha256').update(source).digest('hex').slice(0, 12);
  const cache = await cacheFolder();
  const path = join(cache, `app-${key}`);
  try {
    return await readFile(path);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
  await mkdir(cache, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  const args = ['build', '-trimpath', '-ldflags', '-s -w', '-o', unfinished, '.'];
  const env = { CGO_ENABLED: '0', GOWORK: 'off', GOOS: 'linux', GOFLAGS: '-buildvcs=false' };
  await execOk('go', args, { cwd: SOURCE, env });
  await rename(unfinished, path);
  return readFile(path);
}
