// The order in which objects are applied: what others need comes first, webhooks come last.
import { type Gate, kindRow, type Stage, stages } from '../kube/kinds.ts';
import type { KubeObject } from '../kube/objects.ts';

type Kind = Pick<KubeObject, 'apiVersion' | 'kind'>;

const otherwise: Stage = 'traffic and everything else';

/** From 0; only the order of the numbers means something. Unknown and custom kinds: with traffic. */
export function stageOf(object: Kind): number {
  return stages.indexOf(kindRow(object).stage ?? otherwise);
}

/**
 * What must be true of the object before the next stage: Namespace Active, CRD Established and
 * served, ResourceQuota with its `status.hard` filled. Undefined: nothing.
 */
export function gateOf(object: Kind): Gate | undefined {
  return kindRow(object).gate;
}
