// The check of the run's objects against each other: each passes its own dry run, and together they cannot be.

import type { PlannedObject } from '../apply/planned/planned-object.ts';
import type { Code } from '../core/codes.ts';
import { type Finding, finding, type Severity } from '../core/errors.ts';
import { plain } from '../core/plain-text.ts';
import { counted } from '../core/text.ts';
import { type Path, placeOf, secretsInput, subjectOf } from '../kube/document.ts';
import { items, sameJson, textAt, valueAt } from '../kube/json.ts';
import { isBuiltIn } from '../kube/kinds.ts';
import { groupOf, type KubeObject, kindKey, nameOf } from '../kube/objects.ts';
import { podSpecOf } from '../kube/pod-template.ts';
import type { Resource } from '../kube/resource.ts';
import type { Check, Preflight } from './check.ts';
import { revisionHashes } from './revision-hash.ts';
import type { WorkloadPods } from './workload-pods.ts';

export const objectSet: Check = {
  name: 'the objects against each other',
  async run(preflight) {
    const { planned, workloads } = preflight;
    return {
      findings: [
        ...doubles(planned),
        ...nodePorts(planned),
        ...workloads.flatMap(longNames),
        ...hostPorts(workloads),
        ...routes(planned),
        ...(await tooLarge(preflight)),
      ],
      unchecked: [],
    };
  },
};

interface Problem {
  readonly code: Code;
  readonly severity: Severity;
  /** Completes `Service/web: `. */
  readonly what: string;
  readonly path?: Path;
  readonly evidence?: readonly string[];
  readonly hint: string;
}

function problem({ document, object }: PlannedObject, given: Problem): Finding {
  const { code, severity, what, path = [], evidence = [], hint } = given;
  return finding(code, `${plain(nameOf(object), 200)}: ${what}`, {
    severity,
    ...subjectOf(object),
    ...(isWritten(document.file) ? placeOf(document, path) : {}),
    evidence: [...evidence],
    hint,
  });
}

const isWritten = (file: string): boolean => file !== '' && file !== secretsInput;

/** `Service/web (web.yaml:12)`. */
function whereOf({ document, object }: PlannedObject, path: Path = []): string {
  const name = plain(nameOf(object), 200);
  if (!isWritten(document.file)) return name;
  const { file, line } = placeOf(document, path);
  return `${name} (${plain(`${file}:${line}`, 300)})`;
}

/** As the server will have it. */
const ownOf = ({ predicted, object, unverified }: PlannedObject): KubeObject =>
  unverified === undefined ? predicted : object;

const changes = ({ change }: PlannedObject): boolean => change !== 'unchanged';

/** Groups of more than one that hold something of which there can be one, by `keyOf`. */
function shared<T>(
  all: readonly T[],
  keyOf: (each: T) => string,
): readonly (readonly [T, ...T[]])[] {
  return [...Map.groupBy(all, keyOf).values()].flatMap(([first, ...more]) =>
    first !== undefined && more.length > 0 ? [[first, ...more] as const] : [],
  );
}

/**
 * One object written twice: for a cluster-wide kind whatever its namespace says, and with a namespace that
 * one of the two leaves to the run. Where both say the same, nothing is lost.
 */
function doubles(planned: readonly PlannedObject[]): readonly Finding[] {
  const keyOf = ({ object, resource }: PlannedObject) =>
    [
      kindKey(object),
      resource.namespaced ? object.metadata.namespace : '',
      object.metadata.name,
    ].join('\n');
  return shared(planned, keyOf).flatMap(([first, ...more]) =>
    more.map((each) => {
      const same = sameJson(bare(first.object), bare(each.object));
      const kind = each.resource.namespaced ? '' : `, and ${each.object.kind} has no namespace`;
      return problem(each, {
        code: 'manifest-invalid',
        severity: same ? 'warning' : 'fatal',
        what: `it is written twice${kind}`,
        evidence: [`first as ${whereOf(first)}`],
        hint: 'Keep one of them, or rename one.',
      });
    }),
  );
}

function bare({ metadata: { namespace: _, ...metadata }, ...rest }: KubeObject): unknown {
  return { ...rest, metadata };
}

interface NodePort {
  readonly planned: PlannedObject;
  readonly path: Path;
  readonly port: number;
  readonly protocol: string;
}

