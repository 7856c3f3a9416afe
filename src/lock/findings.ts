// The findings about a lock: held by another run, lost, or a missing permission.
import { apiFailure, permissionDenied, roleRule } from '../cluster/api-errors.ts';
import { ActionError, type Finding, finding } from '../core/errors.ts';
import type { ApiRequest, ApiResponse } from '../core/ports.ts';
import { spell } from '../core/text.ts';
import type { KubeObject } from '../kube/objects.ts';
import { holderWords, type LockTarget, leaseName, leaseSeconds } from './lease.ts';

const subject = ({ app, namespace }: LockTarget) => ({
  object: `Lease/${leaseName(app)}`,
  namespace,
});

/** `locked`: another run holds it, and the time to wait for it is up. */
export function lockedFinding(target: LockTarget, lease: KubeObject, waitedMs: number): Finding {
  const { app, namespace } = target;
  const waited = waitedMs > 0 ? `, also after ${spell(waitedMs)}` : '';
  const what = `Another deploy of ${app} holds the lock in namespace ${namespace}${waited}.`;
  return finding('locked', what, {
    ...subject(target),
    evidence: [`held by ${holderWords(lease)}`],
    hint: `Wait for that run or cancel it, or raise lock-timeout. A run that died gives the lock \
up by itself after ${leaseSeconds} s.`,
  });
}

/** `lock-lost`: from here on nothing is written and nothing is undone. */
export function lostFinding(target: LockTarget, now: KubeObject | undefined): Finding {
  const { app, namespace } = target;
  const what = `This run lost the lock of ${app} in namespace ${namespace}: it writes nothing more and undoes nothing.`;
  const words = now ? holderWords(now) : '';
  const evidence = now ? [words ? `now held by ${words}` : 'now held by nobody'] : [];
  return finding('lock-lost', what, {
    ...subject(target),
    evidence: now ? evidence : [`Lease ${leaseName(app)} was deleted`],
    hint: 'Look at how that run ended, then run this one again.',
  });
}

/** All verbs on Leases that the lock needs. */
export const leaseVerbs = ['get', 'list', 'watch', 'create', 'update'] as const;

/** Throws `forbidden` with everything that the lock needs, or the API's other error. */
export function refuseLease(
  target: LockTarget,
  { request, response }: { readonly request: ApiRequest; readonly response: ApiResponse },
): never {
  const failure = apiFailure('Taking the lock', response, request);
  if (!permissionDenied(response)) throw new ActionError({ ...failure, ...subject(target) });
  const rule = roleRule({
    group: 'coordination.k8s.io',
    resource: 'leases',
    verbs: leaseVerbs,
  });
  const where = `a Role in namespace ${target.namespace} that is bound to the account`;
  const hint = `Add this rule to ${where}, or set lock: false:\n${rule}`;
  throw new ActionError({ ...failure, hint });
}
