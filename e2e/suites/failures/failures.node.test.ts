// Failures as a real kubelet makes them: told within 3 s of the first signal, ended within 3 s of
// the proof, and never before it.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { nodeUnavailable } from '../../support/cluster/node-packages.ts';
import { pushApp } from '../../support/images/app-image.ts';
import { type OwnSite, openSite } from '../../support/site.ts';
import * as sights from '../../support/witness.ts';

const reason = await nodeUnavailable();
const onNode = reason === undefined ? describe : describe.skip;

interface Case {
  readonly name: string;
  readonly code: string;
  readonly signal: sights.Sight;
  readonly proof: sights.Sight;
  /** The proof is so much older than what the witness can see. */
  readonly proofAfterMs?: number;
  readonly says: readonly string[];
  /** Its container is started, and dies when the kubelet finds the time to see it. */
  readonly runs?: true;
  readonly objects: (image: string) => readonly object[];
}

const labels = { app: 'api' };

function workload(container: object, more: object = {}) {
  const spec = { containers: [{ name: 'app', ...container }], ...more };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'api' },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec },
    },
  };
}

const resources = { requests: { cpu: '10m', memory: '16Mi' } };

const cases: readonly Case[] = [
  {
    name: 'an image that is not there',
    runs: true,
    code: 'image-not-found',
    signal: sights.waits(/ErrImagePull|ImagePullBackOff/),
    proof: sights.happened('Failed', /Failed to pull image.*not found/s, 2),
    says: ['Deployment/api', 'app', ':gone'],
    objects: (image) => [workload({ image: image.replace(/:[^:]*$/, ':gone') })],
  },
  {
    name: 'a crash loop',
    runs: true,
    code: 'crash-loop',
    signal: sights.died,
    proof: sights.restarted(2),
    says: ['Deployment/api', 'exit code 3', 'no DATABASE_URL'],
    objects: (image) => [
      workload({
        image,
        args: ['crash', '-code=3', '-text=no DATABASE_URL'],
      }),
    ],
  },
  {
    name: 'a crash a second after the start, which no probe sees',
    runs: true,
    code: 'crash-loop',
    signal: sights.died,
    proof: sights.restarted(2),
    says: ['Deployment/api', 'exit code 1', 'cannot reach the database'],
    objects: (image) => [workload({ image, args: ['crash', '-after=900ms'] })],
  },
  {
    name: 'a key that the Secret does not have',
    code: 'config-missing',
    signal: sights.waits(/CreateContainerConfigError/),
    proof: sights.waits(/CreateContainerConfigError/),
    proofAfterMs: 10_000,
    says: ['Deployment/api', 'PASSWORD', 'Secret'],
    objects: (image) => [
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db' }, data: { PASSWROD: 'eA==' } },
      workload({
        image,
        env: [{ name: 'P', valueFrom: { secretKeyRef: { name: 'db', key: 'PASSWORD' } } }],
      }),
    ],
  },
  {
    name: 'a selector that no node meets',
    code: 'unschedulable',
    signal: sights.unschedulable,
    proof: sights.unschedulable,
    proofAfterMs: 30_000,
    says: ['Deployment/api', 'nodeSelector', 'gpu'],
    objects: (image) => [workload({ image }, { nodeSelector: { gpu: 'a100' } })],
  },
  {
    name: 'a quota without room',
    code: 'quota-exceeded',
    signal: sights.happened('FailedCreate', /exceeded quota/),
    proof: sights.happened('FailedCreate', /exceeded quota/),
    proofAfterMs: 15_000,
    says: ['Deployment/api', 'exceeded quota: small', 'pods'],
    objects: (image) => [
      {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'small' },
        spec: { hard: { pods: '0' } },
      },
      workload({ image, resources }),
    ],
  },
  {
    name: 'a Job that fails',
    runs: true,
    code: 'job-failed',
    signal: sights.podFailed,
    proof: sights.jobFailed,
    says: ['Job/migrate', 'relation users does not exist'],
    objects: (image) => [
      {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'migrate' },
        spec: {
          backoffLimit: 0,
          template: {
            spec: {
              restartPolicy: 'Never',
              containers: [
                { name: 'app', image, args: ['crash', '-text=relation users does not exist'] },
              ],
            },
          },
        },
      },
    ],
  },
];

onNode(`on a real node${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let site: OwnSite;
  /** Where nothing runs they wait together; what starts and dies has the node to itself. */
  const runs = new Map<string, ReturnType<typeof carryOut>>();

  async function carryOut({ signal, proof, objects }: Case, place: number, image: string) {
    const namespace = `case-${place}`;
    await site.cluster.kubectl(['create', 'namespace', namespace]);
    const text = objects(image)
      .map((each) => stringify(each))
      .join('---\n');
    const workspace = await site.workspace({ 'app.yaml': text });
    const witness = sights.watchNamespace(site.cluster, namespace, { signal, proof });
    const startedAt = Date.now();
    // What the preflight would refuse is what this is about.
    const inputs = { namespace, manifests: 'app.yaml', timeout: '2m', preflight: 'false' };
    const result = await (await site.start(inputs, { workspace })).finished;
    const endedAt = Date.now();
    await witness.stop();
    await result.cleanUp();
    return { result, witness, startedAt, endedAt };
  }

  beforeAll(async () => {
    site = await openSite('node');
    const { reference } = await pushApp(`${site.cluster.registry}`, { repository: 'shop/api' });
    let turn: Promise<unknown> = Promise.resolve();
    for (const [place, each] of cases.entries()) {
      const run = (each.runs ? turn : sleep(place * 1_000)).then(() =>
        carryOut(each, place, reference),
      );
      runs.set(each.name, run);
      // The next one's turn comes whatever this one's end; its own test tells it.
      const over = run.catch(() => undefined);
      if (each.runs) turn = over;
    }
  }, 900_000);

  afterAll(() => site?.stop());

  test.each(cases)(
    '$name',
    async ({ name, code, proofAfterMs = 0, says }) => {
      const run = await runs.get(name);
      if (!run) throw new Error(`nobody started ${name}`);
      const { result, witness, startedAt, endedAt } = run;
      const told = result.lines.find((line) => line.text.includes(code) && /[!✗]/.test(line.text));
      const toldAt = startedAt + (told?.ms ?? Number.NaN);
      const signalAt = witness.seen.get('signal') ?? Number.NaN;
      const proofAt = (witness.seen.get('proof') ?? Number.NaN) + proofAfterMs;
      const times = { told: toldAt - signalAt, ended: endedAt - proofAt };
      expect(result.outputs['error-code']).toBe(code);
      expect(result.code).toBe(1);
      const last = result.stdout.trimEnd().split('\n').slice(-16).join('\n');
      for (const words of says) expect(last).toContain(words);
      expect(last).toMatch(/^ +fix +\S/m);
      // The annotation stands at the object's own manifest.
      expect(result.stdout).toMatch(/^::error file=app\.yaml,line=\d+,/m);
      expect(times.told).toBeLessThanOrEqual(3000);
      expect(times.ended).toBeLessThanOrEqual(3000);
      // The witness looks ten times a second and may see the first signal late, never early.
      expect(times.ended).toBeGreaterThan(-1500);
    },
    180_000,
  );
});
