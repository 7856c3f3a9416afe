// One object's verdict: first what applies to every kind, then the kind's own row.
import { identityOf, type KubeObject, kindKey } from '../../kube/objects.ts';
import { timeOf } from '../../kube/typed.ts';
import { byTime, type JudgeContext } from '../facts/judge-context.ts';
import type { Memory } from '../facts/memory.ts';
import { patienceOf } from '../facts/patience.ts';
import type { Snapshot } from '../facts/snapshot.ts';
import type { SignalRow } from '../facts/verdict.ts';
import { type Verdict, verdictOf } from '../facts/verdict.ts';
import { withRules } from './custom.ts';
import type { JudgeRow } from './judges.ts';
import { rowOf } from './row-of.ts';
import { findingOf } from './symptoms/diagnose.ts';

const waitKey = 'webgen-deploy/wait';
const deletingMs = 60_000;
/** Something may be replacing it. */
const absentMs = 30_000;
/** A controller that leaves observedGeneration at 0 is trusted as it is after this. */
const neverObservedMs = 60_000;

export const standingRows: readonly SignalRow[] = [
  ['any kind: deletionTimestamp', 'rollout-failed', '60 s', 'deployment/deleting'],
  ['any kind: it was deleted after our write', 'rollout-failed', '30 s', 'deployment/deleted'],
];

/**
 * Judges `object` (as our write returned it, or as it stands) by the current snapshot. The rules on
 * `object` apply.
 * Pure: `now` is the server's time in milliseconds.
 */
export function judge(
  object: KubeObject,
  snapshot: Snapshot,
  memory: Memory,
  now: number,
): Verdict {
  const row = rowOf(object);
  if (!row) return verdictOf('ready', 'exists');
  let next = Number.POSITIVE_INFINITY;
  const isPast = (at: number): boolean => {
    if (at > now) next = Math.min(next, at);
    return now >= at;
  };
  const tracked = memory.targets.get(identityOf(object));
  const patience = memory.patience ?? 'normal';
  const context = { snapshot, memory, now, isPast, writtenAt: tracked?.writtenAt, patience };
  const { againAt: _, ...verdict } = verdictOn(object, { row, context });
  return next === Number.POSITIVE_INFINITY ? verdict : { ...verdict, againAt: next };
}

interface Known {
  readonly row: JudgeRow;
  readonly context: JudgeContext;
}

function verdictOn(object: KubeObject, { row, context: given }: Known): Verdict {
  const { snapshot, memory } = given;
  const { namespace = '', name } = object.metadata;
  const isHidden = row.optional && !snapshot.knows(kindKey(object), namespace);
  const live = snapshot.get(kindKey(object), namespace, name) ?? (isHidden ? object : undefined);
  const { ready } = memory.targets.get(identityOf(object)) ?? {};
  if (!live) return ready ?? absentVerdict(object, given);
  if (live.metadata.annotations?.[waitKey] === 'false') {
    return verdictOf('suspended', `not waited for (${waitKey}: "false")`);
  }
  const context = { ...given, patience: patienceOf(live, given.patience) };
  const general = deletingVerdict(live, context) ?? unseenVerdict(object, live, { row, context });
  return general ?? withRules({ object, live }, context, row.judge(live, context));
}

function absentVerdict(object: KubeObject, { writtenAt, isPast }: JudgeContext): Verdict {
  if (writtenAt === undefined || !isPast(writtenAt + absentMs)) {
    return verdictOf('absent', 'does not exist');
  }
  const gone = findingOf(object, {
    code: 'rollout-failed',
    certain: true,
    what: 'it was applied, but no longer exists',
    evidence: [],
    hint: 'Find out who deleted it, then run again.',
  });
  return verdictOf('waiting', 'does not exist', { findings: [gone] });
}

function deletingVerdict(live: KubeObject, context: JudgeContext): Verdict | undefined {
  if (live.metadata.deletionTimestamp === undefined) return undefined;
  const from = context.memory.seen.get(`${live.metadata.uid ?? ''}/deleting`) ?? context.now;
  const finalizers = live.metadata.finalizers ?? [];
  const deleting = findingOf(live, {
    code: 'rollout-failed',
    ...byTime(Math.max(from, context.writtenAt ?? 0) + deletingMs, context),
    what: 'it is being deleted',
    evidence: finalizers.length ? [`finalizers: ${finalizers.join(', ')}`] : [],
    hint: 'Wait until it is gone, then run again; a finalizer may hold it.',
  });
  return verdictOf('waiting', 'being deleted', { findings: [deleting] });
}

// A status older than the spec says nothing about it, nor do the pods of that time.
function unseenVerdict(
  object: KubeObject,
  live: KubeObject,
  { row, context }: Known,
): Verdict | undefined {
  const { status } = live as { readonly status?: { readonly observedGeneration?: number } };
  const observed = status?.observedGeneration;
  if (observed === undefined && !row.observed) return undefined;
  const same = live.metadata.uid === object.metadata.uid;
  const written = same ? (object.metadata.generation ?? 0) : 0;
  if ((observed ?? 0) >= Math.max(written, live.metadata.generation ?? 0)) return undefined;
  const from = context.writtenAt ?? timeOf(live.metadata.creationTimestamp) ?? context.now;
  const counts = row.observed || (observed ?? 0) > 0;
  if (!counts && context.isPast(from + neverObservedMs)) return undefined;
  return verdictOf('waiting', 'not yet seen by its controller');
}
