// Records a deploy before its first write, and its result after the verdict.

import type { PlannedObject } from '../../apply/planned/planned-object.ts';
import { branchOf, type Repository, repositoryOf } from '../../core/context.ts';
import { ActionError } from '../../core/errors.ts';
import { clip } from '../../core/text.ts';
import { leaveOut, recordable } from '../../kube/left-out.ts';
import { kindKey, nameOf } from '../../kube/objects.ts';
import type { UnfitRelease } from '../../releases/list-releases.ts';
import {
  entryKey,
  entryOf,
  type InventoryEntry,
  mergedInventory,
  overlaid,
  type Release,
  type ReleaseContents,
  type ReleaseHead,
  type ReleaseState,
  recorded,
} from '../../releases/record.ts';
import { createRelease, forgetOld, updateRelease } from '../../releases/release-store.ts';
import { isSameRepository, repositoriesOf, withRepository } from '../../releases/repository.ts';
import { type Connected, imagesOf, keep, type Run } from '../state/state.ts';
import { confirmLive } from './confirm-live.ts';
import { storeOf } from './read-releases.ts';

/**
 * Called before each stage is written: records the release once. A run that changes nothing of the
 * live good release makes no new one. While the namespace does not exist yet, the next stage tries
 * again.
 */
export async function recordRelease(run: Connected): Promise<void> {
  const { state } = run;
  const { releases, release } = state;
  if (!releases || release || state.isRecorded) return;
  if (isNothingNew(run)) {
    state.isRecorded = true;
    return;
  }
  const draft = draftOf(run, nextNumber(releases.heads, releases.unfit ?? []));
  const made = await createRelease(draft, storeOf(run, releases.namespace));
  if (!made) return;
  state.release = made;
  state.isRecorded = true;
  run.engine.ports.log.info(`release ${made.head.number} of ${run.inputs.app}`);
}

/** After the newest; an invalid record keeps its number. */
function nextNumber(heads: readonly ReleaseHead[], unfit: readonly UnfitRelease[]): number {
  const taken = new Set(unfit.flatMap(({ number }) => number ?? []));
  let next = (heads[0]?.number ?? 0) + 1;
  while (taken.has(next)) next += 1;
  return next;
}

function isNothingNew({ state, inputs, context }: Run): boolean {
  const { releases, planned, toPrune, returnsTo } = state;
  const [newest] = releases?.heads ?? [];
  const contents = releases?.newest;
  if (isClaim(repositoryOf(context), releases?.heads ?? [])) return false;
  if (!contents || returnsTo || newest?.state !== (inputs.wait ? 'good' : 'applied')) return false;
  if (planned.some(({ write }) => write) || (toPrune?.candidates.length ?? 0) > 0) return false;
  const keys = new Set(contents.objects.map((each) => entryKey(entryOf(each))));
  const own = planned.filter(isManifests);
  const same = own.every(({ object }) => keys.has(entryKey(entryOf(object))));
  return same && (state.partial || own.length === keys.size);
}

function draftOf(run: Run, number: number): Release {
  const { state, inputs, context } = run;
  const contents = contentsOf(run);
  return {
    head: {
      number,
      state: 'pending',
      app: inputs.app,
      environment: inputs.environment || (state.returnsTo?.head.environment ?? ''),
      startedAt: new Date(state.startedAt).toISOString(),
      actor: clip(context.actor, 300),
      ...sourceOf(run),
      runUrl: context.runUrl,
      ...repositoriesFor(run),
      images: recordable(imagesOf(run)),
      objects: contents.objects.length,
      ...(state.returnsTo ? { of: state.returnsTo.head.number } : {}),
      parts: 1,
    },
    contents,
  };
}

/** After a rollback the live commit is the one that it restored, wherever it was started. */
function sourceOf({ state, context }: Run): Pick<ReleaseHead, 'commit' | 'branch'> {
  const { commit, branch } = state.returnsTo?.head ?? {
    commit: context.sha,
    branch: branchOf(context),
  };
  return { commit, ...(branch === undefined ? {} : { branch }) };
}

/** The application does not belong to this repository yet. */
function isClaim(own: Repository | undefined, heads: readonly ReleaseHead[]): boolean {
  return own !== undefined && !repositoriesOf(heads).some((each) => isSameRepository(each, own));
}

/** The owners: this repository and all earlier ones; a terminal without a remote adds nobody. */
function repositoriesFor({
  state,
  context,
}: Run): Pick<ReleaseHead, 'repository' | 'repositories'> {
  const own = repositoryOf(context);
  const repositories = withRepository(repositoriesOf(state.releases?.heads ?? []), own);
  const repository = own && repositories.at(-1);
  return {
    ...(repository ? { repository } : {}),
    ...(repositories.length > 0 ? { repositories } : {}),
  };
}

