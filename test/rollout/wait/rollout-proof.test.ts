// Reads that prove a finding, and what a fatal finding shows of the node: names only, never values.
import { describe, expect, test } from '@jest/globals';
import type { Api } from '../../../src/cluster/api.ts';
import { ActionError, finding } from '../../../src/core/errors.ts';
import type { ApiRequest, ApiResponse } from '../../../src/core/ports.ts';
import type { LiveFinding, Proof } from '../../../src/rollout/facts/verdict.ts';
import { withLogs } from '../../../src/rollout/wait/rollout-evidence.ts';
import { readProof } from '../../../src/rollout/wait/rollout-proof.ts';

const { signal } = new AbortController();

/** Answers by path without its query; anything else is 404. */
function answering(answers: Readonly<Record<string, unknown>>) {
  const asked: ApiRequest[] = [];
  const send = async (request: ApiRequest): Promise<ApiResponse> => {
    asked.push(request);
    const body = answers[request.path.split('?')[0] ?? ''];
    if (body instanceof Error) throw body;
    if (typeof body === 'number') return { status: body, headers: {}, body: {} };
    return { status: body === undefined ? 404 : 200, headers: {}, body: body ?? {} };
  };
  return { api: { send, now: () => 7 } as unknown as Api, asked };
}

const heads = (...names: readonly string[]) => ({
  items: names.map((name) => ({ metadata: { name }, data: { key: 'c2VjcmV0' } })),
});
const secret: Proof = { kind: 'Secret', namespace: 'web', name: 'db' };

describe('a read that proves', () => {
  test('a missing Secret comes with the names of the others, asked for without their values', async () => {
    const { api, asked } = answering({ '/api/v1/namespaces/web/secrets': heads('db-2', 'tls') });
    const answer = await readProof(api, secret, signal);
    expect(answer).toEqual({ at: 7, result: 'missing', names: ['db-2', 'tls'] });
    expect(asked.map(({ accept }) => accept)).toEqual([
      expect.stringContaining('as=PartialObjectMetadata;'),
      expect.stringContaining('as=PartialObjectMetadataList;'),
    ]);
  });

  test('names that may not be listed are left out', async () => {
    for (const refusal of [403, new ActionError(finding('cluster-unreachable', 'gone'))]) {
      const { api } = answering({ '/api/v1/namespaces/web/secrets': refusal });
      expect(await readProof(api, secret, signal)).toEqual({ at: 7, result: 'missing', names: [] });
    }
  });

  test('a key is looked for among the keys, and only their names are kept', async () => {
    const path = '/api/v1/namespaces/web/secrets/db';
    const { api } = answering({ [path]: { data: { user: 'c2VjcmV0' } } });
    const answer = await readProof(api, { ...secret, key: 'password' }, signal);
    expect(answer).toEqual({ at: 7, result: 'missing', keys: ['user'] });
  });

  test('endpoints are looked for in every slice of their Service; without a word they are ready', async () => {
    const path = '/apis/discovery.k8s.io/v1/namespaces/web/endpointslices';
    const proof: Proof = { kind: 'EndpointSlice', namespace: 'web', name: 'hook' };
    const slice = (...ready: readonly (boolean | undefined)[]) => ({
      endpoints: ready.map((each) => ({ conditions: each === undefined ? {} : { ready: each } })),
    });
    const result = async (items: unknown) =>
      (await readProof(answering({ [path]: { items } }).api, proof, signal)).result;
    expect(await result([slice(false), slice(true)])).toBe('present');
    expect(await result([slice(undefined)])).toBe('present');
    expect(await result([slice(false), { endpoints: null }])).toBe('missing');
    expect(await result([])).toBe('unknown');
    const { api, asked } = answering({ [path]: 403 });
    expect((await readProof(api, proof, signal)).result).toBe('forbidden');
    expect(asked[0]?.path).toContain('labelSelector=kubernetes.io%2Fservice-name%3Dhook');
  });

  test('a storage class has no namespace, and the default one is marked', async () => {
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    const items = [
      { metadata: { name: 'network-hdd', annotations } },
      { metadata: { name: 'network-ssd' } },
    ];
    const { api, asked } = answering({ '/apis/storage.k8s.io/v1/storageclasses': { items } });
    const proof: Proof = { kind: 'StorageClass', namespace: '', name: 'fast' };
    const answer = await readProof(api, proof, signal);
    expect(answer.names).toEqual(['network-hdd (default)', 'network-ssd']);
    expect(asked[0]?.path).toBe('/apis/storage.k8s.io/v1/storageclasses/fast');
  });
});

describe('what a fatal finding shows', () => {
  const crash: LiveFinding = {
    ...finding('crash-loop', 'Deployment/backend: container app dies'),
    node: 'node-1',
    logs: [{ namespace: 'web', pod: 'p', container: 'app', previous: true }],
  };
  const log = '/api/v1/namespaces/web/pods/p/log';
  const node = { status: { nodeInfo: { architecture: 'arm64', operatingSystem: 'linux' } } };
  const shown = async (answers: Readonly<Record<string, unknown>>) => {
    const [found] = await withLogs(answering(answers).api, [crash], { logLines: 5, signal });
    return found?.evidence;
  };

  test('a program of another platform: the node’s own, and the probable other', async () => {
    const answers = { [log]: 'exec /app: exec format error', '/api/v1/nodes/node-1': node };
    expect(await shown(answers)).toEqual([
      'the log says: exec /app: exec format error',
      'the node node-1 is linux/arm64; the program is for another, probably linux/amd64',
    ]);
  });

  test('a node that may not be read is left out', async () => {
    const answers = { [log]: 'exec format error', '/api/v1/nodes/node-1': 403 };
    expect(await shown(answers)).toEqual(['the log says: exec format error']);
  });

  test('the node is not asked about without such a word', async () => {
    const { api, asked } = answering({ [log]: 'starting\nError: no DATABASE_URL' });
    const [found] = await withLogs(api, [crash], { logLines: 5, signal });
    expect(found?.evidence).toEqual(['the log says: Error: no DATABASE_URL']);
    expect(asked).toHaveLength(1);
  });
});
