// A terminal's secrets come from a file, standard input or a variable; on the command line with a warning.
import { describe, expect, test } from '@jest/globals';
import { parseFlags } from '../../src/entry/flags.ts';
import { mostSecretBytes, readSecrets } from '../../src/entry/terminal-secrets.ts';
import { secretInputs } from '../../src/inputs/mask.ts';

const files: Readonly<Record<string, string>> = {
  'key.json': '{"id":"a"}\n',
  'app.env': 'app/a=1\napp/b=2\r\n',
  empty: '\n',
  '-': 'from-stdin\n',
};

async function read(argv: readonly string[], environment: Record<string, string> = {}) {
  const flags = parseFlags(argv);
  expect(flags.findings).toEqual([]);
  return readSecrets(flags, {
    environment,
    read: async (path, most) => {
      expect(most).toBe(mostSecretBytes);
      if (path === 'large') return undefined;
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
      return text;
    },
  });
}

const cluster = ['--yc-k8s-cluster-id', 'catabc'];

describe('where a secret comes from', () => {
  test.each(secretInputs)('%s: a file or standard input, and no warning', async (name) => {
    expect(await read([`--${name}`, '@key.json'])).toEqual({
      raw: { [name]: '{"id":"a"}' },
      findings: [],
    });
    expect(await read([`--${name}`, '-'])).toEqual({ raw: { [name]: 'from-stdin' }, findings: [] });
    expect((await read([`--${name}=-`])).raw[name]).toBe('from-stdin');
  });
  test('a list takes files and lines side by side', async () => {
    const { raw, findings } = await read(['--secrets', '@app.env', '--secrets', 'app/c=x@y']);
    expect(raw['secrets']).toBe('app/a=1\napp/b=2\napp/c=x@y');
    expect(findings).toHaveLength(1);
  });
  test('a plain argument counts, with the better way as a warning and never the secret', async () => {
    const { raw, findings } = await read(['--yc-iam-token', 't1.secret']);
    expect(raw).toEqual({ 'yc-iam-token': 't1.secret' });
    expect(findings).toMatchObject([{ code: 'input-invalid', severity: 'warning' }]);
    const said = `${findings[0]?.what} ${findings[0]?.hint}`;
    expect(said).toContain('--yc-iam-token @FILE');
    expect(said).toContain('--yc-iam-token -');
    expect(said).toContain('YC_IAM_TOKEN');
    expect(said).not.toContain('t1.secret');
  });
  test('the path of a kubeconfig is no secret, its text is', async () => {
    expect((await read(['--kubeconfig', '/home/me/.kube/config'])).findings).toEqual([]);
    expect((await read(['--kubeconfig', 'clusters: []\nusers: []'])).findings).toHaveLength(1);
  });
});

describe('what is refused', () => {
  test.each([
    [['--yc-iam-token', '@nothing'], /The file of --yc-iam-token cannot be read \(ENOENT\)/],
    [['--yc-iam-token', '@empty'], /is empty/],
    [['--yc-iam-token', '@large'], /larger than 1 MiB/],
    [['--yc-iam-token', '-', '--registry-password', '-'], /--yc-iam-token and --registry-password/],
    [['--secrets', '-', '--secrets', '-'], /one secret only/],
  ])('%j', async (argv, what) => {
    const { findings } = await read(argv);
    expect(findings).toMatchObject([{ code: 'input-invalid', severity: 'fatal' }]);
    expect(findings[0]?.what).toMatch(what);
  });
  test('a secret that begins with @ itself is no file, and is not repeated', async () => {
    const { findings } = await read(['--registry-password', '@hunter2Hunter99']);
    expect(findings).toMatchObject([{ severity: 'fatal' }]);
    expect(JSON.stringify(findings)).not.toContain('hunter2Hunter99');
    expect(findings[0]?.hint).toContain('begins with @');
  });
  test('all at once', async () => {
    const { findings } = await read(['--yc-iam-token', '@no', '--github-token', '@neither']);
    expect(findings).toHaveLength(2);
  });
});

describe('variables', () => {
  const all = {
    YC_SA_JSON_CREDENTIALS: 'key',
    YC_IAM_TOKEN: 'token',
    GITHUB_TOKEN: 'ghs',
    REGISTRY_PASSWORD: 'pw',
    APPLICATION_SECRETS: 'app/a=b',
  };
  test('a cluster of Yandex Cloud takes the key, else the token', async () => {
    const { raw } = await read(['status', ...cluster], all);
    expect(raw).toMatchObject({ 'yc-sa-json-credentials': 'key' });
    expect(raw['yc-iam-token']).toBeUndefined();
    const { YC_SA_JSON_CREDENTIALS: _, ...others } = all;
    expect((await read(['status', ...cluster], others)).raw).toMatchObject({
      'yc-iam-token': 'token',
    });
  });
  test('a flag wins, and excludes the other credentials', async () => {
    const { raw } = await read(['status', ...cluster, '--yc-iam-token', '-'], all);
    expect(raw).toMatchObject({ 'yc-iam-token': 'from-stdin' });
    expect(raw['yc-sa-json-credentials']).toBeUndefined();
  });
  test('none is used where nothing asks for it', async () => {
    expect((await read(['doctor'], all)).raw).toEqual({ command: 'doctor' });
    expect((await read(['status', '--kubeconfig', '/k'], all)).raw).toEqual({
      command: 'status',
      kubeconfig: '/k',
      'github-token': 'ghs',
    });
  });
  test('a registry: its password beside a user, the key for one of Yandex', async () => {
    const own = await read(['build', '--registry', 'ghcr.io/me', '--registry-username', 'me'], all);
    expect(own.raw).toMatchObject({ 'registry-password': 'pw' });
    const yandex = await read(['build', '--registry', 'cr.yandex/crp1'], all);
    expect(yandex.raw).toMatchObject({ 'yc-sa-json-credentials': 'key' });
  });
  test('secrets of the application only where something is applied', async () => {
    expect((await read([], all)).raw['secrets']).toBe('app/a=b');
    expect((await read(['diff'], all)).raw['secrets']).toBe('app/a=b');
    expect((await read(['rollback'], all)).raw['secrets']).toBeUndefined();
  });
});
