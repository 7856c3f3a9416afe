// Standalone ReplicaSets (a Deployment's are judged through it).
import type { KubeObject } from '../../../kube/objects.ts';
import { type ReplicaSet, typed } from '../../../kube/typed.ts';
import type { JudgeContext } from '../../facts/judge-context.ts';
import { type Verdict, verdictOf } from '../../facts/verdict.ts';
import { groupFindings, podsOf } from './pods.ts';

/** Ready when exactly as many pods as wanted are available. */
export function judgeReplicaSet(live: KubeObject, context: JudgeContext): Verdict {
  const { spec, status } = typed<ReplicaSet>(live);
  const want = spec?.replicas ?? 1;
  const available = status?.availableReplicas ?? 0;
  const progress = [{ what: 'available', have: available, want }];
  const words = `${available} of ${want} available`;
  if (available >= want && (status?.replicas ?? 0) === want) {
    return verdictOf('ready', words, { progress });
  }
  const pods = podsOf(live.metadata.uid ?? '', context);
  const group = { owner: live, maker: live, pods, olderPods: 0, short: pods.length < want };
  return verdictOf('waiting', words, { progress, findings: groupFindings(group, context) });
}
