// The check that reads what pods need: Secrets, ConfigMaps, their keys, and claims.

import type { Unverified } from '../apply/planned/change.ts';
import type { Finding } from '../core/errors.ts';
import { plain } from '../core/plain-text.ts';
import { counted } from '../core/text.ts';
import { fieldsAt, items, textAt, valueAt } from '../kube/json.ts';
import { resourceOfKind } from '../kube/kinds.ts';
import { type KubeObject, kindKey, nameOf } from '../kube/objects.ts';
import { type PodReference, podReferences } from '../kube/pod-references.ts';
import { podSpecOf } from '../kube/pod-template.ts';
import { choices, nearest } from '../rollout/facts/nearest.ts';
import type { Check, Early, Preflight } from './check.ts';
import { mayStillCome } from './makers.ts';
import { podFinding } from './pod-finding.ts';
import type { WorkloadPods } from './workload-pods.ts';

type Kind = PodReference['kind'];

const resources = {
  Secret: resourceOfKind('Secret'),
  ConfigMap: resourceOfKind('ConfigMap'),
  PersistentVolumeClaim: resourceOfKind('PersistentVolumeClaim'),
};

/** ConfigMaps that a controller of the cluster puts into every namespace. */
const everywhere: ReadonlySet<string> = new Set(['kube-root-ca.crt', 'openshift-service-ca.crt']);

export const references: Check = {
  name: 'Secrets, ConfigMaps and claims',
  ahead: readAhead,
  async run(preflight) {
    const results = await Promise.all(
      preflight.workloads.map((workload) => ofWorkload(workload, preflight)),
    );
    return {
      findings: results.flatMap(({ findings }) => findings),
      unchecked: unreadable(results.flatMap(({ unread }) => unread)),
    };
  },
};

/** What the documents name and do not have themselves. */
function readAhead({ documents, namespace, cluster }: Early): void {
  const own = new Set(
    documents.map(({ object }) =>
      keyOf(kindKey(object), object.metadata.namespace ?? namespace, object.metadata.name),
    ),
  );
  for (const { object } of documents) {
    const at = object.metadata.namespace ?? namespace;
    for (const { kind, name, optional } of podReferences(podSpecOf(object))) {
      if (optional || own.has(keyOf(kind, at, name))) continue;
      void cluster.get(resources[kind], at, name);
    }
  }
}

const keyOf = (kind: string, namespace: string | undefined, name: string): string =>
  [kind, namespace ?? '', name].join('\n');

/** A reference that could not be read. */
interface Unread {
  readonly workload: WorkloadPods;
  readonly kind: Kind;
  readonly why: string;
}

interface OfWorkload {
  readonly findings: readonly Finding[];
  readonly unread: readonly Unread[];
}

async function ofWorkload(workload: WorkloadPods, preflight: Preflight): Promise<OfWorkload> {
  const needed = podReferences(podSpecOf(workload.object)).filter(
    (each) => !each.optional && !isOwnVolume(each, workload) && !everywhere.has(each.name),
  );
  const byObject = Map.groupBy(needed, ({ kind, name }) => keyOf(kind, undefined, name));
  const results = await Promise.all(
    [...byObject.values()].map((group) => ofObject(group, workload, preflight)),
  );
  return {
    findings: results.flatMap(({ findings }) => findings),
    unread: results.flatMap(({ unread }) => unread),
  };
}

/** A claim's template takes the place of a volume of its name. */
function isOwnVolume({ kind, path }: PodReference, { object }: WorkloadPods): boolean {
  if (kind !== 'PersistentVolumeClaim') return false;
  const volume = valueAt(podSpecOf(object), [...path.slice(0, 2), 'name']);
  return items(valueAt(object, ['spec', 'volumeClaimTemplates'])).some(
    (claim) => textAt(claim, 'metadata', 'name') === volume,
  );
}

/** All references of one workload to one object. */
async function ofObject(
  group: readonly PodReference[],
  workload: WorkloadPods,
  preflight: Preflight,
): Promise<OfWorkload> {
  const [first] = group;
  if (!first) return { findings: [], unread: [] };
  const { kind, name } = first;
  const { namespace } = workload.object.metadata;
  const found = await look(kind, name, workload, preflight);
  if ('why' in found) return { findings: [], unread: [{ workload, kind, why: found.why }] };
  const { keys } = found;
  if (keys === 'any') return { findings: [], unread: [] };
  const missing = keys === undefined ? [first] : lacking(group, keys);
  if (missing.length === 0) return { findings: [], unread: [] };
  const doubt = await mayStillCome({ kind, namespace, name }, workload, preflight);
  const findings = await Promise.all(
    missing.map(async (each) => {
      const key = keys === undefined ? undefined : each.key;
      const what =
        key === undefined
          ? `its pods need ${kind}/${plain(name, 253)}, which does not exist`
          : `its pods need the key ${plain(key, 253)} of ${kind}/${plain(name, 253)}, which does not have it`;
      const known = keys ?? (await namesOf(kind, namespace, preflight));
      const title = keys ? 'keys it has' : `${kind}s in the namespace`;
      return podFinding(workload, {
        code: kind === 'PersistentVolumeClaim' ? 'volume-unbound' : 'config-missing',
        what,
        field: each.path,
        container: each.container,
        evidence: known.length > 0 ? [plain(`${title}: ${choices(key ?? name, known)}`)] : [],
        hint: hintOf(kind, key, nearest(key ?? name, known)),
        doubt,
      });
    }),
  );
  return { findings, unread: [] };
}

