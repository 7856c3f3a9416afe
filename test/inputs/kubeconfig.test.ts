// A kubeconfig input is known by its content; what it hides and starts is found.
import { describe, expect, test } from '@jest/globals';
import { reveal } from '../../src/core/secret.ts';
import { kubeconfig, readKubeconfig } from '../../src/inputs/kubeconfig.ts';

const text = `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: https://127.0.0.1:6443}}]
users:
  - name: u
    user:
      token: the-token-text
contexts: [{name: dev, context: {cluster: c, user: u}}, {name: prod, context: {cluster: c}}]
current-context: dev
`;

function read(given: string) {
  const result = kubeconfig(given, 'kubeconfig');
  if ('findings' in result) return { findings: result.findings };
  return 'path' in result.value ? { path: result.value.path } : { text: reveal(result.value.text) };
}

describe('the content decides', () => {
  test('text, JSON and base64 with or without line breaks', () => {
    expect(read(text)).toEqual({ text });
    const json = '{"apiVersion":"v1","clusters":[{"name":"ümlaut"}],"contexts":[]}';
    expect(read(json)).toEqual({ text: json });
    const base64 = Buffer.from(json).toString('base64');
    expect(read(base64)).toEqual({ text: json });
    expect(read(Buffer.from(text).toString('base64').replaceAll(/.{76}/g, '$&\n'))).toEqual({
      text,
    });
  });
  test.each([
    'kubeconfig',
    './kube/config',
    '/home/runner/work/_temp/webgen/kubeconfig.yaml',
    '/home/runner/work/temp/kubeconfig/abcdefghijklmnopqrstuvwxyz',
    'C:\\Users\\me\\.kube\\config',
  ])('%s is a path', (path) => {
    expect(read(path)).toEqual({ path });
  });
  test.each([
    ['text without clusters', 'apiVersion: v1\nkind: Config\ntoken: hunter2-hunter2'],
    ['broken YAML', `${text}more: [hunter2`],
    ['damaged base64', Buffer.from(`x${text}hunter2`).toString('base64').slice(7)],
    ['base64 of something else', Buffer.from('hunter2'.repeat(60)).toString('base64')],
    ['one line of JSON that is something else', '{"token":"hunter2"}'],
  ])('%s is refused without a word of it', (_, given) => {
    const result = read(given);
    expect(result).toHaveProperty('findings');
    expect(JSON.stringify(result)).not.toMatch(/hunter2|aHVudGVy/);
  });
});

describe('what it holds', () => {
  test('the arguments and variables of a login program, but for names, flags and places', () => {
    const config = `clusters: []
users:
  - name: e
    user:
      exec:
        command: login
        args: [k8s, create-token, --profile=default, --region, eu-central-1, --output, json, --config,
          /etc/login.yaml, https://login.example.com/a, --client-secret, Hunter2Hunter, --token=tok-1234,
          x7Kq9Zw2Lm5N, --assertion=Zw2Lm5Nx7Kq9]
        env: [{name: AWS_PROFILE, value: production}, {name: OTHER, value: 'p4ss w0rd!'}]
`;
    expect(readKubeconfig(config)?.secrets.toSorted()).toEqual(
      ['Hunter2Hunter', 'Zw2Lm5Nx7Kq9', 'p4ss w0rd!', 'tok-1234', 'x7Kq9Zw2Lm5N'].toSorted(),
    );
  });
  test("the password of a cluster's proxy, as it is written, meant and sent", () => {
    const config = `clusters: [{name: c, cluster: {proxy-url: 'http://me:p%40ss%2Fw0rd@proxy:3128'}}]`;
    const sent = Buffer.from('me:p@ss/w0rd').toString('base64');
    expect(new Set(readKubeconfig(config)?.secrets)).toEqual(
      new Set(['p%40ss%2Fw0rd', 'p@ss/w0rd', sent]),
    );
  });

  test('contexts, and secrets of every kind', () => {
    const key = Buffer.from('-----BEGIN KEY-----\nkeykeykey\n').toString('base64');
    const config = `clusters: []
contexts: [{name: a}, {name: b}]
users:
  - {name: t, user: {token: token-text, client-key-data: ${key}, client-certificate-data: Y2VydA==}}
  - {name: p, user: {username: visible, password: password-text}}
  - {name: o, user: {auth-provider: {name: oidc, config: {id-token: id-text, idp-issuer-url: u}}}}
  - name: e
    user: {exec: {command: yc, env: [{name: YC_TOKEN, value: env-text}, {name: HOME, value: /x}]}}
`;
    const facts = readKubeconfig(config);
    expect(facts?.contexts).toEqual(['a', 'b']);
    expect(facts?.secrets).toEqual([
      'token-text',
      key,
      '-----BEGIN KEY-----\nkeykeykey\n',
      'password-text',
      'id-text',
      'env-text',
    ]);
  });
  test.each([
    ['{token: x}', false],
    ['{exec: {command: yc}}', true],
    ['{auth-provider: {name: gcp}}', true],
  ])('a user %s starts programs: %s', (user, expected) => {
    const config = `clusters: []\nusers: [{name: a, user: {}}, {name: u, user: ${user}}]`;
    expect(readKubeconfig(config)?.startsPrograms).toBe(expected);
  });
  test('hostile shapes are no kubeconfig or an empty one, never a crash', () => {
    expect(readKubeconfig('clusters: 3')).toBeUndefined();
    expect(readKubeconfig('[]')).toBeUndefined();
    expect(readKubeconfig('clusters: []\nusers: [1, {user: 3}]\ncontexts: {}')).toEqual({
      contexts: [],
      startsPrograms: false,
      files: [],
      secrets: [],
    });
  });

  test.each([null, 1, [[]], { toString: 1 }, [{ toString: 1 }]])(
    'a login program whose arguments and variables are %j is no crash',
    (odd) => {
      const execs = [{ args: [odd, '--token', odd] }, { env: [odd, { name: odd, value: odd }] }];
      const users = execs.map((exec) => ({ name: 'u', user: { exec } }));
      expect(readKubeconfig(JSON.stringify({ clusters: [], users }))).toMatchObject({ files: [] });
    },
  );

  test('the files that it names, of all its users and clusters', () => {
    const config = {
      clusters: [{ name: 'c', cluster: { 'certificate-authority': 'ca.pem' } }],
      users: [
        { name: 'a', user: { tokenFile: '../token', 'client-key': 7 } },
        { name: 'b', user: { 'client-certificate': '/x.pem', 'client-key': 'y.pem' } },
      ],
    };
    expect(readKubeconfig(JSON.stringify(config))?.files).toEqual([
      { field: 'certificate-authority', path: 'ca.pem' },
      { field: 'tokenFile', path: '../token' },
      { field: 'client-certificate', path: '/x.pem' },
      { field: 'client-key', path: 'y.pem' },
    ]);
  });
});
