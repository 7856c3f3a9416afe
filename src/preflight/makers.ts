// Who else may make what is missing: a task, a controller, an operator. Then its absence proves nothing.

import { servedKinds } from '../cluster/served-kinds.ts';
import { ActionError } from '../core/errors.ts';
import { listAt, textAt, valueAt } from '../kube/json.ts';
import { isPlainGroup } from '../kube/kinds.ts';
import { groupOf, type KubeObject, kindKey, nameOf } from '../kube/objects.ts';
import { podSpecOf } from '../kube/pod-template.ts';
import type { Resource } from '../kube/resource.ts';
import { phases } from '../manifests/phases.ts';
import type { Preflight } from './check.ts';
import type { RunObject } from './run-objects.ts';
import type { WorkloadPods } from './workload-pods.ts';

/** What is missing. */
export interface Missing {
  readonly kind: string;
  /** Absent: a cluster-wide kind. */
  readonly namespace: string | undefined;
  readonly name: string;
}

/**
 * Custom kinds that make no Secrets, ConfigMaps, claims or accounts for others: a whole group, or
 * `group/Kind`. Every other custom kind may.
 */
const harmless: ReadonlySet<string> = new Set([
  'acme.cert-manager.io',
  'alb.yc.io',
  'aquasecurity.github.io',
  'argoproj.io/AnalysisRun',
  'argoproj.io/AnalysisTemplate',
  'argoproj.io/Rollout',
  'autoscaling.k8s.io',
  'cert-manager.io/CertificateRequest',
  'cert-manager.io/ClusterIssuer',
  'cert-manager.io/Issuer',
  'cilium.io',
  'custom.metrics.k8s.io',
  'crd.projectcalico.org',
  'external-secrets.io/ClusterSecretStore',
  'external-secrets.io/PushSecret',
  'external-secrets.io/SecretStore',
  'external.metrics.k8s.io',
  'gateway.networking.k8s.io',
  'k8s.cni.cncf.io',
  'k8s.nginx.org',
  'keda.sh',
  'metrics.k8s.io',
  'monitoring.coreos.com/PodMonitor',
  'monitoring.coreos.com/Probe',
  'monitoring.coreos.com/PrometheusRule',
  'monitoring.coreos.com/ScrapeConfig',
  'monitoring.coreos.com/ServiceMonitor',
  'networking.istio.io',
  'policy.networking.k8s.io',
  'projectcalico.org',
  'projectcontour.io',
  'reports.kyverno.io',
  'security.istio.io',
  'snapshot.storage.k8s.io',
  'telemetry.istio.io',
  'traefik.containo.us',
  'traefik.io',
  'wgpolicyk8s.io',
]);

type Kind = Pick<KubeObject, 'apiVersion' | 'kind'>;

/** Not of Kubernetes itself. A group below `k8s.io` that we do not know is somebody's own: Spark's is. */
const isCustom = (group: string): boolean => !isPlainGroup(group) && !own.has(group);
const own: ReadonlySet<string> = new Set([
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'extensions',
]);

function mayMakeThings(kind: Kind): boolean {
  if (!isCustom(groupOf(kind.apiVersion))) return false;
  return !harmless.has(groupOf(kind.apiVersion)) && !harmless.has(kindKey(kind));
}

/**
 * Why it may come to be without being written in a manifest of the run; undefined: nothing points to it.
 * Asks the cluster, but only where nothing in the run answers.
 */
export async function mayStillCome(
  missing: Missing,
  needy: WorkloadPods,
  preflight: Preflight,
): Promise<string | undefined> {
  return ofTheRun(missing, needy, preflight) ?? (await ofTheNamespace(missing, preflight));
}

/** Pure: what the run itself has that could make it. */
function ofTheRun(
  missing: Missing,
  needy: WorkloadPods,
  { run, workloads }: Pick<Preflight, 'run' | 'workloads'>,
): string | undefined {
  const task = workloads.find((each) => each !== needy && mayRunBefore(each, needy));
  if (task) return `${nameOf(task.object)} of this run may make it`;
  const maker = run.all.find((each) => isMaker(each, missing));
  if (maker) return `${nameOf(maker.object)} of this run may make it`;
  const role = run.all.find(({ object }) => allowsMaking(object, missing.kind));
  return role && `${nameOf(role.object)} of this run allows one of its accounts to make it`;
}

