// The check of images: whether the registry has what this run's pods are to pull.

import type { Unverified } from '../apply/planned/change.ts';
import { slots } from '../cluster/concurrency.ts';
import { readOne } from '../cluster/live-objects.ts';
import { ActionError, type Finding } from '../core/errors.ts';
import { plain } from '../core/plain-text.ts';
import { isBareName, parseReference } from '../images/reference.ts';
import type { Path } from '../kube/document.ts';
import { fieldsAt, items, textAt, valueAt } from '../kube/json.ts';
import { resourceOfKind } from '../kube/kinds.ts';
import type { KubeObject } from '../kube/objects.ts';
import { podSpecOf } from '../kube/pod-template.ts';
import type { Resource } from '../kube/resource.ts';
import { isLoopbackRegistry, type Password } from '../registry/address.ts';
import { hubPath, registryClient } from '../registry/client.ts';
import { storedLogin } from '../registry/docker-config.ts';
import { askPod, triedPod } from './ask-pod.ts';
import type { Check, Preflight } from './check.ts';
import { podFinding } from './pod-finding.ts';
import type { WorkloadPods } from './workload-pods.ts';

export const images: Check = {
  name: 'images',
  async run(preflight) {
    const wanted = imagesOf(preflight);
    if (wanted.length === 0) return { findings: [], unchecked: [] };
    const isKnown = ({ host }: Wanted) => mayAsk(host, preflight);
    // Pods are listed only where something hangs on it.
    const running = wanted.every(isKnown) ? undefined : await runningImages(wanted, preflight);
    // A loopback name is another machine's registry on a node.
    const isSeen = ({ host }: Wanted) => running?.hosts.has(host) && !isLoopbackRegistry(host);
    const asked = wanted.filter((each) => isKnown(each) || isSeen(each));
    const queue = slots({ start: mostAtOnce, most: mostAtOnce });
    const until = deadline();
    const results = await Promise.all(
      [...Map.groupBy(asked, keyOf).values()].map((same) =>
        ofImage(same, preflight, (work) => until.race(queue.run(work))),
      ),
    ).finally(until.clear);
    return {
      findings: results.flatMap((each) => ('findings' in each ? each.findings : [])),
      unchecked: results.flatMap((each) => ('why' in each ? [each] : [])),
    };
  },
};

/** Seen alike from every machine, so that what a runner is told holds for the nodes. */
const publicHosts: ReadonlySet<string> = new Set([
  'docker.io',
  'ghcr.io',
  'quay.io',
  'gcr.io',
  'mirror.gcr.io',
  'registry.k8s.io',
  'mcr.microsoft.com',
  'public.ecr.aws',
  'registry.gitlab.com',
  'registry.yandexcloud.net',
  'cr.yandex',
]);

/** All answers together take no longer than this. */
const mostMs = 5_000;
/** Registries answer a flood with 429. */
const mostAtOnce = 16;

interface Wanted {
  readonly workload: WorkloadPods;
  readonly container: string;
  /** Of the image, below the pod's spec. */
  readonly field: Path;
  readonly image: string;
  readonly host: string;
  /** Host and path. */
  readonly repository: string;
  /** Tag or digest. */
  readonly reference: string;
  /** The kubelet asks the registry, whatever the node has. */
  readonly always: boolean;
}

/** Each image of each pod that this run starts. */
function imagesOf({ workloads, registries }: Preflight): readonly Wanted[] {
  return workloads
    .filter(({ starts }) => starts !== undefined)
    .flatMap((workload) =>
      ['initContainers', 'containers'].flatMap((list) =>
        items(valueAt(podSpecOf(workload.object), [list])).flatMap((container, at) => {
          const wanted = wantedOf(container, workload, [list, at, 'image']);
          return wanted && !registries.pushed.has(wanted.image) ? [wanted] : [];
        }),
      ),
    );
}

