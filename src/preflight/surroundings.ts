// The check of what objects around the pods name: a warning each, since a rollout ends without them.

import type { PlannedObject } from '../apply/planned/planned-object.ts';
import type { Code } from '../core/codes.ts';
import { type Finding, finding } from '../core/errors.ts';
import { plain } from '../core/plain-text.ts';
import { type Path, placeOf, secretsInput, subjectOf } from '../kube/document.ts';
import { fieldsAt, items, listAt, textAt, valueAt } from '../kube/json.ts';
import { kindRow, resourceOfKind } from '../kube/kinds.ts';
import { groupOf, type KubeObject, kindKey, nameOf } from '../kube/objects.ts';
import type { Resource } from '../kube/resource.ts';
import { selects } from '../kube/selector.ts';
import { choices, nearest } from '../rollout/facts/nearest.ts';
import { referencesOf } from '../rollout/judge/references.ts';
import type { Check, Preflight } from './check.ts';

/** One thing that an object names. */
interface Named {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string;
  /** Where it is named, from the object's root. */
  readonly path: Path;
  readonly code: Code;
  /** Completes `Ingress/web: `. */
  readonly what: string;
  readonly hint: string;
  /** What follows where it stays missing. */
  readonly consequence?: string;
}

export const surroundings: Check = {
  name: 'what Ingresses, autoscalers and claims name',
  async run(preflight) {
    const changed = preflight.planned.filter(({ change }) => change !== 'unchanged');
    const looked = await Promise.all(changed.map((each) => ofObject(each, preflight)));
    const unread = looked.flat().flatMap((each) => ('why' in each ? [each] : []));
    const reasons = new Map(unread.map(({ kind, why }) => [`${kind}\n${why}`, { kind, why }]));
    return {
      findings: looked.flat().flatMap((each) => ('finding' in each ? [each.finding] : [])),
      unchecked: [...reasons.values()].map(({ kind, why }) => ({
        object: `${kind}s that objects of this run name`,
        why,
      })),
    };
  },
};

/** A warning and where it stands in the object, or a kind that could not be read. */
type Looked =
  | { readonly finding: Finding; readonly path: Path }
  | { readonly kind: string; readonly why: string };

async function ofObject(
  { predicted, object, unverified, document }: PlannedObject,
  preflight: Preflight,
): Promise<readonly Looked[]> {
  const own = unverified === undefined ? predicted : object;
  const named = await namedBy(own, preflight);
  const looked = await Promise.all([
    ...named.map((each) => look(each, own, preflight)),
    emptyBudget(own, preflight),
  ]);
  const isWritten = document.file !== '' && document.file !== secretsInput;
  return looked.flatMap((each): readonly Looked[] => {
    if (!each || !isWritten || 'why' in each) return each ? [each] : [];
    return [{ ...each, finding: { ...each.finding, ...placeOf(document, each.path) } }];
  });
}

const resources = {
  Secret: resourceOfKind('Secret'),
  Service: resourceOfKind('Service'),
  StorageClass: resourceOfKind('storage.k8s.io/StorageClass'),
  IngressClass: resourceOfKind('networking.k8s.io/IngressClass'),
  GatewayClass: resourceOfKind('gateway.networking.k8s.io/GatewayClass'),
};
const pods = resourceOfKind('Pod');
const volumes: Resource = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  namespaced: false,
};

async function namedBy(object: KubeObject, preflight: Preflight): Promise<readonly Named[]> {
  return [
    ...pullSecrets(object, preflight),
    ...certificatesAndClasses(object),
    ...services(object),
    ...(await scaled(object, preflight)),
    ...(await storageClasses(object, preflight)),
  ];
}

