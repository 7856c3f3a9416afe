// What `status` finds: what this application wrote, of every kind that has a verdict.
import { expect, test } from '@jest/globals';
import type { Api } from '../../src/cluster/api.ts';
import type { KubeObject } from '../../src/cluster/objects.ts';
import { ActionError } from '../../src/errors.ts';
import type { ApiRequest, ApiResponse } from '../../src/ports.ts';
import { findDeployed } from '../../src/steps/find-deployed.ts';
import { object } from '../rollout/made.ts';

const written = (kind: string, name: string, manager: string): KubeObject =>
  object('v1', kind, {
    metadata: { name, uid: name, managedFields: [{ manager, operation: 'Apply' }] },
  });

const lists: Readonly<Record<string, readonly KubeObject[]>> = {
  deployments: [
    written('Deployment', 'web', 'webgen-deploy/shop'),
    written('Deployment', 'other', 'webgen-deploy/blog'),
  ],
  pods: [
    written('Pod', 'migrate', 'webgen-deploy/shop'),
    written('Pod', 'web-1', 'kube-controller-manager'),
  ],
};

function api(denied: readonly string[] = []): Api {
  const refused = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    message: 'pods is forbidden: User "x" cannot list resource "pods" in API group ""',
    reason: 'Forbidden',
    details: { kind: 'pods' },
    code: 403,
  };
  return {
    server: 'https://x',
    namespace: 'web',
    requests: 0,
    now: () => 0,
    forget: () => undefined,
    stream: async () => ({ status: 200, headers: {}, body: {} }),
    resourceOf: async (apiVersion, kind) =>
      kind === 'HTTPRoute'
        ? undefined
        : { apiVersion, kind, plural: `${kind.toLowerCase()}s`, namespaced: true },
    send: async ({ path }: ApiRequest): Promise<ApiResponse> => {
      const plural = path.split('?')[0]?.split('/').at(-1) ?? '';
      if (denied.includes(plural)) return { status: 403, headers: {}, body: refused };
      const body = { metadata: { resourceVersion: '1' }, items: lists[plural] ?? [] };
      return { status: 200, headers: {}, body };
    },
  };
}

const names = async (from: Api) =>
  (await findDeployed({ api: from, app: 'shop', namespace: 'web' })).map(
    ({ metadata }) => metadata.name,
  );

test("the application's own objects, bare pods included, and nobody else's", async () => {
  expect(await names(api())).toEqual(['web', 'migrate']);
});

test('without the right to list pods the rest is there; without Deployments it fails', async () => {
  expect(await names(api(['pods']))).toEqual(['web']);
  await expect(names(api(['deployments']))).rejects.toThrow(ActionError);
});

test('without a namespace it is wrong use', async () => {
  await expect(findDeployed({ api: api(), app: 'shop', namespace: undefined })).rejects.toThrow(
    'namespace',
  );
});
