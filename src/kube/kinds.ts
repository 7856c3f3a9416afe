// Every kind of which we know more than its name: one row each, and one fact for each API group.
// The second table by kind says when one is ready: `rollout/judge/judges.ts`.
import type { Path } from './document.ts';
import { groupOf, type KubeObject, kindKey } from './objects.ts';
import type { Resource } from './resource.ts';

/** Stages of an apply in their order. Inside a stage all objects are written at once. */
export const stages = [
  'namespaces',
  'custom resource definitions',
  'classes',
  'policies and quotas',
  'accounts and roles',
  'role bindings',
  'configuration',
  'storage',
  'services',
  'workloads',
  // After the workloads: an earlier budget could block the drain that makes room for them.
  'scaling and budgets',
  'jobs',
  'traffic and everything else',
  'API services',
  // A broken webhook blocks every write that comes after it.
  'admission',
  'validating admission',
] as const;
export type Stage = (typeof stages)[number];

/** Why the next stage waits for this one. */
export type Gate = 'active' | 'established' | 'quota-filled';

export interface KindRow {
  /** Left out: with the traffic, as every kind without a row. */
  readonly stage?: Stage;
  readonly gate?: Gate;
  /** Where it keeps the `metadata` and `spec` of the pods that it makes. */
  readonly template?: Path;
  /**
   * Replaces its pods when the template changes. A Job's template is immutable, a CronJob's next run
   * reads the new configuration anyway.
   */
  readonly rolls?: true;
  /** Always has a number of replicas that an autoscaler could own. */
  readonly scalable?: true;
  /** Its `spec.scaleTargetRef` names what it scales. */
  readonly scales?: true;
  /**
   * A deploy without manifests looks for its image here. A Job's template is immutable: its next run
   * comes from its CronJob.
   */
  readonly takesImages?: true;
  /** How `status` finds it by its own version: the account must be able to list it, or may. */
  readonly status?: 'always' | 'where-allowed';
  /** Says something about its owner (or what it is about), and about nothing else. */
  readonly concernsOwner?: true;
  /** Why a run never deletes it, whoever made it. */
  readonly keptBecause?: string;
  /** The version in which we ask for it. */
  readonly version?: string;
  /** Its name in paths, where we ask for it without discovery. */
  readonly plural?: string;
  /** It has no namespace. */
  readonly clusterWide?: true;
}

const template = ['spec', 'template'] as const;

