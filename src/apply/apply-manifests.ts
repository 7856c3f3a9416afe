// Writes what the dry run planned: stage by stage, all objects of a stage at once.

import { afterGrace } from '../cluster/grace.ts';
import { ActionError, type Finding } from '../core/errors.ts';
import { managerOf } from '../kube/managed-fields.ts';
import { identityOf, type KubeObject, nameOf, withoutManagers } from '../kube/objects.ts';
import { shareParts } from '../kube/shared-parts.ts';
import { gateOf, stageOf } from '../manifests/order.ts';
import { dryRunAll } from './dry-run/dry-run.ts';
import type { ApplySettings } from './planned/apply-settings.ts';
import type { PlannedObject } from './planned/planned-object.ts';
import { passGate } from './write/gates.ts';
import { untilIdle } from './write/tasks.ts';
import { type Writer, writeObject } from './write/write-object.ts';

export interface AppliedObject {
  readonly planned: PlannedObject;
  /** The server's answer; for an object that was not sent, the object as it was read. */
  readonly object: KubeObject;
  /** When the server wrote it, milliseconds since the epoch; undefined where nothing was sent. */
  readonly writtenAt?: number;
}

export interface ApplyOutcome {
  /** In the order of the stages; complete only without findings and without `cancelled`. */
  readonly applied: readonly AppliedObject[];
  readonly findings: readonly Finding[];
  /** Objects that were not due, checked as far as is possible now. */
  readonly rest: readonly PlannedObject[];
  /** Objects that were planned and not written, `Kind/name`; also those that were not due. */
  readonly left: readonly string[];
  /** Of these, the ones whose write was under way when the run was cancelled. */
  readonly uncertain: readonly string[];
  readonly cancelled: boolean;
}

export interface ApplyHooks {
  /** Only these are written (default: all); the others are returned in `rest`. */
  isDue?(planned: PlannedObject): boolean;
  /** Runs before each stage; if it throws (an ActionError), writing stops. */
  beforeStage?(): Promise<void>;
  /** Runs before an object is sent. */
  onWriting?(planned: PlannedObject): void;
  /** The server rejected an object that was sent. */
  onRefused?(planned: PlannedObject): void;
  /** Runs after every object, written or not. */
  onApplied?(applied: AppliedObject): void;
}

/** Never throws for a rejection by the server: the outcome says what was written until then. */
export async function applyAll(
  planned: readonly PlannedObject[],
  settings: ApplySettings,
  hooks: ApplyHooks = {},
): Promise<ApplyOutcome> {
  const applied: AppliedObject[] = [];
  const run: Run = { settings, hooks, applied, late: afterGrace(settings.signal), uncertain: [] };
  let waiting = inOrder(planned);
  const { isDue = () => true } = hooks;
  while (waiting.some(isDue)) {
    const refusal = await refusalOf(hooks);
    if (settings.signal?.aborted || refusal.length > 0) return stopped(run, waiting, refusal);
    const checked = await verified(waiting, waiting.find(isDue), run);
    if ('findings' in checked) return stopped(run, waiting, checked.findings);
    waiting = checked.objects;
    const first = waiting.find(isDue);
    const stage = waiting.filter((each) => first && isDue(each) && sameStage(each, first));
    const findings = await applyStage(stage, run);
    waiting = waiting.filter((each) => !stage.includes(each) || !isApplied(each, run));
    if (findings.length > 0 || settings.signal?.aborted) return stopped(run, waiting, findings);
  }
  return { ...stopped(run, waiting, []), cancelled: false };
}

async function refusalOf({ beforeStage }: ApplyHooks): Promise<readonly Finding[]> {
  try {
    await beforeStage?.();
    return [];
  } catch (error) {
    if (error instanceof ActionError) return error.findings;
    throw error;
  }
}

interface Run {
  readonly settings: ApplySettings;
  readonly hooks: ApplyHooks;
  readonly applied: AppliedObject[];
  readonly uncertain: string[];
  /** Aborts writes in flight. */
  readonly late: AbortSignal | undefined;
}

function inOrder(planned: readonly PlannedObject[]): readonly PlannedObject[] {
  return planned.toSorted((a, b) => stageOf(a.object) - stageOf(b.object));
}

