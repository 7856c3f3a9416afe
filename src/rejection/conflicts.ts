// Which managers own the fields that we set: an apply's 409 as findings.

import type { Status } from '../cluster/api-errors.ts';
import { type Finding, finding } from '../core/errors.ts';
import { secretsInput } from '../kube/document.ts';
import { takenOver } from '../kube/managed-fields.ts';
import { nameOf } from '../kube/objects.ts';
import { type Refused, whereIs } from './rejection.ts';

const inputHint =
  'Remove the line from the input secrets, or set force-conflicts: true to take the key over.';

export interface Conflict {
  readonly manager: string;
  readonly field: string;
}

/** The field manager conflicts in a Status; empty for every other answer. */
export function conflictsOf(status: Status | undefined): readonly Conflict[] {
  return (status?.details?.causes ?? [])
    .filter((each) => each.reason === 'FieldManagerConflict')
    .map(({ message = '', field = '' }) => ({
      manager: /conflict with "((?:[^"\\]|\\.)*)"/.exec(message)?.[1] ?? 'somebody',
      field: field.replace(/^\./, ''),
    }));
}

/** True if every owner is one that may always be taken over. */
export function mayTakeOver(conflicts: readonly Conflict[]): boolean {
  return conflicts.length > 0 && conflicts.every(({ manager }) => takenOver.includes(manager));
}

/** One finding for each foreign manager, at the line of its first field. */
export function conflictFindings(refused: Refused, status: Status): readonly Finding[] {
  const foreign = conflictsOf(status).filter(({ manager }) => !takenOver.includes(manager));
  return [...Map.groupBy(foreign, ({ manager }) => manager)].map(([manager, conflicts]) => {
    const fields = conflicts.map(({ field }) => field);
    const what = `${nameOf(refused.object)}: ${manager} owns ${fields.join(', ')}.`;
    const where = whereIs(refused, fields[0]);
    const isInput = where.file === secretsInput;
    return finding('field-conflict', what, {
      ...where,
      ...(isInput ? { hint: inputHint } : {}),
      evidence: conflicts.map(({ field }) => `conflict with "${manager}": ${field}`),
    });
  });
}
