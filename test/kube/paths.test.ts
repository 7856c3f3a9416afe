import { describe, expect, test } from '@jest/globals';
import { pathOf, rootOf, targetOf, withQuery } from '../../src/kube/paths.ts';

const deployments = { apiVersion: 'apps/v1', plural: 'deployments', namespaced: true };
const roles = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  plural: 'clusterroles',
  namespaced: false,
};
const pods = { apiVersion: 'v1', plural: 'pods', namespaced: true };

describe('pathOf', () => {
  test.each([
    [
      pathOf(deployments, { namespace: 'a', name: 'b' }),
      '/apis/apps/v1/namespaces/a/deployments/b',
    ],
    [pathOf(deployments, { namespace: 'a' }), '/apis/apps/v1/namespaces/a/deployments'],
    [pathOf(deployments), '/apis/apps/v1/deployments'],
    [
      pathOf(pods, { namespace: 'a', name: 'b', subresource: 'log' }),
      '/api/v1/namespaces/a/pods/b/log',
    ],
    [
      pathOf(roles, { namespace: 'ignored', name: 'system:a/b?c#d' }),
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Aa%2Fb%3Fc%23d',
    ],
    [pathOf(pods, { namespace: '..', name: '.' }), '/api/v1/namespaces/%2E%2E/pods/%2E'],
    [
      pathOf(pods, {
        query: { labelSelector: 'a=b,c in (d)', limit: 5, watch: true, no: undefined },
      }),
      '/api/v1/pods?labelSelector=a%3Db%2Cc%20in%20(d)&limit=5&watch=true',
    ],
    [rootOf('v1'), '/api/v1'],
    [withQuery('/version', {}), '/version'],
  ])('%s', (path, expected) => expect(path).toBe(expected));
});

describe('targetOf', () => {
  test.each([
    [
      '/apis/apps/v1/namespaces/a/deployments/b/status?x=1',
      { group: 'apps', resource: 'deployments', namespace: 'a', name: 'b', subresource: 'status' },
    ],
    ['/api/v1/namespaces/a/pods', { group: '', resource: 'pods', namespace: 'a' }],
    ['/api/v1/namespaces/a', { group: '', resource: 'namespaces', name: 'a' }],
    ['/api/v1/namespaces', { group: '', resource: 'namespaces' }],
    ['/api/v1/nodes/system%3An', { group: '', resource: 'nodes', name: 'system:n' }],
    ['/apis/apps/v1', undefined],
    ['/version', undefined],
  ])('%s', (path, expected) => expect(targetOf(path)).toEqual(expected));
});
