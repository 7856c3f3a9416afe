// What `status` finds: what this application wrote, of every kind that has a verdict.
import { expect, test } from '@jest/globals';
import type { Api } from '../../../src/cluster/api.ts';
import { ActionError } from '../../../src/core/errors.ts';
import type { ApiRequest, ApiResponse } from '../../../src/core/ports.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { findDeployed } from '../../../src/rollout/wait/find-deployed.ts';
import { object } from '../../support/rollout/made.ts';

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
  widgets: [
    written('Widget', 'gear', 'webgen-deploy/shop'),
    written('Widget', 'nut', 'webgen-deploy/blog'),
  ],
  issuers: [written('Issuer', 'main', 'webgen-deploy/shop')],
};

const kind = (resource: string, name: string, more: object = {}) => ({
  resource,
  responseKind: { kind: name },
  scope: 'Namespaced',
  verbs: ['get', 'list'],
  ...more,
});
const groups = {
  kind: 'APIGroupDiscoveryList',
  items: [
    {
      metadata: { name: 'apps' },
      versions: [{ version: 'v1', resources: [kind('deployments', 'Deployment')] }],
    },
    {
      metadata: { name: 'example.com' },
      versions: [
        { version: 'v2', resources: [kind('widgets', 'Widget'), kind('secrets', 'Sealed')] },
        { version: 'v1', resources: [kind('widgets', 'Widget'), kind('hanging', 'Hanging')] },
        { version: 'v0', freshness: 'Stale', resources: [kind('hanging', 'Gone')] },
        { version: 'v0', resources: [kind('issuers', 'Issuer', { scope: 'Cluster' })] },
        { version: 'v0', resources: [kind('hanging', 'Review', { verbs: ['create'] })] },
      ],
    },
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
    resourceOf: async (apiVersion, kind) => ({
      apiVersion,
      kind,
      plural: `${kind.toLowerCase()}s`,
      namespaced: true,
    }),
    send: async ({ path, signal }: ApiRequest): Promise<ApiResponse> => {
      if (path === '/apis') return { status: 200, headers: {}, body: groups };
      const plural = path.split('?')[0]?.split('/').at(-1) ?? '';
      if (denied.includes(plural)) return { status: 403, headers: {}, body: refused };
      // As where the API behind an APIService is away: retried until the signal ends it.
      if (plural === 'hanging') await new Promise((_, no) => signal?.addEventListener('abort', no));
      if (path.includes('/issuers')) expect(path).not.toContain('namespaces');
      const body = { metadata: { resourceVersion: '1' }, items: lists[plural] ?? [] };
      return { status: 200, headers: {}, body };
    },
  };
}

const names = async (from: Api, onLine = (_: string) => undefined as unknown) =>
  (await findDeployed({ api: from, app: 'shop', namespace: 'web', onLine })).map(
    ({ metadata }) => metadata.name,
  );

test("the application's own objects of any kind, and nobody else's; no broken API stalls it", async () => {
  const lines: string[] = [];
  const found = await names(api(['secrets']), (line) => lines.push(line));
  expect(found).toEqual(['web', 'migrate', 'gear', 'main']);
  expect(lines).toEqual(['hanging.example.com could not be listed.']);
}, 20_000);

test('without the right to list pods the rest is there; without Deployments it fails', async () => {
  expect(await names(api(['pods', 'widgets', 'hanging']))).toEqual(['web', 'main']);
  await expect(names(api(['deployments', 'hanging']))).rejects.toThrow(ActionError);
});

test('without a namespace it is wrong use', async () => {
  await expect(findDeployed({ api: api(), app: 'shop', namespace: undefined })).rejects.toThrow(
    'namespace',
  );
});
