// The check that dry-runs a pod of each workload: what admission refuses of it, it refuses of the controller.

import type { Unverified } from '../apply/planned/change.ts';
import type { PlannedObject } from '../apply/planned/planned-object.ts';
import type { Finding } from '../core/errors.ts';
import { plain } from '../core/plain-text.ts';
import { counted } from '../core/text.ts';
import type { Path } from '../kube/document.ts';
import { items, valueAt } from '../kube/json.ts';
import { resourceOfKind } from '../kube/kinds.ts';
import { type KubeObject, nameOf } from '../kube/objects.ts';
import { podSpecOf } from '../kube/pod-template.ts';
import { wordsOf } from '../rejection/rejection.ts';
import { choices, nearest } from '../rollout/facts/nearest.ts';
import { type Asked, askPod, triedPod } from './ask-pod.ts';
import type { Check, CheckResult, Preflight } from './check.ts';
import { madePod } from './made-pod.ts';
import { type PodProblem, podFinding } from './pod-finding.ts';
import type { PodRefusal } from './pod-refusals.ts';
import { changedByRun, doubtAbout, type Refused } from './refusal-doubts.ts';
import type { WorkloadPods } from './workload-pods.ts';

const needResources = {
  ServiceAccount: resourceOfKind('ServiceAccount'),
  PriorityClass: resourceOfKind('scheduling.k8s.io/PriorityClass'),
  RuntimeClass: resourceOfKind('node.k8s.io/RuntimeClass'),
};
export const dryRunPods: Check = {
  name: 'pods',
  async run(preflight) {
    const tries = preflight.workloads.flatMap((each) => tryOf(each, preflight) ?? []);
    const alike = [...Map.groupBy(tries, ({ pod }) => shapeOf(pod)).values()];
    const results = (await Promise.all(alike.map((same) => ofAlike(same, preflight)))).flat();
    return {
      findings: results.flatMap((each) => (each && 'finding' in each ? [each.finding] : [])),
      unchecked: leftOut(results.flatMap((each) => (each && 'why' in each ? [each] : []))),
    };
  },
};

/** A pod to be tried, and `Kind/name` of what was left out of it. */
interface Try {
  readonly workload: WorkloadPods;
  readonly pod: KubeObject;
  readonly left: readonly string[];
}

/**
 * Undefined: nothing is tried. A bare Pod was dry-run as it is, a workload that stays as it is has its
 * pods already, and what could not be dry-run has been said.
 */
function tryOf(workload: WorkloadPods, preflight: Preflight): Try | undefined {
  const { planned, starts } = workload;
  const stays = starts === undefined && planned.change === 'unchanged';
  if (stays || planned.unverified !== undefined) return undefined;
  const tried = triedPod(workload, preflight);
  return tried && { workload, ...tried };
}

/** Pods of one shape pass or fail admission together, unless a check knows them by name or label. */
function shapeOf({ metadata, spec }: KubeObject): string {
  const { namespace, labels = {}, annotations = {}, ownerReferences } = metadata;
  const keys = [labels, annotations].map((each) => Object.keys(each).sort());
  return JSON.stringify([namespace, ownerReferences?.[0]?.kind, keys, spec]);
}

interface LeftOut {
  readonly workload: WorkloadPods;
  readonly why: string;
}

type Result = { readonly finding: Finding } | LeftOut | undefined;

/** One is asked for; where it is refused, so is every other one, since each may have its own reason. */
async function ofAlike(
  [first, ...others]: readonly Try[],
  preflight: Preflight,
): Promise<readonly Result[]> {
  if (!first) return [];
  const asked = await askPod(first.pod, preflight);
  if (asked.by === 'nobody') return [];
  if (asked.by === 'chance') {
    return [first, ...others].map(({ workload }) => ({ workload, why: asked.why }));
  }
  const rest = others.map(async (each) =>
    resultOf(each, await askPod(each.pod, preflight), preflight),
  );
  return Promise.all([resultOf(first, asked, preflight), ...rest]);
}

async function resultOf(
  { workload, left }: Try,
  asked: Asked,
  preflight: Preflight,
): Promise<Result> {
  if (asked.by === 'nobody') return undefined;
  if (asked.by === 'chance') return { workload, why: asked.why };
  const { by, message } = asked;
  const words = wordsOf(workload.object, message);
  return { finding: await refused({ workload, by, words, left }, preflight) };
}