/** By group and kind (`kindKey`). `status` lists kinds in this order. */
const rows = {
  'apps/Deployment': {
    version: 'v1',
    stage: 'workloads',
    template,
    rolls: true,
    scalable: true,
    takesImages: true,
    status: 'always',
  },
  'apps/StatefulSet': {
    version: 'v1',
    stage: 'workloads',
    template,
    rolls: true,
    scalable: true,
    takesImages: true,
    status: 'always',
  },
  'apps/DaemonSet': {
    version: 'v1',
    stage: 'workloads',
    template,
    rolls: true,
    takesImages: true,
    status: 'always',
  },
  'batch/Job': { version: 'v1', stage: 'jobs', template, status: 'always' },
  'batch/CronJob': {
    version: 'v1',
    stage: 'jobs',
    template: ['spec', 'jobTemplate', 'spec', 'template'],
    takesImages: true,
    status: 'always',
  },
  PersistentVolumeClaim: {
    version: 'v1',
    plural: 'persistentvolumeclaims',
    stage: 'storage',
    keptBecause: 'its data would be lost',
    status: 'always',
  },
  Service: { version: 'v1', plural: 'services', stage: 'services', status: 'always' },
  'autoscaling/HorizontalPodAutoscaler': {
    version: 'v2',
    plural: 'horizontalpodautoscalers',
    stage: 'scaling and budgets',
    scales: true,
    status: 'always',
  },
  'networking.k8s.io/Ingress': { version: 'v1', status: 'always' },
  // Its own template: the path is empty.
  Pod: {
    version: 'v1',
    plural: 'pods',
    stage: 'workloads',
    template: [],
    concernsOwner: true,
    status: 'where-allowed',
  },
  ResourceQuota: {
    version: 'v1',
    stage: 'policies and quotas',
    gate: 'quota-filled',
    status: 'where-allowed',
  },
  'policy/PodDisruptionBudget': {
    version: 'v1',
    stage: 'scaling and budgets',
    status: 'where-allowed',
  },

  'apps/ReplicaSet': {
    version: 'v1',
    stage: 'workloads',
    template,
    scalable: true,
    concernsOwner: true,
  },
  ReplicationController: { stage: 'workloads', template },
  PodTemplate: { template: ['template'] },
  'argoproj.io/Rollout': { stage: 'workloads' },
  'apps/ControllerRevision': { version: 'v1', concernsOwner: true },
  Event: { version: 'v1', concernsOwner: true },
  Node: { version: 'v1', plural: 'nodes', clusterWide: true },
  'coordination.k8s.io/Lease': { version: 'v1', plural: 'leases' },

  Namespace: {
    version: 'v1',
    stage: 'namespaces',
    gate: 'active',
    clusterWide: true,
    keptBecause: 'everything in it would be lost',
  },
  'apiextensions.k8s.io/CustomResourceDefinition': {
    stage: 'custom resource definitions',
    gate: 'established',
    clusterWide: true,
    keptBecause: 'all objects of the kind would be lost',
  },
  'scheduling.k8s.io/PriorityClass': {
    version: 'v1',
    plural: 'priorityclasses',
    clusterWide: true,
    stage: 'classes',
  },
  'node.k8s.io/RuntimeClass': {
    version: 'v1',
    plural: 'runtimeclasses',
    clusterWide: true,
    stage: 'classes',
  },
  'storage.k8s.io/StorageClass': {
    version: 'v1',
    plural: 'storageclasses',
    clusterWide: true,
    stage: 'classes',
    keptBecause: 'volumes depend on it',
  },
  'storage.k8s.io/CSIDriver': { stage: 'classes' },
  'snapshot.storage.k8s.io/VolumeSnapshotClass': { stage: 'classes' },
  'networking.k8s.io/IngressClass': {
    version: 'v1',
    plural: 'ingressclasses',
    clusterWide: true,
    stage: 'classes',
  },
  'gateway.networking.k8s.io/GatewayClass': {
    version: 'v1',
    plural: 'gatewayclasses',
    clusterWide: true,
    stage: 'classes',
  },
  'networking.k8s.io/NetworkPolicy': { stage: 'policies and quotas' },
  LimitRange: { stage: 'policies and quotas' },
  ServiceAccount: { version: 'v1', plural: 'serviceaccounts', stage: 'accounts and roles' },
  'rbac.authorization.k8s.io/ClusterRole': { stage: 'accounts and roles' },
  'rbac.authorization.k8s.io/Role': { stage: 'accounts and roles' },
  'rbac.authorization.k8s.io/ClusterRoleBinding': { stage: 'role bindings' },
  'rbac.authorization.k8s.io/RoleBinding': { stage: 'role bindings' },
  Secret: { version: 'v1', plural: 'secrets', stage: 'configuration' },
  ConfigMap: { version: 'v1', plural: 'configmaps', stage: 'configuration' },
  'bitnami.com/SealedSecret': { stage: 'configuration' },
  'external-secrets.io/ClusterSecretStore': { stage: 'configuration' },
  'external-secrets.io/SecretStore': { stage: 'configuration' },
  'external-secrets.io/ExternalSecret': { stage: 'configuration' },
  PersistentVolume: { stage: 'storage', keptBecause: 'its data would be lost' },
  Endpoints: { stage: 'services' },
  'discovery.k8s.io/EndpointSlice': { version: 'v1', plural: 'endpointslices', stage: 'services' },
  'autoscaling.k8s.io/VerticalPodAutoscaler': { stage: 'scaling and budgets' },
  'keda.sh/ScaledObject': { stage: 'scaling and budgets', scales: true },
  'keda.sh/ScaledJob': { stage: 'scaling and budgets' },
  'keda.sh/TriggerAuthentication': { stage: 'scaling and budgets' },
  'apiregistration.k8s.io/APIService': { stage: 'API services' },
  'admissionregistration.k8s.io/MutatingAdmissionPolicy': { stage: 'admission' },
  'admissionregistration.k8s.io/MutatingAdmissionPolicyBinding': { stage: 'admission' },
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': { stage: 'admission' },
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': { stage: 'validating admission' },
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': {
    stage: 'validating admission',
  },
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': {
    stage: 'validating admission',
  },
} as const satisfies Readonly<Record<string, KindRow>>;

