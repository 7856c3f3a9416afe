// Field ownership, and how it is handed over so that no field is lost or stuck.
import {
  extract,
  type FieldSet,
  fieldSetOf,
  hasField,
  unionOf,
  withoutField,
} from './field-set.ts';
import { fieldsAt, isFields, sameJson, textAt } from './json.ts';
import type { KubeObject, ManagedField } from './objects.ts';

/** Tools that teams migrate from: their fields are taken over without `force-conflicts`. */
export const takenOver: readonly string[] = [
  'kubectl-client-side-apply',
  'kubectl-set',
  'kubectl-rollout',
  'before-first-apply',
];

const clientSideApply = 'kubectl-client-side-apply';
const replicas = ['f:spec', 'f:replicas'];

/** Whether the steps lead to `spec.replicas`. */
export function isReplicas(steps: readonly string[]): boolean {
  return sameJson(steps, replicas);
}

/** The field manager of an app. */
export function managerOf(app: string): string {
  return `webgen-deploy/${app}`;
}

/** What the manager owns by server-side apply; undefined if it never applied. */
export function appliedSet(live: KubeObject | undefined, manager: string): FieldSet | undefined {
  const entry = live?.metadata.managedFields?.find((each) => isOurs(each, manager));
  return entry ? fieldSetOf(entry.fieldsV1) : undefined;
}

/** Whether the manager owns `spec.replicas`: dropping it then would reset it to 1. */
export function ownsReplicas(live: KubeObject | undefined, manager: string): boolean {
  return hasField(appliedSet(live, manager) ?? { '.': {} }, replicas);
}

/** Whether an earlier client-side apply still owns fields. */
export function hasClientSideApply(live: KubeObject | undefined): boolean {
  return live?.metadata.managedFields?.some(isClientSide) ?? false;
}

/** All fields that client-side apply owns. */
export function clientSideSet(live: KubeObject): FieldSet {
  return unionSets((live.metadata.managedFields ?? []).filter(isClientSide));
}

/** All fields that managers other than ours and client-side apply own. */
export function othersSet(live: KubeObject, manager: string): FieldSet {
  const entries = live.metadata.managedFields ?? [];
  return unionSets(entries.filter((each) => !isClientSide(each) && !isOurs(each, manager)));
}

/** The fields that the manager owns, with their live values: applying them again changes nothing. */
export function appliedObject(live: KubeObject, manager: string): KubeObject {
  const part = extract(live, { '.': {}, ...appliedSet(live, manager) });
  const { name, namespace } = live.metadata;
  return {
    ...(isFields(part) ? part : {}),
    apiVersion: live.apiVersion,
    kind: live.kind,
    metadata: { ...fieldsAt(part, 'metadata'), name, ...(namespace ? { namespace } : {}) },
  };
}

/**
 * True when applying the object again cannot change anything: our manager owns exactly its
 * fields and the live values are its values. False only means that the server has to decide.
 */
export function isProvablySame(sent: KubeObject, live: KubeObject, manager: string): boolean {
  const ours = live.metadata.managedFields?.find((each) => isOurs(each, manager));
  if (!ours || ours.apiVersion !== sent.apiVersion || live.apiVersion !== sent.apiVersion) {
    return false;
  }
  return sameJson(appliedObject(live, manager), sent);
}

export interface Handover {
  /** Client-side apply's fields become ours, so that fields removed since are really removed. */
  readonly takeClientSide: boolean;
  /** `spec.replicas` becomes unowned, so that leaving it out does not reset it to 1. */
  readonly releaseReplicas: boolean;
}

/** managedFields after the handover; undefined if there is nothing to hand over. */
export function handedOver(
  live: KubeObject,
  manager: string,
  wanted: Handover,
): readonly ManagedField[] | undefined {
  const before = live.metadata.managedFields ?? [];
  const taken = wanted.takeClientSide ? takeClientSide(before, manager) : before;
  const after = wanted.releaseReplicas ? releaseReplicas(taken, manager) : taken;
  return sameJson(before, after) ? undefined : after;
}

function takeClientSide(
  entries: readonly ManagedField[],
  manager: string,
): readonly ManagedField[] {
  const theirs = entries.filter(isClientSide);
  const [first] = theirs;
  if (!first) return entries;
  const ours = entries.find((each) => isOurs(each, manager));
  const fieldsV1 = unionSets(ours ? [ours, ...theirs] : theirs);
  const merged = { ...(ours ?? first), manager, operation: 'Apply', fieldsV1 };
  return [merged, ...entries.filter((each) => each !== ours && !isClientSide(each))];
}

function releaseReplicas(
  entries: readonly ManagedField[],
  manager: string,
): readonly ManagedField[] {
  return entries.map((each) =>
    isOurs(each, manager)
      ? { ...each, fieldsV1: withoutField(fieldSetOf(each.fieldsV1), replicas) }
      : each,
  );
}

function unionSets(entries: readonly ManagedField[]): FieldSet {
  return entries.map((each) => fieldSetOf(each.fieldsV1)).reduce(unionOf, {});
}

function isOurs(entry: ManagedField, manager: string): boolean {
  return entry.manager === manager && entry.operation === 'Apply' && !textAt(entry, 'subresource');
}

function isClientSide(entry: ManagedField): boolean {
  return (
    entry.manager === clientSideApply &&
    entry.operation === 'Update' &&
    !textAt(entry, 'subresource')
  );
}
