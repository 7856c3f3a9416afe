// The ports with data behind them: answers that a case brings, files in memory, time that runs by itself.
import { join } from 'node:path';
import type { Finding } from '../../src/core/errors.ts';
import {
  type ApiRequest,
  type ApiResponse,
  type Clock,
  type Cluster,
  type Files,
  type Http,
  type HttpResponse,
  type Log,
  TransportError,
} from '../../src/core/ports.ts';
import type { Secret } from '../../src/core/secret.ts';
import type { KubeObject } from '../../src/kube/objects.ts';

const noon = Date.UTC(2026, 10, 27, 12);

/** Sleeps take no time, and are over when all else has had its turn. */
export function quickClock(): Clock {
  let now = noon;
  return {
    now: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      now += Math.max(1, Number.isFinite(ms) ? ms : 1);
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    },
  };
}

export interface Remembered extends Log {
  readonly lines: string[];
  readonly findings: Finding[];
  readonly secrets: Secret[];
}

export function rememberingLog(): Remembered {
  const lines: string[] = [];
  const findings: Finding[] = [];
  const secrets: Secret[] = [];
  return {
    lines,
    findings,
    secrets,
    info: (line) => void lines.push(line),
    debug: (line) => void lines.push(line),
    group: (title, work) => {
      lines.push(title);
      return work();
    },
    annotate: (finding) => void findings.push(finding),
    mask: (secret) => void secrets.push(secret),
  };
}

/** Whoever asks more often than this asks without end. */
const mostRequests = 1_000;

/** A loop over what a server says: a hang, though each turn of it waits. */
export class Endless extends Error {
  override readonly name = 'Endless';
}

function counter(): () => number {
  let count = 0;
  return () => {
    count += 1;
    if (count > mostRequests) throw new Endless(`more than ${mostRequests} requests`);
    return count - 1;
  };
}

/** An answer as data: what it lacks is usual. `lost` says that none came, and why. */
export interface Answer {
  readonly status?: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly lost?: unknown;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function statusOf({ status }: Answer): number {
  return Number.isInteger(status) && Number(status) >= 100 && Number(status) <= 599
    ? Number(status)
    : 200;
}

// A server's header is one line of Latin letters: the HTTP library lets nothing else through.
function headersOf({ headers }: Answer): Record<string, string> {
  const entries = isRecord(headers) ? Object.entries(headers) : [];
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name.toLowerCase(),
      String(value)
        .replaceAll(/[^\t\x20-\x7e\xa0-\xff]/g, '?')
        .slice(0, 16_000),
    ]),
  );
}

function answerAt(answers: readonly unknown[], index: number): Answer {
  const answer = answers[index % Math.max(1, answers.length)];
  return isRecord(answer) ? answer : { body: answer };
}

function throwIfLost({ lost }: Answer): void {
  if (lost !== undefined) throw new TransportError('ECONNRESET', String(lost));
}

/** The answers one after the other, and again from the first. Bodies are texts. */
export function scriptedHttp(given: unknown): Http {
  const answers = Array.isArray(given) ? given : [given];
  const next = counter();
  return {
    send: async (request): Promise<HttpResponse> => {
      // The real one needs an address too.
      new URL(request.url);
      const answer = answerAt(answers, next());
      throwIfLost(answer);
      const { body = '' } = answer;
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return { status: statusOf(answer), headers: headersOf(answer), body: text };
    },
  };
}

/** Kinds that every cluster serves. */
const served: readonly (readonly [string, string, string, boolean])[] = [
  ['v1', 'Secret', 'secrets', true],
  ['v1', 'ConfigMap', 'configmaps', true],
  ['v1', 'Pod', 'pods', true],
  ['v1', 'Event', 'events', true],
  ['v1', 'Service', 'services', true],
  ['v1', 'Node', 'nodes', false],
  ['v1', 'Namespace', 'namespaces', false],
  ['v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', true],
  ['apps/v1', 'Deployment', 'deployments', true],
  ['apps/v1', 'ReplicaSet', 'replicasets', true],
  ['apps/v1', 'StatefulSet', 'statefulsets', true],
  ['apps/v1', 'DaemonSet', 'daemonsets', true],
  ['batch/v1', 'Job', 'jobs', true],
  ['batch/v1', 'CronJob', 'cronjobs', true],
  ['coordination.k8s.io/v1', 'Lease', 'leases', true],
];

