import { describe, expect, test } from '@jest/globals';
import {
  apiFailure,
  forbiddenFinding,
  permissionDenied,
  statusOf,
} from '../../src/cluster/api-errors.ts';
import { status } from '../support/cluster/scripted-server.ts';

const patch = {
  method: 'PATCH',
  path: '/apis/apps/v1/namespaces/web/deployments/backend?fieldManager=x',
} as const;

function denied(message: string) {
  return { status: 403, headers: {}, body: status(403, 'Forbidden', message) };
}

describe('forbiddenFinding', () => {
  test('says who may not do what where, and the rule to add', () => {
    const message =
      'deployments.apps "backend" is forbidden: User "system:serviceaccount:ci:deployer" cannot patch resource "deployments" in API group "apps" in the namespace "web"';
    expect(forbiddenFinding(denied(message), patch)).toEqual({
      code: 'forbidden',
      severity: 'fatal',
      namespace: 'web',
      what: 'system:serviceaccount:ci:deployer may not patch deployments.apps in namespace web.',
      evidence: [message],
      hint: [
        'Add this rule to a Role in namespace web that is bound to system:serviceaccount:ci:deployer:',
        '- apiGroups: ["apps"]',
        '  resources: ["deployments"]',
        '  verbs: ["get", "create", "patch"]',
      ].join('\n'),
    });
  });

  test('the core group, cluster-wide', () => {
    const message =
      'nodes is forbidden: User "u" cannot list resource "nodes" in API group "" at the cluster scope';
    const found = forbiddenFinding(denied(message), { method: 'GET', path: '/api/v1/nodes' });
    expect(found.what).toBe('u may not list nodes in the whole cluster.');
    expect(found.hint).toContain('ClusterRole');
    expect(found.hint).toContain(
      '- apiGroups: [""]\n  resources: ["nodes"]\n  verbs: ["list", "watch"]',
    );
  });

  test.each([
    ['GET', '/api/v1/namespaces/web/pods', 'list pods'],
    ['GET', '/api/v1/namespaces/web/pods?watch=true', 'watch pods'],
    ['GET', '/api/v1/namespaces/web/pods/a/log', 'get pods/log'],
    ['POST', '/api/v1/namespaces/web/pods', 'create pods'],
    ['DELETE', '/api/v1/namespaces/web/pods/a', 'delete pods'],
    [
      'PUT',
      '/apis/coordination.k8s.io/v1/namespaces/web/leases/a',
      'update leases.coordination.k8s.io',
    ],
  ] as const)('another authorizer’s words: %s %s', (method, path, words) => {
    const found = forbiddenFinding(denied('no'), { method, path });
    expect(found.what).toBe(`The account may not ${words} in namespace web.`);
  });
});

test('a quota or a policy is no missing permission', () => {
  expect(
    permissionDenied(denied('pods "a" is forbidden: exceeded quota: q, requested: pods=1')),
  ).toBe(false);
  expect(permissionDenied(denied('x is forbidden: User "u" cannot get path "/version"'))).toBe(
    true,
  );
});

describe('apiFailure', () => {
  test('quotes the Status', () => {
    const response = { status: 422, headers: {}, body: status(422, 'Invalid', 'spec.x: Required') };
    expect(apiFailure('Applying Deployment/backend', response, patch)).toMatchObject({
      code: 'api-error',
      what: 'Applying Deployment/backend failed: the API answered 422 Invalid.',
      evidence: ['spec.x: Required'],
    });
  });

  test('never the body of a Secret, nor a message about one', () => {
    const request = { method: 'PATCH', path: '/api/v1/namespaces/web/secrets/s' } as const;
    const body = status(500, 'InternalError', 'expected string, got Value:hush');
    const found = apiFailure('Applying Secret/s', { status: 500, headers: {}, body }, request);
    expect(JSON.stringify(found)).not.toContain('hush');
    const plain = { status: 500, headers: {}, body: { data: { a: 'hush' } } };
    expect(JSON.stringify(apiFailure('Reading', plain, patch))).not.toContain('hush');
  });
});

test('statusOf reads only a Status', () => {
  expect(statusOf({ body: { kind: 'Pod' } })).toBeUndefined();
  expect(statusOf({ body: 'Forbidden' })).toBeUndefined();
  expect(statusOf({ body: null })).toBeUndefined();
  expect(statusOf({ body: status(404, 'NotFound', 'x') })?.reason).toBe('NotFound');
});
