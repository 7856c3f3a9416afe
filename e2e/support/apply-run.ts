// Deploys YAML texts to a test's cluster as the engine does, without a process around it.
import { readFile } from 'node:fs/promises';
import { type ApplyHooks, applyAll } from '../../src/apply/apply-manifests.ts';
import { dryRunAll } from '../../src/apply/dry-run/dry-run.ts';
import type { ApplySettings } from '../../src/apply/planned/apply-settings.ts';
import type { Api } from '../../src/cluster/api.ts';
import { createApi } from '../../src/cluster/create-api.ts';
import type { ApiRequest, Cluster, Log } from '../../src/core/ports.ts';
import { Secret } from '../../src/core/secret.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { parseManifests } from '../../src/manifests/parse/parse.ts';
import { transform } from '../../src/manifests/transform.ts';
import { realClock } from '../../src/platform/clock.ts';
import { connectCluster } from '../../src/platform/cluster.ts';
import { loadKubeconfig } from '../../src/platform/kubeconfig.ts';
import type { TestCluster } from './cluster/cluster.ts';

export interface Lab {
  readonly cluster: Cluster;
  /** Every request that was sent: `PATCH /api/v1/…?dryRun=All`. */
  readonly sent: string[];
  kubectl(args: readonly string[], stdin?: string): Promise<string>;
  get(kindAndName: string): Promise<KubeObject>;
  settings(overrides?: Partial<ApplySettings>): ApplySettings;
}

const silent: Log = {
  info: () => undefined,
  debug: () => undefined,
  group: (_, work) => work(),
  annotate: () => undefined,
  mask: () => undefined,
};

type Opened = Pick<TestCluster, 'kubeconfig' | 'kubectl'>;

/** `namespace`: where objects go that name none, and where `get` looks. */
export async function openLab(
  opened: Opened,
  namespace: string,
  headers: Readonly<Record<string, string>> = {},
  before: (request: ApiRequest) => Promise<void> = async () => undefined,
): Promise<Lab> {
  const { kubeconfig, kubectl } = opened;
  const access = await loadKubeconfig(new Secret(await readFile(kubeconfig, 'utf8')));
  const connected = connectCluster({ ...access, headers }, { userAgent: 'webgen-deploy-test' });
  const sent: string[] = [];
  const cluster: Cluster = {
    server: connected.server,
    namespace: connected.namespace,
    send: async (request) => {
      await before(request);
      sent.push(`${request.method} ${request.path}`);
      return connected.send(request);
    },
    stream: (request, onEvent) => connected.stream(request, onEvent),
    close: () => connected.close(),
  };
  const clock = realClock();
  const api: Api = createApi(cluster, { clock, log: silent });
  return {
    cluster,
    sent,
    kubectl,
    get: async (what) => {
      const args = ['-n', namespace, 'get', what, '-o', 'json', '--show-managed-fields'];
      return JSON.parse(await kubectl(args)) as KubeObject;
    },
    settings: (overrides) => ({
      api,
      clock,
      log: silent,
      app: 'shop',
      namespace,
      createNamespace: false,
      forceConflicts: false,
      restartOnConfig: true,
      ...overrides,
    }),
  };
}

/** Parse, transform, dry run. */
export async function plan(lab: Lab, yaml: string, overrides?: Partial<ApplySettings>) {
  const { documents, findings } = parseManifests(yaml, 'app.yaml');
  if (findings.length > 0) throw new Error(JSON.stringify(findings));
  const options = { app: 'shop', variables: {}, images: {}, secrets: [] };
  const settings = lab.settings(overrides);
  return { settings, ...(await dryRunAll(transform(documents, options).documents, settings)) };
}

/** The same, then the writes. Throws for findings of either. */
export async function deploy(
  lab: Lab,
  yaml: string,
  overrides?: Partial<ApplySettings>,
  hooks?: ApplyHooks,
) {
  const { objects, findings, settings } = await plan(lab, yaml, overrides);
  if (findings.length > 0) throw new Error(JSON.stringify(findings));
  const outcome = await applyAll(objects, settings, hooks);
  if (outcome.findings.length > 0) throw new Error(JSON.stringify(outcome.findings));
  const changes = outcome.applied.map(
    ({ planned }) => `${planned.change} ${planned.object.kind}/${planned.object.metadata.name}`,
  );
  return { ...outcome, planned: objects, changes };
}
