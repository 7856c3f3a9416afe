// The check of quotas: whether what the rollout needs at the least can fit, in any order of events.

import type { PlannedObject } from '../apply/planned/planned-object.ts';
import type { Finding } from '../core/errors.ts';
import { plain } from '../core/plain-text.ts';
import { fieldsAt, items, textAt, valueAt } from '../kube/json.ts';
import { resourceOfKind } from '../kube/kinds.ts';
import { type KubeObject, kindKey } from '../kube/objects.ts';
import { podSpecOf } from '../kube/pod-template.ts';
import { amountOf } from '../kube/quantity.ts';
import type { Resource } from '../kube/resource.ts';
import { askPod, triedPod } from './ask-pod.ts';
import type { Check, Preflight } from './check.ts';
import { type Amounts, added, podAmounts, smaller, times } from './pod-amounts.ts';
import { podFinding } from './pod-finding.ts';
import type { WorkloadPods } from './workload-pods.ts';

const quotas: Resource = {
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  namespaced: true,
};
const autoscalers = resourceOfKind('autoscaling/HorizontalPodAutoscaler');

export const quota: Check = {
  name: 'quotas',
  ahead({ documents, namespace, cluster }) {
    const places = documents.map(({ object }) => object.metadata.namespace ?? namespace);
    for (const at of new Set(places)) if (at !== undefined) void cluster.list(quotas, at);
  },
  async run(preflight) {
    const starting = preflight.workloads.filter(
      ({ starts, planned }) => starts !== undefined && planned.unverified === undefined,
    );
    const places = Map.groupBy(starting, ({ object }) => object.metadata.namespace);
    const results = await Promise.all(
      [...places].map(([namespace, own]) => inNamespace(namespace, own, preflight)),
    );
    return {
      findings: results.flatMap(({ findings }) => findings),
      unchecked: results.flatMap(({ unchecked }) => unchecked),
    };
  },
};

type Result = Awaited<ReturnType<Check['run']>>;

async function inNamespace(
  namespace: string | undefined,
  starting: readonly WorkloadPods[],
  preflight: Preflight,
): Promise<Result> {
  const read = await preflight.cluster.list(quotas, namespace);
  if (read.state !== 'known') {
    // Nobody has to be allowed to read quotas: without them the rollout says what is refused.
    const why = read.state === 'forbidden' ? read.finding.what : read.why;
    return { findings: [], unchecked: [{ object: `quotas of ${namespace}`, why }] };
  }
  if (read.value.length === 0) return { findings: [], unchecked: [] };
  const needs = await Promise.all(starting.map((each) => needOf(each, preflight)));
  const doubt = changing(namespace, preflight);
  const unspecified = needs.flatMap(({ workload, quota: said }) => {
    const match = /failed quota: ([^:]+): must specify (.+)$/.exec(said ?? '');
    return match ? [unspecifiedIn(workload, match[1] ?? '', match[2] ?? '', doubt)] : [];
  });
  const scaled = await scaledDown(namespace, preflight);
  const short = read.value.flatMap((each) => shortOf(each, needs, scaled, doubt));
  return { findings: [...unspecified, ...short], unchecked: [] };
}

/** Why nothing is certain: the run changes what counts, or what is counted. */
function changing(namespace: string | undefined, { run }: Preflight): string | undefined {
  const found = run.all.find(
    ({ object, changes }) =>
      changes &&
      object.metadata.namespace === namespace &&
      ['ResourceQuota', 'LimitRange'].includes(kindKey(object)),
  );
  return (
    found && `this run changes the ${found.object.kind} ${plain(found.object.metadata.name, 80)}`
  );
}

interface Need {
  readonly workload: WorkloadPods;
  /** What one new pod takes; undefined where admission refused it before it was counted. */
  readonly pod: Amounts | undefined;
  /** What the quota's admission said of it. */
  readonly quota: string | undefined;
}

/** As admission counts it: with the defaults of a LimitRange, and what webhooks have changed. */
async function needOf(workload: WorkloadPods, preflight: Preflight): Promise<Need> {
  const tried = triedPod(workload, preflight);
  const asked = tried && (await askPod(tried.pod, preflight));
  if (asked?.by !== 'nobody') return { workload, pod: undefined, quota: undefined };
  const refused = requestedIn(asked.quota);
  return { workload, pod: asked.pod ? podAmounts(asked.pod) : refused, quota: asked.quota };
}

/** `exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2` → what was requested. */
function requestedIn(message: string | undefined): Amounts | undefined {
  const text = /exceeded quota: [^,]+, requested: (.+?), used: /.exec(message ?? '')?.[1];
  if (text === undefined) return undefined;
  return new Map(
    text.split(',').flatMap((each) => {
      const [name = '', amount = ''] = each.split('=');
      const value = amountOf(amount);
      return Number.isNaN(value) ? [] : [[name.trim(), value] as const];
    }),
  );
}

