// What a preview had no permission to read, and the rule that would allow it; the preview continues.

import type { Wanted } from '../../cluster/live-objects.ts';
import { type Finding, finding } from '../../core/errors.ts';
import { counted } from '../../core/text.ts';
import { nameOf } from '../../kube/objects.ts';

export interface Unseen {
  /** `forbidden`, once for each kind and namespace. */
  readonly unreadable: readonly Finding[];
  /** The objects that could not be read. */
  readonly hidden: readonly Wanted[];
  /** `forbidden`, one for each object that was compared by reading. */
  readonly denied: readonly Finding[];
}

/** Warnings and a note; empty if the server answered for everything. */
export function previewFindings({ unreadable, hidden, denied }: Unseen): readonly Finding[] {
  const names = hidden.map(({ object }) => nameOf(object)).join(', ');
  const left = unreadable.map(
    (each): Finding => ({
      ...each,
      severity: 'warning',
      evidence: [...each.evidence, `left out of the preview: ${names}`],
    }),
  );
  const [first] = denied;
  return first ? [...left, byReading(first, denied.length)] : left;
}

function byReading(first: Finding, count: number): Finding {
  const what = `The account may not write, so ${counted(count, 'object')} ${
    count === 1 ? 'was' : 'were'
  } compared by reading: what the server would refuse, fill in or spell otherwise is not seen.`;
  const { evidence, hint } = first;
  return finding('forbidden', what, { severity: 'note', evidence, hint });
}
