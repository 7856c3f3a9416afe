// What changes, as the outputs, the report and `diff` show it.

import { nameOf } from '../kube/objects.ts';
import { differenceText } from './dry-run/difference-text.ts';
import type { Change } from './planned/change.ts';
import type { PlannedObject } from './planned/planned-object.ts';

/** One line for each object. `patches`: with readable differences, which cost time to make. */
export function changesOf(
  objects: readonly PlannedObject[],
  { patches = false }: { readonly patches?: boolean } = {},
): readonly Change[] {
  return objects.map((planned) => {
    const { object, change, fields } = planned;
    const { namespace } = object.metadata;
    const patch = patches ? patchOf(planned) : '';
    return {
      object: nameOf(object),
      ...(namespace ? { namespace } : {}),
      change,
      ...(fields.length > 0 ? { fields } : {}),
      ...(patch ? { patch } : {}),
    };
  });
}

/** A replaced object is created again: its manifest says more than a comparison with defaults. */
function patchOf({ live, predicted, change }: PlannedObject): string {
  if (change === 'unchanged') return '';
  return differenceText(change === 'configured' ? live : undefined, predicted);
}