/** A node port is taken once for each protocol (pkg/registry/core/service/portallocator). */
function nodePorts(planned: readonly PlannedObject[]): readonly Finding[] {
  const all = planned
    .filter(({ object }) => kindKey(object) === 'Service')
    .flatMap((each) =>
      items(valueAt(each.object, ['spec', 'ports'])).flatMap((entry, at): readonly NodePort[] => {
        const port = valueAt(entry, ['nodePort']);
        if (typeof port !== 'number' || port === 0) return [];
        const path = ['spec', 'ports', at, 'nodePort'];
        return [{ planned: each, path, port, protocol: textAt(entry, 'protocol') ?? 'TCP' }];
      }),
    )
    .filter(({ planned: each }) => ['NodePort', 'LoadBalancer'].includes(serviceType(each)));
  return shared(all, ({ port, protocol }) => `${port}/${protocol}`).flatMap((group) => {
    const [first, ...more] = group;
    const services = new Set(group.map((each) => each.planned));
    if (services.size < 2 || ![...services].some(changes)) return [];
    return more.map((each) =>
      problem(each.planned, {
        code: 'manifest-invalid',
        severity: 'fatal',
        what: `nodePort ${each.port}/${each.protocol} is taken by another Service of this run`,
        path: each.path,
        evidence: [`first by ${whereOf(first.planned, first.path)}`],
        hint: 'Give one of them another nodePort, or leave the field out: the cluster then chooses a free one.',
      }),
    );
  });
}

const serviceType = ({ object }: PlannedObject): string =>
  textAt(object, 'spec', 'type') ?? 'ClusterIP';

/** A label has at most 63 characters: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ */
const longestLabel = 63;
/** A revision's hash has 10 digits, seldom fewer: a number of 32 bits. */
const revisionHash = 10;
const longestSet = longestLabel - 1 - revisionHash;
/** From this length on one hash in 5,000 or fewer would fit. */
const hopeless = 57;

/**
 * The label `controller-revision-hash` of a StatefulSet's pods is its name, a hyphen and a hash. Where the
 * server has filled in the template the hash is known. A set that has pods has proved that it can.
 */
function longNames({ planned, object, starts, dormant }: WorkloadPods): readonly Finding[] {
  const { name } = object.metadata;
  if (kindKey(object) !== 'apps/StatefulSet' || name.length <= longestSet) return [];
  const running = valueAt(planned.live, ['status', 'replicas']);
  if (typeof running === 'number' && running > 0) return [];
  const isKnown =
    planned.unverified === undefined &&
    valueAt(object, ['spec', 'template', 'spec', 'schedulerName']) !== undefined;
  const fits = revisionHashes(object).some((hash) => name.length + 1 + hash.length <= longestLabel);
  if (isKnown && fits) return [];
  const certain = starts !== undefined && (isKnown || name.length >= hopeless);
  const why = starts === undefined ? dormant : 'a short hash would still fit';
  return [
    problem(planned, {
      code: 'manifest-invalid',
      severity: certain ? 'fatal' : 'warning',
      what: `its name has ${name.length} characters, and a label of its pods that begins with it may have ${longestLabel} in all`,
      path: ['metadata', 'name'],
      evidence: certain || !why ? [] : [`not certain to fail the run: ${why}`],
      hint: `Give it a name of at most ${longestSet} characters.`,
    }),
  ];
}

/** One pod for each node can have a port of it. */
function hostPorts(workloads: readonly WorkloadPods[]): readonly Finding[] {
  const all = workloads
    .filter(({ starts }) => starts !== undefined)
    .flatMap(({ planned, object, template }) => {
      const spec = podSpecOf(object);
      return items(valueAt(spec, ['containers'])).flatMap((container, at) =>
        items(valueAt(container, ['ports'])).flatMap((entry, index) => {
          const port = valueAt(entry, ['hostPort']);
          if (typeof port !== 'number' || port === 0) return [];
          const path = [...template, 'spec', 'containers', at, 'ports', index];
          const protocol = textAt(entry, 'protocol') ?? 'TCP';
          return [{ planned, object, path, port, protocol }];
        }),
      );
    });
  const alone = all.filter(({ object }) => {
    const replicas = valueAt(object, ['spec', 'replicas']);
    return kindKey(object) === 'apps/Deployment' && typeof replicas === 'number' && replicas > 1;
  });
  const hint =
    'Use a Service instead of hostPort, or a DaemonSet; with as many replicas as nodes set maxSurge: 0.';
  return [
    ...alone.map(({ planned, path, port, object }) =>
      problem(planned, {
        code: 'unschedulable',
        severity: 'warning',
        what: `hostPort ${port}: its ${counted(Number(valueAt(object, ['spec', 'replicas'])), 'pod')} need a node each`,
        path,
        hint,
      }),
    ),
    ...shared(all, ({ port, protocol }) => `${port}/${protocol}`).flatMap(([first, ...more]) =>
      more
        .filter(({ object }) => object !== first.object)
        .map(({ planned, path, port }) =>
          problem(planned, {
            code: 'unschedulable',
            severity: 'warning',
            what: `hostPort ${port} is asked for by another workload of this run too`,
            path,
            evidence: [`first by ${whereOf(first.planned, first.path)}`],
            hint,
          }),
        ),
    ),
  ];
}

