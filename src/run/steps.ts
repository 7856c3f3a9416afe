// The table of what each step of a plan does to a run: wiring only, the work is in steps/.

import { listed, spell } from '../core/text.ts';
import type { Timing } from '../core/timing.ts';
import type { ClusterTarget } from '../inputs/types.ts';
import type { ScanMode } from '../scan/result.ts';
import { isUndone } from './conclude.ts';
import type { Connected, Run, State } from './state/state.ts';
import type { Fact, Plan, StepName, StepOf } from './state/step.ts';
import { runApply, runAwait } from './steps/apply-and-await.ts';
import { runBuild } from './steps/build.ts';
import { connect } from './steps/connect.ts';
import { findWorkloads, pinImages, readManifests } from './steps/documents.ts';
import { dryRun } from './steps/dry-run.ts';
import { judge } from './steps/judge.ts';
import { acquireLock } from './steps/lock.ts';
import { preflight } from './steps/preflight.ts';
import { prune } from './steps/prune.ts';
import { runChooseRelease, runPlanPrune, runReadReleases } from './steps/releases.ts';
import { runPrepareScan, runScan } from './steps/scan.ts';
import { askedTools } from './steps/tools.ts';
import { runUndo } from './steps/undo.ts';

const modes: Readonly<Record<ScanMode, string>> = {
  gate: 'nothing is written before every scan has passed',
  report: 'the report waits for it, the apply does not',
};

function targetWords(target: ClusterTarget): string {
  if (target.by === 'id') return `cluster ${target.id}`;
  if (target.by === 'name') return `cluster ${target.name} in folder ${target.folderId}`;
  return target.context ? `the kubeconfig's context ${target.context}` : 'the kubeconfig';
}

/** One step's row. `run` throws ActionError, or the abort's own error. */
interface Row<K extends StepName, N extends Fact, G extends Fact> {
  /** The line of the printed plan; empty: it has none of its own. */
  describe(step: StepOf<K>): string;
  /** Its section in the report's timeline. */
  readonly section: Timing['section'];
  /** Its lines are folded under this; without it they stay in sight. */
  readonly group?: string;
  /** It is planned after who gives these, or beside them, and then waits for them. */
  readonly needs: readonly N[];
  readonly gives: readonly G[];
  /** Whether it failed, where a fatal finding does not say so. */
  failed?(state: State): boolean;
  run(step: StepOf<K>, run: 'connection' extends N ? Connected : Run): Promise<void>;
}

const row =
  <K extends StepName>() =>
  <const N extends Fact, const G extends Fact>(parts: Row<K, N, G>): Row<K, N, G> =>
    parts;