function discoveryOf(path: string): ApiResponse | undefined {
  const version = /^\/(?:api|apis)\/([^?]+)$/.exec(path.split('?')[0] ?? '')?.[1];
  const kinds = served.filter(([apiVersion]) => apiVersion === version);
  if (kinds.length === 0) return undefined;
  const resources = kinds.map(([, kind, name, namespaced]) => ({ kind, name, namespaced }));
  return { status: 200, headers: {}, body: { kind: 'APIResourceList', resources } };
}

export interface ScriptedCluster extends Cluster {
  readonly asked: string[];
}

/**
 * An API server: discovery as usual, then what `answer` says to a request. A stream hands out
 * `frames` and closes.
 */
export function scriptedCluster(
  answer: (request: ApiRequest, index: number) => unknown,
  frames: readonly unknown[] = [],
): ScriptedCluster {
  const next = counter();
  const asked: string[] = [];
  const send = async (request: ApiRequest): Promise<ApiResponse> => {
    request.signal?.throwIfAborted();
    request.onStart?.();
    asked.push(`${request.method} ${request.path}`);
    const index = next();
    const known = request.method === 'GET' ? discoveryOf(request.path) : undefined;
    if (known) return known;
    const given = answer(request, index);
    const said: Answer = isRecord(given) ? given : { body: given };
    throwIfLost(said);
    return { status: statusOf(said), headers: headersOf(said), body: said.body };
  };
  return {
    server: 'https://cluster.example',
    namespace: 'web',
    asked,
    send,
    stream: async (request, onEvent) => {
      request.signal?.throwIfAborted();
      next();
      for (const frame of frames) onEvent(frame);
      await new Promise((resolve) => setImmediate(resolve));
      return { status: 200, headers: {}, body: undefined };
    },
    close: async () => undefined,
  };
}

/** A list of the kind that a path names, or the object. */
export function listOf(items: readonly unknown[]): unknown {
  return { kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: '7' }, items };
}

const missing = (path: string): Error =>
  Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' });

const coded = (code: string): Error => Object.assign(new Error(code), { code });

/** Files by their absolute paths; whatever stands above one is a folder. */
export function memoryFiles(texts: ReadonlyMap<string, string>): Files {
  const isFolder = (path: string) => [...texts.keys()].some((each) => each.startsWith(`${path}/`));
  const there = (path: string) => texts.has(path) || isFolder(path);
  return {
    read: async (path) => {
      const text = texts.get(path);
      if (text === undefined) throw missing(path);
      return text;
    },
    write: async () => undefined,
    kind: async (path) => {
      if (texts.has(path)) return 'file';
      return isFolder(path) ? 'folder' : undefined;
    },
    realPath: async (path) => {
      // As Node and Linux refuse them.
      if (path.includes('\0')) throw coded('ERR_INVALID_ARG_VALUE');
      if (Buffer.byteLength(path) > 4_095) throw coded('ENAMETOOLONG');
      if (!there(join(path))) throw missing(path);
      return join(path);
    },
    list: async (folder) => {
      const below = [...texts.keys()].filter((each) => each.startsWith(`${folder}/`));
      return [...new Set(below.map((each) => each.slice(folder.length + 1).split('/')[0] ?? ''))];
    },
    glob: async () => [...texts.keys()],
    tree: async () => [...texts.keys()].map((path) => ({ path, kind: 'file', executable: false })),
    digest: async () => 'a'.repeat(64),
    link: async () => undefined,
    makeTemp: async (prefix) => `/temp/${prefix}1`,
    remove: async () => undefined,
  };
}

export const isObject = (value: unknown): value is KubeObject =>
  isRecord(value) && isRecord(value['metadata']);

/** Texts of a value that may be anything. */
export const textsIn = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).filter((each) => typeof each === 'string');

export { isRecord };
