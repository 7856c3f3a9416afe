// The components that run here: Redis serves a cached answer, a standby streams and serves a read.
import { expect, test } from '@jest/globals';
import { until } from '../cluster/until.ts';
import { ENVIRONMENT, NAMESPACE, type Place } from './place.ts';

interface Opened {
  readonly place: Place;
  /** Lines of the inputs of the same names; what is left out of `secrets` is taken away. */
  readonly images: string;
  readonly secrets: string;
}

const PASSWORD = 'pass\\word with `ticks` and "quotes"';

/** Tests over a place where the second release is live. */
export function componentTests(open: () => Opened): void {
  test('Redis and a standby are added by a deploy', async () => {
    const { place, images, secrets } = open();
    const file = `overlays/${ENVIRONMENT}/kustomization.yaml`;
    for (const name of ['redis', 'postgres-replication']) {
      const line = `- ../../components/${name}\n`;
      await place.stack.edit(file, `  # ${line}`, `  ${line}`);
    }
    const redis = await place.pushBase('redis');
    const run = await place.site.run(
      {
        ...place.access,
        environment: ENVIRONMENT,
        app: 'ai-creatives',
        namespace: NAMESPACE,
        images: `${images}\nredis=${redis}`,
        secrets: `${secrets}\nai-creatives-secrets/REPLICATION_PASSWORD=${PASSWORD}`,
      },
      { workspace: place.stack.folder, timeoutMs: 600_000 },
    );
    expect({ code: run.code, text: run.code === 0 ? '' : run.text }).toEqual({ code: 0, text: '' });
  }, 660_000);

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