async function refused(refusal: Refused, preflight: Preflight): Promise<Finding> {
  const { workload, by, words } = refusal;
  const changing = changedByRun(refusal, preflight);
  const livePasses = () => passesLive(workload.planned, preflight);
  const doubt = changing ?? (await doubtAbout(refusal, preflight, livePasses));
  const { evidence, ...described } = await describe(workload, by, preflight);
  return podFinding(workload, {
    ...described,
    evidence: [plain(words, 1_000), ...evidence],
    doubt,
    ...(changing === undefined ? {} : { doubtful: 'note' as const }),
  });
}

/** Whether a pod of the version that is live now passes; undefined where there is none. */
async function passesLive(
  { live }: PlannedObject,
  preflight: Preflight,
): Promise<boolean | undefined> {
  if (!live || live.metadata.deletionTimestamp) return undefined;
  const pod = madePod(live);
  return pod && (await askPod(pod, preflight)).by === 'nobody';
}

type Described = Pick<PodProblem, 'code' | 'what' | 'field' | 'hint' | 'evidence'>;

/** What refuses the pods, and the field of the pod's spec that it is about. */
async function describe(
  workload: WorkloadPods,
  by: PodRefusal,
  preflight: Preflight,
): Promise<Described> {
  const denied = { code: 'admission-denied', field: [], evidence: [] } as const;
  switch (by.by) {
    case 'need':
      return missingNeed(by, workload, preflight);
    case 'pod security':
      return {
        ...denied,
        what: `the pod security level ${plain(by.level, 80)} of its namespace refuses its pods`,
        field: ['securityContext'],
        hint: 'Change the securityContext as the evidence says.',
      };
    case 'limit range':
      return {
        ...denied,
        what: 'a LimitRange refuses its pods',
        field: resourcesOf(podSpecOf(workload.object)),
        hint: 'Bring requests and limits within the LimitRange of the namespace.',
      };
    case 'policy':
      return { ...denied, what: `the admission policy ${plain(by.name, 253)} refuses its pods` };
    case 'webhook':
      return { ...denied, what: `the admission webhook ${plain(by.name, 253)} refuses its pods` };
    case 'validation':
      return {
        code: 'manifest-invalid',
        what: 'its pods are invalid once defaults are filled in',
        field: by.fields[0]?.slice(1) ?? [],
        hint: 'Write what the evidence names into the pod template; a LimitRange fills in the rest.',
        evidence: [],
      };
    case 'another check':
      return { ...denied, what: 'admission control refuses its pods' };
  }
}

async function missingNeed(
  { need: { kind, fields }, name }: Extract<PodRefusal, { readonly by: 'need' }>,
  { object }: WorkloadPods,
  { cluster }: Preflight,
): Promise<Described> {
  const listed = await cluster.heads(needResources[kind], object.metadata.namespace);
  const names = listed.state === 'known' ? listed.value.map(({ metadata }) => metadata.name) : [];
  const near = nearest(name, names);
  const [field = ''] = fields;
  return {
    code: 'config-missing',
    what: `its ${kind} ${plain(name, 253)} does not exist, so its pods are refused`,
    field: [field],
    hint: near
      ? `Did you mean ${plain(near, 253)}? Correct ${field}.`
      : `Create the ${kind} first, add it to the manifests, or correct ${field}.`,
    evidence: names.length > 0 ? [plain(`${kind}s there are: ${choices(name, names)}`)] : [],
  };
}

/** The first container that writes its own. */
function resourcesOf(spec: unknown): Path {
  const containers = items(valueAt(spec, ['containers']));
  const at = containers.findIndex((each) => valueAt(each, ['resources']) !== undefined);
  return ['containers', Math.max(0, at), 'resources'];
}

/** One line for each reason, however many workloads have it. */
function leftOut(all: readonly LeftOut[]): CheckResult['unchecked'] {
  return [...Map.groupBy(all, ({ why }) => why)].map(([why, same]): Unverified => {
    const [first] = same;
    const whose =
      first && same.length === 1 ? nameOf(first.workload.object) : counted(same.length, 'workload');
    return { object: `the pods of ${whose}`, why };
  });
}
