// Removes what earlier releases created and this one no longer has, once everything else is ready.
import { deleteByUid } from '../../apply/write/delete-object.ts';
import { servedNow } from '../../cluster/discovery.ts';
import { readLive, type Wanted } from '../../cluster/live-objects.ts';
import { repositoryOf } from '../../core/context.ts';
import { ActionError, type Finding, finding } from '../../core/errors.ts';
import { groupOf, identityOf, type KubeObject, kindKey, nameOf } from '../../kube/objects.ts';
import type { Resource } from '../../kube/resource.ts';
import { stageOf } from '../../manifests/order.ts';
import { isPrunable, type PrunePlan, prunePlan, pruneRefusal } from '../../releases/prune-plan.ts';
import { entryKey, entryOf, type InventoryEntry } from '../../releases/record.ts';
import { makersFor } from '../../releases/repository.ts';
import { apiOf, type Connected, keep, type Run } from '../state/state.ts';
import { plannedEntry } from './record-release.ts';

/** Before the first write: what would be deleted. `prune-refused` ends the run there. */
export async function planPrune(run: Connected, confirmed: boolean): Promise<void> {
  const { state, inputs, engine } = run;
  const { releases, planned, returnsTo } = state;
  const inventory = releases?.newest?.inventory ?? [];
  if (state.partial) return keep([nothingPruned(run)], run);
  const current = [
    ...planned.map(plannedEntry),
    ...(returnsTo?.contents.objects ?? []).map(entryOf),
  ];
  const keys = new Set(current.map(entryKey));
  const read = await liveEntries(
    inventory.filter((each) => !keys.has(entryKey(each))),
    run,
  );
  const users = [...planned.map(({ object }) => object), ...(returnsTo?.contents.objects ?? [])];
  const plan = prunePlan({
    app: inputs.app,
    ...(releases ? { namespace: releases.namespace } : {}),
    makers: makersFor(releases?.heads ?? [], repositoryOf(run.context)),
    current,
    users,
    ...read,
  });
  const refusal = pruneRefusal(plan, new Set(current.map(entryKey)).size, confirmed);
  if (refusal) keep([refusal], run);
  state.toPrune = plan;
  const { log } = engine.ports;
  for (const each of plan.candidates) log.info(`to be pruned: ${placeOf(each)}`);
  for (const { entry, why } of plan.kept)
    log.info(`not pruned: ${entry.kind}/${entry.name}: ${why}`);
}

/** Explains why a requested prune does nothing. */
function nothingPruned({ state }: Run): Finding {
  const number = state.returnsTo?.head.number;
  const [why, hint] =
    number === undefined
      ? [
          'the run only sets images, so what is no longer wanted is unknown',
          'Give `manifests` as well, or leave `prune` out.',
        ]
      : [
          `release ${number} contains only images that were set, so what was added since is unknown`,
          'Delete by hand what was added since.',
        ];
  return finding('prune-refused', `Nothing is pruned: ${why}.`, { severity: 'note', hint });
}

const placeOf = (object: KubeObject): string => {
  const { namespace } = object.metadata;
  return namespace ? `${nameOf(object)} in ${namespace}` : nameOf(object);
};

/** In another API group only the uid shows whether it is the same object. */
function mayBeAnother({ apiVersion, uid }: InventoryEntry, served: Resource): boolean {
  return uid === undefined && groupOf(apiVersion) !== groupOf(served.apiVersion);
}

/** Objects that cannot be read, or of a kind that is never deleted, are left out of both lists. */
async function liveEntries(inventory: readonly InventoryEntry[], run: Connected) {
  const api = apiOf(run);
  const found = await Promise.all(
    inventory.filter(isPrunable).map(async (entry) => {
      const { kind, name, namespace } = entry;
      const resource = await servedNow(api, entry.apiVersion, kind);
      if (!resource || mayBeAnother(entry, resource)) return [];
      const { apiVersion } = resource;
      const metadata = { name, ...(namespace ? { namespace } : {}) };
      return [{ entry, wanted: { resource, object: { apiVersion, kind, metadata } } }];
    }),
  );
  const served = found.flat();
  const wanted: readonly Wanted[] = served.map((each) => each.wanted);
  const { live, findings } = await readLive(wanted, api, run.signal);
  keep(
    findings.map((each) => ({ ...each, severity: 'warning' as const })),
    run,
  );
  const unread = new Set(findings.map(({ namespace }) => namespace));
  const known = served.filter(
    (each) => live.has(identityOf(each.wanted.object)) || !unread.has(each.entry.namespace),
  );
  const byKey = known.flatMap(({ entry, wanted: { object } }) => {
    const now = live.get(identityOf(object));
    return now ? [[entryKey(entry), now] as const] : [];
  });
  return { inventory: known.map(({ entry }) => entry), live: new Map(byKey) };
}

/** After the verdict, in reverse order. What cannot be deleted is a warning: the deploy stands. */
export async function prune(run: Connected): Promise<void> {
  const { state, engine, signal } = run;
  const candidates = state.toPrune?.candidates ?? [];
  const stages = Map.groupBy(candidates, stageOf);
  for (const [, stage] of [...stages].toSorted(([a], [b]) => b - a)) {
    await state.lock?.confirm();
    await Promise.all(stage.map((each) => pruneOne(each, run)));
    if (signal.aborted) break;
  }
  if (candidates.length > 0) {
    engine.ports.log.info(`pruned ${state.pruned.length} of ${candidates.length}`);
  }
}

async function pruneOne(live: KubeObject, run: Connected): Promise<void> {
  const { state, engine, signal } = run;
  const api = apiOf(run);
  const resource = await api.resourceOf(live.apiVersion, live.kind);
  if (!resource) return;
  try {
    const background = kindKey(live) === 'batch/Job' ? 'Foreground' : 'Background';
    await deleteByUid(resource, live, background, { api, signal });
    state.pruned.push(live);
    const { namespace } = live.metadata;
    const change = {
      object: nameOf(live),
      ...(namespace ? { namespace } : {}),
      change: 'deleted',
    } as const;
    state.changes = [...state.changes, change];
    engine.ports.log.info(`${nameOf(live)} deleted`);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof ActionError)) throw error;
    const warnings = error.findings.map((each) => ({ ...each, severity: 'warning' as const }));
    keep(warnings, run);
  }
}

export function prunedChanges({ candidates }: PrunePlan) {
  return candidates.map((each) => {
    const { namespace } = each.metadata;
    return {
      object: nameOf(each),
      ...(namespace ? { namespace } : {}),
      change: 'deleted',
    } as const;
  });
}