export type KnownKind = keyof typeof rows;
/** Kinds with this field in their row. */
type With<Field extends keyof KindRow> = {
  [K in KnownKind]: (typeof rows)[K] extends { readonly [F in Field]: unknown } ? K : never;
}[KnownKind];

const known: ReadonlyMap<string, KindRow> = new Map(Object.entries(rows));

type Kind = Pick<KubeObject, 'apiVersion' | 'kind'>;

/** What we know of an object's kind; an empty row where that is nothing. */
export function kindRow(object: Kind): KindRow {
  return known.get(kindKey(object)) ?? {};
}

/** `[apiVersion, kind]` of every row that `isWanted`, in the order of the table. */
export function kindsWhere(
  isWanted: (row: KindRow) => boolean,
): readonly (readonly [apiVersion: string, kind: string])[] {
  return [...known].flatMap(([key, row]) => (isWanted(row) ? [namesOf(key, row)] : []));
}

function namesOf(key: string, { version = '' }: KindRow): readonly [string, string] {
  const slash = key.indexOf('/');
  return slash < 0 ? [version, key] : [`${key.slice(0, slash)}/${version}`, key.slice(slash + 1)];
}

/** How we ask for a kind, in the version of its row. */
export function apiOfKind(key: With<'version'>): Kind {
  const [apiVersion, kind] = namesOf(key, rows[key]);
  return { apiVersion, kind };
}

/** How the API serves a kind, without asking it. */
export function resourceOfKind(key: With<'version'> & With<'plural'>): Resource {
  const row: KindRow & { readonly plural: string } = rows[key];
  return { ...apiOfKind(key), plural: row.plural, namespaced: row.clusterWide !== true };
}

/**
 * Groups of Kubernetes itself (`own`; `plain`: its kinds are ready when they exist, unless the table
 * of judges names them), and those below `k8s.io` that are installed as custom resources all the same.
 */
const groups: ReadonlyMap<string, 'plain' | 'own' | 'custom'> = new Map([
  ['', 'plain'],
  ['admissionregistration.k8s.io', 'plain'],
  ['apps', 'plain'],
  ['authentication.k8s.io', 'plain'],
  ['authorization.k8s.io', 'plain'],
  ['autoscaling', 'plain'],
  ['batch', 'plain'],
  ['certificates.k8s.io', 'plain'],
  ['coordination.k8s.io', 'plain'],
  ['discovery.k8s.io', 'plain'],
  ['events.k8s.io', 'plain'],
  ['flowcontrol.apiserver.k8s.io', 'plain'],
  ['networking.k8s.io', 'plain'],
  ['node.k8s.io', 'plain'],
  ['policy', 'plain'],
  ['rbac.authorization.k8s.io', 'plain'],
  ['resource.k8s.io', 'plain'],
  ['scheduling.k8s.io', 'plain'],
  ['storage.k8s.io', 'plain'],
  ['extensions', 'own'],
  ['apiextensions.k8s.io', 'own'],
  ['apiregistration.k8s.io', 'own'],
  ['autoscaling.k8s.io', 'custom'],
  ['gateway.networking.k8s.io', 'custom'],
  ['metrics.k8s.io', 'custom'],
  ['snapshot.storage.k8s.io', 'custom'],
]);

/**
 * True for kinds that every API server has: their fields mean what we think. A group below `k8s.io`
 * that we do not know counts: Kubernetes gets new ones.
 */
export function isBuiltIn({ apiVersion }: Pick<KubeObject, 'apiVersion'>): boolean {
  const group = groupOf(apiVersion);
  const fact = groups.get(group);
  return fact === undefined ? group.endsWith('.k8s.io') : fact !== 'custom';
}

/** One of Kubernetes itself: nobody's controller gives its kinds a status of their own. */
export function isPlainGroup(group: string): boolean {
  return groups.get(group) === 'plain';
}
