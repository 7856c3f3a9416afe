// Why the controller's own pods may be accepted although a dry-run pod was refused.

import { items, sameJson, textAt } from '../kube/json.ts';
import { isBuiltIn } from '../kube/kinds.ts';
import { type KubeObject, kindKey, nameOf } from '../kube/objects.ts';
import type { Preflight } from './check.ts';
import { mayStillCome } from './makers.ts';
import { isOfResources, looksAtCaller, type PodRefusal } from './pod-refusals.ts';
import type { RunObject } from './run-objects.ts';
import type { WorkloadPods } from './workload-pods.ts';

export interface Refused {
  readonly workload: WorkloadPods;
  readonly by: PodRefusal;
  /** The API's message, safe to show. */
  readonly words: string;
  /** `Kind/name` of what the run has yet to make, and was left out of the pod. */
  readonly left: readonly string[];
}

/** What the refusal rests on may be another one once the run has written it. Pure. */
export function changedByRun(
  { workload, by, words }: Refused,
  { run }: Pick<Preflight, 'run'>,
): string | undefined {
  const { namespace } = workload.object.metadata;
  const isIt = deciders[by.by];
  const changed = run.all.find((each) => each.changes && isIt(each, { namespace, by, words }));
  return changed && `this run changes ${nameOf(changed.object)}, which may decide otherwise then`;
}

interface Around {
  readonly namespace: string | undefined;
  readonly by: PodRefusal;
  readonly words: string;
}

type Decider = (each: RunObject, around: Around) => boolean;

const isRangeHere: Decider = ({ object }, { namespace }) =>
  kindKey(object) === 'LimitRange' && object.metadata.namespace === namespace;

/** Of the pod security admission, or of any check: many look at labels of the namespace. */
const hasOtherLabels =
  (prefix: string): Decider =>
  ({ object, planned }, { namespace }) =>
    kindKey(object) === 'Namespace' &&
    object.metadata.name === namespace &&
    !sameJson(labelsOf(planned?.live, prefix), labelsOf(object, prefix));

const labelsOf = (object: KubeObject | undefined, prefix: string) =>
  Object.fromEntries(
    Object.entries(object?.metadata.labels ?? {}).filter(([key]) => key.startsWith(prefix)),
  );

const isPolicy: Decider = ({ object }, { by }) =>
  by.by === 'policy' &&
  kindKey(object).startsWith('admissionregistration.k8s.io/ValidatingAdmissionPolicy') &&
  [object.metadata.name, textAt(object, 'spec', 'policyName')].some(
    (each) => each === by.name || each === by.binding,
  );

const isWebhook: Decider = ({ object }, { by }) =>
  by.by === 'webhook' && items(object['webhooks']).some((each) => textAt(each, 'name') === by.name);

/** The parameters of a policy, or a policy of another engine. */
const isNamedCustom: Decider = ({ object }, { words }) =>
  !isBuiltIn(object) && words.split(/[^\w.-]+/).includes(object.metadata.name);

const any =
  (...all: readonly Decider[]): Decider =>
  (each, around) =>
    all.some((is) => is(each, around));

const deciders: Readonly<Record<PodRefusal['by'], Decider>> = {
  // What the run makes was left out of the pod.
  need: () => false,
  'pod security': hasOtherLabels('pod-security.kubernetes.io/'),
  'limit range': isRangeHere,
  validation: any(isRangeHere, isNamedCustom),
  policy: any(isPolicy, hasOtherLabels(''), isNamedCustom),
  webhook: any(isWebhook, hasOtherLabels(''), isNamedCustom),
  'another check': any(hasOtherLabels(''), isNamedCustom),
};

/**
 * Why the controller's own pods may be accepted all the same; undefined: they are refused for certain.
 * `livePasses`: whether a pod of the live version passes; undefined where there is none.
 */
export async function doubtAbout(
  refusal: Refused,
  preflight: Preflight,
  livePasses: () => Promise<boolean | undefined>,
): Promise<string | undefined> {
  const { workload, by, left } = refusal;
  const { namespace } = workload.object.metadata;
  const tried = `its pod was tried without ${left.join(' and ')}, which this run makes`;
  switch (by.by) {
    case 'need': {
      const { kind } = by.need;
      const at = kind === 'ServiceAccount' ? namespace : undefined;
      return mayStillCome({ kind, namespace: at, name: by.name }, workload, preflight);
    }
    case 'limit range':
      return undefined;
    case 'pod security':
      // A RuntimeClass may be exempt from it.
      return left.some((each) => each.startsWith('RuntimeClass/')) ? tried : undefined;
    case 'validation':
      if (isOfResources(by.fields)) return undefined;
  }
  return left.length > 0 ? tried : aboutCaller(by, preflight, livePasses);
}

const who = 'who asks may be looked at';

/** What others have written may look at anything: a policy can be read, a webhook cannot. */
async function aboutCaller(
  by: PodRefusal,
  preflight: Preflight,
  livePasses: () => Promise<boolean | undefined>,
): Promise<string | undefined> {
  const policy = by.by === 'policy' ? await policyOf(by.name, preflight) : undefined;
  if (policy && looksAtCaller(policy)) return `${who} by the policy, and it is the controller then`;
  if (policy && hasNewParameters(policy, preflight)) {
    return 'this run changes what the policy reads';
  }
  const passes = await livePasses();
  if (passes === false) return 'a pod of the live version is refused in the same way, and it runs';
  return passes || policy ? undefined : `${who}, and it is the controller then`;
}

const policies = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  namespaced: false,
};

/** Undefined where it may not be read. */
async function policyOf(name: string, { cluster }: Preflight): Promise<KubeObject | undefined> {
  const read = await cluster.get(policies, undefined, name);
  return read.state === 'known' ? read.value : undefined;
}

function hasNewParameters(policy: KubeObject, { run }: Preflight): boolean {
  const apiVersion = textAt(policy, 'spec', 'paramKind', 'apiVersion');
  const kind = textAt(policy, 'spec', 'paramKind', 'kind');
  return run.all.some(
    ({ object, changes }) => changes && object.kind === kind && object.apiVersion === apiVersion,
  );
}
