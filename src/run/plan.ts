// Inputs → Plan: what will be done, as data, so that it can be printed before it is done.

import type { Command } from '../core/commands.ts';
import type { Inputs } from '../inputs/types.ts';
import type { Phase } from '../manifests/phases.ts';
import { askedTools } from '../tools/catalog.ts';
import { after, inOrder, type Ordered } from './plan-order.ts';
import type { Plan, Step, StepOf, UndoStep } from './state/step.ts';

/** Pure; every command is a row. Throws where a command that needs a cluster has none. */
export function makePlan(inputs: Inputs): Plan {
  const { command, app, environment } = inputs;
  const waves = rows[command](inputs).waves.filter((wave) => wave.length > 0);
  const writes = waves.flat().some((step) => step.do === 'apply');
  const undo = writes && inputs.onFailure === 'rollback' ? { undo: undoStep(inputs) } : {};
  return { command, app, environment, waves, ...undo };
}

const rows: Readonly<Record<Command, (inputs: Inputs) => Pick<Plan, 'waves'>>> = {
  deploy(inputs) {
    const ready = [inputs, buildOf(inputs), lockOf(inputs)] as const;
    const releases = { do: 'read-releases', contents: true, optional: false } as const;
    // Under `gate` the apply waits for every scan, under `report` for the dry run alone.
    const checked =
      inputs.manifests.length > 0
        ? after(readFiles(...ready), [...checksOf(inputs), scanOf(inputs), releases])
        : // An older commit may look for workloads that no longer exist: first check whether it is older.
          after(
            makeReady(...ready),
            [find(inputs), releases],
            [...checksOf(inputs), scanOf(inputs)],
          );
    return written(checked, inputs, inputs.prune);
  },
  diff(inputs) {
    const read =
      inputs.manifests.length > 0
        ? readFiles(inputs, [], [])
        : after(makeReady(inputs, [], []), [find(inputs)]);
    if (!inputs.prune) return after(read, [...checksOf(inputs), scanOf(inputs)]);
    const prune = { do: 'plan-prune', confirmed: inputs.pruneConfirm } as const;
    return after(read, [...checksOf(inputs), scanOf(inputs), quietly(true)], [prune]);
  },
  rollback(inputs) {
    const { toRelease: to } = inputs;
    const checked = inOrder(
      [connect(inputs), prepareOf(inputs), lockOf(inputs)],
      [{ do: 'choose-release', ...(to ? { to } : {}) }],
      checksOf(inputs),
    );
    // What was added since is deleted: otherwise the rollback would be incomplete.
    return written(checked, inputs, true);
  },
  history: (inputs) =>
    inOrder(
      [connect(inputs), prepareOf(inputs)],
      [{ do: 'read-releases', contents: false, optional: false }],
    ),
  // Rules apply as the release recorded them.
  status: (inputs) =>
    inOrder([connect(inputs), prepareOf(inputs)], [quietly(false)], [{ do: 'judge' }]),
  setup: (inputs) => inOrder([connectOf(inputs)], [toolsOf(inputs)]),
  build: (inputs) => inOrder([scannerOf(inputs), buildOf(inputs)], [scanOf(inputs)]),
  // Without manifests and live workloads to look for, only images are scanned.
  scan(inputs) {
    const first = [...connectOf(inputs), ...prepareOf(inputs)];
    const build = buildOf(inputs);
    if (inputs.manifests.length === 0) return inOrder([first, build], [scanOf(inputs)]);
    const pin: StepOf<'pin-images'>[] = build.length > 0 ? [{ do: 'pin-images' }] : [];
    return inOrder([first, load(inputs), build], [pin], [scanOf(inputs)]);
  },
};

type Build = readonly StepOf<'build-images'>[];
type Lock = readonly StepOf<'acquire-lock'>[];

/**
 * Manifests are read while credentials are fetched and images are built. A build may take minutes, and
 * must not hold up other deploys: then the lock is taken after it.
 */
function readFiles(inputs: Inputs, build: Build, lock: Lock): Ordered<'connection' | 'documents'> {
  const first = connect(inputs);
  const prepare = prepareOf(inputs);
  if (build.length === 0) return inOrder([first, prepare, lock, load(inputs)]);
  return inOrder([first, prepare, load(inputs), build], [{ do: 'pin-images' }, lock]);
}

/** The same before live workloads are looked up, which takes the connection, the lock and the digests. */
function makeReady(inputs: Inputs, build: Build, lock: Lock): Ordered<'connection'> {
  const first = connect(inputs);
  if (build.length === 0) return inOrder([first, prepareOf(inputs), lock]);
  return inOrder([first, prepareOf(inputs), build], [lock]);
}