function unspecifiedIn(
  workload: WorkloadPods,
  name: string,
  what: string,
  doubt: string | undefined,
): Finding {
  return podFinding(workload, {
    code: 'quota-exceeded',
    what: `the quota ${plain(name, 253)} refuses pods that do not say what they take`,
    field: ['containers', 0, 'resources'],
    evidence: [plain(`must specify ${what}`, 600)],
    hint: 'Set the requests or limits that the quota names on every container, or defaults by a LimitRange.',
    doubt,
    doubtful: 'note',
  });
}

/** The fewest pods that autoscalers leave of `Kind/name`: one that scales to zero leaves none. */
type Scaled = (object: KubeObject) => number | undefined;

async function scaledDown(
  namespace: string | undefined,
  { run, cluster }: Preflight,
): Promise<Scaled> {
  const listed = await cluster.list(autoscalers, namespace);
  const live = listed.state === 'known' ? listed.value : [];
  const own = run.all
    .map(({ object }) => object)
    .filter((each) => each.metadata.namespace === namespace);
  const targets = new Map<string, number>();
  for (const each of [...live, ...own]) {
    const target = fieldsAt(each, 'spec', 'scaleTargetRef');
    if (typeof target['name'] !== 'string') continue;
    const key = `${String(target['kind'] ?? 'Deployment')}/${target['name']}`;
    const least = valueAt(each, ['spec', 'minReplicas']);
    const byOther = kindKey(each) !== 'autoscaling/HorizontalPodAutoscaler';
    const owned = (each.metadata.ownerReferences ?? []).length > 0;
    targets.set(key, byOther || owned ? 0 : typeof least === 'number' ? least : 1);
  }
  const unread = listed.state !== 'known';
  return (object) =>
    targets.get(`${object.kind}/${object.metadata.name}`) ?? (unread ? 0 : undefined);
}

/** Never certain about: a Job ends, and makes room. */
const lasting: ReadonlySet<string> = new Set([
  'apps/Deployment',
  'apps/ReplicaSet',
  'apps/StatefulSet',
  'ReplicationController',
]);

interface Claim {
  /** The workload that the finding is about. */
  readonly need: Need;
  /** What has to fit at one moment. */
  readonly takes: Amounts;
  /** `one pod takes`. */
  readonly words: string;
  readonly hint: string;
}

/**
 * What has to fit at some moment, whatever happens. (1) One pod that takes more than the quota has in all is
 * never made. (2) At the end all pods of the run's workloads run at once; of one with an autoscaler only its
 * minimum is certain. (3) A rolling update that may lose no pod (`maxUnavailable` rounds to 0) keeps its older
 * pods until a new one is ready, so both have to fit beside the fewest that the other workloads of the run
 * have before and after. All else in the namespace may end, and counts for nothing.
 */
function claimsOf(needs: readonly Need[], scaled: Scaled): readonly Claim[] {
  const alone = needs.map(
    (need): Claim => ({
      need,
      takes: need.pod ?? new Map(),
      words: 'one pod takes',
      hint: 'Raise the quota, or lower what the pod takes.',
    }),
  );
  const stable = needs.filter(({ workload }) => lasting.has(kindKey(workload.object)));
  const ends = stable.map((need) =>
    times(need.pod ?? new Map(), replicasAtEnd(need.workload, scaled)),
  );
  const total = ends.reduce(added, new Map());
  const together = stable.map(
    (need): Claim => ({
      need,
      takes: total,
      words: 'the pods of this run take',
      hint: 'Raise the quota, lower the requests, or run fewer replicas.',
    }),
  );
  const surging = stable.flatMap((need): readonly Claim[] => {
    const held = heldWhileSurging(need, scaled);
    if (!held) return [];
    const others = stable.filter((each) => each !== need).map((each) => leastOf(each, scaled));
    return [
      {
        need,
        takes: others.reduce(added, held),
        words: 'older pods and the first new one take',
        hint: 'The older pods hold the quota until a new one is ready: set maxSurge: 0 and maxUnavailable: 1, or raise it.',
      },
    ];
  });
  return [...alone, ...together.slice(0, 1), ...surging];
}

