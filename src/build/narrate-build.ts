// A readable build log: one line for each image and stage, and the slow steps by name.
import { clip, counted, oneLine, spell } from '../core/text.ts';
import type { BuildStep, Progress } from './progress.ts';

/** A step that runs longer than this is named while it runs. */
const slowMs = 20_000;

/** The same line is not repeated within this time. */
const againMs = 30_000;

export interface Narrator {
  /** Lines for steps that changed. */
  changed(steps: readonly BuildStep[]): readonly string[];
  /** Lines for long-running steps, at a time in milliseconds since the epoch. */
  waiting(now: number): readonly string[];
}

interface Stage {
  readonly name: string;
  readonly at: number;
  readonly of: number;
}

/** `build 3/7`, `linux/arm64 build 3/7`, `3/7`; undefined for steps that are not from a Dockerfile. */
function stageOf({ stage }: BuildStep): Stage | undefined {
  const [, name = '', at, of] = /^(.*?)\s*(\d+)\/(\d+)$/.exec(stage) ?? [];
  return at === undefined ? undefined : { name, at: Number(at), of: Number(of) };
}

/** `targets`: bake target → image name. */
export function narrateBuild(
  progress: Progress,
  targets: Readonly<Record<string, string>>,
): Narrator {
  const printed = new Set<string>();
  const named = new Map<string, number>();
  const imageOf = (step: BuildStep) => targets[step.target] ?? Object.values(targets)[0] ?? '';
  const once = (key: string, line: string): readonly string[] => {
    if (printed.has(key)) return [];
    printed.add(key);
    return [line];
  };
  return {
    changed: (steps) =>
      steps.flatMap((step) => {
        if (step.completed === undefined || step.error !== undefined) return [];
        const image = imageOf(step);
        const stage = stageOf(step);
        if (stage && stage.at === stage.of) {
          const line = stageLine(progress, step, stage);
          return once(`${image} ${stage.name}`, `${image}: ${line}`);
        }
        if (!isExport(step)) return [];
        return once(`${image} pushed`, `${image}: ${exportLine(progress, step)}`);
      }),
    waiting: (now) =>
      [...progress.steps.values()].flatMap((step) => {
        const { started, completed } = step;
        if (started === undefined || completed !== undefined || now - started < slowMs) return [];
        if (now - (named.get(step.digest) ?? 0) < againMs) return [];
        named.set(step.digest, now);
        return [`${imageOf(step)}: ${nameOf(step)} runs for ${spell(now - started)} now`];
      }),
  };
}

const isExport = ({ name }: BuildStep): boolean => name.startsWith('exporting to image');

const nameOf = ({ name }: BuildStep): string => clip(oneLine(name), 100);

const timeOf = ({ started, completed }: BuildStep): number =>
  started === undefined || completed === undefined ? 0 : completed - started;

function stageLine(progress: Progress, { target }: BuildStep, { name }: Stage): string {
  const steps = [...progress.steps.values()].filter((each) => each.target === target);
  const placed = steps.flatMap((each) => {
    const stage = stageOf(each);
    return stage?.name === name ? [[stage.at, each] as const] : [];
  });
  // A step that two images share has the name of whichever came last; a position counts once.
  const own = [...new Map(placed).values()];
  const cached = own.filter((each) => each.cached).length;
  const stage = name === '' ? '' : `stage ${name}: `;
  const count = counted(own.length, 'step');
  if (cached === own.length) return `${stage}${count}, all cached`;
  const total = own.reduce((sum, each) => sum + timeOf(each), 0);
  const slowest = own.toSorted((a, b) => timeOf(b) - timeOf(a))[0];
  const some = cached > 0 ? `, ${cached} cached` : '';
  const slow =
    slowest && timeOf(slowest) >= 1_000
      ? `; slowest: ${nameOf(slowest)}, ${spell(timeOf(slowest))}`
      : '';
  return `${stage}${count} in ${spell(total)}${some}${slow}`;
}

function exportLine(progress: Progress, step: BuildStep): string {
  const times = pushTimes(progress, step);
  const push = times ? `, pushed in ${spell(times.to - times.from)}` : '';
  const rest = timeOf(step) - (times ? times.to - times.from : 0);
  return `exported in ${spell(rest)}${push}`;
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** From the first layer to the last manifest. */
function pushTimes({ statuses }: Progress, step: BuildStep): Span | undefined {
  const pushes = statuses.filter((each) => each.step === step.digest && /^pushing/.test(each.id));
  const from = Math.min(...pushes.map((each) => each.started ?? Number.POSITIVE_INFINITY));
  const to = Math.max(...pushes.map((each) => each.completed ?? 0));
  return pushes.length > 0 && to >= from ? { from, to } : undefined;
}

export interface ImageSpans {
  readonly image: string;
  readonly build: Span;
  readonly push?: Span;
}

/** When each image was built and pushed, for the timeline. */
export function imageSpans(
  progress: Progress,
  targets: Readonly<Record<string, string>>,
): readonly ImageSpans[] {
  const alone = Object.keys(targets).length === 1;
  return Object.entries(targets).flatMap(([target, image]) => {
    const own = [...progress.steps.values()].filter(
      (each) => (alone || each.target === target) && each.started !== undefined,
    );
    if (own.length === 0) return [];
    const exported = own.find(isExport);
    const push = exported && pushTimes(progress, exported);
    const from = Math.min(...own.map(({ started = 0 }) => started));
    const end = Math.max(...own.map(({ started = 0, completed = started }) => completed));
    const build = { from, to: push?.from ?? end };
    return [{ image, build, ...(push ? { push } : {}) }];
  });
}

/** The whole log of an image, step by step, for a folded group. */
export function buildLog(progress: Progress, target: string | undefined): readonly string[] {
  const own = [...progress.steps.values()]
    .filter((step) => target === undefined || step.target === target)
    .toSorted((a, b) => (a.started ?? 0) - (b.started ?? 0));
  return own.flatMap((step) => {
    const stage = step.stage === '' ? '' : `[${step.stage}] `;
    const end = step.error !== undefined ? 'ERROR' : step.cached ? 'CACHED' : spell(timeOf(step));
    const log = progress.logOf(step.digest).map((line) => `  ${line}`);
    return [`${stage}${nameOf(step)} · ${end}`, ...log];
  });
}
