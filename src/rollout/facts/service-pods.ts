// Whether a Service finds pods: its selector and named ports, compared with the pods that exist.
import { plain } from '../../core/plain-text.ts';
import { type KubeObject, nameOf } from '../../kube/objects.ts';
import { type Deployment, type Pod, type PodSpec, type Service, typed } from '../../kube/typed.ts';
import type { JudgeContext } from './judge-context.ts';
import { choices, nearest } from './nearest.ts';
import type { Diagnosis, SignalRow } from './verdict.ts';

export const servicePodRows: readonly SignalRow[] = [
  [
    'Service: its selector misses every pod by a label',
    'service-mismatch',
    'never',
    'service/selector-wrong',
  ],
  [
    'Service: targetPort names no port of its pods',
    'service-mismatch',
    'never',
    'service/port-wrong',
  ],
];

type Labels = Readonly<Record<string, string>>;

interface Candidate {
  readonly name: string;
  readonly labels: Labels;
  readonly spec: PodSpec | undefined;
}

const workloadKinds = ['apps/Deployment', 'apps/StatefulSet', 'apps/DaemonSet'];

function workloadsIn(namespace: string, { snapshot }: JudgeContext): readonly Candidate[] {
  return workloadKinds.flatMap((kind) =>
    snapshot.all(kind, namespace).map((each) => {
      const { template } = typed<Deployment>(each).spec ?? {};
      return {
        name: nameOf(each),
        labels: template?.metadata?.labels ?? {},
        spec: template?.spec,
      };
    }),
  );
}

function podsIn(namespace: string, { snapshot }: JudgeContext): readonly Candidate[] {
  return snapshot.all('Pod', namespace).map((each) => ({
    name: nameOf(each),
    labels: each.metadata.labels ?? {},
    spec: typed<Pod>(each).spec,
  }));
}

const selects = (selector: Labels, { labels }: Candidate): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);

/** What is wrong between a Service and the known pods; undefined where nothing is. */
export function mismatchOf(live: KubeObject, context: JudgeContext): Diagnosis | undefined {
  const { selector } = typed<Service>(live).spec ?? {};
  const { namespace = '' } = live.metadata;
  if (!selector || Object.keys(selector).length === 0) return undefined;
  const workloads = workloadsIn(namespace, context);
  const own = workloads.filter((each) => selects(selector, each));
  if (own.length > 0) return portSign(live, own);
  const pods = podsIn(namespace, context);
  const running = pods.filter((each) => selects(selector, each));
  if (running.length > 0) return portSign(live, running);
  return selectorSign(selector, [...workloads, ...pods]);
}

// Only a near miss is reported: another release, or an operator, may create the pods later.
function selectorSign(selector: Labels, candidates: readonly Candidate[]): Diagnosis | undefined {
  const pairs = Object.entries(selector);
  for (const { name, labels } of candidates) {
    const off = pairs.filter(([key, value]) => labels[key] !== value);
    const [key = '', value = ''] = off[0] ?? [];
    const has = labels[key];
    const isNear = has === undefined ? nearKey(key, value, labels) : isSlip(value, has);
    if (off.length !== 1 || !(isNear || (pairs.length > 2 && has !== undefined))) continue;
    return {
      code: 'service-mismatch',
      severity: 'warning',
      certain: false,
      what: 'its selector matches no pod',
      evidence: [
        plain(`selector: ${key}=${value}`),
        plain(
          `the nearest, ${name}, has ${has === undefined ? nearKey(key, value, labels) : `${key}=${has}`}`,
        ),
      ],
      hint: 'Correct spec.selector: it must match the labels of the pods.',
    };
  }
  return undefined;
}

const isSlip = (value: string, has: string): boolean => nearest(value, [has]) !== undefined;

function nearKey(key: string, value: string, labels: Labels): string | undefined {
  const close = Object.entries(labels).find(([own, has]) => has === value && isSlip(key, own));
  return close && `${close[0]}=${close[1]}`;
}

function portSign(live: KubeObject, own: readonly Candidate[]): Diagnosis | undefined {
  const names = own.flatMap(({ spec }) =>
    [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].flatMap((each) =>
      (each.ports ?? []).flatMap(({ name }) => name ?? []),
    ),
  );
  const wrong = (typed<Service>(live).spec?.ports ?? []).find(
    ({ targetPort }) => typeof targetPort === 'string' && !names.includes(targetPort),
  );
  if (!wrong) return undefined;
  const target = String(wrong.targetPort);
  const known = [...new Set(names)];
  return {
    code: 'service-mismatch',
    severity: 'warning',
    certain: false,
    what: plain(`its targetPort ${target} is not a port of the pods that it selects`, 200),
    evidence: [
      known.length > 0
        ? plain(`ports of ${own[0]?.name}: ${choices(target, known)}`)
        : plain(`${own[0]?.name} names no ports`),
    ],
    hint: 'Give the container port that name, or correct targetPort.',
  };
}
