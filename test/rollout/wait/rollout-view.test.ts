// A live object of another shape than its kind has: said as a warning, and never a stack.
import { describe, expect, test } from '@jest/globals';
import { createApi } from '../../../src/cluster/create-api.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { createView } from '../../../src/rollout/wait/rollout-view.ts';
import { quickClock, rememberingLog, scriptedCluster } from '../../fuzz/doors.ts';

const metadata = { name: 'a', namespace: 'web', uid: '1', generation: 1 };
const made = (apiVersion: string, kind: string, parts: object): KubeObject => ({
  apiVersion,
  kind,
  metadata,
  ...parts,
});

const look = (object: KubeObject) => {
  const clock = quickClock();
  const api = createApi(
    scriptedCluster(() => ({ status: 404 })),
    { clock, log: rememberingLog() },
  );
  const view = createView({ api, clock, targets: [{ object }] });
  const { apiVersion, kind } = object;
  view.take({ apiVersion, kind, namespace: 'web' }, { type: 'synced', objects: [object] });
  view.take({ apiVersion, kind, namespace: 'web' }, { type: 'upsert', object });
  return view.judgeAll().judged[0]?.verdict;
};

describe('an object that cannot be judged', () => {
  test.each([
    [
      'a pod with statuses that are no list',
      made('v1', 'Pod', { status: { phase: 'Running', containerStatuses: {} } }),
    ],
    ['a pod with a phase that is no text', made('v1', 'Pod', { status: { phase: 5 } })],
    [
      'a pod with a message that is no text',
      made('v1', 'Pod', { status: { phase: 'Failed', message: {} } }),
    ],
    ['a deployment with replicas of text', made('apps/v1', 'Deployment', { spec: null })],
  ])('%s', (_, object) => {
    expect(() => look(object)).not.toThrow();
  });

  test('is waited for, with a warning that names it', () => {
    const odd = made('v1', 'Pod', { status: { phase: 5 } });
    expect(look(odd)).toMatchObject({
      state: 'waiting',
      words: 'it cannot be judged',
      findings: [{ code: 'api-error', severity: 'warning', object: 'Pod/a', namespace: 'web' }],
    });
  });
});
