// What a real node leaves behind when its programs end: containers, mounts, links, rules, cgroups.
// A program of its own, because the keeper runs it even after a harness that was killed.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { basename, join } from 'node:path';

const [folder = '', bridge = '', network = ''] = process.argv.slice(2);

/** Shims (and what they run) outlive containerd by design; ours name our socket. */
function endContainers(socket: string): void {
  const shims = processes().filter(
    ({ command }) => command.includes('containerd-shim') && command.includes(socket),
  );
  const family = new Set(shims.map(({ pid }) => pid));
  for (const { pid, parent } of processes()) {
    if (family.has(parent)) kill(pid);
  }
  for (const { pid } of shims) kill(pid);
}

interface Running {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

function processes(): readonly Running[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // After the name, which may itself hold blanks and brackets: state, then the parent's id.
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return [{ pid: Number(pid), parent, command }];
    } catch {
      return [];
    }
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** The names of our pods' network namespaces, from what containerd told runc. */
function namespaces(state: string): readonly string[] {
  const tasks = join(state, 'io.containerd.runtime.v2.task', 'k8s.io');
  if (!existsSync(tasks)) return [];
  const paths = readdirSync(tasks).flatMap((id) => {
    const file = join(tasks, id, 'config.json');
    if (!existsSync(file)) return [];
    const { linux } = JSON.parse(readFileSync(file, 'utf8')) as Spec;
    return linux.namespaces.flatMap(({ type, path = '' }) => (type === 'network' ? [path] : []));
  });
  return [...new Set(paths.map((path) => basename(path)))].filter((name) => name !== '');
}

interface Spec {
  readonly linux: { readonly namespaces: readonly { type: string; path?: string }[] };
}

/** Takes away Kubernetes' rules and chains, and those of our pods' network; leaves the others. */
function cleanFilter(): void {
  const saved = spawnSync('iptables-save', { encoding: 'utf8' }).stdout ?? '';
  const tables = saved.split(/^COMMIT$/m).map(undoTable);
  spawnSync('iptables-restore', ['--noflush'], { input: tables.join('') });
}

function undoTable(text: string): string {
  const lines = text.split('\n');
  const table = lines.find((line) => line.startsWith('*'));
  if (table === undefined) return '';
  const rules = lines.filter((line) => line.startsWith('-A '));
  const ours = rules.filter((line) => line.includes(`name: \\"${network}\\"`));
  const chains = new Set([...saved(lines, /^:(KUBE-\S+)/), ...saved(ours, /-j (CNI-\S+)$/)]);
  const jumps = rules.filter((line) => {
    const [, from = '', to = ''] = /^-A (\S+) .*-j (\S+)/.exec(line) ?? [];
    return chains.has(to) && !chains.has(from);
  });
  const steps = [
    ...jumps.map((line) => line.replace('-A', '-D')),
    ...[...chains].map((chain) => `-F ${chain}`),
    ...[...chains].map((chain) => `-X ${chain}`),
  ];
  return [table, ...steps, 'COMMIT', ''].join('\n');
}

function saved(lines: readonly string[], pattern: RegExp): readonly string[] {
  return lines.flatMap((line) => pattern.exec(line)?.[1] ?? []);
}

/** The deepest first, since mounts lie in mounts. */
function unmountBelow(root: string): void {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${root}/`))
    .sort((a, b) => b.length - a.length);
  for (const path of mounts) spawnSync('umount', ['-l', path], { stdio: 'ignore' });
}

function removeCgroups(path: string): void {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroups(join(path, entry.name));
  }
  try {
    rmdirSync(path);
  } catch {
    // Something still runs in it; an empty group more does no harm.
  }
}

const namesOfNamespaces = namespaces(join(folder, 'containerd-state'));
endContainers(join(folder, 'containerd.sock'));
for (const name of namesOfNamespaces) spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
unmountBelow(folder);
cleanFilter();
spawnSync('ip', ['link', 'del', bridge], { stdio: 'ignore' });
const cgroups = '/sys/fs/cgroup';
removeCgroups(join(cgroups, 'kubepods'));
for (const group of readdirSync(cgroups)) removeCgroups(join(cgroups, group, 'kubepods'));