/** One row each, in the order in which a deploy comes to them. */
const steps = {
  authenticate: row<'authenticate'>()({
    describe: ({ target }) => `authenticate to ${targetWords(target)}`,
    section: 'prepare',
    group: 'Authenticate',
    needs: [],
    gives: ['connection'],
    run: connect,
  }),
  'install-tools': row<'install-tools'>()({
    describe: ({ tools }) => `install ${listed(tools)} for later steps`,
    section: 'prepare',
    group: 'Install tools',
    needs: [],
    gives: [],
    run: async (_, run) => void (await askedTools(run)),
  }),
  'prepare-scanner': row<'prepare-scanner'>()({
    describe: () => 'prepare Trivy and its vulnerability database',
    section: 'prepare',
    group: 'Prepare the scanner',
    needs: [],
    gives: [],
    run: ({ mode }, run) => runPrepareScan(mode, run),
  }),
  'acquire-lock': row<'acquire-lock'>()({
    describe: ({ timeoutMs }) =>
      `acquire the lock${timeoutMs > 0 ? `, waiting at most ${spell(timeoutMs)}` : ', or fail'}`,
    section: 'prepare',
    needs: ['connection'],
    gives: [],
    async run({ timeoutMs }, run) {
      const lock = await acquireLock(run, timeoutMs);
      if (lock) run.state.lock = lock;
    },
  }),
  'load-manifests': row<'load-manifests'>()({
    describe: ({ entries }) => `load manifests: ${entries.join(', ')}`,
    section: 'prepare',
    group: 'Load manifests',
    needs: [],
    gives: ['documents'],
    run: readManifests,
  }),
  'find-workloads': row<'find-workloads'>()({
    describe: ({ images }) => `find live workloads that run ${images.join(', ')}`,
    section: 'prepare',
    group: 'Find workloads',
    needs: ['connection'],
    gives: ['documents'],
    run: findWorkloads,
  }),
  'choose-release': row<'choose-release'>()({
    describe: ({ to }) =>
      to ? `choose release ${to}` : 'choose the newest good release older than the live one',
    section: 'prepare',
    group: 'Release',
    needs: ['connection'],
    gives: ['documents', 'releases'],
    run: runChooseRelease,
  }),
  'build-images': row<'build-images'>()({
    describe: ({ names }) =>
      `build ${names.length > 0 ? names.join(', ') : 'what the bake file says'} and push by digest`,
    section: 'build',
    needs: [],
    gives: [],
    run: runBuild,
  }),
  'pin-images': row<'pin-images'>()({
    describe: () => 'set the images that were built, by digest',
    section: 'prepare',
    needs: ['documents'],
    gives: [],
    run: pinImages,
  }),
  'dry-run': row<'dry-run'>()({
    // The preflight, which runs beside it, has a line for both.
    describe: () => '',
    section: 'apply',
    group: 'Dry run',
    needs: ['connection', 'documents'],
    gives: ['dry-run'],
    run: dryRun,
  }),
  preflight: row<'preflight'>()({
    describe: ({ checks }) =>
      `dry-run every object on the server${checks ? ', and check what its pods need' : ''}; a rejection ends the run here`,
    section: 'apply',
    // It begins beside the dry run, and waits for it by itself.
    needs: ['connection', 'documents'],
    gives: ['preflight'],
    run: preflight,
  }),
  scan: row<'scan'>()({
    describe: ({ mode, baseline }) =>
      `scan images, manifests and Dockerfiles${baseline ? ', compared with what runs now' : ''}: ${modes[mode]}`,
    section: 'scan',
    needs: [],
    gives: [],
    run: ({ mode }, run) => runScan(mode, run),
  }),
  'read-releases': row<'read-releases'>()({
    describe: ({ contents, optional }) =>
      `read the recorded releases${contents && !optional ? ', and whether a newer commit is live' : ''}`,
    section: 'prepare',
    needs: ['connection'],
    gives: ['releases'],
    run: runReadReleases,
  }),
  'plan-prune': row<'plan-prune'>()({
    describe: () => 'find what this release no longer has',
    section: 'apply',
    needs: ['connection', 'documents', 'releases'],
    gives: ['prune-plan'],
    run: runPlanPrune,
  }),
  apply: row<'apply'>()({
    describe: () => 'record the release, and apply what differs, stage by stage',
    section: 'apply',
    group: 'Apply',
    needs: ['connection', 'dry-run', 'preflight', 'releases'],
    gives: ['applied'],
    run: runApply,
  }),
  'await-rollout': row<'await-rollout'>()({
    describe: ({ timeoutMs }) => `await every workload, at most ${spell(timeoutMs)}`,
    section: 'rollout',
    needs: ['connection', 'applied'],
    gives: [],
    run: runAwait,
  }),
  judge: row<'judge'>()({
    describe: () => 'judge what is deployed now',
    section: 'rollout',
    needs: ['connection', 'releases'],
    gives: [],
    run: judge,
  }),
  prune: row<'prune'>()({
    describe: () => 'delete what this release no longer has',
    section: 'rollout',
    group: 'Prune',
    needs: ['connection', 'prune-plan', 'applied'],
    gives: [],
    run: (_, run) => prune(run),
  }),
  undo: row<'undo'>()({
    describe: ({ timeoutMs, wait }) => {
      const then = wait ? `, and await it, at most ${spell(timeoutMs)} more` : '';
      return `after a failure: put back what was there${then}`;
    },
    section: 'rollout',
    // The apply may have failed in the middle.
    needs: ['connection'],
    gives: [],
    failed: (state) => !isUndone(state),
    run: runUndo,
  }),
} as const;

export type Needs<K extends StepName> = (typeof steps)[K]['needs'][number];
export type Gives<K extends StepName> = (typeof steps)[K]['gives'][number];

/** The row of a step, for who knows no step by name. */
export function rowOf<K extends StepName>(step: StepOf<K>): Row<K, Fact, Fact> {
  return steps[step.do as K] as unknown as Row<K, Fact, Fact>;
}

/** Runs one step, once what it needs is available. Throws ActionError, or the abort's own error. */
export async function runStep<K extends StepName>(step: StepOf<K>, run: Run): Promise<void> {
  const { needs, gives, run: work } = rowOf(step);
  const { given } = run.state;
  try {
    for (const need of needs) await given[need].promise;
    // Whoever gives the connection has put it there.
    await work(step, run as Connected);
    for (const fact of gives) given[fact].resolve();
  } catch (error) {
    for (const fact of gives) given[fact].reject(error);
    throw error;
  }
}

/** The plan as numbered lines; steps of one wave share its number. */
export function describePlan(plan: Plan): readonly string[] {
  const waves = [...plan.waves, ...(plan.undo ? [[plan.undo]] : [])];
  return waves.flatMap((wave, index) =>
    wave
      .map((step) => rowOf(step).describe(step))
      .filter((line) => line !== '')
      .map((line) => `${index + 1}. ${line}`),
  );
}
