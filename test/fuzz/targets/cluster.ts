// What an API server says, and what others have stored there: Status, watches, releases, leases.

import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { applyAll } from '../../../src/apply/apply-manifests.ts';
import { changesOf } from '../../../src/apply/changes.ts';
import { dryRunAll } from '../../../src/apply/dry-run/dry-run.ts';
import { createApi } from '../../../src/cluster/create-api.ts';
import { diagnoseFiles } from '../../../src/commands/diagnose/files.ts';
import { ActionError, type Finding } from '../../../src/core/errors.ts';
import type { ApiRequest, GitHub } from '../../../src/core/ports.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { readRule } from '../../../src/kube/rules/rule.ts';
import { acquireLease } from '../../../src/lock/acquire.ts';
import { parseManifests } from '../../../src/manifests/parse/parse.ts';
import { startPreflight } from '../../../src/preflight/preflight.ts';
import { refusalFindings } from '../../../src/rejection/rejection-findings.ts';
import { chooseTarget, liveRelease, newestFirst, outdated } from '../../../src/releases/choose.ts';
import { encode } from '../../../src/releases/codec.ts';
import { listReleases } from '../../../src/releases/list-releases.ts';
import { prunePlan, pruneRefusal } from '../../../src/releases/prune-plan.ts';
import {
  entryKey,
  entryOf,
  mergedInventory,
  overlaid,
  type ReleaseHead,
} from '../../../src/releases/record.ts';
import { readContents, type Store } from '../../../src/releases/release-store.ts';
import { makersFor, takenBy } from '../../../src/releases/repository.ts';
import { awaitRollout } from '../../../src/rollout/wait/await-rollout.ts';
import { judgeNow } from '../../../src/rollout/wait/judge-now.ts';
import { newState, type Run } from '../../../src/run/state/state.ts';
import { checkCommit } from '../../../src/run/steps/check-commit.ts';
import { noRegistries } from '../../support/preflight/registries.ts';
import { run } from '../../support/run.ts';
import { mutated, spliced, text, value, written, yamlTricks } from '../arbitraries.ts';
import { textOf } from '../data.ts';
import {
  isObject,
  isRecord,
  listOf,
  quickClock,
  rememberingLog,
  type ScriptedCluster,
  scriptedCluster,
} from '../doors.ts';
import { target } from '../target.ts';

function apiOf(cluster: ScriptedCluster) {
  const log = rememberingLog();
  const clock = quickClock();
  return { api: createApi(cluster, { clock, log, random: () => 0.5 }), log, clock };
}

const web = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: backend
  namespace: web
spec:
  replicas: 2
  selector: { matchLabels: { app: backend } }
  template:
    metadata: { labels: { app: backend } }
    spec:
      containers: [{ name: backend, image: "registry.example/shop/backend:1" }]
`;

const config = `apiVersion: v1
kind: Secret
metadata: { name: s, namespace: web }
data: { a: YQ== }
`;

/** Everything that the preflight asks a cluster for. */
const needs = `apiVersion: apps/v1
kind: Deployment
metadata: { name: backend, namespace: web }
spec:
  template:
    spec:
      serviceAccountName: backend
      priorityClassName: high
      imagePullSecrets: [{ name: pull }]
      containers:
        - name: backend
          image: "registry.example/shop/backend:1"
          envFrom: [{ secretRef: { name: s } }]
          env: [{ name: A, valueFrom: { configMapKeyRef: { name: c, key: a } } }]
      volumes: [{ name: d, persistentVolumeClaim: { claimName: d } }]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web, namespace: web }
spec:
  ingressClassName: nginx
  tls: [{ secretName: cert }]
  defaultBackend: { service: { name: backend, port: { number: 80 } } }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web, namespace: web }
