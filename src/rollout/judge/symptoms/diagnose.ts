// From pods to findings: every symptom of every pod, one finding for each cause.

import { byGravity, finding } from '../../../core/errors.ts';
import type { Patience } from '../../../kube/annotations.ts';
import { type KubeObject, nameOf } from '../../../kube/objects.ts';
import {
  type ContainerStatus,
  type Deployment,
  isPodReady,
  type Pod,
  typed,
} from '../../../kube/typed.ts';
import type {
  ContainerView,
  JudgeContext,
  PodView,
  RevisionPods,
} from '../../facts/judge-context.ts';
import { emptyMemory, remember } from '../../facts/memory.ts';
import { severityOf } from '../../facts/patience.ts';
import { statusesOf } from '../../facts/pod-memory.ts';
import type { Diagnosis, LiveFinding, LogRequest } from '../../facts/verdict.ts';
import { containerSymptoms, podSymptoms } from './symptoms.ts';

interface Seen {
  readonly sign: Diagnosis;
  readonly view: PodView;
  readonly container?: ContainerStatus;
}

/** Symptoms of the pods of one workload, merged by cause, the certain ones first. */
export function diagnosePods(
  owner: KubeObject,
  pods: readonly Pod[],
  {
    revisionPods,
    context,
  }: { readonly revisionPods: RevisionPods; readonly context: JudgeContext },
): readonly LiveFinding[] {
  const groups = new Map<string, Seen[]>();
  const doubtful = pods.filter((pod) => !isWell(pod, context));
  for (const seen of doubtful.flatMap((pod) => seenIn(viewOf(pod, revisionPods, context)))) {
    const { sign, container } = seen;
    const key = [sign.code, container?.name ?? '', sign.cause ?? sign.what].join('|');
    groups.set(key, [...(groups.get(key) ?? []), seen]);
  }
  return [...groups.values()].flatMap((group) => merge(owner, group)).sort(byGravity);
}

/** A finding about the workload itself. */
export function findingOf(
  owner: KubeObject,
  sign: Diagnosis,
  patience: Patience = 'normal',
): LiveFinding {
  const { namespace } = owner.metadata;
  return {
    ...finding(sign.code, `${nameOf(owner)}: ${sign.what}`, {
      severity: severityOf(sign, patience),
      object: nameOf(owner),
      ...(namespace === undefined ? {} : { namespace }),
      evidence: sign.evidence.filter((line) => line !== ''),
      ...(sign.hint === undefined ? {} : { hint: sign.hint }),
    }),
    ...(sign.proof ? { proof: sign.proof } : {}),
    ...(sign.fatalAt === undefined ? {} : { fatalAt: sign.fatalAt }),
    cause: [sign.code, sign.cause ?? sign.what].join('|'),
  };
}

/** Ready, never restarted, and nobody said anything about it: no symptom can be seen in it. */
function isWell(pod: Pod, { snapshot }: JudgeContext): boolean {
  const isSteady = statusesOf(pod).every(({ ready, restartCount }) => ready && restartCount === 0);
  return isPodReady(pod) && isSteady && snapshot.eventsOf(pod.metadata?.uid ?? '').length === 0;
}

function viewOf(pod: Pod, revisionPods: RevisionPods, context: JudgeContext): PodView {
  const uid = pod.metadata?.uid ?? '';
  const known = context.memory.pods.get(uid);
  const past = known ?? remember(emptyMemory, typed(pod as never), context.now).pods.get(uid);
  const events = context.snapshot.eventsOf(uid);
  return {
    pod,
    past: past ?? { owner: '', reached: 0, signals: new Map(), containers: new Map() },
    events,
    revisionPods,
    context,
  };
}

function seenIn(view: PodView): readonly Seen[] {
  const ofPod = podSymptoms.flatMap(({ sees }) => {
    const sign = sees(view);
    return sign ? [{ sign, view }] : [];
  });
  if (ofPod[0]) return [ofPod[0]];
  return statusesOf(view.pod).flatMap((status) => {
    const container = containerView(view, status);
    if (!container) return [];
    for (const { sees } of containerSymptoms) {
      const sign = sees(container);
      if (sign) return [{ sign, view, container: status }];
    }
    return [];
  });
}

function containerView(view: PodView, status: ContainerStatus): ContainerView | undefined {
  const run = view.past.containers.get(status.name);
  if (!run) return undefined;
  const init = view.pod.spec?.initContainers?.find((each) => each.name === status.name);
  const spec = init ?? view.pod.spec?.containers.find((each) => each.name === status.name);
  const role = !init ? 'container' : init.restartPolicy === 'Always' ? 'sidecar' : 'init container';
  return { ...view, spec, status, run, role };
}

function restartsOf({ view, container }: Seen): number {
  return view.past.containers.get(container?.name ?? '')?.restarts ?? 0;
}

function merge(owner: KubeObject, group: readonly Seen[]): readonly LiveFinding[] {
  const [worst] = [...group].sort(
    (a, b) => Number(b.sign.certain) - Number(a.sign.certain) || restartsOf(b) - restartsOf(a),
  );
  if (!worst) return [];
  const { sign, view, container } = worst;
  const base = findingOf(owner, sign, view.context.patience);
  const times = group.flatMap((each) => each.sign.fatalAt ?? []);
  const pod = view.pod.metadata?.name;
  const node = view.pod.spec?.nodeName;
  return [
    {
      ...base,
      evidence: [...base.evidence, ...injectedWords(owner, container), ...othersOf(group)],
      ...(pod === undefined ? {} : { pod }),
      ...(container ? { container: container.name } : {}),
      ...(times.length ? { fatalAt: Math.min(...times) } : {}),
      ...(node === undefined ? {} : { node }),
      count: group.length,
      cause: [sign.code, container?.name ?? '', sign.cause ?? sign.what].join('|'),
      ...(sign.logs ? { logs: logsOf(worst) } : {}),
      ...(sign.foreign ? { foreign: true } : {}),
    },
  ];
}

/** A webhook may put containers into pods that nobody finds in the manifest. */
function injectedWords(owner: KubeObject, container?: ContainerStatus): readonly string[] {
  const { template } = typed<Deployment>(owner).spec ?? {};
  const { containers = [], initContainers = [] } = template?.spec ?? {};
  if (!container || containers.length === 0) return [];
  const own = [...containers, ...initContainers].some(({ name }) => name === container.name);
  return own ? [] : [`container ${container.name} is not in the template: it was injected`];
}

function othersOf(group: readonly Seen[]): readonly string[] {
  if (group.length < 2) return [];
  const names = group.map(({ view }) => view.pod.metadata?.name ?? '');
  const nodes = new Set(group.flatMap(({ view }) => view.pod.spec?.nodeName ?? []));
  const shown = names.slice(0, 5).join(', ') + (names.length > 5 ? ', …' : '');
  return [
    `${group.length} pods: ${shown}`,
    ...(nodes.size > 1 ? [`nodes: ${[...nodes].slice(0, 5).join(', ')}`] : []),
  ];
}

/** The container that died first, then the one that runs now. */
function logsOf({ view, container }: Seen): readonly LogRequest[] {
  if (!container) return [];
  const request = {
    namespace: view.pod.metadata?.namespace ?? '',
    pod: view.pod.metadata?.name ?? '',
    container: container.name,
  };
  const current: LogRequest = { ...request, previous: false };
  return container.restartCount > 0 ? [{ ...request, previous: true }, current] : [current];
}
