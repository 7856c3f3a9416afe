// The whole application on a real node: deployed, changed under load, backed up, lost and restored.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nodeUnavailable } from '../../support/cluster/node-packages.ts';
import { until } from '../../support/cluster/until.ts';
import { componentTests } from '../../support/stack/components.ts';
import { startLoad } from '../../support/stack/load.ts';
import { addMigration } from '../../support/stack/migration.ts';
import { ENVIRONMENT, NAMESPACE, openPlace, type Place } from '../../support/stack/place.ts';

const reason = await nodeUnavailable();
const onNode = reason === undefined ? describe : describe.skip;
let place: Place;
let postgres = '';
let kubeconfig = '';

beforeAll(async () => {
  if (reason === undefined) place = await openPlace();
}, 1_800_000);

afterAll(() => place?.stop(), 120_000);

const PASSWORD = 'pass word with \'quotes" and $signs';

const SECRETS = `ai-creatives-secrets/POSTGRES_PASSWORD=${PASSWORD}
ai-creatives-secrets/SECRET_KEY=thirty-two-bytes-that-sign-tokens`;

/** Adds a creative through the backend as a guest. */
async function add(title: string): Promise<void> {
  const backend = await place.address('backend-ingress');
  const session = await fetch(`${backend}/api/session`, { method: 'POST' });
  const { token } = (await session.json()) as { token: string };
  const added = await fetch(`${backend}/api/creatives`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ title }),
  });
  if (added.status !== 201) throw new Error(`${added.status}: ${await added.text()}`);
}

const images = (tag: string) =>
  [
    ...['backend', 'frontend'].map(
      (name) => `${name}=${place.site.cluster.registry}/${name}:${tag}`,
    ),
    `postgres=${postgres}`,
  ].join('\n');

const page = async () => (await fetch(await place.address('frontend-ingress'))).text();

