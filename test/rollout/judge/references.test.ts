// What an object names beside itself: looked for by a read, reported when missing, never fatal.
import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { type Answer, emptyMemory, putAnswer } from '../../../src/rollout/facts/memory.ts';
import { createSnapshot } from '../../../src/rollout/facts/snapshot.ts';
import type { Proof } from '../../../src/rollout/facts/verdict.ts';
import { judge } from '../../../src/rollout/judge/judge.ts';
import { watchPlan } from '../../../src/rollout/wait/watch-plan.ts';
import { judgeAt, noon, object } from '../../support/rollout/made.ts';
import { track } from '../../support/rollout/pure-memory.ts';

const ingress = (tls: object, annotations: object = {}) =>
  object('networking.k8s.io/v1', 'Ingress', { metadata: { annotations }, spec: { tls: [tls] } });
const proof = { kind: 'Secret', namespace: 'web', name: 'site-tls' } as const;

function answered(target: KubeObject, result: Answer['result'], names: readonly string[] = []) {
  const [verdict] = judgeAt([
    {
      at: 1,
      objects: [target],
      memory: (memory) => putAnswer(memory, proof, { at: noon, result, names }),
    },
  ]);
  return verdict;
}

describe('the TLS Secret of an Ingress', () => {
  const site = ingress({ secretName: 'site-tls' });

  test('is looked for, for a few seconds', () => {
    const [first, late] = judgeAt([1, 6].map((at) => ({ at, objects: [site] })));
    expect(first).toMatchObject({ state: 'waiting', words: 'looks for Secret/site-tls' });
    expect(first?.asks).toEqual([proof]);
    expect(late).toMatchObject({ state: 'ready', asks: [proof] });
  });

  test('missing is a warning with the nearest name; there, or not to be read, is none', () => {
    const missing = answered(site, 'missing', ['site-tsl', 'db']);
    expect(missing).toMatchObject({ state: 'ready', asks: [] });
    const found = missing?.findings.find(({ code }) => code === 'config-missing');
    expect(found).toMatchObject({ severity: 'warning' });
    expect(found?.what).toContain('its TLS Secret site-tls does not exist');
    expect(found?.evidence.join('\n')).toContain('site-tsl');
    for (const result of ['present', 'forbidden', 'unknown'] as const) {
      const codes = answered(site, result)?.findings.map(({ code }) => code);
      expect(codes).not.toContain('config-missing');
    }
  });

  test.each([
    ['a certificate of the cloud', ingress({ secretName: 'yc-certmgr-cert-id-fpq1' })],
    [
      'one that a controller makes',
      ingress({ secretName: 'a' }, { 'cert-manager.io/issuer': 'x' }),
    ],
    ['none', ingress({ hosts: ['a.example'] })],
    ['nonsense', ingress([1, 'a'])],
  ])('%s is not looked for', (_, target) => {
    const [verdict] = judgeAt([{ at: 1, objects: [target] }]);
    expect(verdict).toMatchObject({ state: 'ready', asks: [] });
  });
});

test('its class is looked for too', () => {
  const classed = object('networking.k8s.io/v1', 'Ingress', { spec: { ingressClassName: 'x' } });
  const [verdict] = judgeAt([{ at: 9, objects: [classed] }]);
  expect(verdict?.asks).toEqual([{ kind: 'IngressClass', namespace: '', name: 'x' }]);
});

test('a Gateway may take its certificate from another namespace, and from no Secret at all', () => {
  const refs = [
    { name: 'a', namespace: 'certs' },
    { name: 'b', group: 'example.com', kind: 'Certificate' },
  ];
  const gateway = object('gateway.networking.k8s.io/v1', 'Gateway', {
    spec: { listeners: [{ tls: { certificateRefs: refs } }, {}] },
  });
  const [verdict] = judgeAt([{ at: 9, objects: [gateway] }]);
  expect(verdict?.asks).toEqual([{ kind: 'Secret', namespace: 'certs', name: 'a' }]);
});

describe("the endpoints behind a webhook's Service", () => {
  const webhook = {
    name: 'orders.example.com',
    clientConfig: { service: { name: 'hook', namespace: 'shop' } },
  };
  const hooks = object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', {
    metadata: { namespace: undefined },
    webhooks: [webhook],
  });
  const [service, slices] = (['Service', 'EndpointSlice'] as const).map((kind) => ({
    kind,
    namespace: 'shop',
    name: 'hook',
  })) as [Proof, Proof];

  const looks = (result: Answer['result'], seconds: readonly number[], progressAt?: number) =>
    judgeAt(
      seconds.map((at) => ({
        at,
        objects: [hooks],
        memory: (memory) => ({
          ...putAnswer(putAnswer(memory, service, { at: noon, result: 'present' }), slices, {
            at: noon,
            result,
          }),
          progress: new Map(
            progressAt === undefined ? [] : [['x', { height: 1, at: noon + progressAt * 1000 }]],
          ),
        }),
      })),
    );

  test('missing are looked for again each second, reported after five', () => {
    const [first, again, late] = looks('missing', [0.5, 2, 6]);
    expect(first).toMatchObject({ state: 'waiting', asks: [], findings: [] });
    expect(again).toMatchObject({ state: 'waiting', asks: [slices], findings: [] });
    expect(late).toMatchObject({ state: 'ready', asks: [] });
    expect(late?.findings).toHaveLength(1);
    expect(late?.findings[0]?.what).toContain('shop/hook, which has no ready endpoint, so every');
  });

  test('are waited for while the release still gets further', () => {
    const [later, over] = looks('missing', [63, 66], 60);
    expect(later).toMatchObject({ state: 'waiting', asks: [slices], findings: [] });
    expect(over).toMatchObject({ state: 'ready' });
    expect(over?.findings).toHaveLength(1);
  });

  test('that are there, or cannot be looked at, are no trouble', () => {
    for (const result of ['present', 'forbidden', 'unknown'] as const) {
      expect(looks(result, [1])[0]).toMatchObject({ state: 'ready', asks: [], findings: [] });
    }
  });
});

test('who may not list webhook configurations or quotas deploys them all the same', () => {
  const kinds = [
    ['admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration'],
    ['v1', 'PersistentVolume'],
    ['v1', 'ResourceQuota'],
  ] as const;
  for (const [apiVersion, kind] of kinds) {
    const metadata = { namespace: kind === 'ResourceQuota' ? 'web' : undefined };
    const fields = { metadata, spec: { hard: {} }, status: { phase: 'Available' } };
    const written = object(apiVersion, kind, fields);
    expect(watchPlan([written])).toMatchObject([{ kind, optional: true }]);
    const memory = track(emptyMemory, written, noon);
    expect(judge(written, createSnapshot(), memory, noon).state).toBe('ready');
    const listed = createSnapshot();
    listed.replace(
      {
        kind:
          kind === 'ValidatingWebhookConfiguration' ? `${apiVersion.split('/')[0]}/${kind}` : kind,
      },
      [],
    );
    expect(judge(written, listed, memory, noon).state).toBe('absent');
  }
});
