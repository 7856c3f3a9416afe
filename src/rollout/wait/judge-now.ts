// One look at workloads without waiting, for `status`.
import type { Api } from '../../cluster/api.ts';
import { listAll } from '../../cluster/list.ts';
import { ActionError, finding } from '../../core/errors.ts';
import type { AwaitResult } from './await-rollout.ts';
import { conclude } from './conclude.ts';
import { withLogs } from './rollout-evidence.ts';
import { readProof } from './rollout-proof.ts';
import { createView, type JudgeOptions, type View, workloadsOf } from './rollout-view.ts';
import { type WatchedKind, watchPlan } from './watch-plan.ts';

/** One list per kind and namespace. What only time could prove stays a warning. */
export async function judgeNow(
  options: JudgeOptions,
): Promise<Pick<AwaitResult, 'workloads' | 'findings'>> {
  const { api, clock, targets } = options;
  const signal = options.signal ?? new AbortController().signal;
  const view = createView(options);
  const from = clock.now();
  const plan = watchPlan(targets.map(({ object }) => object));
  await Promise.all(plan.map((each) => look(each, view, { ...options, signal })));
  await prove(view, api, signal);
  const { judged } = view.judgeAll();
  const findings = await withLogs(api, conclude(judged, undefined), {
    logLines: options.logLines,
    signal,
  });
  const workloads = workloadsOf(judged, { from, now: clock.now(), settledAt: new Map() });
  return { workloads, findings };
}

type Looking = Pick<JudgeOptions, 'api' | 'onLine'> & { readonly signal: AbortSignal };

async function look(watched: WatchedKind, view: View, options: Looking): Promise<void> {
  const { api, signal, onLine } = options;
  const { apiVersion, kind, namespace, optional, fieldSelector, keep } = watched;
  try {
    const resource = await api.resourceOf(apiVersion, kind);
    if (!resource) {
      throw new ActionError(
        finding('kind-unknown', `The cluster does not serve ${kind} of ${apiVersion}.`),
      );
    }
    const selection = {
      signal,
      ...(namespace === undefined ? {} : { namespace }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...(keep ? { keep } : {}),
    };
    const { objects } = await listAll(api, resource, selection);
    view.take(watched, { type: 'synced', objects });
  } catch (error) {
    if (!optional || !(error instanceof ActionError)) throw error;
    onLine?.(`${error.message} Going on without.`);
  }
}

async function prove(view: View, api: Api, signal: AbortSignal): Promise<void> {
  const proofs = view
    .judgeAll()
    .judged.flatMap(({ verdict: { findings, asks = [] } }) => [
      ...findings.flatMap((each) => each.proof ?? []),
      ...asks,
    ]);
  await Promise.all(
    proofs.map(async (proof) => view.answer(proof, await readProof(api, proof, signal))),
  );
}
