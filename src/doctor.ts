// `doctor`: everything that a deploy will need, looked at side by side and told at once.

import type { Api } from './cluster/api.ts';
import { createApi } from './cluster/create-api.ts';
import { type Check, fromFinding, ok, skipped } from './doctor/check.ts';
import { type Cloud, checkCluster, checkKey, expected } from './doctor/cloud.ts';
import { checkPermissions } from './doctor/permissions.ts';
import { checkRepository, type Repository } from './doctor/repository.ts';
import type { Finding } from './errors.ts';
import { readFields } from './inputs/fields.ts';
import type { RawInputs } from './inputs/raw.ts';
import { takesIamToken } from './inputs/registry.ts';
import { chooseTarget } from './inputs/target.ts';
import type { ClusterTarget } from './inputs.ts';
import type { Engine } from './running.ts';
import { type Access, authenticate } from './steps/authenticate.ts';
import { managedKubeconfig } from './yandex/kubeconfig.ts';

export interface DoctorOptions {
  readonly raw: RawInputs;
  readonly repository: Repository;
  readonly workspace: string;
  readonly defaultKubeconfig?: string | undefined;
  readonly engine: Engine;
}

export interface DoctorDone {
  /** 0 all good, 1 something is not, 2 inputs that cannot be read. */
  readonly code: 0 | 1 | 2;
  readonly checks: readonly Check[];
  /** Of inputs that cannot be read: nothing was looked at. */
  readonly findings: readonly Finding[];
}

/** What is not given is not looked at, and says which flag would give it. */
export async function doctor(options: DoctorOptions): Promise<DoctorDone> {
  const { raw, repository, defaultKubeconfig } = options;
  // The command is the terminal's own, and no input.
  const read = readFields({ ...raw, command: undefined });
  const ofKey = 'yc-sa-json-credentials';
  const chosen = chooseTarget(read, {
    on: 'terminal',
    required: false,
    defaultKubeconfig,
    opensRegistry: takesIamToken(read),
  });
  const badKey = read.wrong.has(ofKey);
  const findings = [...read.findings, ...chosen.findings].filter(
    (each) => each.severity === 'fatal' && !(badKey && each.what.includes(ofKey)),
  );
  if (findings.length > 0) return { code: 2, checks: [], findings };
  const key = read.findings.find(({ what }) => what.includes(ofKey));
  const { values } = read;
  const place = { ...options, namespace: values.namespace, endpoint: values['cluster-endpoint'] };
  const [files, cloud] = await Promise.all([
    checkRepository(repository),
    badKey && key
      ? [fromFinding('key', key), ...unopened('the key cannot be read')]
      : checkTarget(chosen.target, { ...place, apiEndpoint: values['yc-api-endpoint'] }),
  ]);
  const checks = [...files, ...cloud];
  return { code: checks.some(({ verdict }) => verdict === 'failed') ? 1 : 0, checks, findings };
}

function unopened(why: string): readonly Check[] {
  return (['cluster', 'api', 'permissions'] as const).map((name) =>
    skipped(name, `Not looked at: ${why}.`),
  );
}

interface Place extends DoctorOptions {
  readonly namespace: string | undefined;
  readonly endpoint: 'external' | 'internal';
  readonly apiEndpoint: string;
}

async function checkTarget(
  target: ClusterTarget | undefined,
  place: Place,
): Promise<readonly Check[]> {
  const { ports } = place.engine;
  if (!target) {
    const flags = 'give --yc-k8s-cluster-id with --yc-sa-json-credentials, or --kubeconfig';
    return [skipped('key', `Not looked at: ${flags}.`), ...unopened(flags)];
  }
  if (target.by === 'kubeconfig') {
    const opened = await expected('api', async () => {
      const { workspace, engine } = place;
      const { apiEndpoint, endpoint } = place;
      const more = { apiEndpoint, endpoint, workspace, onSecretFile: engine.onSecretFile };
      const access = await authenticate(target, ports, more);
      return { check: ok('api', 'The kubeconfig can be read.'), value: access };
    });
    return opened.value
      ? checkApi(opened.value, place)
      : [opened.check, ...unopened('it is not to be had').slice(2)];
  }
  const key = await checkKey(target.credentials, place.apiEndpoint, ports);
  if (!key.value) return [key.check, ...unopened('there is no token')];
  const { http } = ports;
  const cluster = await checkCluster(target, key.value, { http, endpoint: place.endpoint });
  if (!cluster.value)
    return [key.check, cluster.check, ...unopened('the cluster is not to be had').slice(1)];
  const { token } = key.value;
  const kubeconfig = managedKubeconfig({ ...cluster.value, token });
  const access = { kubeconfig, path: '', borrowed: false, hints: {} };
  const role = roleCommand(cluster.value.id, key.value);
  return [key.check, cluster.check, ...(await checkApi(access, place, role))];
}

function roleCommand(
  cluster: string,
  { serviceAccountId = '<service account id>' }: Cloud,
): string {
  const bind = `yc managed-kubernetes cluster add-access-binding ${cluster}`;
  return `${bind} --role k8s.cluster-api.editor --subject serviceAccount:${serviceAccountId}`;
}

/** The way to the API server, then what may be done there. */
async function checkApi(access: Access, place: Place, role?: string): Promise<readonly Check[]> {
  const { engine } = place;
  const { clock, log } = engine.ports;
  const opened = await expected<Api>('api', async () => {
    const { cluster } = await engine.connect(access);
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
