// A pod as the controller of its kind would make it from the template: what admission gets to see.
// Kubernetes' pkg/controller/controller_utils.go (GetPodFromTemplate) and the controller of each kind.

import { fieldsAt, items, textAt, valueAt, withValueAt } from '../kube/json.ts';
import { type KubeObject, kindKey, labelValue } from '../kube/objects.ts';
import { podTemplatePath } from '../kube/pod-template.ts';

/** What one controller adds to the template. Lists are added to those of the template. */
interface Additions {
  /** Exactly one of the two. */
  readonly name?: string;
  readonly generateName?: string;
  /** The object that owns the pod: often one between it and the workload, which is not there yet. */
  readonly owner: { readonly apiVersion: string; readonly kind: string; readonly name: string };
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  spec?(spec: unknown): unknown;
}

// Stand-ins for what only the controller makes up; of the same form, so that patterns match them.
const hash = '5d6f7c8b94';
const uid = '00000000-0000-4000-8000-000000000000';

const own = ({ apiVersion, kind, metadata: { name } }: KubeObject) => ({ apiVersion, kind, name });

/** `name-`, where that can begin the name of a pod (GetPodsPrefix). */
const prefixOf = (name: string): string => `${name}-`;

function ofReplicaSet(label: string) {
  return (workload: KubeObject): Additions => {
    const name = `${workload.metadata.name}-${hash}`;
    return {
      generateName: prefixOf(name),
      owner: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name },
      labels: { [label]: hash },
    };
  };
}

const bySelf = (workload: KubeObject): Additions => ({
  generateName: prefixOf(workload.metadata.name),
  owner: own(workload),
});

const revision = (name: string) => labelValue(`${name}-${hash}`);

function ofStatefulSet(workload: KubeObject): Additions {
  const start = valueAt(workload, ['spec', 'ordinals', 'start']);
  const ordinal = typeof start === 'number' ? start : 0;
  const { name: set } = workload.metadata;
  const name = `${set}-${ordinal}`;
  const claims = items(valueAt(workload, ['spec', 'volumeClaimTemplates']));
  const volumes = claims.flatMap((claim) => {
    const volume = textAt(claim, 'metadata', 'name');
    if (volume === undefined) return [];
    const claimName = `${volume}-${set}-${ordinal}`;
    return [{ name: volume, persistentVolumeClaim: { claimName, readOnly: false } }];
  });
  const replaced = new Set(volumes.map((volume) => volume.name));
  return {
    name,
    owner: own(workload),
    labels: {
      'statefulset.kubernetes.io/pod-name': name,
      'apps.kubernetes.io/pod-index': String(ordinal),
      'controller-revision-hash': revision(set),
    },
    spec: (spec) => ({
      ...fieldsAt(spec),
      hostname: name,
      ...(textAt(workload, 'spec', 'serviceName')
        ? { subdomain: textAt(workload, 'spec', 'serviceName') }
        : {}),
      volumes: [
        ...volumes,
        ...items(valueAt(spec, ['volumes'])).filter(
          (each) => !replaced.has(textAt(each, 'name') ?? ''),
        ),
      ],
    }),
  };
}

/** AddOrUpdateDaemonPodTolerations. */
const daemonTolerations = [
  ['not-ready', 'NoExecute'],
  ['unreachable', 'NoExecute'],
  ['disk-pressure', 'NoSchedule'],
  ['memory-pressure', 'NoSchedule'],
  ['pid-pressure', 'NoSchedule'],
  ['unschedulable', 'NoSchedule'],
] as const;

function ofDaemonSet(workload: KubeObject): Additions {
  const tolerations = (host: boolean) =>
    [...daemonTolerations, ...(host ? [['network-unavailable', 'NoSchedule'] as const] : [])].map(
      ([taint, effect]) => ({ key: `node.kubernetes.io/${taint}`, operator: 'Exists', effect }),
    );
  return {
    ...bySelf(workload),
    labels: { 'controller-revision-hash': hash, 'pod-template-generation': '1' },
    spec: (spec) => {
      const had = items(valueAt(spec, ['tolerations']));
      const more = tolerations(valueAt(spec, ['hostNetwork']) === true);
      return { ...fieldsAt(spec), tolerations: [...had, ...more] };
    },
  };
}

