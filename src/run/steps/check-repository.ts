// Before anything is overwritten: whether the application belongs to another repository.
import { repositoryOf } from '../../core/context.ts';
import { ActionError, type Finding, finding } from '../../core/errors.ts';
import { secretName } from '../../releases/codec.ts';
import type { KnownReleases } from '../../releases/known.ts';
import { takenBy } from '../../releases/repository.ts';
import { keep, type Run } from '../state/state.ts';

/**
 * Throws ActionError `app-taken`; only a warning where nothing is written, and for a rollback on a
 * terminal, whose remote may be a copy. `take-over` adds the repository to the record.
 */
export function checkRepository(known: KnownReleases, run: Run): void {
  const { inputs, context } = run;
  const own = repositoryOf(context);
  const taken = takenBy(known.heads, own);
  if (!taken || !own || inputs.takeOver) return;
  const { command, app } = inputs;
  const { head, repository } = taken;
  const { namespace } = known;
  const what = `${app} in namespace ${namespace} is deployed by ${repository.name} (${repository.server}), and this run is of ${own.name}.`;
  const found: Finding = finding('app-taken', what, {
    object: `Secret/${secretName(app, head.number, 1)}`,
    namespace,
    evidence: [
      `release ${head.number} of ${head.startedAt}${head.actor && ` by ${head.actor}`}`,
      ...(head.runUrl ? [head.runUrl] : []),
    ],
    hint: 'Use another `app` or namespace for one of the two. Where both deploy it on purpose, set take-over: true once.',
  });
  const isWarning = command === 'diff' || (command === 'rollback' && context.on === 'terminal');
  if (!isWarning) throw new ActionError(found);
  keep([{ ...found, severity: 'warning' }], run);
}