onNode('the stack', () => {
  test('is built and pushed by its Makefile', async () => {
    const text = await place.make('push', { YC_REGISTRY_ID: 'any', TAG: '1' });
    expect(text).toMatch(/frontend/);
    postgres = await place.pushBase('postgres');
  }, 1_200_000);

  test('is deployed by the action under exactly the deployer’s Role', async () => {
    const run = await place.site.run(
      {
        ...place.access,
        environment: ENVIRONMENT,
        app: 'ai-creatives',
        namespace: NAMESPACE,
        images: images('1'),
        secrets: SECRETS,
      },
      { workspace: place.stack.folder, timeoutMs: 600_000 },
    );
    expect({ code: run.code, text: run.code === 0 ? '' : run.text }).toEqual({ code: 0, text: '' });
    expect(run.outputs['status']).toBe('deployed');
    kubeconfig = run.env['KUBECONFIG'] ?? '';
    console.log(`first deploy: ${(run.durationMs / 1000).toFixed(1)} s`);
  }, 660_000);

  test('shows a row of Postgres through frontend and backend, and serves its static files', async () => {
    await add('Tea');
    await until({ what: 'Tea on the page' }, async () =>
      (await page()).includes('Tea: made for you'),
    );
    const file = /\/_next\/static\/[^"\\]+/.exec(await page())?.[0];
    const answer = await fetch((await place.address('frontend-ingress')) + file);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toContain('immutable');
    expect(await place.sql('SELECT title FROM creatives')).toBe('Tea');
  }, 60_000);

  test('holds four idle workers below 60 % of the memory request', async () => {
    const requested = await place.kubectl(
      'get',
      'deployment',
      'backend',
      '-o',
      'jsonpath={.spec.template.spec.containers[0].resources.requests.memory}',
    );
    const workers = await place.kubectl('exec', 'deployment/backend', '--', 'printenv', 'WORKERS');
    const used = (await place.usage('backend')).map(({ mebibytes }) => mebibytes);
    const idle = (await place.usage('frontend')).map(({ mebibytes }) => mebibytes);
    console.log(
      `idle: backend ${used.join(', ')} MiB of ${requested}; frontend ${idle.join(', ')} MiB`,
    );
    expect(workers.trim()).toBe('4');
    expect(used.length).toBe(2);
    expect(Math.min(...used)).toBeGreaterThan(50);
    expect(Math.max(...used)).toBeLessThan(0.6 * Number.parseInt(requested, 10));
    expect(idle.length).toBe(2);
    expect(Math.max(...idle)).toBeLessThan(128);
  }, 60_000);

  test('takes a second release with a new migration, under load, with no failed request', async () => {
    await addMigration(place);
    await place.make('push', { YC_REGISTRY_ID: 'any', TAG: '2' });
    const addresses = [
      `${await place.address('frontend-ingress')}/`,
      `${await place.address('backend-ingress')}/api/creatives`,
    ];
    const load = startLoad(addresses);
    const text = await place.make('deploy', {
      YC_REGISTRY_ID: 'any',
      TAG: '2',
      KUBECONFIG: kubeconfig,
      DEPLOY_FLAGS: `--images postgres=${postgres}`,
    });
    // The old pods are still leaving.
    await until({ what: 'only new pods', timeoutMs: 120_000 }, async () => {
      const names = await place.kubectl(
        'get',
        'pods',
        '-l',
        'app.kubernetes.io/name in (backend, frontend)',
        '-o',
        'name',
      );
      return names.trim().split('\n').length === 4;
    });
    const busy = { backend: await place.usage('backend'), frontend: await place.usage('frontend') };
    const { answered, failed } = await load.stop();
    console.log(`${answered} requests answered during the update, ${failed.length} failed`);
    console.log(`under load: ${JSON.stringify(busy)}`);
    expect(text).toContain('✓ Deployed ai-creatives');
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThan(200);
    expect(await place.sql('SELECT version_num FROM alembic_version')).toBe('0003');
    expect(await place.sql('SELECT price FROM creatives')).toBe('490.00');
  }, 900_000);

  test('adds the workers’ figures up', async () => {
    const text = await (await fetch(`${await place.address('backend-ingress')}/metrics`)).text();
    expect(text).toMatch(
      /http_requests_total\{method="GET",path="\/api\/creatives",status="200"\} \d/,
    );
    expect(text).toContain('render_queue_length 0.0');
    const open = /database_connections\{state="open"\} (\d+)/.exec(text)?.[1];
    expect(Number(open)).toBeGreaterThanOrEqual(4);
  });

  test('is backed up by its CronJob, whole and under the day’s name', async () => {
    await place.kubectl('create', 'job', '--from=cronjob/postgres-backup', 'first');
    await place.kubectl('wait', 'job/first', '--for=condition=Complete', '--timeout=120s');
    await place.kubectl('create', 'job', '--from=cronjob/postgres-backup', 'second');
    await place.kubectl('wait', 'job/second', '--for=condition=Complete', '--timeout=120s');
    const names = (await readdir(place.disk('postgres-backups'))).filter(
      (name) => !/^lost/.test(name),
    );
    expect(names.sort()).toEqual([
      expect.stringMatching(/^backup-\d{8}-\d{6}\.sql\.gz$/),
      expect.stringMatching(/^backup-\d{8}\.sql\.gz$/),
    ]);
    const file = join(place.disk('postgres-backups'), `${names.at(-1)}`);
    expect(gunzipSync(await readFile(file)).toString()).toContain('Tea');
  }, 300_000);

  test('comes back from `make backup-db` by `make restore-db` after its database was dropped', async () => {
    const file = /backups\/\S+\.sql\.gz/.exec(await place.make('backup-db'))?.[0];
    await place.sql('DROP DATABASE ai_creatives WITH (FORCE)', 'postgres-0', 'postgres');
    const backend = await place.address('backend-ingress');
    expect((await fetch(`${backend}/api/creatives`)).status).toBe(503);
    expect((await fetch(`${backend}/health`)).status).toBe(200);
    const text = await place.make(`restore-db FILE=${file}`);
    expect(text).toContain('is ai_creatives now');
    await until({ what: 'Tea again' }, async () => (await page()).includes('Tea'));
  }, 300_000);

  test('is not restored from a file that is not whole', async () => {
    const file = join(place.stack.folder, 'backups', 'broken.sql.gz');
    await writeFile(file, 'not gzip');
    await expect(place.make('restore-db FILE=backups/broken.sql.gz')).rejects.toThrow('not whole');
    expect(await place.sql('SELECT title FROM creatives')).toBe('Tea');
  }, 60_000);

  test('answers to the rest of its Makefile', async () => {
    expect(await place.make('help')).toContain('make restore-db');
    expect(await place.make('status')).toMatch(/deployment\.apps\/backend\s+2\/2/);
    expect(await place.make('logs-k8s')).toContain('"logger"');
    await place.make('migrate');
    const job = ['job', 'migrate-by-hand', '-o', 'jsonpath={.status.succeeded}'];
    expect(await place.kubectl('get', ...job)).toBe('1');
    await expect(place.make('push', { YC_REGISTRY_ID: '' })).rejects.toThrow(
      'YC_REGISTRY_ID is not set',
    );
    await expect(place.make('deploy', { YC_REGISTRY_ID: '' })).rejects.toThrow(
      'YC_REGISTRY_ID is not set',
    );
  }, 180_000);
});

onNode('the stack with components', () => {
  componentTests(() => ({ place, images: images('2'), secrets: SECRETS }));
});
