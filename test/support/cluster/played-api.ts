// An API server in memory that plays a recorded rollout through lists and watches.
import type { Api } from '../../../src/cluster/api.ts';
import {
  type ApiRequest,
  type ApiResponse,
  type Clock,
  TransportError,
} from '../../../src/core/ports.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { recording, steps } from '../rollout/recording.ts';

export interface PlayedApi extends Api {
  /** What was asked, without watches. */
  readonly asked: readonly string[];
  /** Ends the play: open watches and pauses. */
  close(): void;
}

export interface PlayOptions {
  readonly clock: Clock;
  /** Begin so many milliseconds into the recording. */
  readonly from: number;
  /** Answers for what is not listed: logs, Secrets. */
  readonly answer?: (path: string) => ApiResponse | undefined;
  /** Between these moments of the recording nothing answers, and watches break. */
  readonly away?: readonly [number, number];
}

const plurals: Readonly<Record<string, string>> = {
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  DaemonSet: 'daemonsets',
  ReplicaSet: 'replicasets',
  ControllerRevision: 'controllerrevisions',
  Job: 'jobs',
  Pod: 'pods',
  Event: 'events',
  Node: 'nodes',
};

const ok = (body: unknown): ApiResponse => ({ status: 200, headers: {}, body });

/** Plays `name` from `from` on, as fast as the clock runs. */
export function playedApi(name: string, options: PlayOptions): PlayedApi {
  const { clock, from, answer } = options;
  const tape = recording(name);
  const began = clock.now();
  const tapeNow = (): number => from + clock.now() - began;
  const all = steps(tape);
  const stop = new AbortController();
  const asked: string[] = [];
  let requests = 0;

  const isAway = (): boolean => {
    const [start, end] = options.away ?? [Infinity, Infinity];
    return tapeNow() >= start && tapeNow() < end;
  };
  const kindAt = (path: string): string | undefined =>
    Object.keys(plurals).find((kind) => path.split('?')[0]?.endsWith(`/${plurals[kind]}`));
  const present = (kind: string): readonly KubeObject[] => {
    const live = new Map<string, KubeObject>();
    for (const { at, object, gone } of all) {
      if (at > tapeNow() || object.kind !== kind) continue;
      if (gone) live.delete(object.metadata.uid ?? '');
      else live.set(object.metadata.uid ?? '', object);
    }
    return [...live.values()];
  };

  async function get({ path, signal }: ApiRequest): Promise<ApiResponse> {
    asked.push(path);
    const ended = AbortSignal.any([stop.signal, ...(signal ? [signal] : [])]);
    while (isAway()) await clock.sleep(500, ended);
    const own = answer?.(path);
    if (own) return own;
    const kind = kindAt(path);
    if (kind === undefined) {
      const named = Object.keys(plurals).flatMap((each) => present(each));
      const last = path.split('?')[0]?.split('/').at(-1);
      const found = named.find(({ metadata }) => metadata.name === last);
      return found ? ok(found) : { status: 404, headers: {}, body: { message: 'not found' } };
    }
    return ok({
      metadata: { resourceVersion: String(Math.floor(tapeNow())) },
      items: present(kind),
    });
  }

  async function until(at: number, signal: AbortSignal): Promise<void> {
    while (tapeNow() < at) {
      await clock.sleep(Math.min(250, at - tapeNow()), signal);
      if (isAway()) throw new TransportError('ECONNRESET', 'the connection broke');
    }
  }

  async function stream(
    request: ApiRequest,
    onEvent: (event: unknown) => void,
  ): Promise<ApiResponse> {
    const kind = kindAt(request.path);
    // The version of a list is its moment of the tape.
    const version = new URL(request.path, 'http://x').searchParams.get('resourceVersion');
    const signal = AbortSignal.any([stop.signal, ...(request.signal ? [request.signal] : [])]);
    const later = all.filter(({ at, object }) => object.kind === kind && at > Number(version));
    for (const { at, object, gone } of later) {
      await until(at, signal);
      onEvent({ type: gone ? 'DELETED' : 'MODIFIED', object });
    }
    await until(Infinity, signal);
    return ok(undefined);
  }

  return {
    server: 'https://played',
    namespace: undefined,
    get requests() {
      return requests;
    },
    asked,
    send: (request) => {
      requests += 1;
      return get(request);
    },
    stream: (request, onEvent) => {
      requests += 1;
      return stream(request, onEvent);
    },
    resourceOf: async (apiVersion, kind) => {
      const plural = plurals[kind];
      return plural === undefined
        ? undefined
        : { apiVersion, kind, plural, namespaced: kind !== 'Node' };
    },
    forget: () => undefined,
    now: () => Date.parse(tape.startedAt) + tapeNow(),
    close: () => stop.abort(new Error('the play is over')),
  };
}
