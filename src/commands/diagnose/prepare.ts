// Prepares saved objects for the judges: each gets a uid, links by name become links by uid.

import { isFields } from '../../kube/json.ts';
import { groupOf, identityOf, type Json, type KubeObject, kindKey } from '../../kube/objects.ts';
import { timeOf } from '../../kube/typed.ts';
import type { Saved } from './saved-objects.ts';

/**
 * Exports without `uid` (removed by a person or a tool) link by kind and name. The object's identity
 * then replaces its uid. Events of `events.k8s.io` are converted to core ones.
 */
export function prepare(saved: readonly Saved[]): readonly Saved[] {
  const uids = new Map(saved.map(({ object }) => [identityOf(object), uidOf(object)]));
  return saved.map((each) => ({ ...each, object: linked(asCoreEvent(each.object), uids) }));
}

const uidOf = (object: KubeObject): string => {
  const { uid } = object.metadata;
  return typeof uid === 'string' && uid !== '' ? uid : identityOf(object);
};

function linked(object: KubeObject, uids: ReadonlyMap<string, string>): KubeObject {
  const { namespace } = object.metadata;
  const find = (link: unknown, space: unknown): unknown => {
    if (!isFields(link) || (typeof link['uid'] === 'string' && link['uid'] !== '')) return link;
    const { apiVersion = 'v1', kind, name } = link;
    const key = kindKey({ apiVersion: String(apiVersion), kind: String(kind) });
    const uid = uids.get(`${key}/${String(space ?? '')}/${String(name)}`);
    return uid === undefined ? link : { ...link, uid };
  };
  const owners: unknown = object.metadata.ownerReferences;
  const about = object['involvedObject'];
  return {
    ...object,
    ...(object.kind === 'Event' && isFields(about)
      ? { involvedObject: find(about, about['namespace'] ?? namespace) }
      : {}),
    metadata: {
      ...object.metadata,
      uid: uidOf(object),
      ...(Array.isArray(owners)
        ? { ownerReferences: owners.filter(isFields).map((each) => find(each, namespace)) as never }
        : {}),
    },
  };
}

function asCoreEvent(object: KubeObject): KubeObject {
  if (object.kind !== 'Event' || groupOf(object.apiVersion) !== 'events.k8s.io') return object;
  return {
    ...object,
    apiVersion: 'v1',
    involvedObject: object['regarding'],
    message: object['note'],
    firstTimestamp: object['deprecatedFirstTimestamp'],
    lastTimestamp: object['deprecatedLastTimestamp'],
    count: object['deprecatedCount'],
  };
}

/** Fields with times in the past; others, such as a certificate's end, lie ahead. */
const pastTimes: ReadonlySet<string> = new Set([
  'completionTime',
  'creationTimestamp',
  'eventTime',
  'finishedAt',
  'firstTimestamp',
  'lastHeartbeatTime',
  'lastObservedTime',
  'lastProbeTime',
  'lastScaleTime',
  'lastScheduleTime',
  'lastSuccessfulTime',
  'lastTimestamp',
  'lastTransitionTime',
  'lastUpdateTime',
  'renewTime',
  'startTime',
  'startedAt',
  'time',
]);
const deepest = 12;

/** The latest time in the objects, milliseconds; undefined where there is none. */
export function latestTime(objects: readonly KubeObject[]): number | undefined {
  let latest: number | undefined;
  for (const object of objects) {
    for (const text of timesOf(object)) {
      const time = timeOf(text);
      if (time !== undefined && time > (latest ?? -Infinity)) latest = time;
    }
  }
  return latest;
}

function* timesOf(object: KubeObject): Iterable<string> {
  const { managedFields, creationTimestamp } = object.metadata;
  const managed: readonly unknown[] = Array.isArray(managedFields) ? managedFields : [];
  yield* timesIn({ creationTimestamp, managed: managed.map(timeIn) });
  // A spec may contain any time, but a Lease's says when its holder was last alive.
  yield* timesIn(object.kind === 'Event' ? object : object['status']);
  if (object.kind === 'Lease') yield* timesIn(object['spec']);
}

function* timesIn(value: unknown, depth = 0): Iterable<string> {
  if (depth > deepest || typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== 'string') yield* timesIn(item, depth + 1);
    else if (pastTimes.has(key)) yield item;
  }
}

const timeIn = (entry: unknown): { readonly time?: Json } =>
  isFields(entry) && typeof entry['time'] === 'string' ? { time: entry['time'] } : {};