/** From the first write on. What to prune is decided before it. */
function written(
  checked: Ordered<'connection' | 'documents' | 'dry-run' | 'preflight' | 'releases'>,
  { wait, timeoutMs, pruneConfirm }: Inputs,
  prunes: boolean,
): Pick<Plan, 'waves'> {
  const awaited: StepOf<'await-rollout'>[] = wait ? [{ do: 'await-rollout', timeoutMs }] : [];
  if (!prunes) return after(checked, [{ do: 'apply' }], [awaited]);
  const plan = { do: 'plan-prune', confirmed: pruneConfirm } as const;
  return after(checked, [plan], [{ do: 'apply' }], [awaited], [{ do: 'prune' }]);
}

/** What the server and the cluster are asked before the first write. */
const checksOf = ({ preflight: checks }: Inputs) =>
  [{ do: 'dry-run' }, { do: 'preflight', checks }] as const;

function quietly(contents: boolean): StepOf<'read-releases'> {
  return { do: 'read-releases', contents, optional: true };
}

function undoStep({ timeoutMs, wait, onFirstFailure }: Inputs): UndoStep {
  return { do: 'undo', timeoutMs, wait, removeCreated: onFirstFailure === 'remove' };
}

function connect({ command, target }: Inputs): StepOf<'authenticate'> {
  if (!target) throw new Error(`${command} was planned without a cluster`);
  return { do: 'authenticate', target };
}

const connectOf = (inputs: Inputs): readonly StepOf<'authenticate'>[] =>
  inputs.target ? [connect(inputs)] : [];

/** What runs beside the first step. */
const prepareOf = (inputs: Inputs): readonly PrepareStep[] => [
  ...toolsOf(inputs),
  ...scannerOf(inputs),
];

type PrepareStep = StepOf<'install-tools' | 'prepare-scanner'>;

const find = (inputs: Inputs): StepOf<'find-workloads'> => ({
  do: 'find-workloads',
  images: imageNames(inputs),
});

const load = ({ manifests }: Inputs): StepOf<'load-manifests'> => ({
  do: 'load-manifests',
  entries: manifests,
});

const scannerOf = ({ scan: mode }: Inputs): readonly StepOf<'prepare-scanner'>[] =>
  mode === 'off' ? [] : [{ do: 'prepare-scanner', mode }];

const scanOf = ({ scan: mode, scanBaseline: baseline }: Inputs): readonly StepOf<'scan'>[] =>
  mode === 'off' ? [] : [{ do: 'scan', mode, baseline }];

function imageNames({ images, build }: Inputs): readonly string[] {
  return [...Object.keys(images), ...(build?.images ?? []).map(({ name }) => name)];
}

function buildOf({ build }: Inputs): readonly StepOf<'build-images'>[] {
  if (!build) return [];
  const names = build.bake ? build.bake.targets : build.images.map(({ name }) => name);
  return [{ do: 'build-images', names }];
}

/** A command that writes takes the lock as early as possible: nothing is read while another run changes it. */
function lockOf({ lock, lockTimeoutMs }: Inputs): readonly StepOf<'acquire-lock'>[] {
  return lock ? [{ do: 'acquire-lock', timeoutMs: lockTimeoutMs }] : [];
}

/** The tools requested by version; `auto` installs them for `setup`, otherwise in the step that needs them. */
function toolsOf(inputs: Inputs): readonly StepOf<'install-tools'>[] {
  const tools = askedTools(inputs.command, inputs).map(({ name }) => name);
  return tools.length > 0 ? [{ do: 'install-tools', tools }] : [];
}

/**
 * The waves with apply and wait once per phase, when the manifests name phases. Prepared objects are
 * awaited with the main phase. Without a wait there is nothing to split.
 */
export function withPhases(waves: Plan['waves'], phases: readonly Phase[]): Plan['waves'] {
  const wait = waves.flat().find((step) => step.do === 'await-rollout');
  const isWhole = waves.flat().some((step) => step.do === 'apply' && !step.phase);
  if (!wait || !isWhole || phases.length === 0) return waves;
  const parted: Step[] = phases.flatMap((phase) => [
    { do: 'apply', phase },
    ...(phase === 'preparation' ? [] : [{ ...wait, phase }]),
  ]);
  return waves.flatMap((wave): Plan['waves'] => {
    if (wave.some((step) => step.do === 'apply')) return parted.map((step) => [step]);
    return wave.includes(wait) ? [] : [wave];
  });
}
