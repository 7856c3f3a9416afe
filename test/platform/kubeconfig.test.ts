import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { reveal, Secret } from '../../src/core/secret.ts';
import { type KubeconfigOptions, loadKubeconfig } from '../../src/platform/kubeconfig.ts';
import { certificate, privateKey } from '../support/platform/certificate.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
});

interface Parts {
  readonly user?: unknown;
  readonly cluster?: Record<string, unknown>;
  readonly context?: Record<string, unknown>;
}

function text({ user = { token: 't0' }, cluster = {}, context = {} }: Parts = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'main',
    clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1:6443/', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [
      { name: 'main', context: { cluster: 'c', user: 'u', ...context } },
      { name: 'broken', context: { cluster: 'gone', user: 'u' } },
    ],
  });
}

const load = (parts: Parts | string = {}, options: KubeconfigOptions = {}) =>
  loadKubeconfig(new Secret(typeof parts === 'string' ? parts : text(parts)), options);

async function login(parts: Parts, refresh = false, options: KubeconfigOptions = {}) {
  const value = await (await load(parts, options)).authorization(refresh);
  return value && reveal(value);
}

async function problem(work: Promise<unknown>) {
  const error = (await work.catch((each: unknown) => each)) as {
    findings: { code: string; what: string; evidence: string[] }[];
  };
  const [first] = error.findings;
  return first;
}

describe('a server', () => {
  test.each(['http://127.0.0.1:8080', 'http://localhost:8080', 'http://[::1]:8080'])(
    '%s is this machine',
    async (server) => {
      expect((await load({ cluster: { server } })).server).toBe(server);
    },
  );
  test.each([
    'http://10.0.0.1:8080',
    'http://localhost.attacker.example',
    'http://127.0.0.1.nip.io',
  ])('%s would have the credentials in the clear', async (server) => {
    const found = await problem(load({ cluster: { server } }));
    expect(found).toMatchObject({ code: 'input-invalid' });
    expect(found?.what).toContain('plain http');
  });
});

describe('a context', () => {
  test('gives server, namespace, user, proxy and TLS', async () => {
    const cluster = {
      'certificate-authority-data': Buffer.from(certificate).toString('base64'),
      'tls-server-name': 'api.test',
      'proxy-url': 'http://proxy:3128',
    };
    const access = await load({ cluster, context: { namespace: 'web' } });
    expect(access).toMatchObject({
      server: 'https://10.0.0.1:6443',
      namespace: 'web',
      user: 'u',
      startsPrograms: false,
      proxyUrl: 'http://proxy:3128',
      tls: { ca: Buffer.from(certificate), servername: 'api.test' },
    });
  });

  test('finds certificate files beside the kubeconfig', async () => {
    await writeFile(join(folder, 'client.crt'), certificate);
    await writeFile(join(folder, 'client.key'), privateKey);
    const user = { 'client-certificate': 'client.crt', 'client-key': 'client.key' };
    const access = await load({ user }, { path: join(folder, 'config') });
    expect(access.tls).toEqual({ cert: Buffer.from(certificate), key: Buffer.from(privateKey) });
    expect(await access.authorization(false)).toBeUndefined();
  });

  test('without verification has no authority', async () => {
    const { tls } = await load({ cluster: { 'insecure-skip-tls-verify': true } });
    expect(tls).toEqual({ rejectUnauthorized: false });
  });

  test('two files that are missing are told together, in their order', async () => {
    const user = { 'client-certificate': '/no/file', 'client-key': '/no/key' };
    const failure = load({ user }, {});
    await expect(failure).rejects.toThrow(/client-certificate file[\s\S]*client-key file/);
  });

  test('acts as another user and groups', async () => {
    const { headers } = await load({
      user: { token: 't', as: 'ops', 'as-groups': ['a', 'b'], 'as-user-extra': { 'x/y': ['1'] } },
    });
    expect(headers).toEqual({
      'Impersonate-User': 'ops',
      'Impersonate-Group': ['a', 'b'],
      'Impersonate-Extra-x%2Fy': ['1'],
    });
  });
});

