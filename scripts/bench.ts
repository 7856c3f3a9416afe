// Ratios against the tool a user would pick instead: same run, same cluster, in turns.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startCluster } from '../e2e/cluster/cluster.ts';

const ROUNDS = 3;
const cli = join(import.meta.dirname, '..', 'dist', 'cli.js');
const folder = mkdtempSync(join(tmpdir(), 'webgen-deploy-bench-'));
const cluster = await startCluster({ kind: 'kwok' });

/** 200 objects as an application has them: configuration, Services, Deployments. */
function manifests(): string {
  const labels = (name: string) => ({ 'app.kubernetes.io/name': name });
  const objects = Array.from({ length: 50 }, (_, index) => {
    const name = `service-${index}`;
    const container = {
      name: 'app',
      image: `registry.example/${name}:1`,
      ports: [{ containerPort: 8080 }],
      envFrom: [{ configMapRef: { name } }, { secretRef: { name } }],
      readinessProbe: { httpGet: { path: '/health', port: 8080 } },
      resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } },
    };
    const metadata = { name, labels: labels(name) };
    return [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { LEVEL: 'info', INDEX: `${index}` } },
      { apiVersion: 'v1', kind: 'Secret', metadata, data: { TOKEN: 'bm90IGEgc2VjcmV0' } },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: { selector: labels(name), ports: [{ port: 80, targetPort: 8080 }] },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: {
          replicas: 1,
          selector: { matchLabels: labels(name) },
          template: { metadata: { labels: labels(name) }, spec: { containers: [container] } },
        },
      },
    ];
  });
  return objects
    .flat()
    .map((each) => stringify(each))
    .join('---\n');
}

/** Wall time of a whole process, seconds; a failing run stops the bench. */
function seconds(program: string, args: readonly string[]): number {
  const from = performance.now();
  const run = spawnSync(program, args, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: cluster.kubeconfig },
  });
  if (run.status !== 0) throw new Error(`${program} ${args.join(' ')}\n${run.stdout}${run.stderr}`);
  return (performance.now() - from) / 1000;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

function row(name: string, pairs: readonly (readonly [number, number])[], target: string): void {
  const ours = median(pairs.map(([left]) => left));
  const theirs = median(pairs.map(([, right]) => right));
  const ratio = median(pairs.map(([left, right]) => right / left));
  console.log(
    `| ${name} | ${ours.toFixed(2)} s | ${theirs.toFixed(2)} s | ${ratio.toFixed(1)} × | ${target} |`,
  );
}

try {
  const file = join(folder, 'objects.yaml');
  writeFileSync(file, manifests());
  const install: [number, number][] = [];
  const again: [number, number][] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [ours, theirs] = [`ours-${round}`, `theirs-${round}`];
    for (const name of [ours, theirs]) await cluster.kubectl(['create', 'namespace', name]);
    const deploy = () =>
      seconds(process.execPath, [
        ...[cli, 'deploy', '--app', 'bench', '--environment', 'production', '--no-wait'],
        ...['--namespace', ours, '--manifests', file, '--kubeconfig', cluster.kubeconfig],
      ]);
    const apply = () => seconds('kubectl', ['apply', '--server-side', '-n', theirs, '-f', file]);
    install.push([deploy(), apply()]);
    again.push([deploy(), apply()]);
    for (const name of [ours, theirs])
      await cluster.kubectl(['delete', 'namespace', name, '--wait=false']);
  }
  console.log('| whole process, median of 3 | webgen-deploy | kubectl | faster | target |');
  console.log('| --- | --- | --- | --- | --- |');
  row('200 objects installed, dry run included', install, '4 ×');
  row('the same again, unchanged', again, '6 ×');
} finally {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
}
