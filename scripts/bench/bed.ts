// The cluster that the bench runs on, and how each tool is called there.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '../../e2e/support/cluster/cluster.ts';
import { type Helm, provideHelm, writeChart } from './helm.ts';
import { type Measured, measure } from './measure.ts';

/** As the API answered. */
// biome-ignore lint/suspicious/noExplicitAny: a bench reads raw objects freely
export type Shown = any;

export interface Bed {
  readonly helm: Helm;
  /** A new namespace with these objects in it. */
  namespace(name: string, objects?: readonly unknown[]): Promise<void>;
  /** Takes a namespace away and waits until its pods are gone. */
  clear(name: string): Promise<void>;
  deploy(namespace: string, manifests: string, more?: readonly string[]): Promise<Measured>;
  /** `kubectl apply --server-side`; with a time limit also `kubectl rollout status` of all. */
  kubectl(namespace: string, manifests: string, wait?: string): Promise<Measured>;
  /** `helm upgrade --install --wait`. */
  helmInstall(namespace: string, manifests: string, wait: string): Promise<Measured>;
  /** Resolves, with the moment, when the API first shows it at that path. */
  moment(path: string, shows: (body: Shown) => boolean): Promise<number>;
  stop(): Promise<void>;
}

const cli = join(import.meta.dirname, '..', '..', 'dist', 'cli.js');

/** A kwok cluster of its own and a folder for files. */
export async function makeBed(): Promise<Bed> {
  const folder = mkdtempSync(join(tmpdir(), 'webgen-deploy-bench-'));
  const helm = await provideHelm();
  const cluster = await startCluster({ kind: 'kwok' });
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    KUBECONFIG: cluster.kubeconfig,
  };
  const fileOf = (manifests: string): string => {
    const file = join(folder, 'objects.yaml');
    writeFileSync(file, manifests);
    return file;
  };
  const run = (command: string, args: readonly string[]) =>
    measure(command, args, { env }).finished;
  const kubectl: Bed['kubectl'] = async (namespace, manifests, wait) => {
    const files = ['-n', namespace, '-f', fileOf(manifests)];
    const apply = await run('kubectl', ['apply', '--server-side', ...files]);
    if (wait === undefined || apply.code !== 0) return apply;
    const status = await run('kubectl', ['rollout', 'status', ...files, `--timeout=${wait}`]);
    return { ...status, seconds: apply.seconds + status.seconds, cpu: apply.cpu + status.cpu };
  };
  return {
    helm,
    namespace: async (name, objects = []) => {
      await cluster.kubectl(['create', 'namespace', name]);
      for (const each of objects) {
        await cluster.kubectl(['apply', '-n', name, '-f', '-'], JSON.stringify(each));
      }
    },
    clear: async (name) => {
      await cluster.kubectl(['delete', 'namespace', name, '--timeout=600s']);
    },
    deploy: (namespace, manifests, more = []) =>
      run(process.execPath, [
        ...[cli, 'deploy', '--app', 'bench', '--environment', 'production'],
        ...['--namespace', namespace, '--manifests', fileOf(manifests)],
        ...['--kubeconfig', cluster.kubeconfig, ...more],
      ]),
    kubectl,
    helmInstall: (namespace, manifests, wait) => {
      if ('missing' in helm) throw new Error(helm.missing);
      const chart = join(folder, 'chart');
      writeChart(chart, manifests);
      const args = ['upgrade', '--install', 'bench', chart, '-n', namespace, '--wait'];
      return run(helm.path, [...args, '--timeout', wait]);
    },
    moment: async (path, shows) => {
      for (;;) {
        const { body } = await cluster.api({ path });
        if (shows(body)) return performance.now();
        await sleep(20);
      }
    },
    stop: async () => {
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
