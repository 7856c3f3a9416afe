import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Secret } from '../../src/core/secret.ts';
import { findCluster } from '../../src/yandex/cluster.ts';
import {
  type Cloud,
  caPem,
  cloudPorts,
  problem,
  startCloud,
  status,
} from '../support/yandex/cloud.ts';

let cloud: Cloud;
beforeEach(async () => {
  cloud = await startCloud();
});
afterEach(() => cloud.close());

const clusters = '/managed-kubernetes/v1/clusters';
const endpoints = {
  externalV4Endpoint: 'https://203.0.113.7',
  internalV4Endpoint: 'https://10.1.0.5',
};
const raw = (more: Record<string, unknown> = {}, at: unknown = endpoints) => ({
  id: 'catshop',
  folderId: 'b1gfolder',
  name: 'shop',
  status: 'RUNNING',
  master: { version: '1.34', endpoints: at, masterAuth: { clusterCaCertificate: caPem } },
  ...more,
});

const lookup = (endpoint: 'external' | 'internal' = 'external') => ({
  http: cloudPorts().http,
  endpoints: { iam: cloud.url, managedKubernetes: cloud.url, oauth: cloud.url },
  token: new Secret('t1.token'),
  endpoint,
  serviceAccountId: 'ajesa',
});
const byId = (id = 'catshop', endpoint?: 'external' | 'internal') =>
  findCluster({ by: 'id', id }, lookup(endpoint));
const byName = (name: string) => findCluster({ by: 'name', name, folderId: 'b1gfolder' }, lookup());
const answer = (body: unknown, code = 200) => {
  cloud.routes[`GET ${clusters}/catshop`] = () => [code, body];
};

describe('a cluster by its id', () => {
  test('has its endpoint, authority and version', async () => {
    cloud.routes[`GET ${clusters}/catshop`] = (_query, authorization) =>
      authorization === 'Bearer t1.token' ? [200, raw()] : [401, status(16, 'who?')];
    expect(await byId()).toEqual({
      id: 'catshop',
      name: 'shop',
      server: 'https://203.0.113.7',
      caPem,
      version: '1.34',
      enforcesNetworkPolicy: false,
    });
    expect((await byId('catshop', 'internal')).server).toBe('https://10.1.0.5');
  });

  test.each([{ networkPolicy: { provider: 'CALICO' } }, { cilium: { routingMode: 'TUNNEL' } }])(
    'enforces network policies with %j',
    async (more) => {
      answer(raw(more));
      expect((await byId()).enforcesNetworkPolicy).toBe(true);
    },
  );

  test('may be under change', async () => {
    answer(raw({ status: 'RECONCILING' }));
    expect((await byId()).id).toBe('catshop');
  });

  test.each([
    ['STOPPED', 'Start it: yc managed-kubernetes cluster start catshop'],
    ['STOPPING', 'cluster start catshop'],
    ['STARTING', 'Wait until it runs'],
    ['PROVISIONING', 'Wait'],
    ['DELETING', 'yc-k8s-cluster-id'],
    ['ELSE', 'cluster get catshop'],
  ])('that is %s cannot be used', async (state, hint) => {
    answer(raw({ status: state }));
    const found = await problem(byId());
    expect(found).toMatchObject({ code: 'cluster-not-running' });
    expect(found.what).toContain(state);
    expect(found.hint).toContain(hint);
  });

  test('without a public address is for runners inside', async () => {
    answer(raw({}, { internalV4Endpoint: 'https://10.1.0.5' }));
    const found = await problem(byId());
    expect(found).toMatchObject({ code: 'cluster-unreachable' });
    expect(found.hint).toContain('cluster-endpoint: internal');
  });

  test('is never spoken to without TLS', async () => {
    answer(raw({}, { externalV4Endpoint: 'http://203.0.113.7' }));
    expect(await problem(byId())).toMatchObject({ code: 'cluster-unreachable' });
  });

  test('without an authority cannot be trusted', async () => {
    answer(raw({ master: { version: '1.34', endpoints } }));
    expect(await problem(byId())).toMatchObject({ code: 'api-error' });
  });

  test.each([
    [
      403,
      'forbidden',
      'add-access-binding catshop --role k8s.viewer --subject serviceAccount:ajesa',
    ],
    [404, 'input-invalid', 'yc-k8s-cluster-id'],
    [401, 'unauthenticated', 'token'],
    [500, 'api-error', 'request id'],
  ])('refused by HTTP %d: %s', async (code, expected, hint) => {
    answer(status(7, 'Permission denied'), code);
    const found = await problem(byId());
    expect(found).toMatchObject({
      code: expected,
      evidence: ['Permission denied', 'request id: req-1'],
    });
    expect(found.hint).toContain(hint);
  });

  test('cannot lead out of its path', async () => {
    const found = await problem(byId('../../x?y'));
    expect(found.code).toBe('input-invalid');
    expect(cloud.seen[0]).toBe(`GET ${clusters}/..%2F..%2Fx%3Fy`);
  });
});

describe('a cluster by its name', () => {
  test('is found on a later page', async () => {
    cloud.routes[`GET ${clusters}`] = (query) => {
      const search = new URLSearchParams(query);
      expect(search.get('folderId')).toBe('b1gfolder');
      expect(search.get('filter')).toBe('name="shop"');
      return search.get('pageToken') === 'two'
        ? [200, { clusters: [raw()] }]
        : [200, { clusters: [raw({ name: 'shop-old', id: 'x' })], nextPageToken: 'two' }];
    };
    expect((await byName('shop')).id).toBe('catshop');
  });

  test('cannot change the filter', async () => {
    cloud.routes[`GET ${clusters}`] = () => [200, {}];
    await problem(byName('a" OR name="b\\'));
    const query = new URL(cloud.seen[0]?.slice(4) ?? '', cloud.url).searchParams;
    expect(query.get('filter')).toBe('name="a\\" OR name=\\"b\\\\"');
  });

  test('that is not there: those that are', async () => {
    cloud.routes[`GET ${clusters}`] = (query) =>
      query.includes('filter') ? [200, {}] : [200, { clusters: [raw(), raw({ name: 'b' })] }];
    expect(await problem(byName('shp'))).toMatchObject({
      code: 'input-invalid',
      evidence: ['there: shop, b'],
    });
  });

  test('in a folder that may not be read', async () => {
    cloud.routes[`GET ${clusters}`] = () => [403, status(7, 'no')];
    const found = await problem(byName('shop'));
    expect(found.code).toBe('forbidden');
    expect(found.hint).toContain(
      'folder add-access-binding b1gfolder --role k8s.viewer --subject serviceAccount:ajesa',
    );
  });

  test('ends on a server that pages for ever', async () => {
    cloud.routes[`GET ${clusters}`] = () => [200, { clusters: [], nextPageToken: 'same' }];
    expect(await problem(byName('shop'))).toMatchObject({ code: 'input-invalid' });
  });
});
