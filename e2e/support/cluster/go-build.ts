// Builds the programs from Go modules, for machines that reach no release files.
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { execOk } from './exec.ts';
import { KUBE_PROGRAMS, KUBERNETES, type Program } from './programs.ts';
import { tell } from './say.ts';

const SOURCES = join(import.meta.dirname, '..', 'kube');
const VERSION = 'k8s.io/component-base/version';
const [MAJOR, MINOR] = KUBERNETES.split('.');
const STAMP = `-X ${VERSION}.gitVersion=v${KUBERNETES} -X ${VERSION}.gitMajor=${MAJOR}`;

interface Build {
  readonly name: string;
  readonly programs: readonly Program[];
  readonly module: string;
  readonly target: string;
  readonly what: string;
}

const BUILDS: readonly Build[] = [
  {
    name: 'kube',
    programs: KUBE_PROGRAMS,
    module: SOURCES,
    target: '.',
    what: `building Kubernetes ${KUBERNETES} from Go modules (about 5 minutes, once)`,
  },
  {
    name: 'kubectl-program',
    programs: ['kubectl'],
    module: SOURCES,
    target: './kubectl',
    what: 'building kubectl from Go modules (a minute, once)',
  },
  {
    name: 'kwok-program',
    programs: ['kwok'],
    module: join(SOURCES, 'kwok'),
    target: 'sigs.k8s.io/kwok/cmd/kwok',
    what: 'building kwok from Go modules (a minute, once)',
  },
];

/** Builds into `folder`, where each program is a link to the binary that can be it. */
export async function buildPrograms(wanted: readonly Program[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const build of BUILDS) {
    const programs = wanted.filter((program) => build.programs.includes(program));
    if (programs.length === 0) continue;
    await tell(build.what, () => goBuild(build, folder));
    for (const program of programs) await link(build.name, folder, program);
  }
}

async function goBuild(build: Build, folder: string): Promise<void> {
  const flags = `-s -w ${STAMP} -X ${VERSION}.gitMinor=${MINOR}`;
  const unfinished = join(folder, `.${build.name}-${process.pid}`);
  const args = ['build', '-trimpath', '-ldflags', flags, '-o', unfinished, build.target];
  const env = { CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=readonly -buildvcs=false' };
  try {
    await execOk('go', args, { cwd: build.module, env });
    await rename(unfinished, join(folder, build.name));
  } finally {
    await rm(unfinished, { force: true });
  }
}

/** A link made beside its place and moved there, so that nobody ever sees half of it. */
async function link(target: string, folder: string, program: Program): Promise<void> {
  const beside = join(folder, `.${program}-${process.pid}`);
  await rm(beside, { force: true });
  await symlink(target, beside);
  await rename(beside, join(folder, program));
}