/** Undefined: no registry is asked, or which image it is shows only later. */
function wantedOf(container: unknown, workload: WorkloadPods, field: Path): Wanted | undefined {
  const image = textAt(container, 'image') ?? '';
  const policy = textAt(container, 'imagePullPolicy');
  const parsed = parseReference(image);
  if (!parsed || isBareName(parsed) || policy === 'Never') return undefined;
  const host = parsed.registry ?? 'docker.io';
  return {
    workload,
    container: textAt(container, 'name') ?? '',
    field,
    image,
    host,
    repository: parsed.registry ? parsed.repository : `${host}/${hubPath(parsed.repository)}`,
    reference: parsed.digest ?? parsed.tag ?? 'latest',
    always: policy === 'Always',
  };
}

/** The same image with other credentials is another question. */
const keyOf = ({ image, workload }: Wanted): string =>
  JSON.stringify([
    image,
    workload.object.metadata.namespace,
    pullSecretsOf(podSpecOf(workload.object)),
    textAt(podSpecOf(workload.object), 'serviceAccountName'),
  ]);

interface Running {
  readonly hosts: ReadonlySet<string>;
  /** As pods name them. */
  readonly images: ReadonlySet<string>;
}

const pods = resourceOfKind('Pod');

/** What live pods of the namespaces run. */
async function runningImages(wanted: readonly Wanted[], { cluster }: Preflight): Promise<Running> {
  const places = new Set(wanted.map(({ workload }) => workload.object.metadata.namespace));
  const read = await Promise.all([...places].map((at) => cluster.list(pods, at)));
  const live = read.flatMap((each) => (each.state === 'known' ? each.value : []));
  const started = live.filter((pod) => textAt(pod, 'status', 'phase') === 'Running');
  const names = started.flatMap((pod) =>
    items(valueAt(pod, ['spec', 'containers'])).flatMap((each) => textAt(each, 'image') ?? []),
  );
  return {
    images: new Set(names),
    hosts: new Set(names.flatMap((name) => hostOf(name) ?? [])),
  };
}

function hostOf(image: string): string | undefined {
  const parsed = parseReference(image);
  return parsed && (parsed.registry ?? 'docker.io');
}

/**
 * Beside hosts whose images live pods run: another host's answer proves nothing for the nodes, and one that a
 * stranger names is not contacted.
 */
function mayAsk(host: string, { registries }: Preflight): boolean {
  return !registries.foreign && (publicHosts.has(host) || registries.own === host);
}

type Result = { readonly findings: Awaited<ReturnType<Check['run']>>['findings'] } | Unverified;

async function ofImage(
  same: readonly Wanted[],
  preflight: Preflight,
  inTime: (work: () => Promise<Answer>) => Promise<Answer | undefined>,
): Promise<Result> {
  const [first] = same;
  if (!first) return { findings: [] };
  const name = `image ${plain(first.image, 200)}`;
  const answer = await inTime(() => lookUp(first, preflight));
  if (answer === undefined || 'why' in answer) {
    return { object: name, why: answer?.why ?? 'the registry gave no answer in 5 s' };
  }
  if (answer.there) return { findings: await otherPlatforms(same, answer.platforms, preflight) };
  const admitted = await admittedWhy(first, preflight);
  if (admitted !== undefined) return { object: name, why: admitted };
  const preloaded = await preloadedWhy(same, preflight);
  return {
    findings: same.map(({ workload, container, field, image, repository, reference, always }) =>
      podFinding(workload, {
        code: 'image-not-found',
        what: `the image ${plain(image, 200)} of container ${plain(container, 80)} is not in the registry`,
        field,
        container,
        evidence: [plain(`the registry has ${repository}, and no ${reference} in it`, 500)],
        doubt: always ? undefined : preloaded,
        doubtful: 'note',
      }),
    ),
  };
}

/**
 * Why the pods may pull something else, or in another way: webhooks put mirrors in front of images, and
 * add pull secrets. Undefined: admission leaves both as they are.
 */
