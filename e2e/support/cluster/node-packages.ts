// What a real node needs of the machine, and whether this machine has it.
import { access, readdir, readFile } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { exec } from './exec.ts';
import { say, tell } from './say.ts';

/** Debian's package for each program. */
const PACKAGES: Readonly<Record<string, string>> = {
  containerd: 'containerd',
  runc: 'runc',
  'docker-registry': 'docker-registry',
  nft: 'nftables',
  iptables: 'iptables',
  conntrack: 'conntrack',
  ip: 'iproute2',
  mount: 'mount',
  openssl: 'openssl',
};

const CNI_FOLDERS = ['/usr/lib/cni', '/opt/cni/bin'];
const CGROUPS = ['cpu', 'memory', 'pids'];

let answer: Promise<string | undefined> | undefined;

/**
 * The reason why a real node cannot run here, or undefined where it can. Installs missing Debian
 * packages first, where it may (root). Looks once per process, and says the reason.
 */
export function nodeUnavailable(): Promise<string | undefined> {
  answer ??= look().then((reason) => {
    if (reason !== undefined) say(`no real node here: ${reason}`);
    return reason;
  });
  return answer;
}

/** The folder with the CNI plugins. */
export async function cniFolder(): Promise<string | undefined> {
  for (const folder of CNI_FOLDERS) {
    if (await exists(join(folder, 'bridge'))) return folder;
  }
  return undefined;
}

async function look(): Promise<string | undefined> {
  if (process.platform !== 'linux') return `a real node needs Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'a real node needs root';
  if (await runsKubelet()) return 'a kubelet runs on this machine already';
  const cgroups = await missingCgroups();
  if (cgroups.length > 0) return `the kernel withholds the cgroups ${cgroups.join(', ')}`;
  const missing = await missingPackages();
  if (missing.length > 0) {
    if (!(await exists('/usr/bin/apt-get'))) {
      return `missing ${missing.join(', ')}, and no apt-get to install them`;
    }
    await tell(`installing ${missing.join(' ')}`, () => install(missing));
    const still = await missingPackages();
    if (still.length > 0) return `apt-get could not install ${still.join(', ')}`;
  }
  return networkProblem();
}

/** Two would fight for the packet filter and the cgroups. */
async function runsKubelet(): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  // The command line rather than the name: that of one that ended and was not waited for is empty.
  const commands = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  const names = commands.map((command) => basename(command.split('\0')[0] ?? ''));
  return names.some((name) => name === 'kubelet' || name === 'kube-proxy');
}

async function missingPackages(): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const [program, name] of Object.entries(PACKAGES)) {
    if (!(await onPath(program))) missing.push(name);
  }
  if ((await cniFolder()) === undefined) missing.push('containernetworking-plugins');
  return missing;
}

async function install(packages: readonly string[]): Promise<void> {
  // RUNLEVEL 1 keeps Debian from starting the packages' services: the cluster starts its own.
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const args = ['install', '-y', '-q', '--no-install-recommends', ...packages];
  const run = (what: readonly string[]) => exec('apt-get', what, { env });
  if ((await run(args)).code === 0) return;
  await run(['update', '-q']);
  const second = await run(args);
  if (second.code !== 0) say(second.stderr.trim().split('\n').slice(-3).join(' · '));
}

async function missingCgroups(): Promise<readonly string[]> {
  const unified = await readFile('/sys/fs/cgroup/cgroup.controllers', 'utf8').catch(
    () => undefined,
  );
  const there = unified?.split(/\s+/);
  const checks = CGROUPS.map(async (name) =>
    (there === undefined ? await exists(`/sys/fs/cgroup/${name}`) : there.includes(name))
      ? []
      : [name],
  );
  return (await Promise.all(checks)).flat();
}

/** Pods need network namespaces and a bridge; some sandboxes forbid either. */
async function networkProblem(): Promise<string | undefined> {
  const name = `wg-probe${process.pid}`;
  const made = await exec('ip', ['link', 'add', name, 'type', 'bridge']);
  if (made.code !== 0) return `no network bridges here: ${made.stderr.trim()}`;
  await exec('ip', ['link', 'del', name]);
  const rules = await exec('iptables', ['-t', 'nat', '-S']);
  if (rules.code !== 0) return `no iptables here: ${rules.stderr.trim()}`;
  return undefined;
}

async function onPath(program: string): Promise<boolean> {
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  for (const folder of path.split(delimiter)) {
    if (folder !== '' && (await exists(join(folder, program)))) return true;
  }
  return false;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
