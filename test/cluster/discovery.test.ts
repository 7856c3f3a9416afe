import { describe, expect, test } from '@jest/globals';
import { discovery, nearestKind, servedNow } from '../../src/cluster/discovery.ts';
import { ActionError } from '../../src/core/errors.ts';
import type { ApiRequest, ApiResponse } from '../../src/core/ports.ts';
import { status } from '../support/cluster/scripted-server.ts';

const entry = (name: string, kind: string, namespaced = true) => ({ name, kind, namespaced });

const served: Record<string, unknown> = {
  '/api/v1': {
    resources: [
      entry('pods', 'Pod'),
      entry('pods/log', 'Pod'),
      entry('namespaces', 'Namespace', false),
    ],
  },
  '/apis/apps': { versions: [{ groupVersion: 'apps/v1' }] },
  '/apis/apps/v1': {
    resources: [
      entry('deployments', 'Deployment'),
      entry('deployments/scale', 'Scale'),
      entry('statefulsets', 'StatefulSet'),
    ],
  },
};

function server(table: Record<string, unknown> = served) {
  const asked: string[] = [];
  const send = async ({ path }: ApiRequest): Promise<ApiResponse> => {
    asked.push(path);
    const body = table[path];
    if (body) return { status: 200, headers: {}, body };
    return { status: 404, headers: {}, body: status(404, 'NotFound', 'not found') };
  };
  return { send, asked };
}

describe('resourceOf', () => {
  test('finds a kind, its plural and its scope, without subresources', async () => {
    const { resourceOf } = discovery(server().send);
    expect(await resourceOf('v1', 'Namespace')).toEqual({
      apiVersion: 'v1',
      kind: 'Namespace',
      plural: 'namespaces',
      namespaced: false,
    });
    expect((await resourceOf('v1', 'Pod'))?.plural).toBe('pods');
    expect(await resourceOf('apps/v1', 'Scale')).toBeUndefined();
    expect(await resourceOf('none/v1', 'Thing')).toBeUndefined();
  });

  test('asks once per group and version, also for many at once and for what is not there', async () => {
    const { send, asked } = server();
    const { resourceOf } = discovery(send);
    await Promise.all(
      ['Deployment', 'StatefulSet', 'Other'].map((kind) => resourceOf('apps/v1', kind)),
    );
    await resourceOf('none/v1', 'A');
    await resourceOf('none/v1', 'B');
    expect(asked).toEqual(['/apis/apps/v1', '/apis/none/v1']);
  });

  test('forget asks anew', async () => {
    const table = { ...served };
    const { resourceOf, forget } = discovery(server(table).send);
    expect(await resourceOf('new.io/v1', 'Thing')).toBeUndefined();
    table['/apis/new.io/v1'] = { resources: [entry('things', 'Thing')] };
    expect(await resourceOf('new.io/v1', 'Thing')).toBeUndefined();
    forget('new.io/v1');
    expect((await resourceOf('new.io/v1', 'Thing'))?.plural).toBe('things');
  });

  test('a failure is told and not kept', async () => {
    let down = true;
    const { send } = server();
    const { resourceOf } = discovery(async (request) =>
      down ? { status: 503, headers: {}, body: '' } : send(request),
    );
    await expect(resourceOf('v1', 'Pod')).rejects.toBeInstanceOf(ActionError);
    down = false;
    expect((await resourceOf('v1', 'Pod'))?.plural).toBe('pods');
  });
});

describe('servedNow', () => {
  test.each([
    ['apps/v1', 'Deployment', 'apps/v1'],
    ['apps/v1beta1', 'Deployment', 'apps/v1'],
    ['extensions/v1beta1', 'Deployment', 'apps/v1'],
    ['apps/v1', 'Deploymnt', undefined],
    ['none.io/v1', 'Thing', undefined],
  ])('%s %s → %s', async (apiVersion, kind, expected) => {
    const { send } = server();
    const api = { send, resourceOf: discovery(send).resourceOf };
    expect((await servedNow(api, apiVersion, kind))?.apiVersion).toBe(expected);
  });
});

describe('nearestKind', () => {
  test.each([
    ['apps/v1beta1', 'Deployment', 'apps/v1 Deployment'],
    ['extensions/v1beta1', 'Deployment', 'apps/v1 Deployment'],
    ['v1', 'Deployment', 'apps/v1 Deployment'],
    ['apps/v1', 'Deploymnt', 'apps/v1 Deployment'],
    ['apps/v1', 'statefulset', 'apps/v1 StatefulSet'],
    ['apps/v1', 'Pod', 'v1 Pod'],
    ['none.io/v1', 'Thing', undefined],
  ])('%s %s → %s', async (apiVersion, kind, expected) => {
    const near = await nearestKind(server(), apiVersion, kind);
    expect(near && `${near.apiVersion} ${near.kind}`).toBe(expected);
  });
});