async function admittedWhy(
  { workload, field, image }: Wanted,
  preflight: Preflight,
): Promise<string | undefined> {
  const tried = triedPod(workload, preflight);
  const asked = tried && (await askPod(tried.pod, preflight));
  if (asked?.by !== 'nobody' || !asked.pod) {
    return 'it is not in the registry, but admission may put another image in its place';
  }
  const list = String(field[0]);
  const container = textAt(valueAt(podSpecOf(workload.object), field.slice(0, 2)), 'name');
  const found = items(valueAt(asked.pod, ['spec', list])).find(
    (each) => textAt(each, 'name') === container,
  );
  if (textAt(found, 'image') !== image) return 'admission puts another image in its place';
  const written = pullSecretsOf(podSpecOf(workload.object));
  const added = pullSecretsOf(asked.pod['spec']).filter((each) => !written.includes(each));
  const known = await accountSecrets(
    podSpecOf(workload.object),
    workload.object.metadata.namespace,
    preflight,
  );
  return added.every((each) => known.includes(each))
    ? undefined
    : 'admission adds pull secrets that were not tried';
}

/** `race` gives undefined where the work is not done in time. */
function deadline() {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), mostMs);
  return {
    race: <T>(work: Promise<T>): Promise<T | undefined> => Promise.race([work, late.promise]),
    clear: () => clearTimeout(timer),
  };
}

type Answer =
  | { readonly there: false }
  /** Of an index: its platforms. */
  | { readonly there: true; readonly platforms: readonly string[] }
  | { readonly why: string };

/**
 * With each login in turn, as the kubelet does, and without one last. Missing is only what the registry does
 * not have in a repository that the same login can read: others hide what they do not show.
 */
async function lookUp(wanted: Wanted, preflight: Preflight): Promise<Answer> {
  const { host, repository, reference } = wanted;
  const { http, registries } = preflight;
  const quick = {
    send: (request: Parameters<typeof http.send>[0]) =>
      http.send({ ...request, timeoutMs: mostMs }),
  };
  let why = 'the registry does not show the repository to the logins that are known';
  let missing = false;
  const own = await registries.login(host);
  const logins = [...(await pullLogins(wanted, preflight)), ...(own ? [own] : []), undefined];
  for (const login of logins) {
    const client = registryClient({
      host,
      http: quick,
      login: async () => login,
      mask: registries.mask,
      authHost: registries.own === host ? registries.authHost : undefined,
    });
    try {
      const found = await client.find(repository, reference);
      if (found) {
        const isIndex = /index|list/.test(found.mediaType);
        const platforms = isIndex ? await client.platforms(repository, reference) : [];
        return { there: true, platforms };
      }
      missing ||= await client.mayRead(repository);
    } catch (error) {
      if (!(error instanceof ActionError)) throw error;
      why = error.findings[0].what;
    }
  }
  return missing ? { there: false } : { why };
}

const secrets = resourceOfKind('Secret');
const accounts: Resource = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  namespaced: true,
};

const pullSecretsOf = (value: unknown): readonly string[] =>
  items(valueAt(value, ['imagePullSecrets'])).flatMap((each) => textAt(each, 'name') ?? []);

/** The logins of the pod's pull secrets for the image's host; the account's where the pod has none. */
async function pullLogins(
  { workload, host }: Wanted,
  preflight: Preflight,
): Promise<readonly Password[]> {
  const { namespace } = workload.object.metadata;
  const spec = podSpecOf(workload.object);
  const named = pullSecretsOf(spec);
  const names = named.length > 0 ? named : await accountSecrets(spec, namespace, preflight);
  const found = await Promise.all(names.map((name) => configOf(name, namespace, preflight)));
  return found.flatMap((config) => {
    const hosts =
      host === 'docker.io'
        ? ['https://index.docker.io/v1/', 'index.docker.io', host]
        : [host, `https://${host}`];
    const login = config && hosts.map((each) => storedLogin(config, each)).find((each) => each);
    if (login) preflight.registries.mask(login.password);
    return login ? [login] : [];
  });
}

