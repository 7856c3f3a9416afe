// The table of kinds: who judges each, and what else must be watched for it.
import { groupOf, type KubeObject, kindKey } from '../cluster/objects.ts';
import { judgeAutoscaler } from './kinds/autoscaler.ts';
import { judgeClaim } from './kinds/claim.ts';
import { judgeDaemonSet } from './kinds/daemon-set.ts';
import { judgeDefinition, judgeNamespace } from './kinds/definition.ts';
import { judgeDeployment } from './kinds/deployment.ts';
import { judgeGeneric } from './kinds/generic.ts';
import { judgeCronJob, judgeJob } from './kinds/job.ts';
import { judgeIngress, judgeService } from './kinds/network.ts';
import { judgePod } from './kinds/pod.ts';
import { judgeReplicaSet } from './kinds/replica-set.ts';
import { judgeStatefulSet } from './kinds/stateful-set.ts';
import type { Sight } from './sight.ts';
import type { Verdict } from './verdict.ts';

/** Something else to watch; without the right to it the judgement is only less precise. */
export type Need = 'ReplicaSet' | 'ControllerRevision' | 'Pod' | 'Event' | 'Node';

export interface JudgeRow {
  readonly judge: (live: KubeObject, sight: Sight) => Verdict;
  readonly needs: readonly Need[];
  /** Its controller tells by `status.observedGeneration` that it has seen the spec. */
  readonly observed?: boolean;
}

export const judges: Readonly<Record<string, JudgeRow>> = {
  'apps/Deployment': {
    judge: judgeDeployment,
    needs: ['ReplicaSet', 'Pod', 'Event'],
    observed: true,
  },
  'apps/StatefulSet': { judge: judgeStatefulSet, needs: ['Pod', 'Event'], observed: true },
  'apps/DaemonSet': {
    judge: judgeDaemonSet,
    needs: ['ControllerRevision', 'Pod', 'Event', 'Node'],
    observed: true,
  },
  'apps/ReplicaSet': { judge: judgeReplicaSet, needs: ['Pod', 'Event'], observed: true },
  Pod: { judge: judgePod, needs: ['Event'] },
  'batch/Job': { judge: judgeJob, needs: ['Pod', 'Event'] },
  'batch/CronJob': { judge: judgeCronJob, needs: ['Event'] },
  PersistentVolumeClaim: { judge: judgeClaim, needs: ['Event'] },
  Service: { judge: judgeService, needs: [] },
  'networking.k8s.io/Ingress': { judge: judgeIngress, needs: [] },
  'autoscaling/HorizontalPodAutoscaler': { judge: judgeAutoscaler, needs: [] },
  'apiextensions.k8s.io/CustomResourceDefinition': { judge: judgeDefinition, needs: [] },
  'apiregistration.k8s.io/APIService': { judge: judgeGeneric, needs: [] },
  Namespace: { judge: judgeNamespace, needs: [] },
};

const generic: JudgeRow = { judge: judgeGeneric, needs: [] };

// Groups of Kubernetes itself whose kinds are ready when they exist, unless the table names them.
const plainGroups: ReadonlySet<string> = new Set([
  '',
  'admissionregistration.k8s.io',
  'apps',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
]);

/** The row of a kind; undefined for kinds that are ready as soon as they exist. */
export function rowOf(object: KubeObject): JudgeRow | undefined {
  const row = judges[kindKey(object)];
  if (row) return row;
  return plainGroups.has(groupOf(object.apiVersion)) ? undefined : generic;
}
