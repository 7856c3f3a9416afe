// Where images are pushed, who logs in, and that Yandex's token goes nowhere else.
import { describe, expect, test } from '@jest/globals';
import { reveal } from '../../src/core/secret.ts';
import type { RawInputs } from '../../src/inputs/raw.ts';
import { readInputs } from '../../src/inputs/read-inputs.ts';
import { run } from '../support/run.ts';

const cluster = { kubeconfig: './kube' };
const token = { 'yc-iam-token': 't1.token' };
const build = { build: '- name: backend' };

const read = (raw: RawInputs) =>
  readInputs({ ...cluster, ...raw }, run(), { overlays: ['production'] });

function registry(raw: RawInputs) {
  const { inputs, findings } = read(raw);
  if (!inputs) throw new Error(findings.map(({ what }) => what).join('\n'));
  return inputs.registry;
}

const problems = (raw: RawInputs) =>
  read(raw)
    .findings.filter(({ severity }) => severity !== 'note')
    .map(({ what }) => what);

describe('the registry', () => {
  test.each([
    [{ 'yc-registry-id': 'crp1' }, 'registry.yandexcloud.net/crp1'],
    [{ 'yc-registry-id': 'crp1', registry: 'cr.yandex' }, 'cr.yandex/crp1'],
    [{ registry: 'cr.yandex/crp2/team/' }, 'cr.yandex/crp2/team'],
    [{ registry: '127.0.0.1:5000' }, '127.0.0.1:5000'],
    [{ registry: 'ghcr.io/acme' }, 'ghcr.io/acme'],
  ])('%j is %s', (raw, prefix) => expect(registry(raw)?.prefix).toBe(prefix));

  test.each(['https://cr.yandex/x', 'backend', 'ghcr.io/Acme', 'ghcr.io//a', 'a b.example'])(
    '%s is none',
    (text) => expect(problems({ registry: text })[0]).toMatch(/^Input `registry` /),
  );

  test('is needed where something is built', () => {
    expect(problems(build)).toEqual([
      'Input `registry` is missing: what is built has to be pushed.',
    ]);
    expect(problems({ ...build, command: 'diff', environment: 'production' })).toEqual([]);
  });
});

describe('the login', () => {
  test.each([
    [{ 'yc-registry-id': 'crp1' }],
    [{ registry: 'cr.yandex/crp1' }],
    [{ registry: '127.0.0.1:5000', 'yc-registry-id': 'crp1' }],
  ])('of %j is user iam with the token, and the token is no stray input', (raw) => {
    expect(registry({ ...raw, ...token })?.login).toMatchObject({ by: 'iam' });
    expect(problems({ ...raw, ...token })).toEqual([]);
  });

  test.each([
    [{ registry: 'ghcr.io/acme' }],
    [{ registry: 'cr.yandex.evil.example/x' }],
    [{ registry: 'evil-cr.yandex/x' }],
    [{ registry: '127.0.0.1:5000/x' }],
    [{ registry: 'ghcr.io/acme', 'yc-registry-id': 'crp1' }],
  ])('of %j is never the token', (raw) => {
    const id = { 'yc-k8s-cluster-id': 'cat1', kubeconfig: '' };
    expect(registry({ ...raw, ...token, ...id })?.login).toBeUndefined();
  });

  test('by user and password, both or none', () => {
    const user = { registry: 'ghcr.io/acme', 'registry-username': 'me' };
    const login = registry({ ...user, 'registry-password': 'p w' })?.login;
    expect(login).toMatchObject({ by: 'password', username: 'me' });
    expect(login?.by === 'password' && reveal(login.password)).toBe('p w');
    expect(problems(user)).toEqual([
      'Input `registry-username` needs `registry-password` beside it.',
    ]);
  });

  test('goes to another host only if that is named, and an IAM token never', () => {
    const named = { registry: 'registry.corp.example/x', 'registry-auth-host': 'GitLab.example' };
    expect(registry(named)?.authHost).toBe('gitlab.example');
    for (const wrong of [
      'https://gitlab.example',
      'gitlab.example/x',
      'a b',
      'me@gitlab.example',
    ]) {
      expect(problems({ ...named, 'registry-auth-host': wrong })[0]).toContain('not a host');
    }
    expect(problems({ 'registry-auth-host': 'gitlab.example' })).toEqual([
      'Input `registry-auth-host` needs `registry` beside it.',
    ]);
    expect(problems({ ...named, ...token, registry: 'cr.yandex/crp1' })).toEqual([
      'Input `registry-auth-host` is not used: the login is an IAM token.',
    ]);
  });

  test('of the command build needs no cluster', () => {
    const raw = { ...build, ...token, command: 'build', 'yc-registry-id': 'crp1', kubeconfig: '' };
    expect(registry(raw)?.login).toMatchObject({ by: 'iam' });
    expect(problems(raw)).toEqual([]);
  });
});

describe('what is built', () => {
  const there = { registry: 'ghcr.io/acme' };
  test('excludes a bake file, and an image of the same name', () => {
    expect(problems({ ...there, ...build, 'bake-file': 'b.hcl' })).toEqual([
      'Input `build` excludes `bake-file`.',
    ]);
    expect(problems({ ...there, ...build, images: 'backend=nginx:1' })).toEqual([
      'Input `images` gives `backend`, which `build` builds.',
    ]);
    expect(problems({ ...there, 'bake-targets': 'a' })).toEqual([
      'Input `bake-targets` needs `bake-file` beside it.',
    ]);
  });

  test('has to be said for the command build', () => {
    expect(problems({ ...there, command: 'build' })).toEqual(['Input `build` is missing.']);
  });

  test.each([
    ['https://me:correct-horse-staple@npm.example', 'contains'],
    ['correct-horse-staple', 'is'],
    ['production', undefined],
    ['shorty', 'is'],
    ['a-shorty-one', undefined],
  ])('a build-arg %s %s a secret', (value, how) => {
    const secrets = 'app/a=correct-horse-staple\napp/b=production\napp/c=shorty';
    const entry = `- name: a\n  build-args: {NODE_ENV: "${value}"}`;
    const [first] = problems({ ...there, build: entry, secrets });
    if (how === undefined) expect(first).toBeUndefined();
    else expect(first).toContain(`whose value ${how} a secret`);
  });

  test('a secret of another input is no build-arg', () => {
    const raw = {
      ...there,
      build: '- name: a\n  build-args: {PASS: hunter2hunter2}',
      secrets: 'app/password=hunter2hunter2',
    };
    expect(problems(raw)).toEqual([
      'Input `build` of `a` has the build-arg `PASS`, whose value is a secret: it would stay in the image.',
    ]);
  });
});
