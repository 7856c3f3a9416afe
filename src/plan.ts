// Inputs → Plan: what will be done, as data, so that it can be printed before it is done.
import type { ClusterTarget, Command, Inputs } from './inputs.ts';
import type { Phase } from './manifests/phases.ts';
import type { ScanMode } from './scan/result.ts';
import { spell } from './text.ts';

export type Step =
  | { readonly do: 'authenticate'; readonly target: ClusterTarget }
  | { readonly do: 'install-tools'; readonly tools: readonly string[] }
  | { readonly do: 'load-manifests'; readonly entries: readonly string[] }
  | { readonly do: 'build-images'; readonly names: readonly string[] }
  | { readonly do: 'pin-images' }
  | { readonly do: 'prepare-scanner'; readonly mode: ScanMode }
  | { readonly do: 'scan'; readonly mode: ScanMode; readonly baseline: boolean }
  | { readonly do: 'find-workloads'; readonly images: readonly string[] }
  | { readonly do: 'acquire-lock'; readonly timeoutMs: number }
  | { readonly do: 'dry-run' }
  | { readonly do: 'apply'; readonly phase?: Phase }
  | { readonly do: 'await-rollout'; readonly timeoutMs: number; readonly phase?: Phase }
  | { readonly do: 'judge' }
  | { readonly do: 'read-releases'; readonly contents: boolean; readonly optional: boolean }
  | { readonly do: 'choose-release'; readonly to?: number }
  | { readonly do: 'plan-prune'; readonly confirmed: boolean }
  | { readonly do: 'prune' }
  | UndoStep;

/** After a failure: `removeCreated` also where nothing ran before. */
export interface UndoStep {
  readonly do: 'undo';
  readonly timeoutMs: number;
  readonly wait: boolean;
  readonly removeCreated: boolean;
}

export interface Plan {
  readonly command: Command;
  readonly app: string;
  readonly environment: string;
  /** One wave after the other; the steps of a wave run side by side. */
  readonly waves: readonly (readonly Step[])[];
  /** Only where the run fails after its first write. */
  readonly undo?: UndoStep;
}

/** Pure; every command is a row. */
export function makePlan(inputs: Inputs): Plan {
  const { command, app, environment } = inputs;
  const start: Step[] = inputs.target ? [{ do: 'authenticate', target: inputs.target }] : [];
  const source: Step =
    inputs.manifests.length > 0
      ? { do: 'load-manifests', entries: inputs.manifests }
      : { do: 'find-workloads', images: imageNames(inputs) };
  const [prepare, scan] = scanSteps(inputs);
  const tools = toolsOf(inputs);
  const install: Step[] = tools.length > 0 ? [{ do: 'install-tools', tools }] : [];
  const first = [...start, ...install, ...prepare];
  const build = inputs.command === 'diff' ? [] : buildSteps(inputs);
  const lock = writing.has(command) ? lockOf(inputs) : [];
  const read = readingWaves({ first, lock, source, build });
  const releases: Step = { do: 'read-releases', contents: true, optional: false };
  const rows: Readonly<Record<Command, readonly (readonly Step[])[]>> = {
    deploy: [
      ...(isGiven(source) ? read : beside(read, source, releases)),
      // Side by side; under `gate` the apply waits for all, under `report` for the dry run alone.
      [{ do: 'dry-run' }, ...scan, ...(isGiven(source) ? [releases] : [])],
      ...written(inputs, inputs.prune),
    ],
    diff: [
      ...read,
      [{ do: 'dry-run' }, ...scan, ...(inputs.prune ? [quietly(true)] : [])],
      inputs.prune ? [{ do: 'plan-prune', confirmed: inputs.pruneConfirm }] : [],
    ],
    rollback: [
      [...first, ...lock],
      [{ do: 'choose-release', ...(inputs.toRelease ? { to: inputs.toRelease } : {}) }],
      [{ do: 'dry-run' }],
      // What was added since goes: a rollback without it would be half of one.
      ...written(inputs, true),
    ],
    history: [first, [{ do: 'read-releases', contents: false, optional: false }]],
    // Rules count as the release has recorded them.
    status: [first, [quietly(false)], [{ do: 'judge' }]],
    setup: [start, install],
    build: [[...prepare, ...build], scan],
    scan: [...(isGiven(source) ? read : [[...first, ...build]]), scan],
  };
  const waves = rows[command].filter((wave) => wave.length > 0);
  const writes = waves.flat().some((step) => step.do === 'apply');
  const undo = writes && inputs.onFailure === 'rollback' ? { undo: undoStep(inputs) } : {};
  return { command, app, environment, waves, ...undo };
}

interface Reading {
  readonly first: readonly Step[];
  readonly lock: readonly Step[];
  readonly source: Step;
  readonly build: readonly Step[];
}

/**
 * Manifests are read while the credentials are fetched and images are built; live workloads need the
 * connection and the lock, and both need the digests. A build may take minutes, which nobody else
 * should wait for: then the lock comes after it.
 */
function readingWaves({ first, lock, source, build }: Reading): readonly (readonly Step[])[] {
  if (build.length === 0) {
    return isGiven(source) ? [[...first, ...lock, source]] : [[...first, ...lock], [source]];
  }
  return isGiven(source)
    ? [
        [...first, source, ...build],
        [{ do: 'pin-images' }, ...lock],
      ]
    : [[...first, ...build], lock, [source]];
}

/** An older commit may look for workloads that are gone: whether it is older is read at the same time. */
function beside(waves: Plan['waves'], source: Step, step: Step): Plan['waves'] {
  return waves.map((wave) => (wave.includes(source) ? [...wave, step] : wave));
}

