// Everything that the stack's tests on a real node stand on: cluster, engine, images, an application folder.
import { chmod, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { provideAssets } from '../cluster/assets.ts';
import { exec } from '../cluster/exec.ts';
import { type OwnSite, openSite } from '../site.ts';
import { type Base, provideBase } from './bases.ts';
import { baseDisks, bootstrap, disks } from './bootstrap.ts';
import { startDns } from './dns.ts';
import { type Engine, startEngine } from './engine.ts';
import { copyStack, NAMESPACES, type Stack } from './manifests.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
export const ENVIRONMENT = 'staging';
export const NAMESPACE = NAMESPACES[ENVIRONMENT];

export interface Place {
  readonly site: OwnSite;
  readonly engine: Engine;
  /** An application's root: a copy of `example/` with `manifests/` in it. */
  readonly stack: Stack;
  /** Inputs that make a run the deployer's. */
  readonly access: Readonly<Record<string, string>>;
  /** The folder that is a claim's disk. */
  disk(claim: string): string;
  /** `REGISTRY/name:tag` of a stand-in, pushed for the node. */
  pushBase(base: Base): Promise<string>;
  /** Runs a target of the application's Makefile; its output. Rejects when it fails. */
  make(target: string, variables?: Readonly<Record<string, string>>): Promise<string>;
  /** `http://127.0.0.1:PORT` of a NodePort Service. */
  address(service: string): Promise<string>;
  /** As the administrator, in the namespace. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** What each pod of an application uses now, as its kubelet says. */
  usage(
    app: string,
  ): Promise<readonly { readonly mebibytes: number; readonly millicores: number }[]>;
  /** One value, asked of the database itself. */
  sql(text: string, pod?: string, database?: string): Promise<string>;
  stop(): Promise<void>;
}

export async function openPlace(components: readonly string[] = []): Promise<Place> {
  const engine = await startEngine();
  const site = await openSite('node');
  const dns = await startDns(site.cluster);
  const stack = await copyStack(components);
  const rest = (source: string) => !['node_modules', '.next', 'backups'].includes(basename(source));
  await cp(join(ROOT, 'example'), stack.folder, { recursive: true, filter: rest });
  const volumes = await mkdtemp(join(tmpdir(), 'webgen-disks-'));
  const disk = (claim: string) => join(volumes, claim);
  for (const claim of Object.keys(baseDisks(disk))) await mkdir(disk(claim));
  await chmod(volumes, 0o755);
  const { id, keyJson } = site.yandex.addServiceAccount();
  await bootstrap(site.cluster, stack, { environment: ENVIRONMENT, account: id });
  await disks(site.cluster, ENVIRONMENT, baseDisks(disk));
  const kubectl = (...args: readonly string[]) => site.cluster.kubectl(['-n', NAMESPACE, ...args]);
  return {
    site,
    engine,
    stack,
    access: { ...site.access, 'yc-sa-json-credentials': keyJson },
    disk,
    pushBase: async (base) => {
      const image = await provideBase(engine, base);
      const reference = `${site.cluster.registry}/${base}:${image.split(':')[1]}`;
      await engine.docker('tag', image, reference);
      await engine.docker('push', '--quiet', reference);
      return reference;
    },
    make: (target, variables = {}) => make({ site, engine, stack }, target, variables),
    address: async (service) => {
      const port = await kubectl(
        'get',
        'service',
        service,
        '-o',
        'jsonpath={.spec.ports[0].nodePort}',
      );
      return `http://127.0.0.1:${port}`;
    },
    kubectl,
    usage: (app) => usage(site, app),
    sql: async (text, pod = 'postgres-0', database = 'ai_creatives') => {
      const psql = ['psql', '-U', 'ai_creatives', '-d', database, '-Atc', text];
      return (await kubectl('exec', pod, '--', ...psql)).trim();
    },
    stop: async () => {
      dns.stop();
      await site.stop();
      await engine.stop();
      await stack.remove();
      await rm(volumes, { recursive: true, force: true });
    },
  };
}

interface PodStats {
  readonly podRef: { readonly name: string; readonly namespace: string };
  readonly containers?: readonly {
    readonly cpu?: { readonly usageNanoCores?: number };
    readonly memory?: { readonly workingSetBytes?: number };
  }[];
}

async function usage({ cluster }: OwnSite, app: string) {
  const { body } = await cluster.api({ path: '/api/v1/nodes/test-node/proxy/stats/summary' });
  const pods: readonly PodStats[] = body.pods;
  const own = pods.filter(
    ({ podRef }) => podRef.namespace === NAMESPACE && podRef.name.startsWith(`${app}-`),
  );
  return own.map(({ containers: [first] = [] }) => ({
    mebibytes: Math.round((first?.memory?.workingSetBytes ?? 0) / 1024 / 1024),
    millicores: Math.round((first?.cpu?.usageNanoCores ?? 0) / 1_000_000),
  }));
}

type Places = Pick<Place, 'site' | 'engine' | 'stack'>;

async function make(
  { site, engine, stack }: Places,
  target: string,
  variables: Readonly<Record<string, string>>,
): Promise<string> {
  const { kubectl = 'kubectl' } = await provideAssets(['kubectl']);
  const env = {
    ...engine.env,
    KUBECONFIG: site.cluster.kubeconfig,
    KUBECTL: kubectl,
    ENVIRONMENT,
    REGISTRY: `${site.cluster.registry}`,
    WEBGEN_DEPLOY: `${process.execPath} ${join(ROOT, 'dist', 'cli.js')}`,
    BUILD_FLAGS_BACKEND: `--network host --build-arg BASE=${await provideBase(engine, 'python')}`,
    BUILD_FLAGS_FRONTEND: `--network host --build-arg BASE=${await provideBase(engine, 'node')}`,
    ...variables,
  };
  // Environment variables do not win over the Makefile's `:=`, but over its `?=` they do.
  const done = await exec('make', ['--no-print-directory', ...target.split(' ')], {
    cwd: stack.folder,
    env,
  });
  if (done.code === 0) return done.stdout + done.stderr;
  throw new Error(`make ${target}: ${done.code}\n${done.stdout}\n${done.stderr}`);
}
