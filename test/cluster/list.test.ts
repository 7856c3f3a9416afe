import { expect, test } from '@jest/globals';
import { createApi } from '../../src/cluster/create-api.ts';
import { listAll } from '../../src/cluster/list.ts';
import { quickClock, rememberingLog, scriptedCluster } from '../fuzz/doors.ts';

test('a list that never ends is ended', async () => {
  const more = { metadata: { continue: 'x' }, items: [] };
  const cluster = scriptedCluster(() => ({ status: 200, body: more }));
  const api = createApi(cluster, { clock: quickClock(), log: rememberingLog() });
  const pods = { apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };
  await expect(listAll(api, pods)).rejects.toMatchObject({
    findings: [{ code: 'api-error', what: expect.stringContaining('more after 400 pages') }],
  });
  expect(api.requests).toBe(400);
});
