// Every signal that is read, in the order in which a person would look for it.
import { evictedRows } from '../facts/evicted-pods.ts';
import { ingressRows } from '../facts/ingress-backends.ts';
import { podCreationRows } from '../facts/pod-creation-errors.ts';
import { servicePodRows } from '../facts/service-pods.ts';
import { stopHookRows } from '../facts/stop-hooks.ts';
import type { SignalRow } from '../facts/verdict.ts';
import { standingRows } from './judge.ts';
import { autoscalerRows } from './kinds/autoscaler.ts';
import { claimRows } from './kinds/claim.ts';
import { daemonSetRows } from './kinds/daemon-set.ts';
import { definitionRows } from './kinds/definition.ts';
import { deploymentRows } from './kinds/deployment.ts';
import { budgetRows } from './kinds/disruption-budget.ts';
import { genericRows } from './kinds/generic.ts';
import { jobRows } from './kinds/job.ts';
import { networkRows } from './kinds/network.ts';
import { phasedRows } from './kinds/phased.ts';
import { podRows } from './kinds/pod.ts';
import { quotaRows } from './kinds/quota.ts';
import { routeRows } from './kinds/route.ts';
import { statefulSetRows } from './kinds/stateful-set.ts';
import { volumeRows } from './kinds/volume.ts';
import { referenceRows } from './references.ts';
import { containerSymptoms, podSymptoms } from './symptoms/symptoms.ts';

/** Title → its rows. */
export const signals: Readonly<Record<string, readonly SignalRow[]>> = {
  'A container': containerSymptoms.flatMap(({ rows }) => rows),
  'A pod and its node': [
    ...podSymptoms.flatMap(({ rows }) => rows),
    ...stopHookRows,
    ...evictedRows,
    ...podRows,
  ],
  'Pods that cannot be created': podCreationRows,
  Workloads: [...deploymentRows, ...statefulSetRows, ...daemonSetRows, ...jobRows],
  Storage: [...claimRows, ...volumeRows],
  'Network and scaling': [
    ...networkRows,
    ...servicePodRows,
    ...ingressRows,
    ...routeRows,
    ...autoscalerRows,
    ...budgetRows,
    ...quotaRows,
    ...referenceRows,
  ],
  'The API itself': [...standingRows, ...definitionRows, ...genericRows, ...phasedRows],
};