/** Without the namespace that `create-namespace` adds: the next run will not have it. */
const isManifests = ({ object, document }: PlannedObject): boolean =>
  kindKey(object) !== 'Namespace' || document.file !== '';

function contentsOf({ state }: Run): ReleaseContents {
  const { partial, releases, returnsTo } = state;
  const planned = state.planned.filter(isManifests);
  const before = releases?.newest;
  const sent = planned.map(({ object }) => leaveOut(recorded(object)));
  const objects =
    returnsTo?.contents.objects ?? (partial ? overlaid(before?.objects ?? [], sent) : sent);
  return {
    objects,
    inventory: mergedInventory(before?.inventory ?? [], planned.map(plannedEntry)),
    whole: returnsTo?.contents.whole ?? (!partial || (before?.whole ?? false)),
    timings: [],
  };
}

/** As it will be; with the uid of an object that exists already. */
export function plannedEntry({ object, live }: PlannedObject): InventoryEntry {
  const { uid: _, ...entry } = entryOf(object);
  const uid = live?.metadata.deletionTimestamp ? undefined : live?.metadata.uid;
  return uid === undefined ? entry : { ...entry, uid };
}

const finishMs = 30_000;
/** A cancelled run has seconds. */
const hurriedMs = 3_000;

/** Records the result. Never throws for an error of the API: the deploy itself is over. */
export async function finishRelease(run: Connected): Promise<void> {
  const { state, signal, engine } = run;
  const { release, releases } = state;
  if (!release || !releases) return confirmLive(run);
  const end: ReleaseState = signal.aborted ? 'cancelled' : endOf(run);
  const hurry = AbortSignal.timeout(signal.aborted ? hurriedMs : finishMs);
  const store = { ...storeOf(run, releases.namespace), signal: hurry };
  const now = engine.ports.clock.now();
  const head = { ...release.head, state: end, endedAt: new Date(now).toISOString() };
  const timings = state.timings.map(({ name, from, to }) => ({
    name,
    from: from - state.startedAt,
    to: to - state.startedAt,
  }));
  const contents = { ...release.contents, inventory: finalInventory(run), timings };
  try {
    await updateRelease({ head, contents }, store);
    state.release = { head, contents };
    if (!signal.aborted) await forgetOld([...releases.heads, head], store);
  } catch (error) {
    if (!(error instanceof ActionError) && !hurry.aborted) throw error;
    const findings = error instanceof ActionError ? error.findings : [];
    const what = `The result of release ${head.number} could not be recorded: it stays ${release.head.state}.`;
    for (const each of findings) {
      keep([{ ...each, severity: 'warning', what: `${what} ${each.what}` }], run);
    }
    if (findings.length === 0) engine.ports.log.info(what);
  }
}

function endOf({ state, inputs }: Run): ReleaseState {
  if (!state.findings.some(({ severity }) => severity === 'fatal')) {
    return inputs.wait ? 'good' : 'applied';
  }
  const { undone } = state;
  const asBefore = undone?.state === 'nothing' && undone.objects.length === 0;
  return undone?.state === 'done' || asBefore ? 'rolled-back' : 'failed';
}

function finalInventory({ state }: Run): readonly InventoryEntry[] {
  const { release, releases, applied, undone, pruned, toPrune } = state;
  const written = applied
    .filter(({ planned }) => isManifests(planned))
    .map(({ object }) => entryOf(object));
  const known = mergedInventory(release?.contents.inventory ?? [], written);
  const gone = new Set([...pruned.map(entryOf), ...(toPrune?.gone ?? [])].map(entryKey));
  const removed = new Set(
    undone?.objects.filter(({ did }) => did === 'deleted').map((each) => nameKey(each)),
  );
  // After an undo the objects that existed before are not ours, unless they were.
  const before = new Set((releases?.newest?.inventory ?? []).map(entryKey));
  const made = new Set(
    [...state.touched.values()].flatMap(({ planned }) =>
      planned.live ? [] : [entryKey(entryOf(planned.object))],
    ),
  );
  const isOurs = (each: InventoryEntry): boolean =>
    undone?.state !== 'done' || before.has(entryKey(each)) || made.has(entryKey(each));
  return known.filter((each) => {
    const { kind, name, namespace } = each;
    const object = nameOf({ apiVersion: '', kind, metadata: { name } });
    const isRemoved = removed.has(nameKey({ object, ...(namespace ? { namespace } : {}) }));
    return isOurs(each) && !gone.has(entryKey(each)) && !isRemoved;
  });
}

const nameKey = ({ object, namespace = '' }: { object: string; namespace?: string }) =>
  `${namespace}/${object}`;