const writing: ReadonlySet<Command> = new Set(['deploy', 'rollback']);

/** Whether the command changes the cluster. */
export const plansWrite = (command: Command): boolean => writing.has(command);

function quietly(contents: boolean): Step {
  return { do: 'read-releases', contents, optional: true };
}

function written(inputs: Inputs, prunes: boolean): readonly (readonly Step[])[] {
  const { wait, timeoutMs, pruneConfirm } = inputs;
  return [
    prunes ? [{ do: 'plan-prune', confirmed: pruneConfirm }] : [],
    [{ do: 'apply' }],
    wait ? [{ do: 'await-rollout', timeoutMs }] : [],
    prunes ? [{ do: 'prune' }] : [],
  ];
}

function undoStep({ timeoutMs, wait, onFirstFailure }: Inputs): UndoStep {
  return { do: 'undo', timeoutMs, wait, removeCreated: onFirstFailure === 'remove' };
}

/** Without manifests and live workloads to look for, images alone are scanned. */
const isGiven = (source: Step): boolean => source.do === 'load-manifests';

function scanSteps({
  scan: mode,
  scanBaseline: baseline,
}: Inputs): readonly [readonly Step[], readonly Step[]] {
  if (mode === 'off') return [[], []];
  return [[{ do: 'prepare-scanner', mode }], [{ do: 'scan', mode, baseline }]];
}

function imageNames({ images, build }: Inputs): readonly string[] {
  return [...Object.keys(images), ...(build?.images ?? []).map(({ name }) => name)];
}

function buildSteps({ build }: Inputs): readonly Step[] {
  if (!build) return [];
  const names = build.bake ? build.bake.targets : build.images.map(({ name }) => name);
  return [{ do: 'build-images', names }];
}

/** What writes takes the lock as soon as it can: nothing is read that another run still changes. */
export function lockOf({ lock, lockTimeoutMs }: Inputs): readonly Step[] {
  return lock ? [{ do: 'acquire-lock', timeoutMs: lockTimeoutMs }] : [];
}

/** Whatever was asked for by version; `auto` is for `setup`, and else for the step that needs it. */
function toolsOf({ command, kubectlVersion, ycVersion }: Inputs): readonly string[] {
  const asked = Object.entries({ kubectl: kubectlVersion, yc: ycVersion });
  const left = command === 'setup' ? ['none'] : ['none', 'auto'];
  return asked.flatMap(([name, version]) => (left.includes(version) ? [] : [name]));
}

/**
 * The waves with apply and wait once for each phase, when the manifests have told which there are.
 * What is prepared is awaited with the main phase. Without a wait there is nothing to part.
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

const modes: Readonly<Record<ScanMode, string>> = {
  gate: 'nothing is written before every scan has passed',
  report: 'the report waits for it, the apply does not',
};

const words: { readonly [K in Step['do']]: (step: Extract<Step, { do: K }>) => string } = {
  authenticate: ({ target }) => `authenticate to ${targetWords(target)}`,
  'install-tools': ({ tools }) => `install ${tools.join(' and ')} for later steps`,
  'load-manifests': ({ entries }) => `load manifests: ${entries.join(', ')}`,
  'build-images': ({ names }) =>
    `build ${names.length > 0 ? names.join(', ') : 'what the bake file says'} and push by digest`,
  'pin-images': () => 'set the images that were built, by digest',
  'find-workloads': ({ images }) => `find live workloads that run ${images.join(', ')}`,
  'acquire-lock': ({ timeoutMs }) =>
    `acquire the lock${timeoutMs > 0 ? `, waiting at most ${spell(timeoutMs)}` : ', or fail'}`,
  'dry-run': () => 'dry-run every object on the server; a refusal ends the run here',
  'prepare-scanner': () => 'prepare Trivy and its vulnerability database',
  scan: ({ mode, baseline }) =>
    `scan images, manifests and Dockerfiles${baseline ? ', compared with what runs now' : ''}: ${modes[mode]}`,
  apply: () => 'record the release, and apply what differs, stage by stage',
  'await-rollout': ({ timeoutMs }) => `await every workload, at most ${spell(timeoutMs)}`,
  judge: () => 'judge what is deployed now',
  'read-releases': ({ contents, optional }) =>
    `read the recorded releases${contents && !optional ? ', and whether a newer commit is live' : ''}`,
  'choose-release': ({ to }) =>
    to ? `take release ${to}` : 'take the newest good release older than the live one',
  'plan-prune': () => 'find what this release no longer has',
  prune: () => 'delete what this release no longer has',
  undo: ({ timeoutMs, wait }) => {
    const then = wait ? `, and await it, at most ${spell(timeoutMs)} more` : '';
    return `after a failure: put back what was there${then}`;
  },
};

function targetWords(target: ClusterTarget): string {
  if (target.by === 'id') return `cluster ${target.id}`;
  if (target.by === 'name') return `cluster ${target.name} in folder ${target.folderId}`;
  return target.context ? `the kubeconfig's context ${target.context}` : 'the kubeconfig';
}

function say<K extends Step['do']>(step: Extract<Step, { do: K }>): string {
  return words[step.do as K](step);
}

/** The plan as numbered lines; steps of one wave share its number. */
export function describePlan(plan: Plan): readonly string[] {
  const waves = [...plan.waves, ...(plan.undo ? [[plan.undo]] : [])];
  return waves.flatMap((wave, index) => wave.map((step) => `${index + 1}. ${say(step)}`));
}
