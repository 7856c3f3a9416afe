// Watches a namespace with its own eyes, so that the run's words can be held against the truth.
import type { TestCluster } from './cluster/cluster.ts';

// biome-ignore lint/suspicious/noExplicitAny: a witness reads raw objects freely
type Any = any;

export interface Picture {
  readonly pods: readonly Any[];
  readonly events: readonly Any[];
  readonly jobs: readonly Any[];
}

export type Sight = (picture: Picture) => boolean;

export interface Witness {
  /** When each sight was first true, milliseconds since the epoch. */
  readonly seen: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

const everyMs = 100;

/** Looks ten times a second: what it sees is never earlier than the truth. */
export function watchNamespace(
  cluster: TestCluster,
  namespace: string,
  sights: Readonly<Record<string, Sight>>,
): Witness {
  const seen = new Map<string, number>();
  let running = true;
  const list = async (path: string): Promise<readonly Any[]> =>
    (await cluster.api({ path })).body.items ?? [];
  const look = async () => {
    const [pods, events, jobs] = await Promise.all([
      list(`/api/v1/namespaces/${namespace}/pods`),
      list(`/api/v1/namespaces/${namespace}/events`),
      list(`/apis/batch/v1/namespaces/${namespace}/jobs`),
    ]);
    const now = Date.now();
    for (const [name, sight] of Object.entries(sights)) {
      if (!seen.has(name) && sight({ pods, events, jobs })) seen.set(name, now);
    }
  };
  const loop = async () => {
    while (running) {
      await look();
      await new Promise((done) => setTimeout(done, everyMs));
    }
  };
  const done = loop();
  return {
    seen,
    stop: async () => {
      running = false;
      await done;
      // The run may have ended between two looks.
      await look();
    },
  };
}

const containers = ({ pods }: Picture) => pods.flatMap((pod) => pod.status.containerStatuses ?? []);

/** A container waits for this reason. */
export const waits =
  (reason: RegExp): Sight =>
  (picture) =>
    containers(picture).some((each) => reason.test(each.state?.waiting?.reason ?? ''));

/** A container has died. */
export const died: Sight = (picture) =>
  containers(picture).some((each) => each.state?.terminated ?? each.lastState?.terminated);

/** A container was started again so many times. */
export const restarted =
  (times: number): Sight =>
  (picture) =>
    containers(picture).some((each) => each.restartCount >= times);

/** Events with this reason and message, counted as the kubelet counts them. */
export const happened =
  (reason: string, message: RegExp, times = 1): Sight =>
  ({ events }) =>
    events
      .filter((each) => each.reason === reason && message.test(each.message))
      .reduce((sum, each) => sum + (each.count ?? each.series?.count ?? 1), 0) >= times;

/** The scheduler has said that it cannot place a pod. */
export const unschedulable: Sight = ({ pods }) =>
  pods.some((pod) => pod.status.conditions?.some((each: Any) => each.reason === 'Unschedulable'));

export const podFailed: Sight = ({ pods }) => pods.some((pod) => pod.status.phase === 'Failed');

export const jobFailed: Sight = ({ jobs }) =>
  jobs.some((job) =>
    job.status.conditions?.some(
      (each: Any) => ['Failed', 'FailureTarget'].includes(each.type) && each.status === 'True',
    ),
  );