const sameStage = (a: PlannedObject, b: PlannedObject): boolean =>
  stageOf(a.object) === stageOf(b.object);

const isApplied = (planned: PlannedObject, { applied }: Run): boolean =>
  applied.some((each) => each.planned.document === planned.document);

function stopped(
  { applied, settings, uncertain }: Run,
  waiting: readonly PlannedObject[],
  findings: readonly Finding[],
): ApplyOutcome {
  const left = waiting.filter(({ write }) => write).map(({ object }) => nameOf(object));
  const cancelled = settings.signal?.aborted ?? false;
  return { applied, findings, rest: waiting, left, uncertain, cancelled };
}

type Checked =
  | { readonly objects: readonly PlannedObject[] }
  | { readonly findings: readonly Finding[] };

/** Once namespaces and kinds are there, what waited for them is dry-run before anything else. */
async function verified(
  waiting: readonly PlannedObject[],
  first: PlannedObject | undefined,
  run: Run,
): Promise<Checked> {
  const open = waiting.filter(({ unverified }) => unverified !== undefined);
  if (open.length === 0 || (first && isFoundation(first.object))) return { objects: waiting };
  const documents = open.map(({ document }) => document);
  const { objects, findings } = await dryRunAll(documents, run.settings);
  const fatal = findings.filter(({ severity }) => severity === 'fatal');
  if (fatal.length > 0) return { findings: fatal };
  // A namespace that the run has created, but that the server still reports missing, is not created again.
  const asked = new Set(open.map(({ object }) => identityOf(object)));
  const again = objects.filter(({ object }) => asked.has(identityOf(object)));
  return { objects: inOrder([...waiting.filter((each) => !open.includes(each)), ...again]) };
}

function isFoundation(object: KubeObject): boolean {
  const gate = gateOf(object);
  return gate === 'active' || gate === 'established';
}

async function applyStage(stage: readonly PlannedObject[], run: Run): Promise<readonly Finding[]> {
  const results = await Promise.all(stage.map((planned) => applyOne(planned, run)));
  // A failure that stops all writes (a lost lock) is reported once.
  return [...new Set(results.flat())];
}

async function applyOne(planned: PlannedObject, run: Run): Promise<readonly Finding[]> {
  const { settings, hooks, applied, uncertain } = run;
  const { api, clock, signal, log, deadline } = settings;
  let writing = false;
  try {
    const keeper = { api, clock, signal, deadline, onLine: log.info };
    const busy = await untilIdle(planned, keeper);
    if (busy) return [busy];
    writing = true;
    if (planned.write) hooks.onWriting?.(planned);
    const done = await written(planned, run);
    writing = false;
    applied.push(done);
    hooks.onApplied?.(done);
    if (!planned.write) return [];
    const { object } = done;
    const problem = await passGate({ object, resource: planned.resource }, { api, clock, signal });
    return problem ? [problem] : [];
  } catch (error) {
    if (error instanceof ActionError) {
      hooks.onRefused?.(planned);
      return error.findings;
    }
    if (!signal?.aborted) throw error;
    if (writing) uncertain.push(nameOf(planned.object));
    return [];
  }
}

async function written(planned: PlannedObject, run: Run): Promise<AppliedObject> {
  const { live, write } = planned;
  if (!write && live) return { planned, object: live };
  const { api, clock, app, partial } = run.settings;
  const manager = managerOf(app);
  const writer: Writer = { api, clock, manager, takeClientSide: !partial, signal: run.late };
  const before = api.now();
  const answer = await writeObject(planned, writer);
  // Most of it equals the prediction, and hundreds of these are kept until the end.
  const object = shareParts(planned.predicted, withoutManagers(answer));
  return { planned, object, writtenAt: timeOfWrite(answer, manager) ?? before };
}

/** The server's own time of it, in whole seconds, where it changed anything. */
function timeOfWrite(object: KubeObject, manager: string): number | undefined {
  const entry = object.metadata.managedFields?.find(
    (each) => each.manager === manager && each.operation === 'Apply',
  );
  return entry?.time ? Date.parse(entry.time) : undefined;
}
