// The checks that leave the machine: the key first, then cluster and registry side by side.
import type { Api } from '../../cluster/api.ts';
import { createApi } from '../../cluster/create-api.ts';
import { type Access, authenticate } from '../../connect/authenticate.ts';
import type { Cluster, Ports } from '../../core/ports.ts';
import type { ClusterTarget, Registry } from '../../inputs/types.ts';
import type { Credentials } from '../../yandex/credentials.ts';
import { managedKubeconfig } from '../../yandex/kubeconfig.ts';
import { type Check, ok, skipped } from './check.ts';
import { type Cloud, checkCluster, checkKey, expected } from './cloud.ts';
import { checkPermissions } from './permissions.ts';
import { checkRegistry } from './registry.ts';

/** What cannot be checked, and why. */
export function unopened(why: string): readonly Check[] {
  return (['cluster', 'api', 'permissions'] as const).map((name) =>
    skipped(name, `Not looked at: ${why}.`),
  );
}

export const noRegistry = (why: string) => skipped('registry', `Not looked at: without ${why}.`);

export interface Place {
  readonly engine: {
    readonly ports: Ports;
    connect(access: Access): Promise<Cluster>;
    onSecretFile(path: string): void;
  };
  /** Where relative paths start. */
  readonly workspace: string;
  readonly namespace: string | undefined;
  readonly endpoint: 'external' | 'internal';
  readonly apiEndpoint: string;
}

interface Outside {
  readonly target?: ClusterTarget;
  readonly credentials?: Credentials;
  readonly registry?: Registry;
}

/** The key first; then the cluster and the registry side by side. */
export async function checkOutside(outside: Outside, place: Place): Promise<readonly Check[]> {
  const { target, credentials, registry } = outside;
  const { ports } = place.engine;
  const key = credentials && (await checkKey(credentials, place.apiEndpoint, ports));
  const [cluster, images] = await Promise.all([
    checkTarget(target, key?.value, place),
    registry ? openRegistry(registry, key?.value, ports) : noRegistry('--yc-registry-id'),
  ]);
  const own = 'give --yc-sa-json-credentials @key.json';
  const noKey = target?.by === 'kubeconfig' ? [] : [skipped('key', `Not looked at: ${own}.`)];
  return [...(key ? [key.check] : noKey), ...cluster, images];
}

async function openRegistry(
  { login, ...address }: Registry,
  cloud: Cloud | undefined,
  { http, log }: Pick<Ports, 'http' | 'log'>,
): Promise<Check> {
  if (login?.by === 'iam' && !cloud) return noRegistry('a token');
  const iam = cloud && { username: 'iam', password: cloud.token };
  const { serviceAccountId } = cloud ?? {};
  return checkRegistry({
    address,
    login: login?.by === 'password' ? login : login && iam,
    http,
    mask: log.mask,
    ...(serviceAccountId === undefined ? {} : { serviceAccountId }),
  });
}

async function checkTarget(
  target: ClusterTarget | undefined,
  cloud: Cloud | undefined,
  place: Place,
): Promise<readonly Check[]> {
  if (!target) {
    return unopened(
      'give --yc-k8s-cluster-id with --yc-sa-json-credentials @key.json, or --kubeconfig',
    );
  }
  if (target.by === 'kubeconfig') return checkKubeconfig(target, place);
  if (!cloud) return unopened('there is no token');
  const { http } = place.engine.ports;
  const cluster = await checkCluster(target, cloud, { http, endpoint: place.endpoint });
  const { check, value } = cluster;
  if (!value) return [check, ...unopened('the cluster is not available').slice(1)];
  const kubeconfig = managedKubeconfig({ ...value, token: cloud.token });
  const access = { kubeconfig, path: '', borrowed: false, hints: {} };
  return [check, ...(await checkApi(access, place, roleCommand(value.id, cloud)))];
}

/** The kubeconfig has its own credentials: there is no key and no cloud cluster to check. */
async function checkKubeconfig(
  target: ClusterTarget & { readonly by: 'kubeconfig' },
  place: Place,
): Promise<readonly Check[]> {
  const { workspace, engine, endpoint, apiEndpoint } = place;
  const more = { apiEndpoint, endpoint, workspace, onSecretFile: engine.onSecretFile };
  const opened = await expected('api', async () => {
    const access = await authenticate(target, engine.ports, more);
    return { check: ok('api', 'The kubeconfig can be read.'), value: access };
  });
  if (opened.value) return checkApi(opened.value, place);
  return [opened.check, skipped('permissions', 'Not looked at: the API does not answer.')];
}

function roleCommand(
  cluster: string,
  { serviceAccountId = '<service account id>' }: Cloud,
): string {
  const bind = `yc managed-kubernetes cluster add-access-binding ${cluster}`;
  return `${bind} --role k8s.cluster-api.editor --subject serviceAccount:${serviceAccountId}`;
}

/** The connection to the API server, then the permissions there. */
async function checkApi(access: Access, place: Place, role?: string): Promise<readonly Check[]> {
  const { engine } = place;
  const { clock, log } = engine.ports;
  const opened = await expected<Api>('api', async () => {
    const cluster = await engine.connect(access);
    const api = createApi(cluster, { clock, log });
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    await api.send({ method: 'POST', path, body });
    return { check: ok('api', `The Kubernetes API at ${api.server} answers.`), value: api };
  });
  const { value: api } = opened;
  if (!api)
    return [opened.check, skipped('permissions', 'Not looked at: the API does not answer.')];
  const namespace = place.namespace ?? api.namespace;
  if (namespace === undefined) {
    return [opened.check, skipped('permissions', 'Not looked at: give --namespace.')];
  }
  const more = role === undefined ? {} : { roleCommand: role };
  const rights = await expected('permissions', async () => {
    const checks = await checkPermissions({ api, namespace, ...more });
    return { check: opened.check, value: checks };
  });
  return [opened.check, ...(rights.value ?? [rights.check])];
}
