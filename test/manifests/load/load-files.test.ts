import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { TransportError } from '../../../src/core/ports.ts';
import { configMap, places, problems, workspaceOf } from '../../support/manifests/workspace.ts';

const files = {
  'k8s/b.yaml': configMap('b'),
  'k8s/a.yml': configMap('a'),
  'k8s/c.json': '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}',
  'k8s/README.md': '# no manifest',
  'k8s/deep/d.yaml': configMap('d'),
  'k8s/deep/empty.yaml': '# nothing\n',
};

describe('what an entry names', () => {
  test.each([
    ['a file', ['k8s/b.yaml'], ['ConfigMap/b k8s/b.yaml:1']],
    ['a file, however written', ['./k8s//deep/../b.yaml'], ['ConfigMap/b k8s/b.yaml:1']],
    [
      'a folder: what is directly in it, by name',
      ['k8s'],
      ['ConfigMap/a k8s/a.yml:1', 'ConfigMap/b k8s/b.yaml:1', 'ConfigMap/c k8s/c.json:1'],
    ],
    ['a glob', ['k8s/*.yaml'], ['ConfigMap/b k8s/b.yaml:1']],
    [
      'a glob that goes deep',
      ['k8s/**/*.yaml'],
      ['ConfigMap/b k8s/b.yaml:1', 'ConfigMap/d k8s/deep/d.yaml:1'],
    ],
    [
      'a glob of everything: manifests only',
      ['k8s/*'],
      ['ConfigMap/a k8s/a.yml:1', 'ConfigMap/b k8s/b.yaml:1', 'ConfigMap/c k8s/c.json:1'],
    ],
    ['a file twice', ['k8s/b.yaml', 'k8s/*.yaml'], ['ConfigMap/b k8s/b.yaml:1']],
    [
      'all but a file',
      ['k8s', '-k8s/b.yaml'],
      ['ConfigMap/a k8s/a.yml:1', 'ConfigMap/c k8s/c.json:1'],
    ],
    ['all but a glob, whatever the order', ['- k8s/*.y*ml', 'k8s'], ['ConfigMap/c k8s/c.json:1']],
    ['all but a folder', ['k8s/**/*.yaml', '-k8s/deep'], ['ConfigMap/b k8s/b.yaml:1']],
  ])('%s', async (_what, entries, expected) => {
    const loaded = await workspaceOf(files).load(entries);
    expect(problems(loaded)).toEqual([]);
    expect(places(loaded)).toEqual(expected);
  });

  test('an absolute path inside the workspace or the temporary folder', async () => {
    const space = workspaceOf(files);
    writeFileSync(join(space.temp, 'made.yaml'), configMap('made'));
    const entries = [join(space.workspace, 'k8s/b.yaml'), join(space.temp, 'made.yaml')];
    expect(places(await space.load(entries))).toEqual([
      'ConfigMap/b k8s/b.yaml:1',
      `ConfigMap/made ${join(space.temp, 'made.yaml')}:1`,
    ]);
  });

  test('nothing is nothing', async () => {
    expect(await workspaceOf({}).load([])).toEqual({ documents: [], findings: [] });
  });
});

describe('what an entry cannot name', () => {
  test.each([
    ['nothing is there', ['nope'], 'does not exist'],
    ['a glob without a match', ['nope/*.yaml'], 'matches no'],
    ['a folder of folders', ['.'], 'without any .yaml'],
    ['only excluded files', ['k8s/b.yaml', '-k8s'], 'excluded'],
    ['a YAML list', ['- k8s/a.yml', '- k8s/b.yaml'], 'Every line'],
    ['only empty files', ['k8s/deep/empty.yaml'], 'names no object'],
    ['an empty exclusion', ['k8s', '-'], 'is empty'],
    ['a NUL', ['k8s\0'], 'is not a path'],
  ])('%s', async (_what, entries, words) => {
    const { findings } = await workspaceOf(files).load(entries);
    expect(findings.map(({ code, severity }) => [code, severity])).toEqual([
      ['input-invalid', 'fatal'],
    ]);
    expect(findings[0]?.what).toContain(words);
  });

  test('an exclusion that excludes nothing is only a warning', async () => {
    const { findings } = await workspaceOf(files).load(['k8s', '-k8s/old.yaml']);
    expect(findings.map(({ severity }) => severity)).toEqual(['warning']);
  });

  test('every problem of every entry at once, with what could be read', async () => {
    const space = workspaceOf({ ...files, 'k8s/a.yml': 'a:\n\tb: c\n', 'x.yaml': configMap('b') });
    const loaded = await space.load(['k8s', 'x.yaml', 'nope']);
    expect(problems(loaded).map((each) => each.split(' ').slice(0, 2))).toEqual([
      ['input-invalid', 'The'],
      ['manifest-invalid', 'k8s/a.yml:2'],
      ['manifest-invalid', 'x.yaml:1'],
    ]);
    expect(places(loaded)).toHaveLength(3);
  });
});