/** The claims of which a quota can hold none, one for each workload. */
function shortOf(
  live: KubeObject,
  needs: readonly Need[],
  scaled: Scaled,
  doubt: string | undefined,
): readonly Finding[] {
  const isScoped =
    items(valueAt(live, ['spec', 'scopes'])).length > 0 ||
    valueAt(live, ['spec', 'scopeSelector']) !== undefined;
  // Which pods a scope holds is for the server to say: only a pod that it has counted is certain.
  const claims = isScoped
    ? claimsOf(
        needs.filter(({ quota: said }) => said?.includes(`exceeded quota: ${live.metadata.name},`)),
        scaled,
      ).filter(({ words }) => words === 'one pod takes')
    : claimsOf(needs, scaled);
  const used = fieldsAt(live, 'status', 'used');
  const hard = Object.entries(fieldsAt(live, 'spec', 'hard'));
  const told = claims.flatMap(({ need, takes, words, hint }) => {
    const evidence = hard.flatMap(([what, most]) => {
      const amount = takes.get(what);
      if (amount === undefined || !isMore(amount, amountOf(String(most)))) return [];
      const now = used[what] === undefined ? '' : `, now used: ${String(used[what])}`;
      return [plain(`${what}: ${words} ${rounded(amount)} of ${String(most)}${now}`, 300)];
    });
    if (evidence.length === 0) return [];
    const what = `the quota ${plain(live.metadata.name, 253)} can never hold its pods`;
    const field = ['containers', 0, 'resources'];
    const given = { code: 'quota-exceeded', what, field, evidence, hint, doubt } as const;
    return [{ need, finding: podFinding(need.workload, { ...given, doubtful: 'note' }) }];
  });
  return [...Map.groupBy(told, ({ need }) => need).values()].flatMap(
    ([first]) => first?.finding ?? [],
  );
}

/** Quantities are decimal numbers: a difference of rounding is none. */
const isMore = (takes: number, most: number): boolean =>
  takes > most + Math.abs(most) * 1e-9 + 1e-12;

const rounded = (amount: number): string => String(Number(amount.toPrecision(6)));

function replicasOf(object: unknown): number {
  const replicas = valueAt(object, ['spec', 'replicas']);
  return typeof replicas === 'number' ? replicas : 1;
}

function replicasAtEnd({ object, planned }: WorkloadPods, scaled: Scaled): number {
  const least = scaled(object);
  return least === undefined && !planned.autoscaled ? replicasOf(object) : (least ?? 0);
}

const liveOf = ({ live }: PlannedObject): KubeObject | undefined =>
  live?.metadata.deletionTimestamp ? undefined : live;

/**
 * What a pod of the live version takes, as it is written: what admission adds is not counted, nor a resource
 * that admission has changed in the new pod, since it may have lowered it in the older ones.
 */
function oldPod(live: KubeObject, object: KubeObject, pod: Amounts): Amounts {
  const written = podAmounts({ spec: podSpecOf(object) });
  const old = podAmounts({ spec: podSpecOf(live) });
  return new Map(
    [...old].filter(
      ([name]) => written.get(name) === undefined || written.get(name) === pod.get(name),
    ),
  );
}

/** The fewest that it has at any moment of the run. */
function leastOf({ workload, pod }: Need, scaled: Scaled): Amounts {
  const live = liveOf(workload.planned);
  if (!live || !pod || textAt(live, 'spec', 'strategy', 'type') === 'Recreate') return new Map();
  const kept =
    kindKey(live) === 'apps/Deployment'
      ? Math.max(0, replicasAtEnd(workload, scaled) - unavailable(workload.object))
      : 0;
  return times(smaller(oldPod(live, workload.object, pod), pod), Math.min(kept, replicasOf(live)));
}

/** Older pods that cannot go, and one new pod; undefined where older ones may go first. */
function heldWhileSurging({ workload, pod }: Need, scaled: Scaled): Amounts | undefined {
  const { object, planned, starts } = workload;
  const live = liveOf(planned);
  const isRolling =
    kindKey(object) === 'apps/Deployment' &&
    starts !== 'scaled up' &&
    textAt(object, 'spec', 'strategy', 'type') !== 'Recreate';
  if (!live || !pod || !isRolling || unavailable(object) > 0) return undefined;
  const old = Math.min(replicasOf(live), replicasAtEnd(workload, scaled));
  if (old < 1 || !isSettled(live)) return undefined;
  return added(times(oldPod(live, object, pod), old), pod);
}

/**
 * All its pods are of its own version, and available. While it rolls out, pods of the version to come may be
 * there already (a way back), and those that are not available go first, whatever the strategy says.
 */
function isSettled(live: KubeObject): boolean {
  const { replicas, updatedReplicas, availableReplicas, observedGeneration } = fieldsAt(
    live,
    'status',
  );
  const { generation } = live.metadata;
  return (
    replicas === replicasOf(live) &&
    updatedReplicas === replicas &&
    availableReplicas === replicas &&
    (generation === undefined || observedGeneration === generation)
  );
}

/** `maxUnavailable` as pods, as the Deployment controller rounds it (ResolveFenceposts). */
function unavailable(object: unknown): number {
  const { maxUnavailable = '25%', maxSurge = '25%' } = fieldsAt(
    object,
    'spec',
    'strategy',
    'rollingUpdate',
  );
  const share = (value: unknown, round: (part: number) => number): number =>
    typeof value === 'number'
      ? value
      : round((replicasOf(object) * Number.parseInt(String(value), 10)) / 100);
  const most = share(maxUnavailable, Math.floor);
  return most === 0 && share(maxSurge, Math.ceil) === 0 ? 1 : most;
}
