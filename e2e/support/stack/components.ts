// The components that run here: Redis serves a cached answer, a standby streams and serves a read, and
// backups reach a bucket.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '../cluster/until.ts';
import { nodeAddress } from './dns.ts';
import { ACCESS_KEY, BUCKET, type ObjectStorage, startObjectStorage } from './object-storage.ts';
import { ENVIRONMENT, NAMESPACE, type Place } from './place.ts';

interface Opened {
  readonly place: Place;
  /** Lines of the inputs of the same names. */
  readonly images: string;
  readonly secrets: string;
}

const PASSWORD = 'pass\\word with `ticks` and "quotes"';
const COMPONENTS = ['redis', 'postgres-replication', 'object-storage-backup'];

/** Tests over a place where the second release is live. */
export function componentTests(open: () => Opened): void {
  let storage: ObjectStorage;

  beforeAll(async () => {
    const { place } = open();
    storage = await startObjectStorage(await nodeAddress(place.site.cluster));
    for (const name of COMPONENTS) await place.stack.take(name, ENVIRONMENT);
    const file = 'components/object-storage-backup/kustomization.yaml';
    await place.stack.edit(file, 'BUCKET=BACKUP_BUCKET', `BUCKET=${BUCKET}`);
    await place.stack.edit(file, 'https://storage.yandexcloud.net', storage.endpoint);
  }, 300_000);

  afterAll(() => storage?.stop());

  test('are added by a deploy', async () => {
    const { place, images, secrets } = open();
    const run = await place.site.run(
      {
        ...place.access,
        environment: ENVIRONMENT,
        app: 'ai-creatives',
        namespace: NAMESPACE,
        images: `${images}\nredis=${await place.pushBase('redis')}\nrclone=${await place.pushBase('rclone')}`,
        secrets: `${secrets}
ai-creatives-secrets/REPLICATION_PASSWORD=${PASSWORD}
backup-storage/ACCESS_KEY_ID=${ACCESS_KEY.id}
backup-storage/SECRET_ACCESS_KEY=${ACCESS_KEY.secret}`,
      },
      { workspace: place.stack.folder, timeoutMs: 600_000 },
    );
    expect({ code: run.code, text: run.code === 0 ? '' : run.text }).toEqual({ code: 0, text: '' });
  }, 900_000);

  test('a backup is in the bucket as soon as it is whole, byte by byte', async () => {
    const { place } = open();
    await place.kubectl('create', 'job', '--from=cronjob/postgres-backup', 'stored');
    await place.kubectl('wait', 'job/stored', '--for=condition=Complete', '--timeout=120s');
    const said = await place.kubectl('logs', 'job/stored', '--container', 'backup');
    const name = /^backup-\S+\.sql\.gz(?=:)/m.exec(said)?.[0] ?? 'nothing was dumped';
    expect(await storage.read(name)).toEqual(
      await readFile(join(place.disk('postgres-backups'), name)),
    );
    const dumps = (await readdir(place.disk('postgres-backups'))).filter((each) =>
      /^backup-.*\.sql\.gz$/.test(each),
    );
    expect(await storage.names()).toEqual(dumps.sort());
    expect(storage.refused()).toBe(0);
    const unsigned = await fetch(`${storage.endpoint}/${BUCKET}/x`, { method: 'PUT', body: 'x' });
    expect([unsigned.status, storage.refused()]).toEqual([403, 1]);
  }, 240_000);

  test('the standby streams', async () => {
    const { place } = open();
    expect(await place.sql('SELECT pg_is_in_recovery()', 'postgres-replica-0')).toBe('t');
    expect(await place.sql('SELECT state FROM pg_stat_replication')).toBe('streaming');
    await place.sql("INSERT INTO creatives (title, status) VALUES ('Streamed', 'ready')");
    await until({ what: 'the row on the standby' }, async () => {
      const titles = await place.sql('SELECT title FROM creatives', 'postgres-replica-0');
      return titles.includes('Streamed');
    });
  }, 120_000);

  test('a read is served by the standby, and the next by the cache', async () => {
    const { place } = open();
    const address = `${await place.address('backend-ingress')}/api/creatives`;
    const sources = new Set<string>();
    await until({ what: 'both sources', timeoutMs: 30_000 }, async () => {
      const answer = await fetch(address);
      sources.add(`${answer.headers.get('x-served-by')}`);
      expect(await answer.text()).toContain('Streamed');
      return sources.has('replica') && sources.has('cache');
    });
    expect([...sources].sort()).toEqual(['cache', 'replica']);
  }, 60_000);
}
