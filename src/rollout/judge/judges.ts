// The table of kinds: who judges each, and what else must be watched for it.
import type { KubeObject } from '../../kube/objects.ts';
import type { JudgeContext } from '../facts/judge-context.ts';
import { type Verdict, verdictOf } from '../facts/verdict.ts';
import { judgeAutoscaler } from './kinds/autoscaler.ts';
import { judgeClaim } from './kinds/claim.ts';
import { judgeDaemonSet } from './kinds/daemon-set.ts';
import { judgeApiService, judgeDefinition, judgeNamespace } from './kinds/definition.ts';
import { judgeDeployment } from './kinds/deployment.ts';
import { judgeBudget } from './kinds/disruption-budget.ts';
import { judgeGeneric } from './kinds/generic.ts';
import { judgeCronJob, judgeJob } from './kinds/job.ts';
import { judgeIngress, judgeService } from './kinds/network.ts';
import { judgePhased } from './kinds/phased.ts';
import { judgePod } from './kinds/pod.ts';
import { judgeQuota } from './kinds/quota.ts';
import { judgeReplicaSet } from './kinds/replica-set.ts';
import { judgeRoute } from './kinds/route.ts';
import { judgeStatefulSet } from './kinds/stateful-set.ts';
import { judgeVolume } from './kinds/volume.ts';
import { withReferences } from './references.ts';

/** Something else to watch; without the right to it the judgement is only less precise. */
export type Need =
  | 'Service'
  | 'apps/ReplicaSet'
  | 'apps/ControllerRevision'
  | 'Pod'
  | 'Event'
  | 'Node';

export interface JudgeRow {
  /** When it is ready, in words; and the states under `test/fixtures/cluster/` that show it. */
  readonly ready: string;
  readonly shows: readonly string[];
  readonly judge: (live: KubeObject, context: JudgeContext) => Verdict;
  readonly needs: readonly Need[];
  /** Its controller tells by `status.observedGeneration` that it has seen the spec. */
  readonly observed?: boolean;
  /** A table of workloads names it only while it is not ready: it is ready by existing. */
  readonly quiet?: true;
  /** Where it may not be watched it is taken as it was written. */
  readonly optional?: boolean;
}

const webhooks: JudgeRow = {
  ready: 'exists',
  shows: ['validatingwebhookconfiguration/ready'],
  judge: withReferences(() => verdictOf('ready', 'exists')),
  needs: [],
  optional: true,
  quiet: true,
};

