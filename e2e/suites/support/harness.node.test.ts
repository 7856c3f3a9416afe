// The real node of the tests: its registry, its pods, and failures as a kubelet tells them.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startCluster, type TestCluster } from '../../support/cluster/cluster.ts';
import { nodeUnavailable } from '../../support/cluster/node-packages.ts';
import { until } from '../../support/cluster/until.ts';
import { pushApp } from '../../support/images/app-image.ts';

const reason = await nodeUnavailable();
const onNode = reason === undefined ? describe : describe.skip;

onNode(`a real node${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let cluster: TestCluster;
  let registry: string;

  beforeAll(async () => {
    cluster = await startCluster({ kind: 'node' });
    registry = `${cluster.registry}`;
  }, 900_000);

  afterAll(() => cluster?.stop());

  const pods = '/api/v1/namespaces/default/pods';
  const makePod = (name: string, image: string, args: readonly string[] = []) => {
    const container = { name: 'app', image, ...(args.length === 0 ? {} : { args }) };
    const spec = { restartPolicy: 'Never', containers: [container] };
    const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec };
    return cluster.api({ method: 'POST', path: pods, body });
  };
  const statusOf = async (name: string) => {
    const { body } = await cluster.api({ path: `${pods}/${name}` });
    return body.status.containerStatuses?.[0]?.state;
  };

  test('runs our image, which answers on its NodePort', async () => {
    const env = { NAME: 'web', VERSION: '7' };
    const { reference } = await pushApp(registry, { repository: 'shop/web', env });
    await cluster.kubectl(['create', 'deployment', 'web', `--image=${reference}`]);
    await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=30s']);
    await cluster.kubectl(['expose', 'deployment/web', '--port=8080', '--type=NodePort']);
    const path = '/api/v1/namespaces/default/services/web';
    const port = (await cluster.api({ path })).body.spec.ports[0].nodePort;
    const text = await until({ what: 'the NodePort', timeoutMs: 15_000 }, async () =>
      (await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1000) })).text(),
    );
    expect(text).toBe('web 7\n');
    expect(await cluster.kubectl(['logs', 'deployment/web'])).toContain('listening on :8080');
  }, 60_000);

  test('says how a container ended', async () => {
    const { reference } = await pushApp(registry, { repository: 'shop/job', tag: '2' });
    await makePod('crashes', reference, ['crash', '-code=3', '-logs=4']);
    const ended = await until({ what: 'the end', timeoutMs: 20_000 }, async () => {
      return (await statusOf('crashes'))?.terminated;
    });
    expect(ended).toMatchObject({ exitCode: 3, reason: 'Error' });
    const log = await cluster.kubectl(['logs', 'crashes']);
    expect(log.trim().split('\n')).toHaveLength(4);
    expect(log).toContain('cannot reach the database');
  }, 30_000);

  test('says that an image is not there', async () => {
    await makePod('missing', `${registry}/shop/nothing:1`);
    const waiting = await until({ what: 'the refusal', timeoutMs: 20_000 }, async () => {
      const state = (await statusOf('missing'))?.waiting;
      return state?.reason === 'ErrImagePull' && state;
    });
    expect(waiting.message).toContain('not found');
  }, 30_000);

  test('a pull that fails once succeeds by the next one', async () => {
    const { reference } = await pushApp(registry, { repository: 'shop/flaky' });
    cluster.registryProxy?.failPulls({ repository: 'shop/flaky', times: 1, answer: 503 });
    await makePod('flaky', reference);
    const waiting = await until({ what: 'the failed pull', timeoutMs: 10_000 }, async () => {
      const state = (await statusOf('flaky'))?.waiting;
      return state?.reason === 'ErrImagePull' && state;
    });
    expect(waiting.message).toContain('503');
    await until({ what: 'the pod', timeoutMs: 40_000 }, async () => {
      return (await statusOf('flaky'))?.running;
    });
  }, 60_000);
});