function hintOf(kind: Kind, key: string | undefined, near: string | undefined): string {
  if (near !== undefined)
    return `Did you mean ${plain(near, 253)}? Correct the ${key ? 'key' : 'name'}.`;
  if (key !== undefined) return `Add the key to the ${kind}, or correct its name in the manifest.`;
  return `Create the ${kind} first, add it to the manifests, or correct its name.`;
}

/** One for each key, at its first place. */
function lacking(group: readonly PodReference[], keys: readonly string[]): readonly PodReference[] {
  const wanted = group.filter(({ key }) => key !== undefined && !keys.includes(key));
  return [...Map.groupBy(wanted, ({ key }) => key).values()].flatMap(([first]) => first ?? []);
}

/** `keys`: undefined, it does not exist; `any`, who knows what it will hold. */
type Found = { readonly keys: readonly string[] | 'any' | undefined } | { readonly why: string };

async function look(
  kind: Kind,
  name: string,
  { object }: WorkloadPods,
  { run, cluster }: Preflight,
): Promise<Found> {
  const { namespace } = object.metadata;
  const own = run.find(kind, namespace, name);
  if (own) {
    if (isFilledByOthers(own.object)) return { keys: 'any' };
    // The dry run's answer has what stays of the live object; without one both may be there.
    const { live, unverified } = own.planned ?? {};
    const kept = live && unverified !== undefined ? keysOf(live) : [];
    return { keys: [...keysOf(own.object), ...kept] };
  }
  if (kind === 'PersistentVolumeClaim' && claimsOf(run, namespace).some((is) => is(name))) {
    return { keys: 'any' };
  }
  const read = await cluster.get(resources[kind], namespace, name);
  if (read.state === 'forbidden') return { why: read.finding.what };
  if (read.state === 'unknown') return { why: read.why };
  if (!read.value) return { keys: undefined };
  return { keys: isFilledByOthers(read.value) ? 'any' : keysOf(read.value) };
}

function keysOf(object: KubeObject): readonly string[] {
  return ['data', 'binaryData', 'stringData'].flatMap((part) =>
    Object.keys(fieldsAt(object, part)),
  );
}

const fillers = /inject|reflect|replicat|trusted-ca|copy|sync/i;

/** A token of an account, or what an annotation or label has a controller fill in. */
function isFilledByOthers(object: KubeObject): boolean {
  if (object['type'] === 'kubernetes.io/service-account-token') return true;
  const { annotations = {}, labels = {} } = object.metadata;
  return [...Object.keys(annotations), ...Object.keys(labels)].some((each) => fillers.test(each));
}

/** Claims that StatefulSets of the run make: `data-db-0`. */
function claimsOf(run: Preflight['run'], namespace: string | undefined) {
  return run.all.flatMap(({ object }) => {
    if (kindKey(object) !== 'apps/StatefulSet' || object.metadata.namespace !== namespace)
      return [];
    const { name: set } = object.metadata;
    return items(valueAt(object, ['spec', 'volumeClaimTemplates'])).map((claim) => {
      const prefix = `${textAt(claim, 'metadata', 'name') ?? ''}-${set}-`;
      return (name: string) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length));
    });
  });
}

/** The names of its kind, live and of the run. */
async function namesOf(
  kind: Kind,
  namespace: string | undefined,
  { run, cluster }: Preflight,
): Promise<readonly string[]> {
  const listed = await cluster.heads(resources[kind], namespace);
  const live = listed.state === 'known' ? listed.value : [];
  const own = run.all
    .map(({ object }) => object)
    .filter((each) => kindKey(each) === kind && each.metadata.namespace === namespace);
  return [...new Set([...live, ...own].map(({ metadata }) => metadata.name))];
}

/** One line for each reason, however many workloads have it. */
function unreadable(unread: readonly Unread[]): readonly Unverified[] {
  const reasons = Map.groupBy(unread, ({ kind, why }) => `${kind}\n${why}`);
  return [...reasons.values()].flatMap((same) => {
    const [first] = same;
    if (!first) return [];
    const workloads = [...new Set(same.map(({ workload }) => nameOf(workload.object)))];
    const whose = workloads.length === 1 ? workloads[0] : counted(workloads.length, 'workload');
    return [{ object: `${first.kind}s that ${whose} needs`, why: first.why }];
  });
}
