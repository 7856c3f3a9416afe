// The steps around recorded releases: read them, choose one to go back to, see what would go.

import { readLive, whereAllowed } from '../../cluster/live-objects.ts';
import { repositoryOf } from '../../core/context.ts';
import { ActionError, type Finding, finding } from '../../core/errors.ts';
import type { Document } from '../../kube/document.ts';
import { resourceOfKind } from '../../kube/kinds.ts';
import { identityOf, kindKey, nameOf } from '../../kube/objects.ts';
import { chooseTarget } from '../../releases/choose.ts';
import type { KnownReleases } from '../../releases/known.ts';
import type { ReleaseHead } from '../../releases/record.ts';
import { readContents } from '../../releases/release-store.ts';
import { isSameRepository, repositoriesOf } from '../../releases/repository.ts';
import { apiOf, type Connected, keep, type Run } from '../state/state.ts';
import type { StepOf } from '../state/step.ts';
import { checkCommit } from './check-commit.ts';
import { checkRepository } from './check-repository.ts';
import { proveRecorded } from './prove-recorded.ts';
import { planPrune, prunedChanges } from './prune.ts';
import { readReleases, storeOf } from './read-releases.ts';

/** Optional: who may not read them does without, and hears of it. */
export async function runReadReleases(
  step: StepOf<'read-releases'>,
  run: Connected,
): Promise<void> {
  const { state, inputs, engine } = run;
  const isHistory = inputs.command === 'history';
  if (isHistory && state.namespace === undefined) throw homeless();
  const read = readReleases(run, { contents: step.contents });
  const known = await (step.optional ? whereAllowed(read, (each) => notShown(each, run)) : read);
  state.readUnlocked = state.lock?.isHeld === false;
  if (known) {
    state.releases = known;
    keep(known.unread ?? [], run);
    if (step.contents) checkRepository(known, run);
    if (inputs.command === 'deploy') await keepOlder(known, run);
  } else if (!step.optional && inputs.command === 'deploy') {
    engine.ports.log.info('no release is recorded: nothing goes into a namespace');
  }
}

async function keepOlder(known: KnownReleases, run: Run): Promise<void> {
  const older = await checkCommit(known, run);
  if (older) keep([older], run);
}

/**
 * Before a stage: a lock in a namespace that was not there yet may have been waited for, and what was
 * read before that is old. Once. Throws ActionError: `app-taken`, or `older-commit` with its severity.
 */
export async function readAgain(run: Connected): Promise<void> {
  const { state, inputs } = run;
  if (!state.readUnlocked || !state.lock?.isHeld) return;
  state.readUnlocked = false;
  const known = await readReleases(run, { contents: true });
  if (!known) return;
  state.releases = known;
  checkRepository(known, run);
  if (inputs.command !== 'deploy') return;
  const older = await checkCommit(known, run);
  if (older && state.overtaken) throw new ActionError(older);
  if (older) keep([older], run);
}

/** A reader of the preview would take silence for "nothing". */
function notShown(refusal: Finding, run: Run): void {
  if (run.inputs.command === 'diff') {
    const what = `What would be pruned is not shown: ${refusal.what}`;
    keep([{ ...refusal, severity: 'warning', what }], run);
  } else run.engine.ports.log.info(`Releases are not shown: ${refusal.what}`);
}

/** The documents of the run are the objects of the chosen release; Secrets stay as they are. */
export async function runChooseRelease(
  { to }: StepOf<'choose-release'>,
  run: Connected,
): Promise<void> {
  const { state, engine, inputs } = run;
  if (state.namespace === undefined) throw homeless();
  const known = await readReleases(run, { contents: true });
  if (!known) throw homeless();
  state.releases = known;
  const unfit = to === undefined ? undefined : known.unfit?.find(({ number }) => number === to);
  if (unfit) throw new ActionError(unfit.finding);
  keep(known.unread ?? [], run);
  checkRepository(known, run);
  const head = chooseTarget(choiceOf(known.heads, to, run), to);
  if ('code' in head) throw new ActionError({ ...head, namespace: known.namespace });
  const contents = await readContents(head, storeOf(run, known.namespace));
  state.returnsTo = { head, contents };
  state.partial = !contents.whole;
  state.documents = contents.objects
    .filter((object) => kindKey(object) !== 'Secret')
    .map((object): Document => ({ object, file: '', line: 1, lineOf: () => 1 }));
  engine.ports.log.info(`going back to release ${head.number} of ${inputs.app}: ${head.startedAt}`);
  state.documents = await proveRecorded(run, state.returnsTo, known);
  await reportSecrets(run);
}

/** Another repository's release holds none of this one's objects: only who asks for it goes there. */
function choiceOf(
  heads: readonly ReleaseHead[],
  to: number | undefined,
  { context }: Run,
): readonly ReleaseHead[] {
  const own = repositoryOf(context);
  const known = repositoriesOf(heads);
  if (to !== undefined || !own || !known.some((each) => isSameRepository(each, own))) return heads;
  return heads.filter(({ repository }) => !repository || isSameRepository(repository, own));
}

async function reportSecrets(run: Connected): Promise<void> {
  const { state, engine, signal } = run;
  const objects = state.returnsTo?.contents.objects ?? [];
  const secrets = objects.filter((each) => kindKey(each) === 'Secret');
  if (secrets.length === 0) return;
  const resource = resourceOfKind('Secret');
  const wanted = secrets.map((object) => ({ resource, object }));
  const { live } = await readLive(wanted, apiOf(run), signal);
  const names = secrets.map(nameOf).join(', ');
  engine.ports.log.info(`Secrets keep the values that they have now: ${names}`);
  const missing = secrets.filter((each) => !live.has(identityOf(each)));
  keep(
    missing.map((each) =>
      finding('config-missing', `${nameOf(each)} of that release is not there any more.`, {
        severity: 'warning',
        object: nameOf(each),
        hint: 'Values of Secrets are never recorded: deploy the Secret again.',
      }),
    ),
    run,
  );
}

function homeless(): ActionError {
  const what = 'Input `namespace` is missing, and the context names none.';
  return new ActionError(finding('input-invalid', what, { hint: 'Give `namespace`.' }));
}

export async function runPlanPrune(step: StepOf<'plan-prune'>, run: Connected): Promise<void> {
  await planPrune(run, step.confirmed);
  const { state, inputs } = run;
  if (inputs.command === 'diff' && state.toPrune) {
    state.changes = [...state.changes, ...prunedChanges(state.toPrune)];
  }
}
