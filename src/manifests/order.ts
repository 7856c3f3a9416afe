// The order in which objects are applied: dependencies first, webhooks last.
import { type KubeObject, kindKey } from '../kube/objects.ts';

const rbac = (kind: string) => `rbac.authorization.k8s.io/${kind}`;

/** Every stage in order: [description, kinds]. All objects of a stage are written at once. */
const table: readonly (readonly [string, readonly string[]])[] = [
  ['namespaces', ['Namespace']],
  ['custom resource definitions', ['apiextensions.k8s.io/CustomResourceDefinition']],
  [
    'classes',
    [
      'scheduling.k8s.io/PriorityClass',
      'node.k8s.io/RuntimeClass',
      'storage.k8s.io/StorageClass',
      'storage.k8s.io/CSIDriver',
      'snapshot.storage.k8s.io/VolumeSnapshotClass',
      'networking.k8s.io/IngressClass',
      'gateway.networking.k8s.io/GatewayClass',
    ],
  ],
  ['policies and quotas', ['networking.k8s.io/NetworkPolicy', 'ResourceQuota', 'LimitRange']],
  ['accounts and roles', ['ServiceAccount', rbac('ClusterRole'), rbac('Role')]],
  ['role bindings', [rbac('ClusterRoleBinding'), rbac('RoleBinding')]],
  [
    'configuration',
    [
      'Secret',
      'ConfigMap',
      'bitnami.com/SealedSecret',
      'external-secrets.io/ClusterSecretStore',
      'external-secrets.io/SecretStore',
      'external-secrets.io/ExternalSecret',
    ],
  ],
  ['storage', ['PersistentVolume', 'PersistentVolumeClaim']],
  ['services', ['Service', 'Endpoints', 'discovery.k8s.io/EndpointSlice']],
  [
    'workloads',
    [
      'apps/DaemonSet',
      'apps/Deployment',
      'apps/StatefulSet',
      'apps/ReplicaSet',
      'ReplicationController',
      'Pod',
      'argoproj.io/Rollout',
    ],
  ],
  // After the workloads: an earlier budget could block a drain that makes room for them.
  [
    'scaling and budgets',
    [
      'autoscaling/HorizontalPodAutoscaler',
      'autoscaling.k8s.io/VerticalPodAutoscaler',
      'policy/PodDisruptionBudget',
      'keda.sh/ScaledObject',
      'keda.sh/ScaledJob',
      'keda.sh/TriggerAuthentication',
    ],
  ],
  ['jobs', ['batch/Job', 'batch/CronJob']],
  ['traffic and everything else', []],
  ['API services', ['apiregistration.k8s.io/APIService']],
  // A broken webhook blocks every write that comes after it.
  [
    'admission',
    [
      'admissionregistration.k8s.io/MutatingAdmissionPolicy',
      'admissionregistration.k8s.io/MutatingAdmissionPolicyBinding',
      'admissionregistration.k8s.io/MutatingWebhookConfiguration',
    ],
  ],
  [
    'validating admission',
    [
      'admissionregistration.k8s.io/ValidatingAdmissionPolicy',
      'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding',
      'admissionregistration.k8s.io/ValidatingWebhookConfiguration',
    ],
  ],
];

const stageByKind: ReadonlyMap<string, number> = new Map(
  table.flatMap(([, kinds], stage) => kinds.map((kind) => [kind, stage] as const)),
);
const otherwise = table.findIndex(([, kinds]) => kinds.length === 0);

type Kind = Pick<KubeObject, 'apiVersion' | 'kind'>;

/** From 0; only the order of the numbers matters. Unknown and custom kinds: with traffic. */
export function stageOf(object: Kind): number {
  return stageByKind.get(kindKey(object)) ?? otherwise;
}

/** Why the next stage waits for this one. */
export type Gate = 'active' | 'established' | 'quota-filled';

const gates: Readonly<Record<string, Gate>> = {
  Namespace: 'active',
  'apiextensions.k8s.io/CustomResourceDefinition': 'established',
  ResourceQuota: 'quota-filled',
};

/**
 * The condition for the next stage: Namespace Active, CRD Established and
 * served, ResourceQuota with its `status.hard` set. Undefined: none.
 */
export function gateOf(object: Kind): Gate | undefined {
  const key = kindKey(object);
  return Object.hasOwn(gates, key) ? gates[key] : undefined;
}
