// What an object will be after the write: the dry run's answer, plus what only the write can do.
import { differences, lastApplied } from '../../kube/compare.ts';
import { hasField, removeFields, writtenHas } from '../../kube/field-set.ts';
import { isFields, sameJson } from '../../kube/json.ts';
import {
  appliedSet,
  clientSideSet,
  handedOver,
  hasClientSideApply,
  isReplicas,
  othersSet,
} from '../../kube/managed-fields.ts';
import { type KubeObject, withoutManagers } from '../../kube/objects.ts';
import { shareParts } from '../../kube/shared-parts.ts';
import type { PlannedObject } from '../planned/planned-object.ts';

export interface DryRun {
  readonly sent: KubeObject;
  readonly live: KubeObject | undefined;
  /** The server's answer. */
  readonly answer: KubeObject;
  readonly manager: string;
  readonly autoscaled: boolean;
  readonly takeClientSide: boolean;
}

type Prediction = Pick<PlannedObject, 'predicted' | 'change' | 'fields' | 'write'>;

/** Unchanged objects are written only where ownership has to change. */
export function predict(dryRun: DryRun): Prediction {
  const { sent, live, answer, manager, autoscaled, takeClientSide } = dryRun;
  if (!live) return { predicted: kept(answer, sent), change: 'created', fields: [], write: true };
  const predicted = takeClientSide ? withoutStuckFields(dryRun, live) : answer;
  const fields = differences(live, predicted);
  const handover = { takeClientSide, releaseReplicas: autoscaled };
  const owned = sameJson(appliedSet(live, manager), appliedSet(answer, manager));
  const write = fields.length > 0 || !owned || handedOver(live, manager, handover) !== undefined;
  const change = fields.length > 0 ? 'configured' : 'unchanged';
  return { predicted: kept(predicted, sent), change, fields, write };
}

/** Hundreds are kept until the write, and each mostly equals what is sent. */
function kept(predicted: KubeObject, sent: KubeObject): KubeObject {
  return shareParts(sent, withoutManagers(predicted));
}

/** Fields of an earlier client-side apply are removed once we own them and the manifest lacks them. */
function withoutStuckFields(dryRun: DryRun, live: KubeObject): KubeObject {
  const { sent, answer, manager, autoscaled } = dryRun;
  if (!hasClientSideApply(live)) return answer;
  const others = othersSet(live, manager);
  const before = clientSideObject(live);
  const keep = (steps: readonly string[]): boolean =>
    writtenHas(sent, steps) ||
    hasField(others, steps) ||
    (autoscaled && isReplicas(steps)) ||
    (before !== undefined && !writtenHas(before, steps));
  return removeFields(answer, clientSideSet(live), keep) as KubeObject;
}

/**
 * What was applied then, as recorded by kubectl. Its manager also owns the defaults that the server
 * filled in: those are removed with the ownership and filled in again at once. Undefined if unknown.
 */
function clientSideObject({ apiVersion, metadata }: KubeObject): object | undefined {
  try {
    const before: unknown = JSON.parse(metadata.annotations?.[lastApplied] ?? '');
    if (!isFields(before) || before['apiVersion'] !== apiVersion) return undefined;
    const { stringData, data } = before;
    const written = isFields(stringData)
      ? { ...(isFields(data) ? data : {}), ...stringData }
      : data;
    return written === undefined ? before : { ...before, data: written };
  } catch {
    return undefined;
  }
}