function ofJob(workload: KubeObject): Additions {
  const { name } = workload.metadata;
  const isIndexed = textAt(workload, 'spec', 'completionMode') === 'Indexed';
  const index = 'batch.kubernetes.io/job-completion-index';
  return {
    generateName: prefixOf(isIndexed ? `${name}-0` : name),
    owner: own(workload),
    labels: {
      'controller-uid': uid,
      'batch.kubernetes.io/controller-uid': uid,
      'job-name': name,
      'batch.kubernetes.io/job-name': name,
      ...(isIndexed ? { [index]: '0' } : {}),
    },
    finalizers: ['batch.kubernetes.io/job-tracking'],
    ...(isIndexed
      ? {
          annotations: { [index]: '0' },
          spec: (spec: unknown) => ({ ...fieldsAt(spec), hostname: `${name}-0` }),
        }
      : {}),
  };
}

/** Its Job is named after the minute in which it was due. */
function ofCronJob(workload: KubeObject): Additions {
  const name = `${workload.metadata.name}-28000000`;
  return ofJob({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name } });
}

const additions: Readonly<Record<string, (workload: KubeObject) => Additions>> = {
  'apps/Deployment': ofReplicaSet('pod-template-hash'),
  'argoproj.io/Rollout': ofReplicaSet('rollouts-pod-template-hash'),
  'apps/ReplicaSet': bySelf,
  ReplicationController: bySelf,
  'apps/StatefulSet': ofStatefulSet,
  'apps/DaemonSet': ofDaemonSet,
  'batch/Job': ofJob,
  'batch/CronJob': ofCronJob,
};

/**
 * The pod of a workload with its namespace; undefined for a kind whose controller we do not know, and for
 * a bare Pod, which is dry-run as it is. `blockOwnerDeletion` is left out: only controllers may set it
 * everywhere (the admission plugin OwnerReferencesPermissionEnforcement).
 */
export function madePod(workload: KubeObject): KubeObject | undefined {
  const path = podTemplatePath(workload);
  const add = additions[kindKey(workload)]?.(workload);
  if (!path || !add) return undefined;
  const template = valueAt(workload, path);
  const { namespace } = workload.metadata;
  const { name, generateName, owner, labels, annotations, finalizers, spec } = add;
  const metadata = {
    ...(name === undefined ? { generateName } : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    labels: { ...fieldsAt(template, 'metadata', 'labels'), ...labels },
    annotations: { ...fieldsAt(template, 'metadata', 'annotations'), ...annotations },
    ownerReferences: [{ ...owner, uid: workload.metadata.uid ?? uid, controller: true }],
    finalizers: [...items(valueAt(template, ['metadata', 'finalizers'])), ...(finalizers ?? [])],
  };
  const plain = fieldsAt(template, 'spec');
  const made = { apiVersion: 'v1', kind: 'Pod', metadata, spec: spec ? spec(plain) : plain };
  return made as unknown as KubeObject;
}

/** The pod without what the run has yet to make; the names of what was left out. */
export function withoutComing(
  pod: KubeObject,
  isComing: (kind: PodNeed['kind'], name: string) => boolean,
): { readonly pod: KubeObject; readonly left: readonly string[] } {
  const left: string[] = [];
  let spec: unknown = pod['spec'];
  for (const { kind, fields } of podNeeds) {
    const name = textAt(spec, fields[0] ?? '');
    if (!name || !isComing(kind, name)) continue;
    left.push(`${kind}/${name}`);
    spec = Object.fromEntries(
      Object.entries(fieldsAt(spec)).filter(([key]) => !fields.includes(key)),
    );
  }
  return { pod: left.length > 0 ? withValueAt(pod, ['spec'], spec) : pod, left };
}

export interface PodNeed {
  readonly kind: 'ServiceAccount' | 'PriorityClass' | 'RuntimeClass';
  /** The field of a pod's spec that names it, and those that follow from it. */
  readonly fields: readonly string[];
}

/** What admission looks up for a pod; it refuses the pod where that is missing. */
export const podNeeds: readonly PodNeed[] = [
  { kind: 'ServiceAccount', fields: ['serviceAccountName', 'serviceAccount'] },
  { kind: 'PriorityClass', fields: ['priorityClassName', 'priority', 'preemptionPolicy'] },
  { kind: 'RuntimeClass', fields: ['runtimeClassName', 'overhead'] },
];
