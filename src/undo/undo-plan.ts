// What the undo does with each object that a run has written: a pure decision per object.

import type { PlannedObject } from '../apply/planned/planned-object.ts';
import { taskState } from '../apply/write/tasks.ts';
import { whyKept } from '../kube/deletable.ts';
import { managerOf } from '../kube/managed-fields.ts';
import type { KubeObject } from '../kube/objects.ts';
import { podTemplatePath } from '../kube/pod-template.ts';
import { isAsBefore } from './put-back.ts';

/** An object whose write was started. */
export interface Touched {
  readonly planned: PlannedObject;
  /** The server's answer; undefined if there was none. */
  readonly written?: KubeObject;
}

export type UndoAction =
  | { readonly do: 'nothing' }
  | { readonly do: 'put-back'; readonly before: KubeObject; readonly now: KubeObject }
  /** `now`: what the run created in its place, deleted first. */
  | { readonly do: 'make-again'; readonly before: KubeObject; readonly now?: KubeObject }
  | { readonly do: 'delete'; readonly now: KubeObject }
  | { readonly do: 'leave'; readonly why: string };

export interface Circumstances {
  readonly app: string;
  /** Nothing ran before: what the run created is kept for inspection. */
  readonly keepCreated: boolean;
  /** The server's time of the run's first write, milliseconds since the epoch. */
  readonly since: number;
}

/** `now` is the current object under the same name. */
export function undoOf(
  { planned, written }: Touched,
  now: KubeObject | undefined,
  about: Circumstances,
): UndoAction {
  const { live } = planned;
  const before = live?.metadata.deletionTimestamp ? undefined : live;
  const isOurs = now !== undefined && isMadeBy(now, written, about);
  if (!before) return undoOfCreated(now, isOurs, about);
  if (now?.metadata.uid === before.metadata.uid && now) {
    const same = isAsBefore(before, now, managerOf(about.app));
    return same ? { do: 'nothing' } : { do: 'put-back', before, now };
  }
  if (taskState(before) !== undefined) {
    return { do: 'leave', why: 'creating the earlier one again would run it again' };
  }
  if (!now) return { do: 'make-again', before };
  if (!isOurs) return { do: 'leave', why: 'another client has recreated it since' };
  const why = whyKept(now);
  return why === undefined ? { do: 'make-again', before, now } : { do: 'leave', why };
}

function undoOfCreated(
  now: KubeObject | undefined,
  isOurs: boolean,
  { keepCreated }: Circumstances,
): UndoAction {
  if (!now || now.metadata.deletionTimestamp) return { do: 'nothing' };
  if (!isOurs) return { do: 'leave', why: 'another client has created it since' };
  if (keepCreated) return { do: 'leave', why: 'nothing ran before (on-first-failure: keep)' };
  const why = whyKept(now);
  return why === undefined ? { do: 'delete', now } : { do: 'leave', why };
}

/** If there was no answer to the write: it has our fields, and is younger than the run. */
function isMadeBy(
  now: KubeObject,
  written: KubeObject | undefined,
  { app, since }: Circumstances,
): boolean {
  if (written) return written.metadata.uid === now.metadata.uid;
  const made = Date.parse(now.metadata.creationTimestamp ?? '');
  const ours = now.metadata.managedFields?.some((each) => each.manager === managerOf(app));
  return ours === true && made >= since;
}

/** Whether something of the application ran before the run. */
export function ranBefore(planned: readonly PlannedObject[]): boolean {
  return planned.some(
    ({ live }) =>
      live !== undefined &&
      !live.metadata.deletionTimestamp &&
      taskState(live) === undefined &&
      podTemplatePath(live) !== undefined,
  );
}
