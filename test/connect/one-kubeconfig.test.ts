import { describe, expect, test } from '@jest/globals';
import { oneKubeconfig } from '../../src/connect/one-kubeconfig.ts';

const first = `
clusters:
  - name: a
    cluster: {server: https://a.example, certificate-authority: pki/ca.crt}
users:
  - name: me
    user:
      client-certificate: /abs/me.crt
      client-key: me.key
      exec: {command: ./login, apiVersion: v1}
contexts:
  - {name: a, context: {cluster: a, user: me}}
`;
const second = `
current-context: b
clusters:
  - {name: a, cluster: {server: https://other.example}}
  - {name: b, cluster: {server: https://b.example}}
users:
  - {name: bob, user: {exec: {command: login}}}
contexts:
  - {name: b, context: {cluster: b, user: bob}}
`;
const parts = [
  { folder: '/one', text: first },
  { folder: '/two', text: second },
];

describe('one kubeconfig', () => {
  test('of several: the first of a name counts, and the first current context', () => {
    const merged = JSON.parse(oneKubeconfig(parts));
    expect(merged['current-context']).toBe('b');
    expect(merged.clusters.map((each: { name: string }) => each.name)).toEqual(['a', 'b']);
    expect(merged.clusters[0].cluster.server).toBe('https://a.example');
    expect(merged.contexts).toHaveLength(2);
  });

  test('relative paths still start where their file lies', () => {
    const { clusters, users } = JSON.parse(oneKubeconfig(parts));
    expect(clusters[0].cluster['certificate-authority']).toBe('/one/pki/ca.crt');
    expect(users[0].user).toMatchObject({
      'client-certificate': '/abs/me.crt',
      'client-key': '/one/me.key',
      exec: { command: '/one/./login', apiVersion: 'v1' },
    });
    expect(users[1].user.exec.command).toBe('login');
  });

  test('in another context', () => {
    expect(JSON.parse(oneKubeconfig(parts, 'a'))['current-context']).toBe('a');
  });
});