async function accountSecrets(
  spec: unknown,
  namespace: string | undefined,
  { cluster, run }: Preflight,
): Promise<readonly string[]> {
  const name = textAt(spec, 'serviceAccountName') ?? 'default';
  const own = run.find('ServiceAccount', namespace, name);
  if (own) return pullSecretsOf(own.object);
  const read = await cluster.get(accounts, namespace, name);
  return read.state === 'known' ? pullSecretsOf(read.value) : [];
}

/** The text of a Secret's Docker configuration: of the run, or live. It stays in this check. */
async function configOf(
  name: string,
  namespace: string | undefined,
  { run, api, signal }: Preflight,
): Promise<string | undefined> {
  const key = '.dockerconfigjson';
  const own = run.find('Secret', namespace, name)?.document.object;
  const object = own ?? (await liveSecret(name, namespace, { api, signal }));
  const plainText = textAt(object, 'stringData', key);
  if (plainText !== undefined) return plainText;
  const encoded = textAt(object, 'data', key);
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
}

async function liveSecret(
  name: string,
  namespace: string | undefined,
  { api, signal }: Pick<Preflight, 'api' | 'signal'>,
): Promise<KubeObject | undefined> {
  const object = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, ...(namespace ? { namespace } : {}) },
  };
  try {
    return await readOne({ resource: secrets, object, api, signal });
  } catch (error) {
    if (error instanceof ActionError) return undefined;
    throw error;
  }
}

/** Nodes of another platform may be added at any time, so it is never certain. */
async function otherPlatforms(
  same: readonly Wanted[],
  platforms: readonly string[],
  { cluster }: Preflight,
): Promise<readonly Finding[]> {
  if (platforms.length === 0) return [];
  const read = await cluster.list(nodes);
  if (read.state !== 'known' || read.value.length === 0) return [];
  const own = new Set(
    read.value.map((node) => {
      const { operatingSystem, architecture } = fieldsAt(node, 'status', 'nodeInfo');
      return `${String(operatingSystem)}/${String(architecture)}`;
    }),
  );
  if (platforms.some((each) => own.has(each))) return [];
  return same.map(({ workload, container, field, image }) =>
    podFinding(workload, {
      code: 'image-not-found',
      what: `the image ${plain(image, 200)} of container ${plain(container, 80)} has no variant for any node`,
      field,
      container,
      evidence: [
        plain(`it has ${platforms.join(', ')}`, 300),
        plain(`nodes are ${[...own].join(', ')}`, 300),
      ],
      hint: 'Build it for the platform of the nodes: platforms in the build input, or docker build --platform.',
      doubt: 'a node of another platform may be added',
    }),
  );
}

const nodes: Resource = { apiVersion: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };
/** A kubelet reports the largest images alone, 50 by default (nodeStatusMaxImages). */
const mostReported = 50;

/** Why a node may have the image already; undefined: none has. */
async function preloadedWhy(
  same: readonly Wanted[],
  preflight: Preflight,
): Promise<string | undefined> {
  const [first] = same;
  if (!first) return undefined;
  const { cluster } = preflight;
  const running = await runningImages(same, preflight);
  if (running.images.has(first.image)) return 'a running pod has this image, so its node has it';
  const read = await cluster.list(nodes);
  if (read.state !== 'known') return 'nodes may not be listed, and one may have the image already';
  for (const node of read.value) {
    const own = items(valueAt(node, ['status', 'images']));
    const names = own.flatMap((each) => items(valueAt(each, ['names'])));
    const wanted = [
      `${first.repository}:${first.reference}`,
      `${first.repository}@${first.reference}`,
      first.image,
    ];
    if (names.some((name) => wanted.includes(String(name)))) {
      return `node ${plain(node.metadata.name, 253)} has the image already`;
    }
    if (own.length >= mostReported) {
      return `node ${plain(node.metadata.name, 253)} reports only its largest images`;
    }
  }
  return undefined;
}
