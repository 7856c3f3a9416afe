// The dry-run POST of one pod: shared by the checks that need its answer, so that each pod is asked once.

import { forbiddenFinding, statusOf } from '../cluster/api-errors.ts';
import { ActionError } from '../core/errors.ts';
import { resourceOfKind } from '../kube/kinds.ts';
import { managerOf } from '../kube/managed-fields.ts';
import type { KubeObject } from '../kube/objects.ts';
import { pathOf } from '../kube/paths.ts';
import type { Preflight } from './check.ts';
import { madePod, type PodNeed, withoutComing } from './made-pod.ts';
import { type PodAnswer, type PodRefusal, podAnswer } from './pod-refusals.ts';
import type { WorkloadPods } from './workload-pods.ts';

const pods = resourceOfKind('Pod');
/** A webhook that takes longer than this is not waited for: it may be one that hangs. */
const answerMs = 5_000;

/** `message`: what the API said, as it came. */
export type Asked =
  | {
      readonly by: 'nobody';
      /** As admission has filled it in; absent where only a quota refused it. */
      readonly pod?: KubeObject;
      /** What a quota said. */
      readonly quota?: string;
    }
  | Extract<PodAnswer, { readonly by: 'chance' }>
  | { readonly by: PodRefusal; readonly message: string };

const keyOfNeed: Readonly<Record<PodNeed['kind'], string>> = {
  ServiceAccount: 'ServiceAccount',
  PriorityClass: 'scheduling.k8s.io/PriorityClass',
  RuntimeClass: 'node.k8s.io/RuntimeClass',
};

/**
 * A pod of the workload without what the run has yet to make, and `Kind/name` of what was left out of it;
 * undefined for a kind whose controller we do not know.
 */
export function triedPod({ object }: WorkloadPods, { run }: Preflight) {
  const pod = madePod(object);
  const { namespace } = object.metadata;
  return (
    pod &&
    withoutComing(pod, (kind, name) => {
      const at = kind === 'ServiceAccount' ? namespace : undefined;
      const own = run.find(keyOfNeed[kind], at, name);
      return own !== undefined && own.planned?.live === undefined;
    })
  );
}

const known = new WeakMap<Preflight, Map<string, Promise<Asked>>>();

/** The same pod is asked for once in a preflight. */
export function askPod(pod: KubeObject, preflight: Preflight): Promise<Asked> {
  const answers = known.get(preflight) ?? new Map<string, Promise<Asked>>();
  known.set(preflight, answers);
  const key = JSON.stringify(pod);
  const answer = answers.get(key) ?? ask(pod, preflight);
  answers.set(key, answer);
  return answer;
}

async function ask(pod: KubeObject, { api, app, signal }: Preflight): Promise<Asked> {
  const { namespace } = pod.metadata;
  const query = { dryRun: 'All', fieldManager: managerOf(app), fieldValidation: 'Ignore' };
  const path = pathOf(pods, { namespace, query });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
  const request = { method: 'POST', path, body: pod, signal: limit } as const;
  try {
    const response = await api.send(request);
    const answer = podAnswer(response, pod);
    const message = statusOf(response)?.message ?? '';
    if (answer.by === 'nobody') {
      if (response.status <= 201) return { by: 'nobody', pod: response.body as KubeObject };
      return /quota/.test(message) ? { by: 'nobody', quota: message } : { by: 'nobody' };
    }
    if (answer.by === 'chance') return answer;
    if (answer.by === 'rights')
      return { by: 'chance', why: forbiddenFinding(response, request).what };
    return { by: answer, message };
  } catch (error) {
    if (!limit.aborted && !(error instanceof ActionError)) throw error;
    const why =
      error instanceof ActionError ? error.findings[0].what : 'there was no answer in time';
    return { by: 'chance', why };
  }
}