spec: { selector: { matchLabels: { app: other } } }
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data, namespace: web }
spec: { storageClassName: fast }
`;

const documentOf = (written: string) => {
  const [document] = parseManifests(written, 'app.yaml').documents;
  if (!document) throw new Error('no document');
  return document;
};

const documents = { web: documentOf(web), config: documentOf(config) };

const settings = {
  app: 'shop',
  namespace: 'web',
  createNamespace: true,
  forceConflicts: false,
  restartOnConfig: true,
};

const refusals = [
  ...['admission-policy', 'conflict-helm', 'conflict-two-managers', 'custom-immutable', 'quota'],
  ...['custom-invalid', 'custom-unknown-field', 'duplicate-env', 'forbidden', 'forbidden-cluster'],
  ...['forbidden-escalation', 'immutable-selector', 'immutable-roleref', 'invalid', 'pod-security'],
  ...['namespace-missing', 'namespace-terminating', 'secret-bad-base64', 'too-large', 'wrong-type'],
  ...['unknown-field', 'unknown-fields', 'webhook-failing'],
];

const status = fc
  .constantFrom(...refusals)
  .chain((name) => mutated({ $fixture: `api/${name}.json` }));

const recordings = [
  ...['deployment/crash-loop', 'deployment/image-not-found', 'deployment/quota', 'job/failed'],
  ...[
    'deployment/webhook-down',
    'statefulset/update-crash',
    'daemonset/stuck-node',
    'cronjob/missed',
  ],
  ...['deployment/readiness-failing', 'persistentvolumeclaim/class-missing', 'canary/failed'],
  ...['horizontalpodautoscaler/no-metrics', 'deployment/hook-failing', 'ingress/service-missing'],
];

const states = fc
  .constantFrom(...recordings)
  .chain((name) => mutated({ $fixture: `cluster/${name}` }, 6));

const rules: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 2, arbitrary: text },
  {
    weight: 4,
    arbitrary: spliced(
      fc.constantFrom(
        '{.status.conditions[?(@.type=="Ready")].status}=True',
        '.status.phase=Ready',
        'self.status.phase == "Ready"',
        'self.status.conditions.exists(c, c.type == "Ready" && c.status == "True")',
        'status.replicas == spec.replicas',
        'has(self.status.x) ? self.status.x : false',
        "self.metadata.name.matches('^(a+)+$')",
        "self.metadata.name.matches('(x+x+)+y') || true",
        '[1,2,3].map(x, [1,2,3].map(y, x*y)).size() == 3',
      ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom('[1,2].map(x, ', '!', '(', '-', '{"a":', 'a.b.', '[0]', '1+', '?:'),
        fc.nat(2000),
      )
      .map(([piece, times]) => ({ $repeat: [piece, times] })),
  },
);

const custom = {
  apiVersion: 'db.example.org/v1',
  kind: 'Database',
  metadata: { name: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', namespace: 'web' },
  spec: { replicas: 3 },
  status: { phase: 'Ready', conditions: [{ type: 'Ready', status: 'True' }], replicas: 3 },
};

const head = {
  number: 3,
  state: 'good',
  app: 'shop',
  environment: 'staging',
  startedAt: '2026-11-27T11:00:00.000Z',
  endedAt: '2026-11-27T11:01:00.000Z',
  actor: 'octocat',
  commit: '1f3c5a7b9d1f3c5a7b9d1f3c5a7b9d1f3c5a7b9d',
  runUrl: 'https://github.com/org/shop/actions/runs/1',
  images: { backend: 'registry.example/shop/backend:1' },
  objects: 1,
  parts: 1,
  repository: { server: 'https://github.com', id: '7', name: 'org/shop' },
  branch: 'main',
  confirmed: {
    commit: '2a4d6b8c0e2a4d6b8c0e2a4d6b8c0e2a4d6b8c0e',
    branch: 'main',
    runUrl: 'https://github.com/org/shop/actions/runs/2',
  },
  repositories: [],
};

const contents = {
  objects: [documents.web.object],
  inventory: [{ ...entryOf(documents.web.object), uid: 'u1' }],
  whole: true,
  timings: [{ name: 'apply', from: 0, to: 5 }],
};

/** Secrets of a release as we write them: the start of what somebody forges. */
const releaseSecrets = encode({ head: head as never, contents: contents as never }, 'web');

interface Recorded {
  /** What a list gives, parsed. */
  readonly heads: unknown;
  /** The annotation's text of each, where it is not the usual one. */
  readonly notes: readonly unknown[];
  /** The contents before they are packed, or the packed text itself. */
  readonly contents: unknown;
  readonly packed?: unknown;
  readonly asked?: unknown;
}

function partsOf({ contents: given, packed }: Recorded): unknown {
  if (packed !== undefined) return packed;
  const bytes = gzipSync(typeof given === 'string' ? given : (JSON.stringify(given) ?? 'null'));
  return bytes.toString('base64');
}

function releaseItems({ heads, notes }: Recorded): readonly unknown[] {
  const items: readonly unknown[] = Array.isArray(heads) ? heads : [heads];
  return items.map((item, at) => {
    const note = notes[at];
    if (note === undefined || !isRecord(item)) return item;
    const written = typeof note === 'string' ? note : JSON.stringify(note);
    const metadata = isRecord(item['metadata']) ? item['metadata'] : {};
    return {
      ...item,
      metadata: { ...metadata, annotations: { 'webgen-deploy/release': written } },
    };
  });
}

async function readAll(recorded: Recorded): Promise<readonly Finding[]> {
  const items = releaseItems(recorded);
  const cluster = scriptedCluster(({ path }) => {
    const name = /\/secrets\/([^?]+)/.exec(path)?.[1];
    if (name === undefined) return { status: 200, body: listOf(items) };
    return {
      status: 200,
      body: {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name },
        data: { release: partsOf(recorded) },
      },
    };
  });
  const store: Store = { api: apiOf(cluster).api, app: 'shop', namespace: 'web' };
  const { heads: listed, unfit } = await listReleases(store);
  const odd = unfit.map(({ finding }) => finding);
  const heads = newestFirst(listed);
  const own = { server: 'https://github.com', id: '7', name: 'org/shop' };
  takenBy(heads, own);
  makersFor(heads, own);
  liveRelease(heads);
  outdated(heads);
  odd.push(...(await overtakenBy(heads)));
  const chosen = chooseTarget(
    heads,
    typeof recorded.asked === 'number' ? recorded.asked : undefined,
  );
  if ('code' in chosen) return [...odd, chosen];
  const read = await readContents(chosen, store);
  const live = new Map(read.inventory.map((each) => [entryKey(each), documents.web.object]));
  const plan = prunePlan({ app: 'shop', inventory: read.inventory, current: [], live });
  const refusal = pruneRefusal(plan, 1, false);
  mergedInventory(read.inventory, [entryOf(documents.web.object)]);
  overlaid(read.objects, [documents.web.object]);
  return refusal ? [...odd, refusal] : odd;
}

/** What a deploy says that GitHub calls older than whatever is recorded. */
async function overtakenBy(heads: readonly ReleaseHead[]): Promise<readonly Finding[]> {
  const state = newState(0);
  const github: GitHub = {
    send: async (_, { basehead }) => {
      // Its own branch, and never one that a record names.
      if (!/^[0-9a-f]{40}\.{3}(?:[0-9a-f]{40,64}|main)$/.test(String(basehead))) {
        throw new Error(`GitHub is asked for ${basehead}`);
      }
      return { status: 200, data: { status: 'ahead' } };
    },
    list: async () => ({ status: 500, data: undefined }),
  };
  const running = {
    inputs: { app: 'shop', environment: 'staging', githubToken: new Secret('ghs_1') },
    context: run({
      repository: 'org/shop',
      repositoryId: '7',
      sha: '3'.repeat(40),
      runUrl: 'https://github.com/org/shop/actions/runs/3',
    }),
    engine: { ports: { log: rememberingLog(), clock: quickClock() }, github: () => github },
    signal: new AbortController().signal,
    state,
  };
  const older = await checkCommit({ namespace: 'web', heads }, running as unknown as Run);
  return older ? [older] : [];
}

const lease = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: {
    name: 'webgen-deploy-shop',
    namespace: 'web',
    resourceVersion: '5',
    annotations: { 'webgen-deploy/actor': 'octocat' },
    managedFields: [{ manager: 'x', time: '2026-11-27T11:59:00Z' }],
  },
  spec: {
    holderIdentity: 'https://github.com/org/shop/actions/runs/1/attempts/1#ab',
    leaseDurationSeconds: 180,
    acquireTime: '2026-11-27T11:58:00.000000Z',
    renewTime: '2026-11-27T11:59:00.000000Z',
    leaseTransitions: 1,
  },
};

const liveDeployment = {
  ...documents.web.object,
  metadata: {
    name: 'backend',
    namespace: 'web',
    uid: 'u1',
    generation: 2,
    resourceVersion: '9',
    creationTimestamp: '2026-11-27T11:00:00Z',
    labels: { app: 'backend' },
    annotations: { 'deployment.kubernetes.io/revision': '2' },
    managedFields: [
      {
        manager: 'webgen-deploy/shop',
        operation: 'Apply',
        apiVersion: 'apps/v1',
        time: '2026-11-27T11:00:00Z',
        fieldsV1: {
          'f:spec': {
            'f:replicas': {},
            'f:template': {
              'f:spec': { 'f:containers': { 'k:{"name":"backend"}': { '.': {}, 'f:image': {} } } },
            },
          },
        },
      },
      { manager: 'kubectl', operation: 'Update', fieldsV1: { 'f:spec': { 'f:paused': {} } } },
    ],
  },
  status: {
    observedGeneration: 2,
    replicas: 2,
    updatedReplicas: 2,
    availableReplicas: 1,
    conditions: [{ type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable' }],
  },
};

const answer = fc.oneof(
  { weight: 3, arbitrary: status },
  { weight: 4, arbitrary: mutated({ status: 200, headers: {}, body: liveDeployment }, 3) },
  {
    weight: 2,
    arbitrary: mutated({
      status: 200,
      body: { kind: 'List', metadata: { resourceVersion: '1' }, items: [liveDeployment] },
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      status: fc.constantFrom(200, 201, 404, 409, 410, 422, 500, 503),
      body: value,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      status: fc.constantFrom(429, 503),
      headers: fc.record({ 'retry-after': text, date: text }),
    }),
  },
);

const frame = fc.oneof(
  { weight: 4, arbitrary: mutated({ type: 'MODIFIED', object: liveDeployment }, 3) },
  {
    weight: 1,
    arbitrary: mutated({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '3' } } }),
  },
  {
    weight: 1,
    arbitrary: mutated({ type: 'ERROR', object: { kind: 'Status', code: 410, message: 'x' } }),
  },
  { weight: 1, arbitrary: value },
);

const kindOf: Readonly<Record<string, string>> = {
  deployments: 'Deployment',
  replicasets: 'ReplicaSet',
  statefulsets: 'StatefulSet',
  daemonsets: 'DaemonSet',
  jobs: 'Job',
  cronjobs: 'CronJob',
  pods: 'Pod',
  events: 'Event',
  services: 'Service',
  nodes: 'Node',
  persistentvolumeclaims: 'PersistentVolumeClaim',
};

/** Lists of a saved state, and single objects by name; logs are `log`. */
function serving(objects: readonly unknown[], log: unknown) {
  return ({ path }: ApiRequest) => {
    const [plain = ''] = path.split('?');
    const parts = plain.split('/');
    if (parts.at(-1) === 'log') return { status: 200, body: log };
    const kind = kindOf[parts.at(-1) ?? ''];
    if (kind !== undefined) {
      return {
        status: 200,
        body: listOf(objects.filter((each) => isRecord(each) && each['kind'] === kind)),
      };
    }
    const found = objects.find((each) => isObject(each) && each.metadata.name === parts.at(-1));
    return found ? { status: 200, body: found } : { status: 404, body: { kind: 'Status' } };
  };
}

const judgedKinds = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Pod']);

/** What a run has written itself is sound; what the server says of it later need not be. */
function soundTargets(objects: readonly unknown[]): readonly { readonly object: KubeObject }[] {
  return objects
    .filter(isObject)
    .filter(({ kind, metadata }) => judgedKinds.has(kind) && typeof metadata.name === 'string')
    .slice(0, 5)
    .map((each) => ({
      object: {
        apiVersion: each.apiVersion,
        kind: each.kind,
        metadata: { name: each.metadata.name, namespace: 'web', uid: 'u1' },
        spec: {},
      },
    }))
    .filter(({ object }) => typeof object.apiVersion === 'string');
}

export const clusterTargets = {
  'saved-state': target<unknown>(
    fc.oneof(
      {
        weight: 5,
        arbitrary: written(states.map((each) => ({ kind: 'List', apiVersion: 'v1', items: each }))),
      },
      { weight: 2, arbitrary: states.map((each) => ({ $json: { kind: 'List', items: each } })) },
      { weight: 1, arbitrary: yamlTricks },
      { weight: 1, arbitrary: text },
      {
        weight: 1,
        arbitrary: rules.chain((rule) =>
          written(
            mutated({
              ...custom,
              metadata: { ...custom.metadata, annotations: { 'webgen-deploy/ready': rule } },
            }),
          ),
        ),
      },
    ),
    async (state) => {
      const bytes = Buffer.from(textOf(state));
      const flags = { files: ['state.yaml'], output: 'text', raw: {} } as const;
      const read = async () => bytes;
      const { lines, errors } = await diagnoseFiles(flags, read);
      const { json } = await diagnoseFiles({ ...flags, output: 'json' }, read);
      // A file that somebody mailed in: nothing in it is a secret of ours.
      return { lines: [...errors, ...lines], printed: [json], foreign: true };
    },
  ),

  release: target<Recorded>(
    fc
      .record({
        heads: fc.oneof(
          { weight: 3, arbitrary: mutated(releaseSecrets) },
          { weight: 1, arbitrary: fc.constant([...releaseSecrets, ...releaseSecrets, {}]) },
        ),
        notes: fc.array(
          fc.oneof(
            { weight: 4, arbitrary: mutated(head, 3) },
            {
              weight: 1,
              arbitrary: fc
                .record({ parts: fc.constantFrom(0, -1, 1e3, 1e6, 2 ** 32, 2 ** 53) })
                .map((odd) => ({ ...head, ...odd })),
            },
            { weight: 1, arbitrary: text },
          ),
          { maxLength: 3 },
        ),
        contents: fc.oneof(
          { weight: 6, arbitrary: mutated(contents) },
          { weight: 1, arbitrary: text },
        ),
        asked: fc.option(fc.constantFrom(1, 3, 2 ** 53), { nil: null }),
      })
      .chain((recorded) =>
        fc.oneof(
          { weight: 5, arbitrary: fc.constant(recorded) },
          { weight: 1, arbitrary: value.map((packed) => ({ ...recorded, packed })) },
          {
            weight: 1,
            arbitrary: fc
              .integer({ min: 1, max: 800 })
              .map((megabytes) => ({ ...recorded, packed: { $bomb: megabytes } })),
          },
        ),
      ),
    async (recorded) => {
      const heads = releaseItems(recorded);
      return { findings: await readAll(recorded), lines: [`${heads.length} heads`] };
    },
  ),

  lease: target<{ readonly leases: unknown; readonly answers: unknown }>(
    fc.record({
      leases: fc.array(mutated(lease, 4), { minLength: 1, maxLength: 3 }),
      answers: fc.array(fc.oneof(status, fc.constant(null), fc.constant(null)), { maxLength: 2 }),
    }),
    async ({ leases, answers }) => {
      const list = Array.isArray(leases) ? leases : [leases];
      const refusing = Array.isArray(answers) ? answers : [];
      const cluster = scriptedCluster(({ method, path }, index) => {
        const refused: unknown = refusing[index];
        if (refused !== undefined && refused !== null) return refused;
        // Somebody else is faster once or twice; a server that always says so is not asked here.
        if (method !== 'GET' && index < 8) {
          return { status: 409, body: { kind: 'Status', reason: 'Conflict' } };
        }
        const lease = list[index % list.length];
        return { status: 200, body: path.includes('?') ? listOf([lease]) : lease };
      });
      const { api, clock, log } = apiOf(cluster);
      const ended = new AbortController();
      let turns = 0;
      const taken = await acquireLease({
        app: 'shop',
        namespace: 'web',
        holder: {
          identity: 'https://github.com/org/shop/actions/runs/2/attempts/1#cd',
          actor: 'me',
        },
        api,
        // Others may write the Lease again and again: that is theirs, and ends with the run.
        clock: {
          now: clock.now,
          sleep: async (ms, signal) => {
            turns += 1;
            if (turns > 50) ended.abort(new ActionError(refusedBy()));
            await clock.sleep(ms, signal);
          },
        },
        log,
        timeoutMs: 120_000,
        signal: ended.signal,
        hasEnded: async () => false,
      });
      return { lines: [...log.lines, taken ? 'taken' : 'missing'] };
    },
  ),

  status: target<{
    readonly status?: unknown;
    readonly headers?: unknown;
    readonly body?: unknown;
  }>(status, (given) => {
    if (!isRecord(given)) return {};
    const response = {
      status: typeof given.status === 'number' ? given.status : 500,
      headers: {},
      body: given.body,
    };
    const findings = Object.values(documents).flatMap((document) =>
      [undefined, document.object].flatMap((live) =>
        refusalFindings({
          document,
          object: document.object,
          live,
          request: { method: 'PATCH', path: '/apis/apps/v1/namespaces/web/deployments/backend' },
          response,
        }),
      ),
    );
    return { findings };
  }),

  apply: target<readonly unknown[]>(
    fc.array(answer, { minLength: 1, maxLength: 8 }),
    async (answers) => {
      const list = Array.isArray(answers) ? answers : [answers];
      const cluster = scriptedCluster((_, index) => list[index % list.length]);
      const { api, log, clock } = apiOf(cluster);
      const all = { ...settings, api, clock, log };
      const { objects, findings } = await dryRunAll(Object.values(documents), all);
      if (findings.some(({ severity }) => severity === 'fatal'))
        return { findings, lines: log.lines };
      const changes = changesOf(objects, { patches: true });
      const applied = await applyAll(objects, all);
      return {
        findings: [...findings, ...applied.findings],
        lines: log.lines,
        outcome: { changes },
      };
    },
  ),

  preflight: target<readonly unknown[]>(
    fc.array(fc.oneof(answer, status), { minLength: 1, maxLength: 8 }),
    async (answers) => {
      const list = Array.isArray(answers) ? answers : [answers];
      const cluster = scriptedCluster((_, index) => list[index % list.length]);
      const { api, log, clock } = apiOf(cluster);
      const { signal } = new AbortController();
      const { documents: needy } = parseManifests(needs, 'app.yaml');
      const planned = needy.flatMap((document) =>
        [undefined, document.object].map((live) => ({
          document,
          resource: { apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true },
          object: document.object,
          live,
          predicted: document.object,
          change: 'created' as const,
          fields: [],
          write: true,
          force: false,
          autoscaled: false,
          restart: [],
        })),
      );
      const http = { send: async () => ({ status: 404, headers: {}, body: '' }) };
      const registries = noRegistries;
      const around = { api, http, registries, clock, log };
      const given = { app: 'shop', documents: needy, namespace: 'web', ...around };
      const { findings, unchecked } = await startPreflight({ ...given, signal }).finish(planned, {
        awaits: true,
      });
      return {
        findings,
        lines: [...log.lines, ...unchecked.map(({ object, why }) => `${object}: ${why}`)],
      };
    },
  ),

  watch: target<{ readonly state: unknown; readonly frames: unknown; readonly log: unknown }>(
    fc.record({
      state: states,
      frames: fc.array(frame, { maxLength: 6 }),
      log: fc.oneof({ weight: 3, arbitrary: text }, { weight: 1, arbitrary: value }),
    }),
    async ({ state, frames, log: said }) => {
      const objects: readonly unknown[] = Array.isArray(state) ? state : [state];
      const cluster = scriptedCluster(serving(objects, said), Array.isArray(frames) ? frames : []);
      const { api, clock } = apiOf(cluster);
      const lines: string[] = [];
      const { workloads, findings } = await awaitRollout({
        api,
        clock,
        targets: soundTargets(objects),
        timeoutMs: 8_000,
        logLines: 20,
        onLine: (line) => lines.push(line),
      });
      return { lines, findings, outcome: { workloads } };
    },
  ),

  look: target<{ readonly state: unknown; readonly log: unknown }>(
    fc.record({ state: states, log: text }),
    async ({ state, log: said }) => {
      const objects: readonly unknown[] = Array.isArray(state) ? state : [state];
      const cluster = scriptedCluster(serving(objects, said));
      const { api, clock } = apiOf(cluster);
      const lines: string[] = [];
      const looked = await judgeNow({
        api,
        clock,
        targets: soundTargets(objects),
        logLines: 20,
        onLine: (line) => lines.push(line),
      });
      return { lines, findings: looked.findings, outcome: { workloads: looked.workloads } };
    },
  ),

  rule: target<{ readonly rule: unknown; readonly object: unknown }>(
    fc.record({ rule: rules, object: mutated(custom) }),
    ({ rule, object }) => {
      const read = readRule(textOf(rule));
      if ('problem' in read) return { lines: [read.problem] };
      const { holds, seen } = read.rule.check(object as KubeObject);
      return { lines: [read.rule.text, `${holds} ${seen}`] };
    },
  ),
};

function refusedBy(): Finding {
  const said = { code: 'locked', severity: 'fatal', evidence: [], hint: '' } as const;
  return { ...said, what: 'The case has seen enough.' };
}
