// Which kinds have to be watched where, so that each is listed once for all workloads together.
import { apiOfKind } from '../../kube/kinds.ts';
import { type KubeObject, kindKey } from '../../kube/objects.ts';
import { withoutUnread } from '../../kube/typed.ts';
import { rowOf } from '../judge/row-of.ts';

export interface WatchedKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly optional?: boolean;
  readonly fieldSelector?: string;
  /** What the judges read of each object. */
  keep?(object: KubeObject): KubeObject;
}

// Each pod brings half a dozen of these, and no judge asks for them: the pod itself says the same.
const routine = [
  'Scheduled',
  'Pulled',
  'Created',
  'Started',
  'SuccessfulCreate',
  'SuccessfulDelete',
  'ScalingReplicaSet',
];
const telling = routine.map((reason) => `reason!=${reason}`).join(',');

function scopeOf(namespace: string | undefined): Pick<WatchedKind, 'namespace'> {
  return namespace === undefined ? {} : { namespace };
}

function keyOf({ apiVersion, kind, namespace }: WatchedKind): string {
  return `${kindKey({ apiVersion, kind })}/${namespace ?? ''}`;
}

/**
 * One entry per kind and namespace. The kinds of the targets themselves are required, what only
 * makes a diagnosis better is optional.
 */
export function watchPlan(targets: readonly KubeObject[]): readonly WatchedKind[] {
  const plan = new Map<string, WatchedKind>();
  const add = (entry: WatchedKind): void => {
    const key = keyOf(entry);
    if (plan.get(key)?.optional !== false) plan.set(key, entry);
  };
  for (const target of targets) {
    const row = rowOf(target);
    if (!row) continue;
    const { namespace } = target.metadata;
    const { apiVersion, kind } = target;
    add({ apiVersion, kind, ...scopeOf(namespace), optional: row.optional ?? false });
    for (const need of row.needs) {
      const scope = need === 'Node' ? {} : scopeOf(namespace);
      const fields = need === 'Event' ? { fieldSelector: telling } : {};
      const kept = need === 'Pod' ? { keep: withoutUnread } : {};
      add({ ...apiOfKind(need), ...scope, ...fields, ...kept, optional: true });
    }
  }
  return [...plan.values()];
}