describe('links', () => {
  function linked() {
    const space = workspaceOf(files);
    const outside = join(space.root, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'secret.yaml'), configMap('secret'));
    symlinkSync(outside, join(space.workspace, 'folder'));
    symlinkSync(join(outside, 'secret.yaml'), join(space.workspace, 'file.yaml'));
    symlinkSync('k8s/b.yaml', join(space.workspace, 'inside.yaml'));
    symlinkSync('nowhere', join(space.workspace, 'broken.yaml'));
    return space;
  }

  test.each([
    ['folder'],
    ['folder/secret.yaml'],
    ['file.yaml'],
    ['f*.yaml'],
    ['folder/*.yaml'],
    ['../outside'],
    ['../outside/secret.yaml'],
    ['../outside/*.yaml'],
    ['/etc/hosts'],
  ])('%s leads out of the workspace and is not read', async (entry) => {
    const loaded = await linked().load([entry]);
    expect(loaded.documents).toEqual([]);
    expect(problems(loaded)).toEqual([expect.stringContaining('leads out of the workspace')]);
  });

  test('inside it they are followed, and a file that is reached twice is loaded once', async () => {
    const loaded = await linked().load(['inside.yaml', 'k8s/b.yaml']);
    expect(places(loaded)).toEqual(['ConfigMap/b inside.yaml:1']);
  });

  test('to nowhere are nothing', async () => {
    expect(problems(await linked().load(['broken.yaml']))[0]).toContain('does not exist');
    expect(problems(await linked().load(['b*.yaml']))[0]).toContain('dangling link');
  });
});

describe('an address', () => {
  const body = configMap('remote');
  const sha256 = createHash('sha256').update(body).digest('hex');
  const ok = (text: string) => () => ({ status: 200, headers: {}, body: text });

  test('is loaded without any header, from its own host only, if its digest is right', async () => {
    const space = workspaceOf({});
    const loaded = await space.load(
      [`https://x.example/a.yaml?b=c#sha256=${sha256.toUpperCase()}`],
      {
        http: ok(body),
        untrusted: true,
      },
    );
    expect(places(loaded)).toEqual(['ConfigMap/remote https://x.example/a.yaml:1']);
    expect(space.requests).toEqual([
      { url: 'https://x.example/a.yaml?b=c', redirect: 'same-host', maxBytes: 8 * 2 ** 20 },
    ]);
  });

  test('with another digest is not parsed', async () => {
    const entry = `https://x.example/a.yaml#sha256=${'0'.repeat(64)}`;
    const loaded = await workspaceOf({}).load([entry], { http: ok(body) });
    expect(loaded.documents).toEqual([]);
    expect(loaded.findings[0]?.evidence).toEqual([
      `expected sha256 ${'0'.repeat(64)}`,
      `received sha256 ${sha256}`,
    ]);
  });

  test.each([
    [302, { location: 'https://evil.example/a?token=x' }, 'HTTP 302: redirects to evil.example'],
    [404, {}, 'HTTP 404'],
  ])('that answers %d is a finding', async (status, headers, evidence) => {
    const entry = `https://x.example/a.yaml#sha256=${sha256}`;
    const loaded = await workspaceOf({}).load([entry], {
      http: () => ({ status, headers, body }),
    });
    expect(loaded.documents).toEqual([]);
    expect(loaded.findings[0]).toMatchObject({ code: 'manifest-invalid', evidence: [evidence] });
  });

  test('that does not answer is a finding; a bug stays a bug', async () => {
    const entry = `https://x.example/a.yaml#sha256=${sha256}`;
    const failing = (error: Error) =>
      workspaceOf({}).load([entry], {
        http: () => {
          throw error;
        },
      });
    const { findings } = await failing(new TransportError('ECONNRESET', 'reset'));
    expect(findings[0]?.evidence).toEqual(['ECONNRESET: reset']);
    await expect(failing(new TypeError('x'))).rejects.toThrow(TypeError);
  });

  test.each([
    [`http://x.example/a.yaml#sha256=${sha256}`, 'https'],
    ['https://x.example/a.yaml', 'digest'],
    ['https://x.example/a.yaml#sha256=abc', 'digest'],
    [`https://x.example/a.yaml#md5=${sha256}`, 'digest'],
    [`https://me:hunter2@x.example/a.yaml#sha256=${sha256}`, 'password'],
    ['git://x.example/a.git', 'https'],
    [`-https://x.example/a.yaml#sha256=${sha256}`, 'address'],
  ])('%s is refused before any request', async (entry, words) => {
    const space = workspaceOf({});
    const loaded = await space.load([entry, '-nothing']);
    const [finding] = loaded.findings;
    expect(finding).toMatchObject({ code: 'input-invalid', severity: 'fatal' });
    expect(`${finding?.what} ${finding?.hint}`).toContain(words);
    expect(JSON.stringify(loaded)).not.toContain('hunter2');
    expect(space.requests).toEqual([]);
  });
});
