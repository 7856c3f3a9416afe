// A container that the runtime cannot start: a missing program, a denied permission, a failed hook.
import { plain } from '../../../core/plain-text.ts';
import { platformHint, wrongPlatform } from '../../facts/exit-words.ts';
import {
  byTime,
  type ContainerSymptom,
  type ContainerView,
  since,
} from '../../facts/judge-context.ts';

/** Runtime errors that a retry cannot change. */
const deterministic =
  /no such file|not found|permission denied|exec format|is a directory|not a directory|invalid/i;
const otherMs = 60_000;
const startReasons = ['CreateContainerError', 'RunContainerError'];
const endReasons = ['StartError', 'ContainerCannotRun'];

function startMessage(view: ContainerView): string | undefined {
  const waiting = view.status.state?.waiting;
  if (startReasons.includes(waiting?.reason ?? '')) return waiting?.message ?? waiting?.reason;
  const last = view.run.runs.at(-1);
  const isDown = !view.status.state?.running && !view.status.ready;
  if (isDown && last && endReasons.includes(last.reason)) return last.message || last.reason;
  return undefined;
}

function commandOf(view: ContainerView): string {
  const words = [...(view.spec?.command ?? []), ...(view.spec?.args ?? [])];
  return words.length
    ? `command: ${plain(JSON.stringify(words), 200)}`
    : 'command: the image’s own';
}

function hintFor(message: string): string | undefined {
  if (wrongPlatform.test(message)) return platformHint;
  if (/exec: .*(no such file|not found)/i.test(message)) {
    return 'Correct command or args: the image has no such program (or the script’s interpreter is missing).';
  }
  return /permission denied/i.test(message)
    ? 'Make the program executable in the image (chmod +x), or correct the user.'
    : undefined;
}

export const startSymptoms: readonly ContainerSymptom[] = [
  {
    name: 'failed start',
    rows: [
      [
        'terminated: StartError or ContainerCannotRun',
        'container-start-failed',
        'second start, or 60 s where it may pass',
        'deployment/program-missing',
      ],
      [
        'waiting: CreateContainerError',
        'container-start-failed',
        'second start, or 60 s where it may pass',
        'deployment/container-refused',
      ],
      [
        'waiting: RunContainerError',
        'container-start-failed',
        'second start, or 60 s where it may pass',
        'deployment/run-refused',
      ],
    ],
    sees(view) {
      const message = startMessage(view);
      if (message === undefined) return undefined;
      const again = view.run.restarts >= 1 || view.run.runs.length >= 2;
      const from = since(view, `${view.status.name}/start`);
      const hint = hintFor(message);
      return {
        code: 'container-start-failed',
        ...(deterministic.test(message) && again
          ? { certain: true }
          : byTime(from + otherMs, view.context)),
        what: `${view.role} ${view.status.name} cannot be started`,
        cause: `start ${view.status.name} ${hint ?? ''}`,
        evidence: [plain(message), commandOf(view)],
        ...(hint ? { hint } : {}),
        ...(hint === platformHint ? { foreign: true } : {}),
      };
    },
  },
  {
    name: 'failed hook',
    rows: [
      [
        'waiting: PostStartHookError',
        'container-start-failed',
        'second start',
        'deployment/hook-failing',
      ],
    ],
    sees(view) {
      const waiting = view.status.state?.waiting;
      const hooked = view.events.filter((event) => event.reason === 'FailedPostStartHook');
      const stands = waiting?.reason === 'PostStartHookError';
      if (!stands && !(hooked.length && waiting?.reason === 'CrashLoopBackOff')) return undefined;
      return {
        code: 'container-start-failed',
        certain: view.run.restarts >= 1,
        what: `the postStart hook of ${view.role} ${view.status.name} fails`,
        evidence: [plain(stands ? (waiting?.message ?? '') : (hooked.at(-1)?.message ?? ''))],
        hint: 'Correct lifecycle.postStart: its command must exist in the image and end with 0.',
        logs: true,
      };
    },
  },
];