/** A warning where neither the run nor the cluster has it. */
async function look(
  named: Named,
  object: KubeObject,
  { run, cluster }: Preflight,
): Promise<Looked | undefined> {
  const { resource, namespace, name, path, code, what, hint, consequence } = named;
  const { kind, namespaced } = resource;
  const key = kindKey(resource);
  if (run.find(key, namespaced ? namespace : undefined, name)) return undefined;
  const listed = await cluster.heads(resource, namespace);
  const live = listed.state === 'known' ? listed.value : [];
  // Classes are few, and to list them is the smaller right.
  const read = namespaced ? await cluster.get(resource, namespace, name) : listed;
  if (read.state !== 'known') {
    return { kind, why: read.state === 'forbidden' ? read.finding.what : read.why };
  }
  const isThere = namespaced ? read.value : live.some((each) => each.metadata.name === name);
  if (isThere) return undefined;
  const own = run.all.map((each) => each.object).filter((each) => kindKey(each) === key);
  const names = [...new Set([...live, ...own].map(({ metadata }) => metadata.name))];
  const near = nearest(name, names);
  const warning = finding(code, `${plain(nameOf(object), 200)}: ${plain(what, 400)}`, {
    severity: 'warning',
    ...subjectOf(object),
    evidence: [
      ...(names.length > 0 ? [plain(`${kind}s there are: ${choices(name, names)}`)] : []),
      ...(consequence === undefined ? [] : [consequence]),
    ],
    hint: near === undefined ? hint : `Did you mean ${plain(near, 253)}? ${hint}`,
  });
  return { finding: warning, path };
}

/** Of a workload: without them only a private image cannot be pulled. */
function pullSecrets(object: KubeObject, { workloads }: Preflight): readonly Named[] {
  const workload = workloads.find((each) => each.object === object);
  if (!workload) return [];
  const spec: Path = [...workload.template, 'spec', 'imagePullSecrets'];
  return items(valueAt(object, spec)).flatMap((each, at) => {
    const name = textAt(each, 'name');
    if (!name) return [];
    return [
      {
        resource: resources.Secret,
        namespace: object.metadata.namespace,
        name,
        path: [...spec, at, 'name'],
        code: 'config-missing' as const,
        what: `its pull secret ${name} does not exist`,
        hint: 'Create the Secret (type kubernetes.io/dockerconfigjson), or correct its name.',
      },
    ];
  });
}

/** As the rollout judges them later. */
function certificatesAndClasses(object: KubeObject): readonly Named[] {
  return referencesOf(object).flatMap(({ proof, code, what, hint }) => {
    const { kind, namespace, name } = proof;
    // Webhooks: their Services are asked for once their pods are there.
    if (kind !== 'Secret' && kind !== 'IngressClass' && kind !== 'GatewayClass') return [];
    const path = pathTo(object['spec'], name, ['spec']) ?? ['spec'];
    return [{ resource: resources[kind], namespace, name, path, code, what, hint }];
  });
}

/** The first place of a text. */
function pathTo(value: unknown, text: string, path: Path): Path | undefined {
  if (value === text) return path;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, each] of Object.entries(value)) {
    const found = pathTo(each, text, [...path, Array.isArray(value) ? Number(key) : key]);
    if (found) return found;
  }
  return undefined;
}

/** Of Ingresses, and of the routes of the Gateway API. */
function services(object: KubeObject): readonly Named[] {
  const key = kindKey(object);
  const isRoute = /^gateway\.networking\.k8s\.io\/\w+Route$/.test(key);
  if (key !== 'networking.k8s.io/Ingress' && !isRoute) return [];
  const found = isRoute ? routeServices(object) : ingressServices(object);
  const named = found.flatMap(({ name, namespace, path }) =>
    name === undefined
      ? []
      : [
          {
            resource: resources.Service,
            namespace: namespace ?? object.metadata.namespace,
            name,
            path,
            code: 'service-mismatch' as const,
            what: `its backend Service ${name} does not exist`,
            hint: `Correct the backend of the ${object.kind}, or apply the Service.`,
          },
        ],
  );
  return [...new Map(named.map((each) => [`${each.namespace}/${each.name}`, each])).values()];
}

interface Backend {
  readonly name: string | undefined;
  readonly namespace?: string | undefined;
  readonly path: Path;
}

function ingressServices(object: KubeObject): readonly Backend[] {
  const at = (path: Path): Backend => {
    const name = valueAt(object, [...path, 'service', 'name']);
    return {
      name: typeof name === 'string' ? name : undefined,
      path: [...path, 'service', 'name'],
    };
  };
  const rules = listAt(object, 'spec', 'rules').flatMap((rule, index) =>
    listAt(rule, 'http', 'paths').map((_, place) =>
      at(['spec', 'rules', index, 'http', 'paths', place, 'backend']),
    ),
  );
  return [at(['spec', 'defaultBackend']), ...rules];
}

