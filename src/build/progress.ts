// Reads what buildx says with `--progress=rawjson`: JSON objects, and plain text at the end.
import { defined } from '../core/defined.ts';

/** One vertex of the build graph: a step of a Dockerfile, an export, a push. */
export interface BuildStep {
  readonly digest: string;
  /** Bake target; empty where there is only one. */
  readonly target: string;
  /** `build 3/7`, `internal`, or empty. */
  readonly stage: string;
  /** `RUN npm ci`, `exporting to image`. */
  readonly name: string;
  readonly cached: boolean;
  /** Milliseconds since the epoch. */
  readonly started?: number;
  readonly completed?: number;
  readonly error?: string;
}

/** What is done below a step: `pushing layers`, with its times. */
export interface BuildStatus {
  readonly step: string;
  readonly id: string;
  readonly started?: number;
  readonly completed?: number;
}

export interface Progress {
  /** Takes one line; gives the steps that changed by it. */
  line(text: string): readonly BuildStep[];
  readonly steps: ReadonlyMap<string, BuildStep>;
  readonly statuses: readonly BuildStatus[];
  /** Complete lines of a step, as its program printed them. */
  logOf(digest: string): readonly string[];
  /** What was no JSON: the words of buildx itself. */
  readonly plain: readonly string[];
  readonly warnings: readonly BuildWarning[];
}

export interface BuildWarning {
  readonly text: string;
  readonly file?: string;
  readonly line?: number;
}

/** Lines kept of one step: the last ones tell what failed. */
const mostLines = 5_000;

type Fields = Readonly<Record<string, unknown>>;

/** `targets` are the names that bake puts before a step's own. */
export function readProgress(targets: readonly string[]): Progress {
  const steps = new Map<string, BuildStep>();
  const statuses = new Map<string, BuildStatus>();
  const logs = new Map<string, StepLog>();
  const plain: string[] = [];
  const warnings: BuildWarning[] = [];
  const whole = objects();
  return {
    steps,
    get statuses() {
      return [...statuses.values()];
    },
    plain,
    warnings,
    logOf: (digest) => logs.get(digest)?.lines() ?? [],
    line(text) {
      const read = whole(text);
      if ('plain' in read && read.plain.trim() !== '') plain.push(read.plain);
      if (!('message' in read)) return [];
      const { message } = read;
      for (const each of listOf(message['statuses'])) takeStatus(each, statuses);
      for (const each of listOf(message['logs'])) takeLog(each, logs);
      warnings.push(...listOf(message['warnings']).map(warningOf));
      return listOf(message['vertexes']).map((each) => {
        const step = stepOf(each, targets);
        const known = steps.get(step.digest);
        const next = known ? merged(known, step) : step;
        steps.set(step.digest, next);
        return next;
      });
    },
  };
}

type Line = { readonly message: Fields } | { readonly plain: string } | { readonly open: true };

/** Newer versions write an object a line, older ones (0.13) indent it over many. */
function objects(): (text: string) => Line {
  let open: string[] = [];
  return (text) => {
    if (open.length === 0 && text !== '{') {
      const message = jsonOf(text);
      return message ? { message } : { plain: text };
    }
    open.push(text);
    if (text !== '}') return { open: true };
    const message = jsonOf(open.join('\n'));
    const lines = open.join('\n');
    open = [];
    return message ? { message } : { plain: lines };
  };
}

function jsonOf(text: string): Fields | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Fields;
  } catch {
    return undefined;
  }
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'object' && each) : [];
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function timeOf(value: unknown): number | undefined {
  // The zero time of Go means: not yet.
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) || ms <= 0 ? undefined : ms;
}

function stepOf(vertex: Fields, targets: readonly string[]): BuildStep {
  const { target, stage, name } = nameParts(textOf(vertex['name']), targets);
  const started = timeOf(vertex['started']);
  const completed = timeOf(vertex['completed']);
  const error = textOf(vertex['error']);
  return {
    digest: textOf(vertex['digest']),
    target,
    stage,
    name,
    cached: vertex['cached'] === true,
    ...defined({ started, completed }),
    ...(error === '' ? {} : { error }),
  };
}

/** A step may be started again, as one that two images share: its last end is what counts. */
function merged(known: BuildStep, next: BuildStep): BuildStep {
  const { completed, error: _, ...open } = known;
  const restarted = next.started !== undefined && next.completed === undefined;
  const end = restarted || completed === undefined ? {} : { completed };
  return { ...open, ...end, ...next, cached: known.cached || next.cached };
}

/** `[backend build 3/7] RUN npm ci` → its parts. Without a bracket the target may still stand first. */
function nameParts(text: string, targets: readonly string[]) {
  const [, bracket, rest] = /^\[([^\]]*)\]\s*(.*)$/s.exec(text) ?? [];
  const place = bracket ?? text;
  const target = targets.find((each) => place === each || place.startsWith(`${each} `)) ?? '';
  const own = target === '' ? place : place.slice(target.length).trimStart();
  if (bracket === undefined) return { target, stage: '', name: own };
  return { target, stage: own, name: rest ?? '' };
}

function takeStatus(status: Fields, statuses: Map<string, BuildStatus>): void {
  const step = textOf(status['vertex']);
  const id = textOf(status['id']);
  const started = timeOf(status['started']);
  const completed = timeOf(status['completed']);
  statuses.set(`${step} ${id}`, {
    step,
    id,
    ...defined({ started, completed }),
  });
}

interface StepLog {
  add(stream: number, bytes: Uint8Array): void;
  lines(): readonly string[];
}

/** A piece may end inside a line, and inside a character: one decoder for each stream. */
function stepLog(): StepLog {
  const done: string[] = [];
  const streams = new Map<
    number,
    { readonly decoder: InstanceType<typeof TextDecoder>; open: string }
  >();
  return {
    add(number, bytes) {
      const stream = streams.get(number) ?? { decoder: new TextDecoder(), open: '' };
      streams.set(number, stream);
      const lines = (stream.open + stream.decoder.decode(bytes, { stream: true })).split('\n');
      stream.open = lines.pop() ?? '';
      done.push(...lines.map((line) => line.replace(/\r$/, '')));
      if (done.length > mostLines) done.splice(0, done.length - mostLines);
    },
    lines: () => [...done, ...[...streams.values()].map(({ open }) => open).filter(Boolean)],
  };
}

function takeLog(log: Fields, logs: Map<string, StepLog>): void {
  const digest = textOf(log['vertex']);
  const own = logs.get(digest) ?? stepLog();
  logs.set(digest, own);
  own.add(Number(log['stream'] ?? 1), bytesOf(textOf(log['data'])));
}

function bytesOf(base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

function warningOf(warning: Fields): BuildWarning {
  const text = new TextDecoder().decode(bytesOf(textOf(warning['short'])));
  const info = warning['sourceInfo'] as Fields | undefined;
  const [range] = listOf(warning['range']);
  const start = range?.['start'] as Fields | undefined;
  const file = textOf(info?.['filename']);
  const line = start?.['line'];
  return {
    text,
    ...(file === '' ? {} : { file }),
    ...(typeof line === 'number' && line > 0 ? { line } : {}),
  };
}