/** A task that ends before the pods start; in the same phase, one with an account of its own. */
function mayRunBefore(task: WorkloadPods, needy: WorkloadPods): boolean {
  const key = kindKey(task.object);
  if (task.planned.change === 'unchanged') return false;
  if (key !== 'batch/Job' && key !== 'Pod') return false;
  const spec = podSpecOf(task.object);
  if (key === 'Pod' && (textAt(spec, 'restartPolicy') ?? 'Always') === 'Always') return false;
  const order = phases.indexOf(task.phase) - phases.indexOf(needy.phase);
  if (order !== 0) return order < 0;
  const account = textAt(spec, 'serviceAccountName') ?? 'default';
  return account !== 'default' && valueAt(spec, ['automountServiceAccountToken']) !== false;
}

/** A custom object that may make things in the namespace, or an annotation that has a thing made. */
function isMaker({ object }: RunObject, { namespace, name }: Missing): boolean {
  const own = object.metadata.namespace;
  const isNear = own === undefined || namespace === undefined || own === namespace;
  if (mayMakeThings(object)) return isNear || names(object, name);
  const annotations = Object.entries(object.metadata.annotations ?? {}).filter(isOthers);
  // 1Password's operator makes the Secret that an annotation of a Deployment names, OpenShift that of a Service.
  if (isNear && annotations.some(([, value]) => has(value, name))) return true;
  // What has pods names what those need.
  if (podSpecOf(object)) return false;
  if (isCustom(groupOf(object.apiVersion))) return names(object, name);
  // cert-manager makes the Secret of an Ingress.
  const isOfTls = listAt(object, 'spec', 'tls').some((each) => textAt(each, 'secretName') === name);
  return isNear && isOfTls && annotations.length > 0;
}

const isOthers = ([key]: readonly [string, string]): boolean =>
  !/^(?:kubectl\.kubernetes\.io|.*webgen-deploy)\//.test(key);

/** Whether the name stands as a word anywhere in the object but in its own metadata. */
function names({ metadata, ...rest }: KubeObject, name: string): boolean {
  const annotations = Object.entries(metadata.annotations ?? {}).filter(isOthers);
  return has(JSON.stringify([rest, annotations]), name);
}

const has = (text: string, name: string): boolean => text.split(/[^\w.-]+/).includes(name);

const plurals: Readonly<Record<string, string>> = {
  Secret: 'secrets',
  ConfigMap: 'configmaps',
  PersistentVolumeClaim: 'persistentvolumeclaims',
  ServiceAccount: 'serviceaccounts',
  PriorityClass: 'priorityclasses',
  RuntimeClass: 'runtimeclasses',
};

/** An operator, or a container that writes its own Secret. */
function allowsMaking(object: KubeObject, kind: string): boolean {
  if (!/^rbac\.authorization\.k8s\.io\/(?:Cluster)?Role$/.test(kindKey(object))) return false;
  return listAt(object, 'rules').some((rule) => {
    const holds = (field: string, ...wanted: readonly string[]) =>
      listAt(rule, field).some((each) => each === '*' || wanted.includes(String(each)));
    return (
      holds('resources', plurals[kind] ?? '') &&
      holds('verbs', 'create', 'update', 'patch') &&
      holds('apiGroups', '', 'scheduling.k8s.io', 'node.k8s.io')
    );
  });
}

/**
 * Custom objects that live in the namespace, and kinds that may not be looked at. Into a namespace that the
 * run makes, those of the whole cluster may put something: a policy that generates Secrets.
 */
async function ofTheNamespace(
  { namespace }: Missing,
  { api, cluster, run, signal }: Preflight,
): Promise<string | undefined> {
  if (namespace === undefined) return undefined;
  const home = run.find('Namespace', undefined, namespace);
  const isNew = home !== undefined && home.planned?.live === undefined;
  const kinds = await customKinds(api, signal);
  if (typeof kinds === 'string') return kinds;
  const where = isNew ? 'of the cluster' : 'in the namespace';
  const found = await Promise.all(
    kinds
      .filter((kind) => kind.namespaced !== isNew)
      .map(async (kind) => {
        const list = await cluster.heads(kind, namespace);
        if (list.state === 'known') {
          const [first] = list.value;
          return first && `${nameOf(first)} ${where} may make it`;
        }
        return `it is not known whether a ${kind.kind} ${where} makes it`;
      }),
  );
  return found.find((each) => each !== undefined);
}

/** Those that may make things; or why they are not known. */
async function customKinds(
  api: Preflight['api'],
  signal: AbortSignal,
): Promise<readonly Resource[] | string> {
  try {
    return (await servedKinds(api, isCustom, signal)).filter(mayMakeThings);
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    return 'it is not known which kinds the cluster has';
  }
}