function routeServices(object: KubeObject): readonly Backend[] {
  return listAt(object, 'spec', 'rules').flatMap((rule, index) =>
    listAt(rule, 'backendRefs').flatMap((backend, place) => {
      const isService = (textAt(backend, 'kind') ?? 'Service') === 'Service';
      if (!isService || (textAt(backend, 'group') ?? '') !== '') return [];
      const path: Path = ['spec', 'rules', index, 'backendRefs', place, 'name'];
      return [{ name: textAt(backend, 'name'), namespace: textAt(backend, 'namespace'), path }];
    }),
  );
}

/** What an autoscaler scales. */
async function scaled(object: KubeObject, { api }: Preflight): Promise<readonly Named[]> {
  if (!kindRow(object).scales) return [];
  const target = fieldsAt(object, 'spec', 'scaleTargetRef');
  const name = textAt(target, 'name');
  const kind = textAt(target, 'kind') ?? 'Deployment';
  const resource = await api.resourceOf(textAt(target, 'apiVersion') ?? 'apps/v1', kind);
  if (!name || !resource) return [];
  return [
    {
      resource,
      namespace: object.metadata.namespace,
      name,
      path: ['spec', 'scaleTargetRef', 'name'],
      code: 'rollout-failed',
      what: `its scale target ${kind}/${name} does not exist`,
      hint: 'Correct scaleTargetRef: kind, name and apiVersion of an object in its namespace.',
    },
  ];
}

/** Of new claims. A volume that is made by hand may name a class that no object has. */
async function storageClasses(
  object: KubeObject,
  { planned, run, cluster }: Preflight,
): Promise<readonly Named[]> {
  const isNew = planned.some((each) => each.predicted === object && !each.live);
  if (!isNew) return [];
  const claims: readonly (readonly [unknown, Path])[] =
    kindKey(object) === 'PersistentVolumeClaim'
      ? [[object, []]]
      : listAt(object, 'spec', 'volumeClaimTemplates').map(
          (each, at) => [each, ['spec', 'volumeClaimTemplates', at]] as const,
        );
  const named = claims.flatMap(([claim, path]) => {
    const name = textAt(claim, 'spec', 'storageClassName');
    return name && !textAt(claim, 'spec', 'volumeName') ? [{ name, path }] : [];
  });
  if (named.length === 0) return [];
  const listed = await cluster.list(volumes);
  const made = run.all
    .map((each) => each.object)
    .filter((each) => each.kind === 'PersistentVolume');
  const byHand = [...made, ...(listed.state === 'known' ? listed.value : [])];
  return named
    .filter(({ name }) => !byHand.some((each) => textAt(each, 'spec', 'storageClassName') === name))
    .map(({ name, path }) => ({
      resource: resources.StorageClass,
      namespace: undefined,
      name,
      path: [...path, 'spec', 'storageClassName'],
      code: 'volume-unbound' as const,
      what: `its storage class ${name} does not exist`,
      hint: 'Correct storageClassName, or create the class.',
      consequence:
        'fatal once the claim cannot be bound: only a volume that is made by hand could serve it',
    }));
}

/** A budget that selects none of the pods that the run has or the namespace holds. */
async function emptyBudget(
  object: KubeObject,
  { workloads, cluster }: Preflight,
): Promise<Looked | undefined> {
  if (groupOf(object.apiVersion) !== 'policy' || object.kind !== 'PodDisruptionBudget') return;
  const { namespace } = object.metadata;
  const selector = valueAt(object, ['spec', 'selector']);
  if (selector === undefined) return;
  const isPicked = (labels: unknown) =>
    selects(selector, fieldsAt(labels) as Record<string, string>);
  const isOfRun = workloads.some(
    (each) =>
      each.object.metadata.namespace === namespace &&
      isPicked(valueAt(each.object, [...each.template, 'metadata', 'labels'])),
  );
  if (isOfRun) return;
  const live = await cluster.heads(pods, namespace);
  if (live.state !== 'known' || live.value.some(({ metadata }) => isPicked(metadata.labels)))
    return;
  const warning = finding('rollout-failed', `${plain(nameOf(object), 200)}: it selects no pod`, {
    severity: 'warning',
    ...subjectOf(object),
    evidence: ['neither the pods of this run nor those in the namespace have its labels'],
    hint: 'Correct spec.selector: it protects nothing.',
  });
  return { finding: warning, path: ['spec', 'selector'] };
}
