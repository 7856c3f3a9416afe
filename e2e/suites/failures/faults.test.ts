// The API server goes away in mid-wait, the token ends, the API is throttled: the run goes on.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../support/cluster/until.ts';
import { deployment, type OwnSite, openSite } from '../../support/site.ts';

let site: OwnSite;

beforeAll(async () => {
  site = await openSite();
  await site.cluster.kubectl(['create', 'namespace', 'shop']);
}, 900_000);

afterAll(() => site?.stop());

const waiting = (name: string) =>
  deployment(name).replace(
    '      containers:',
    '      nodeSelector: {webgen/late: "yes"}\n      containers:',
  );

/** Waits until the run has said something of the kind. */
type Said = (words: RegExp) => Promise<unknown>;

/** Starts a deploy that waits for a label on a node; `meanwhile` happens, then the label comes. */
async function interrupted(name: string, meanwhile: (said: Said) => Promise<void>) {
  const workspace = await site.workspace({ 'app.yaml': waiting(name) });
  const seen: string[] = [];
  const running = await site.start(
    { namespace: 'shop', manifests: 'app.yaml' },
    { workspace, timeoutMs: 90_000, onLine: ({ text }) => seen.push(text) },
  );
  try {
    const said: Said = (words) =>
      until({ what: `${words}` }, async () => seen.some((line) => words.test(line)));
    await said(/unschedulable/);
    await meanwhile(said);
    await site.cluster.kubectl(['label', 'node', '--all', 'webgen/late=yes']);
    return await running.finished;
  } finally {
    // It would hold the lock.
    running.kill('SIGINT');
    await site.cluster.kubectl(['label', 'node', '--all', 'webgen/late-']);
    await (await running.finished).cleanUp();
  }
}

describe('a deploy survives', () => {
  test('an API server that is killed and comes back', async () => {
    const result = await interrupted('first', async (said) => {
      await site.cluster.stopApiServer();
      await said(/The Kubernetes API is in trouble/);
      await site.cluster.startApiServer();
    });
    expect(result.outputs['status']).toBe('deployed');
    expect(result.stdout).toMatch(/API.*(back|again)/i);
  }, 120_000);

  test('a token that ends in the middle of the wait', async () => {
    const issued = site.yandex.tokens.length;
    const result = await interrupted('second', async () => {
      site.yandex.expireTokens();
      // The API server remembers a token's review for some seconds, and has to close its watches.
      await site.cluster.stopApiServer();
      await site.cluster.startApiServer();
    });
    expect(result.outputs['status']).toBe('deployed');
    expect(site.yandex.tokens.length).toBeGreaterThan(issued + 1);
  }, 120_000);

  test('a cloud API that answers 429 and 503 at first', async () => {
    site.yandex.failNext('/endpoints', 429, { times: 1, headers: { 'retry-after': '1' } });
    site.yandex.failNext('/managed-kubernetes', 503, { times: 2 });
    const workspace = await site.workspace({ 'app.yaml': deployment('third') });
    const run = await site.run({ namespace: 'shop', manifests: 'app.yaml' }, { workspace });
    expect(run.outputs['status']).toBe('deployed');
  }, 60_000);
});

describe('what cannot be survived is named', () => {
  test.each([
    ['a stopped cluster', { status: 'STOPPED' }, 'cluster-not-running', 'cluster start'],
    ['no public address', { externalEndpoint: '' }, 'cluster-unreachable', 'internal'],
    [
      'a port that nobody serves',
      { externalEndpoint: 'https://127.0.0.1:1' },
      'cluster-unreachable',
      '6443',
    ],
  ] as const)(
    '%s',
    async (_, change, code, hint) => {
      const { caPem, server } = site.cluster;
      const made = site.yandex.addCluster({
        caPem,
        externalEndpoint: server,
        name: 'broken',
        ...change,
      });
      const workspace = await site.workspace({ 'app.yaml': deployment('never') });
      const inputs = { namespace: 'shop', manifests: 'app.yaml', 'yc-k8s-cluster-id': made.id };
      const run = await site.run(inputs, { workspace });
      expect(run.code).toBe(1);
      expect(run.outputs['error-code']).toBe(code);
      expect(run.text).toContain(hint);
    },
    60_000,
  );

  test('an account without a role, with the role to grant', async () => {
    const other = site.yandex.addServiceAccount();
    const workspace = await site.workspace({ 'app.yaml': deployment('never') });
    const inputs = {
      namespace: 'shop',
      manifests: 'app.yaml',
      'yc-sa-json-credentials': other.keyJson,
    };
    const run = await site.run(inputs, { workspace });
    expect(run.outputs['error-code']).toBe('forbidden');
    expect(run.text).toContain('k8s.cluster-api.editor');
    expect(run.text).toContain(other.id);
  }, 60_000);
});
