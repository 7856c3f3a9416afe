// A container that starts and exits: out of memory, or again and again.
import { plain } from '../../../core/plain-text.ts';
import { exitWords, platformHint, wrongPlatform } from '../../facts/exit-words.ts';
import {
  byTime,
  type ContainerSymptom,
  type ContainerView,
  since,
} from '../../facts/judge-context.ts';
import type { ContainerRun } from '../../facts/pod-memory.ts';
import type { Diagnosis } from '../../facts/verdict.ts';

const shortRunMs = 10_000;
const windowMs = 300_000;
/** While other pods of the same template are Ready, a crash says less about the template. */
const restartsBesideReady = 5;
/** A third start that runs gets this long to become Ready before two short runs count. */
const thirdStartMs = 2_000;

function duration(ms: number): string {
  return ms < 1_000 ? 'under a second' : `${Math.round(ms / 1_000)} s`;
}

function runWords(run: ContainerRun): string {
  const end = run.reason && !['Error', 'Completed'].includes(run.reason) ? ` (${run.reason})` : '';
  return `${exitWords(run.exitCode)}${end}, ran ${duration(run.lasted)}`;
}

function isAlike(runs: readonly ContainerRun[]): boolean {
  const [a, b] = runs.slice(-2);
  if (!a || !b) return false;
  return a.exitCode === b.exitCode && a.lasted < shortRunMs && b.lasted < shortRunMs;
}

function failedRuns(view: ContainerView): readonly ContainerRun[] {
  const ends = view.role === 'init container' || view.pod.spec?.restartPolicy !== 'Always';
  return ends ? view.run.runs.filter((run) => run.exitCode !== 0) : view.run.runs;
}

type Certainty = Pick<Diagnosis, 'certain' | 'fatalAt'>;

function afterReady(view: ContainerView, runs: readonly ContainerRun[]): Certainty {
  const recent = runs.filter((run) => !view.context.isPast(run.endedAt + windowMs));
  return { certain: view.run.restarts >= 3 && recent.length >= 3 };
}

function certaintyOf(view: ContainerView, runs: readonly ContainerRun[]): Certainty {
  const last = runs.at(-1);
  if (last && (last.exitCode === 126 || last.exitCode === 127)) return { certain: true };
  // The Job's own backoffLimit decides how often it is retried.
  if (view.revisionPods.kind === 'Job') return { certain: false };
  if (view.run.wasReady) return afterReady(view, runs);
  if (last && wrongPlatform.test(last.message) && runs.length >= 2) return { certain: true };
  if (view.revisionPods.everReady) return { certain: view.run.restarts >= restartsBesideReady };
  if (view.run.restarts >= 3) return { certain: true };
  if (view.run.restarts < 2 || !isAlike(runs)) return { certain: false };
  if (!view.status.state?.running) return { certain: true };
  return byTime(since(view, `${view.status.name}/restarts-2`) + thirdStartMs, view.context);
}

function isHealed(view: ContainerView): boolean {
  const running = view.status.state?.running;
  return running !== undefined && view.status.ready && view.run.wasReady;
}

export const crashSymptoms: readonly ContainerSymptom[] = [
  {
    name: 'out of memory',
    rows: [['terminated: OOMKilled', 'out-of-memory', 'second time', 'deployment/out-of-memory']],
    sees(view) {
      const kills = view.run.runs.filter((run) => run.reason === 'OOMKilled');
      const last = kills.at(-1);
      if (!last || isHealed(view)) return undefined;
      const limit = view.spec?.resources?.limits?.['memory'];
      return {
        code: 'out-of-memory',
        certain: kills.length >= 2,
        what: `${view.role} ${view.status.name} was killed because it used more memory than its limit`,
        evidence: [
          `OOMKilled ${kills.length} times; the last run lasted ${duration(last.lasted)}`,
          limit === undefined ? 'no memory limit of its own' : `memory limit: ${limit}`,
        ],
        logs: true,
      };
    },
  },
  {
    name: 'crash',
    rows: [
      [
        'waiting: CrashLoopBackOff; terminated, not 0',
        'crash-loop',
        'third restart; second if alike and under 10 s',
        'deployment/crash-loop',
      ],
      ['terminated: 126 or 127', 'crash-loop', 'at once', 'deployment/exit-127'],
      ['terminated: exec format error', 'crash-loop', 'second start', 'deployment/exec-format'],
      [
        'an init container terminated, not 0',
        'crash-loop',
        'as a container',
        'deployment/init-crash',
      ],
      [
        'a sidecar (init, restartPolicy Always) terminated',
        'crash-loop',
        'as a container',
        'deployment/sidecar-crash',
      ],
      [
        'a container that was Ready before dies',
        'crash-loop',
        '3 times in 5 min',
        'deployment/crash-after-ready',
      ],
      ['one crash, then it runs', 'crash-loop', 'never', 'deployment/crash-once'],
    ],
    sees(view) {
      const runs = failedRuns(view);
      const last = runs.at(-1);
      if (!last || isHealed(view)) return undefined;
      const certainty = certaintyOf(view, runs);
      const foreign = wrongPlatform.test(last.message);
      return {
        code: 'crash-loop',
        ...certainty,
        what: `${view.role} ${view.status.name} ${view.run.restarts > 0 ? 'starts and dies' : 'died'}: ${exitWords(last.exitCode)}`,
        evidence: [
          `last run: ${runWords(last)}`,
          `restarts: ${view.run.restarts}`,
          ...(last.message ? [plain(last.message)] : []),
        ],
        ...(foreign ? { hint: platformHint, foreign } : {}),
        logs: true,
        cause: `crash ${view.status.name} ${last.exitCode}`,
      };
    },
  },
];