export const judges: Readonly<Record<string, JudgeRow>> = {
  'apps/Deployment': {
    ready: 'as many updated, ready and available pods as wanted; the older ones gone',
    shows: [
      'deployment/ready',
      'deployment/update-ready',
      'deployment/min-ready',
      'deployment/recreate',
      'deployment/unchanged',
      'deployment/scaled-up',
      'deployment/scaled-to-zero',
      'deployment/leftover-deadline',
    ],
    judge: judgeDeployment,
    needs: ['apps/ReplicaSet', 'Pod', 'Event'],
    observed: true,
  },
  'apps/StatefulSet': {
    ready: 'as many available as wanted; updated down to the partition; with OnDelete a warning',
    shows: [
      'statefulset/ready',
      'statefulset/update-ready',
      'statefulset/partition',
      'statefulset/parallel',
      'statefulset/on-delete',
    ],
    judge: judgeStatefulSet,
    needs: ['Pod', 'Event'],
    observed: true,
  },
  'apps/DaemonSet': {
    ready:
      'updated and available on every wanted node; nodes that are down do not count, cordoned ones do',
    shows: [
      'daemonset/ready',
      'daemonset/no-nodes',
      'daemonset/node-down',
      'daemonset/node-cordoned',
    ],
    judge: judgeDaemonSet,
    needs: ['apps/ControllerRevision', 'Pod', 'Event', 'Node'],
    observed: true,
  },
  'apps/ReplicaSet': {
    ready: 'as many available as wanted, and no more',
    shows: ['replicaset/ready'],
    judge: judgeReplicaSet,
    needs: ['Pod', 'Event'],
    observed: true,
  },
  Pod: {
    ready: 'Ready; with restartPolicy Never or OnFailure it has to succeed',
    shows: ['pod/ready'],
    judge: judgePod,
    needs: ['Event'],
  },
  'batch/Job': {
    ready:
      'Complete or SuccessCriteriaMet, also after its TTL deleted it; a suspended one is not awaited',
    shows: ['job/complete', 'job/indexed', 'job/ttl', 'job/suspended'],
    judge: judgeJob,
    needs: ['Pod', 'Event'],
  },
  'batch/CronJob': {
    ready: 'accepted; a suspended one is not awaited',
    shows: ['cronjob/scheduled', 'cronjob/suspended'],
    judge: judgeCronJob,
    needs: ['Event'],
  },
  PersistentVolumeClaim: {
    ready: 'Bound, or waiting for its first pod',
    shows: ['persistentvolumeclaim/bound', 'persistentvolumeclaim/first-consumer'],
    judge: judgeClaim,
    needs: ['Event'],
  },
  Service: {
    ready: 'exists; an address of a load balancer is not awaited',
    shows: ['service/ready', 'service/balancer-pending'],
    judge: judgeService,
    needs: ['Pod'],
    quiet: true,
  },
  'networking.k8s.io/Ingress': {
    ready: 'exists; its address is not awaited',
    shows: ['ingress/ready', 'ingress/no-address'],
    judge: withReferences(judgeIngress),
    needs: ['Service'],
    quiet: true,
  },
  'gateway.networking.k8s.io/HTTPRoute': {
    ready:
      'every gateway has accepted it and resolved its backends; without one for 8 s it is ready',
    shows: ['httproute/ready'],
    judge: judgeRoute,
    needs: [],
  },
  'gateway.networking.k8s.io/Gateway': {
    ready: 'as any other kind',
    shows: ['gateway/ready'],
    judge: withReferences(judgeGeneric),
    needs: [],
  },
  'argoproj.io/Rollout': {
    ready: 'phase Healthy; one that waits for a person is not awaited',
    shows: ['rollout/healthy', 'rollout/suspended'],
    judge: judgePhased,
    needs: [],
  },
  'flagger.app/Canary': {
    ready: 'phase Initialized or Succeeded',
    shows: ['canary/succeeded'],
    judge: judgePhased,
    needs: [],
  },
  'autoscaling/HorizontalPodAutoscaler': {
    ready: 'exists, unless it can never scale',
    shows: ['horizontalpodautoscaler/scaling', 'horizontalpodautoscaler/disabled'],
    judge: judgeAutoscaler,
    needs: [],
    quiet: true,
  },
  'apiextensions.k8s.io/CustomResourceDefinition': {
    ready: 'Established, names accepted',
    shows: ['customresourcedefinition/established'],
    judge: judgeDefinition,
    needs: [],
  },
  'apiregistration.k8s.io/APIService': {
    ready: 'Available',
    shows: ['apiservice/available'],
    judge: judgeApiService,
    needs: [],
  },
  'policy/PodDisruptionBudget': {
    ready: 'exists',
    shows: ['poddisruptionbudget/ready'],
    judge: judgeBudget,
    needs: [],
    quiet: true,
  },
  PersistentVolume: {
    ready: 'Available or Bound',
    shows: ['persistentvolume/available'],
    judge: judgeVolume,
    needs: [],
    optional: true,
    quiet: true,
  },
  ResourceQuota: {
    ready: 'it counts what its spec says',
    shows: ['resourcequota/filled'],
    judge: judgeQuota,
    needs: [],
    optional: true,
    quiet: true,
  },
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': webhooks,
  Namespace: {
    ready: 'Active',
    shows: ['namespace/active'],
    judge: judgeNamespace,
    needs: [],
    quiet: true,
  },
};