interface Route {
  readonly planned: PlannedObject;
  readonly path: Path;
  /** What it takes, as a person reads it. */
  readonly words: string;
  readonly key: string;
}

/** The same host and path twice: which of the two gets the traffic is up to the controller. */
function routes(planned: readonly PlannedObject[]): readonly Finding[] {
  const all = planned.flatMap((each) => [...ingressRoutes(each), ...gatewayRoutes(each)]);
  return shared(all, ({ key }) => key).flatMap(([first, ...more]) =>
    more
      .filter((each) => changes(each.planned) || changes(first.planned))
      .map((each) =>
        problem(each.planned, {
          code: 'manifest-invalid',
          severity: 'warning',
          what: `${plain(each.words, 200)} is routed twice`,
          path: each.path,
          evidence: [`first by ${whereOf(first.planned, first.path)}`],
          hint: 'Keep one of the two, or make one path or host more specific.',
        }),
      ),
  );
}

function ingressRoutes(planned: PlannedObject): readonly Route[] {
  const object = ownOf(planned);
  if (kindKey(object) !== 'networking.k8s.io/Ingress') return [];
  // A canary has the same rules on purpose: it takes a share of them.
  const { annotations = {} } = object.metadata;
  if (Object.keys(annotations).some((key) => /canary|weight|bluegreen/i.test(key))) return [];
  const className = textAt(object, 'spec', 'ingressClassName') ?? '';
  return items(valueAt(object, ['spec', 'rules'])).flatMap((rule, at) =>
    items(valueAt(rule, ['http', 'paths'])).map((entry, index): Route => {
      const host = textAt(rule, 'host') ?? '*';
      const path = textAt(entry, 'path') ?? '/';
      const type = textAt(entry, 'pathType');
      const key = JSON.stringify(['Ingress', className, annotations, host, path, type]);
      return {
        planned,
        path: ['spec', 'rules', at, 'http', 'paths', index],
        words: `${host}${path}`,
        key: className ? JSON.stringify(['Ingress', className, host, path, type]) : key,
      };
    }),
  );
}

function gatewayRoutes(planned: PlannedObject): readonly Route[] {
  const object = ownOf(planned);
  if (kindKey(object) !== 'gateway.networking.k8s.io/HTTPRoute') return [];
  const hosts = items(valueAt(object, ['spec', 'hostnames']));
  const parents = valueAt(object, ['spec', 'parentRefs']);
  const { namespace } = object.metadata;
  return items(valueAt(object, ['spec', 'rules'])).flatMap((rule, at) =>
    items(valueAt(rule, ['matches'])).flatMap((match, index) =>
      (hosts.length > 0 ? hosts : ['*']).map((host): Route => {
        const path = textAt(match, 'path', 'value') ?? '/';
        return {
          planned,
          path: ['spec', 'rules', at, 'matches', index],
          words: `${String(host)}${path}`,
          key: JSON.stringify(['HTTPRoute', namespace, parents, host, match]),
        };
      }),
    ),
  );
}

/** What etcd takes in one request by default: https://etcd.io/docs/latest/dev-guide/limit/ */
const mostBytes = 1.5 * 2 ** 20;

const definitions: Resource = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

/**
 * Objects of custom kinds are stored as the JSON that is sent, and more (managed fields). Kinds of Kubernetes are
 * stored as protobuf, which is smaller, and an aggregated API stores where it likes: a warning. A live object
 * of that size proves another limit.
 */
async function tooLarge({ planned, cluster }: Preflight): Promise<readonly Finding[]> {
  const large = planned.filter(changes).flatMap((each) => {
    // What the server drops (unknown fields of a custom kind) is not stored.
    const size = Math.min(sizeOf(each.object), sizeOf(ownOf(each)));
    return size > mostBytes ? [{ each, size }] : [];
  });
  return Promise.all(
    large.map(async ({ each, size }) => {
      const { object, resource, live } = each;
      const name = `${resource.plural}.${groupOf(object.apiVersion)}`;
      const isCustom = !isBuiltIn(object);
      const read = isCustom ? await cluster.get(definitions, undefined, name) : undefined;
      const asJson = read?.state === 'known' && read.value !== undefined;
      const proven = live !== undefined && sizeOf(live) > mostBytes;
      return problem(each, {
        code: 'manifest-invalid',
        severity: asJson && !proven ? 'fatal' : 'warning',
        what: `it has ${(size / 2 ** 20).toFixed(2)} MiB, and the cluster's store takes 1.5 MiB of one object`,
        evidence: asJson
          ? [`objects of ${plain(name, 253)} are stored as JSON`]
          : ['it is stored in a shorter form, and may fit'],
        hint: 'Split it, or keep the data outside of the cluster: in a volume, an image, or Object Storage.',
      });
    }),
  );
}

const sizeOf = (object: KubeObject): number => Buffer.byteLength(JSON.stringify(object));
