// DaemonSets: the pods of the newest ControllerRevision, on nodes that can run them.
import type { KubeObject } from '../../../kube/objects.ts';
import { conditionOf, type DaemonSet, isPodReady, type Pod, typed } from '../../../kube/typed.ts';
import type { JudgeContext } from '../../facts/judge-context.ts';
import type { SignalRow } from '../../facts/verdict.ts';
import { type LiveFinding, type Verdict, verdictOf } from '../../facts/verdict.ts';
import { findingOf } from '../symptoms/diagnose.ts';
import { groupFindings, podsOf, startedWords, unsteadyPods } from './pods.ts';
import { onDeleteFinding } from './stateful-set.ts';

export const daemonSetRows: readonly SignalRow[] = [
  ['DaemonSet: no node matches', 'unschedulable', 'never', 'daemonset/no-nodes'],
  [
    'DaemonSet: fewer nodes than maxUnavailable are stuck, others have it',
    'crash-loop',
    'never',
    'daemonset/stuck-node',
  ],
];

const hashKey = 'controller-revision-hash';
const templateKey = 'pod-template-generation';
const templateAnnotation = 'deprecated.daemonset.template.generation';

/** The hash of the newest revision; undefined where revisions cannot be read. */
function newestHash(live: KubeObject, context: JudgeContext): string | undefined {
  const revisions = context.snapshot.childrenOf(live.metadata.uid ?? '', 'apps/ControllerRevision');
  const [newest] = [...revisions].sort((a, b) => Number(b['revision']) - Number(a['revision']));
  return newest?.metadata.labels?.[hashKey];
}

function isNew(live: KubeObject, context: JudgeContext): (pod: Pod) => boolean {
  const hash = newestHash(live, context);
  if (hash !== undefined) return (pod) => pod.metadata?.labels?.[hashKey] === hash;
  const generation = live.metadata.annotations?.[templateAnnotation];
  return (pod) => pod.metadata?.labels?.[templateKey] === generation;
}

function isDown(node: KubeObject | undefined): boolean {
  return node !== undefined && conditionOf(node, 'Ready')?.status !== 'True';
}

// A pod on a node that is down will not come: waiting for it would hang on one dead node.
function unreachable(pods: readonly Pod[], context: JudgeContext): number {
  return pods.filter((pod) => {
    const node = pod.spec?.nodeName ?? '';
    return !isPodReady(pod) && isDown(context.snapshot.get('Node', '', node));
  }).length;
}

/** Judges a DaemonSet whose new spec the controller has seen. */
export function judgeDaemonSet(live: KubeObject, context: JudgeContext): Verdict {
  const { spec, status } = typed<DaemonSet>(live);
  const all = podsOf(live.metadata.uid ?? '', context);
  const pods = all.filter(isNew(live, context));
  const desired = status?.desiredNumberScheduled ?? 0;
  const dead = unreachable(all, context);
  const want = Math.max(0, desired - dead);
  const onDelete = spec?.updateStrategy?.type === 'OnDelete';
  const updated = status?.updatedNumberScheduled ?? 0;
  const available = status?.numberAvailable ?? 0;
  const have = onDelete ? available : Math.min(updated, available);
  const progress = [{ what: 'available', have, want }];
  const words = `${have} of ${want} available${dead > 0 ? `, ${dead} on nodes that are down` : ''}`;
  const updatedEnough = onDelete || updated >= want;
  if (updatedEnough && available >= want && unsteadyPods(pods, context) === 0) {
    const findings = readyFindings(live, { desired, onDelete, updated });
    const { template, minReadySeconds } = spec ?? {};
    const started = want === 0 ? '' : startedWords(template?.spec, minReadySeconds);
    return verdictOf('ready', `${words}${started}`, { progress, findings });
  }
  const group = {
    owner: live,
    maker: live,
    pods,
    olderPods: all.length - pods.length,
    short: all.length < desired,
  };
  const bear = bearableOf(live, { desired, haveIt: pods.filter(isPodReady).length });
  const findings = groupFindings(group, context).map(bear);
  return verdictOf('waiting', words, { progress, findings });
}

interface Spread {
  readonly desired: number;
  /** Pods of the new revision that are Ready. */
  readonly haveIt: number;
}

/** What hits few nodes while others have the release is the nodes' affair: it may still heal. */
function bearableOf(live: KubeObject, { desired, haveIt }: Spread) {
  const { maxUnavailable = 1 } = typed<DaemonSet>(live).spec?.updateStrategy?.rollingUpdate ?? {};
  const most =
    typeof maxUnavailable === 'number'
      ? maxUnavailable
      : Math.ceil((desired * Number.parseInt(String(maxUnavailable), 10)) / 100);
  return (found: LiveFinding): LiveFinding => {
    const stuck = found.count ?? desired;
    if (found.severity !== 'fatal' || haveIt === 0 || stuck >= most) return found;
    const note = `stuck on ${stuck} of ${desired} nodes, ${haveIt} have it; maxUnavailable bears ${most}`;
    return { ...found, severity: 'warning', evidence: [...found.evidence, note] };
  };
}

interface Reached {
  readonly desired: number;
  readonly onDelete: boolean;
  readonly updated: number;
}

function readyFindings(
  live: KubeObject,
  { desired, onDelete, updated }: Reached,
): readonly LiveFinding[] {
  if (onDelete && updated < desired) return [onDeleteFinding(live)];
  if (desired > 0) return [];
  return [
    findingOf(live, {
      code: 'unschedulable',
      severity: 'warning',
      certain: false,
      what: 'no node matches it, so it runs nowhere',
      evidence: ['status.desiredNumberScheduled: 0'],
      hint: 'Correct nodeSelector, affinity or tolerations if it should run somewhere.',
    }),
  ];
}