const bomb = [
  'a0: &a0 [x, x]',
  ...Array.from({ length: 9 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}]`),
].join('\n');

describe('what cannot be used is input-invalid and says what there is', () => {
  test.each<[string, Parts | string, KubeconfigOptions, RegExp]>([
    ['no YAML', 'users:\n- token: [s3cret', {}, /not valid YAML \(line \d\)/],
    ['no kubeconfig', 'kind: Pod', {}, /no list of clusters/],
    ['no context of that name', {}, { context: 'other' }, /no context "other"/],
    ['a context without its cluster', {}, { context: 'broken' }, /cluster "gone"/],
    ['a context without its user', { context: { user: 'x' } }, {}, /user "x"/],
    [
      'a server of another scheme',
      { cluster: { server: 'unix:///run' } },
      {},
      /not an http or https/,
    ],
    ['aliases that multiply', bomb, {}, /aliases/],
    [
      'a token that is a number',
      { user: { token: 12345678 as never } },
      {},
      /entry of users whose token is not a text/,
    ],
    [
      'a namespace that is a list',
      { context: { namespace: ['a'] as never } },
      {},
      /entry of contexts whose namespace is not a text/,
    ],
    [
      'a missing certificate file',
      { user: { 'client-certificate': '/no/file', 'client-key': '/no/key' } },
      {},
      /client-certificate file \/no\/file cannot be read \(ENOENT\)/,
    ],
    [
      'data that is no PEM',
      { cluster: { 'certificate-authority-data': 'bm8=' } },
      {},
      /certificate-authority-data is not the base64/,
    ],
  ])('%s', async (_name, parts, options, what) => {
    const found = await problem(load(parts, options));
    expect(found).toMatchObject({ code: 'input-invalid' });
    expect(found?.what).toMatch(what);
    expect(JSON.stringify(found)).not.toContain('s3cret');
  });

  test('the contexts are listed', async () => {
    const found = await problem(load({}, { context: 'other' }));
    expect(found?.evidence).toEqual(['Its contexts: main, broken.']);
  });
});

describe('a user logs in', () => {
  test('by token', async () => expect(await login({})).toBe('Bearer t0'));

  test('by name and password', async () => {
    const user = { username: 'u', password: 'p' };
    expect(await login({ user })).toBe(`Basic ${Buffer.from('u:p').toString('base64')}`);
  });

  test('by a token file, read again after a refusal', async () => {
    await writeFile(join(folder, 'token'), 'first\n');
    const access = await load({ user: { tokenFile: 'token' } }, { path: join(folder, 'config') });
    expect(reveal((await access.authorization(false)) ?? '')).toBe('Bearer first');
    await writeFile(join(folder, 'token'), 'second\n');
    expect(reveal((await access.authorization(false)) ?? '')).toBe('Bearer first');
    expect(reveal((await access.authorization(true)) ?? '')).toBe('Bearer second');
  });

  test('never by a file without an end', async () => {
    const access = await load({ user: { tokenFile: '/dev/zero' } });
    await expect(access.authorization(false)).rejects.toThrow('larger than 1 MiB');
    const user = { 'client-certificate': '/dev/zero', 'client-key': '/dev/zero' };
    await expect(load({ user })).rejects.toThrow(
      'client-certificate file /dev/zero cannot be read',
    );
  });

  test('by an old auth-provider, through the library', async () => {
    const exp = Math.floor(Date.now() / 1_000) + 600;
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const idToken = `${part({ alg: 'none' })}.${part({ exp })}.x`;
    const user = { 'auth-provider': { name: 'oidc', config: { 'id-token': idToken } } };
    const access = await load({ user });
    expect(access.startsPrograms).toBe(true);
    expect(reveal((await access.authorization(false)) ?? '')).toBe(`Bearer ${idToken}`);
  });
});

describe('a user logs in with a program', () => {
  const v1 = 'client.authentication.k8s.io/v1';

  /** A plugin that counts its calls and answers with the count as its token. */
  async function plugin(status: Record<string, unknown> = {}, script = ''): Promise<string> {
    const answer = JSON.stringify({
      apiVersion: v1,
      kind: 'ExecCredential',
      status: { token: 't-COUNT', ...status },
    });
    const path = join(folder, 'plugin');
    const lines = [
      '#!/bin/sh',
      `echo x >> '${folder}/calls'`,
      `env > '${folder}/env'`,
      script,
      `count=$(wc -l < '${folder}/calls' | tr -d ' ')`,
      `sleep 0.1; printf '%s' '${answer}' | sed "s/COUNT/$count/"`,
    ];
    await writeFile(path, lines.join('\n'));
    await chmod(path, 0o755);
    return path;
  }

  const exec = (command: string, more: Record<string, unknown> = {}) => ({
    user: { exec: { apiVersion: v1, command, interactiveMode: 'Never', ...more } },
  });

  const values = async (access: Awaited<ReturnType<typeof load>>, refresh = false) =>
    reveal((await access.authorization(refresh)) ?? '');

  test('once, for all who ask at the same time and after', async () => {
    const access = await load(exec(await plugin()));
    expect(access.startsPrograms).toBe(true);
    const all = await Promise.all([values(access), values(access), values(access)]);
    expect([...all, await values(access)]).toEqual(new Array(4).fill('Bearer t-1'));
    expect(await values(access, true)).toBe('Bearer t-2');
  });

  test('whose token the masker learns first', async () => {
    const masked: string[] = [];
    const mask = (secret: Secret) => masked.push(reveal(secret));
    await values(await load(exec(await plugin()), { mask }));
    expect(masked).toEqual(['t-1']);
  });

  test.each([null, 1, [], { toString: 1 }])('with args or env of %j is refused', async (odd) => {
    for (const more of [{ args: [odd] }, { env: [odd] }, { env: [{ name: odd, value: 'a' }] }]) {
      const found = await problem(load(exec('false', more)));
      expect(found).toMatchObject({
        code: 'input-invalid',
        what: expect.stringContaining('texts'),
      });
    }
    const parts = { user: { token: 't', 'as-groups': [odd, 'g'], 'as-user-extra': { a: [odd] } } };
    expect((await load(parts)).headers).toMatchObject({ 'Impersonate-Group': ['g'] });
  });

  test.each(['a\nb', 'ключ', 'a b'])('whose token is %j is refused', async (token) => {
    const path = join(folder, 'odd');
    const answer = JSON.stringify({ apiVersion: v1, kind: 'ExecCredential', status: { token } });
    await writeFile(path, `#!/bin/sh\ncat <<'END'\n${answer}\nEND\n`);
    await chmod(path, 0o755);
    const found = await problem(load(exec(path)).then(values));
    expect(found?.what).toContain('a token that no request can carry');
  });

  test('nothing runs before somebody asks', async () => {
    await load(exec(await plugin()));
    await expect(readFile(join(folder, 'calls'))).rejects.toThrow('ENOENT');
  });

  test('again when the credential has expired', async () => {
    const expirationTimestamp = new Date(Date.now() + 5_000).toISOString();
    const access = await load(exec(await plugin({ expirationTimestamp })));
    expect(await values(access)).toBe('Bearer t-1');
    expect(await values(access)).toBe('Bearer t-2');
  });

  test('that gets its variables and the cluster, and none of the inputs', async () => {
    process.env['INPUT_SECRETS'] = 'hidden';
    try {
      const more = { env: [{ name: 'PROFILE', value: 'ci' }], provideClusterInfo: true };
      await values(await load(exec(await plugin(), more)));
    } finally {
      delete process.env['INPUT_SECRETS'];
    }
    const env = await readFile(join(folder, 'env'), 'utf8');
    expect(env).toContain('PROFILE=ci');
    expect(env).toContain('"server":"https://10.0.0.1:6443"');
    expect(env).not.toContain('hidden');
  });

  test('that hands out a certificate', async () => {
    const status = { token: undefined, clientCertificateData: 'CERT', clientKeyData: 'KEY' };
    const access = await load(exec(await plugin(status)));
    expect(await access.clientCertificate()).toEqual({
      cert: Buffer.from('CERT'),
      key: Buffer.from('KEY'),
    });
    expect(await access.authorization(false)).toBeUndefined();
  });

  test('given by a path relative to the kubeconfig', async () => {
    await plugin();
    const access = await load(exec('./plugin'), { path: join(folder, 'config') });
    expect(await values(access)).toBe('Bearer t-1');
  });

  test('that is not there', async () => {
    const found = await problem(login(exec('no-such-plugin', { installHint: 'brew install it' })));
    expect(found).toMatchObject({ code: 'unauthenticated', evidence: ['brew install it'] });
    expect(found?.what).toContain('no-such-plugin');
  });

  test('that fails, with its exit code and its words', async () => {
    const command = await plugin({}, 'echo "not logged in" >&2; exit 7');
    const found = await problem(login(exec(command)));
    expect(found).toMatchObject({ code: 'unauthenticated', evidence: ['not logged in'] });
    expect(found?.what).toContain('exit code 7');
  });

  test('that answers nonsense, which is not repeated', async () => {
    const command = await plugin({}, 'echo "token=s3cret"; exit 0');
    const found = await problem(login(exec(command)));
    expect(found?.code).toBe('unauthenticated');
    expect(JSON.stringify(found)).not.toContain('s3cret');
  });

  test('that wants a person', async () => {
    const found = await problem(login(exec('x', { interactiveMode: 'Always' })));
    expect(found).toMatchObject({ code: 'unauthenticated' });
  });
});
