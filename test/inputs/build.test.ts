// The `build` input: YAML in, images out, every problem of every entry at once.
import { describe, expect, test } from '@jest/globals';
import { imageBuilds } from '../../src/inputs/build.ts';

function read(text: string) {
  const result = imageBuilds(text, 'build');
  if ('value' in result) return result.value;
  throw new Error(result.findings.map(({ what }) => what).join('\n'));
}

function wrong(text: string): readonly string[] {
  const result = imageBuilds(text, 'build');
  return 'findings' in result ? result.findings.map(({ what }) => what) : [];
}

describe('what is built', () => {
  test('has defaults for all but the name', () => {
    expect(read('- name: backend')).toEqual([
      {
        name: 'backend',
        context: '.',
        buildArgs: {},
        platforms: [],
        secrets: {},
        cache: 'auto',
      },
    ]);
  });

  test('takes every key, in the forms that people write', () => {
    const text = `
- name: shop/backend
  context: ./backend/
  dockerfile: docker/Dockerfile.prod
  target: prod
  build-args:
    NODE_VERSION: 1.30
    FLAG: true
    EMPTY: ''
  platforms: [linux/amd64, linux/arm64/v8]
  secrets: [NPM_TOKEN, npmrc=NPMRC]
  cache: registry
- name: frontend
  context: frontend
  build-args: [A=1=2, B=]
  platforms: linux/amd64,linux/arm64
  secrets: {key: API_KEY}
  cache: false
`;
    const [backend, frontend] = read(text);
    expect(backend).toEqual({
      name: 'shop/backend',
      context: 'backend',
      dockerfile: 'docker/Dockerfile.prod',
      target: 'prod',
      buildArgs: { NODE_VERSION: '1.30', FLAG: 'true', EMPTY: '' },
      platforms: ['linux/amd64', 'linux/arm64/v8'],
      secrets: { NPM_TOKEN: 'NPM_TOKEN', npmrc: 'NPMRC' },
      cache: 'registry',
    });
    expect(frontend).toMatchObject({
      buildArgs: { A: '1=2', B: '' },
      platforms: ['linux/amd64', 'linux/arm64'],
      secrets: { key: 'API_KEY' },
      cache: 'none',
    });
  });

  test('one image needs no list', () => {
    expect(read('name: web\ncontext: web')).toHaveLength(1);
  });
});

describe('what is wrong', () => {
  test('is all told at once, with what was meant', () => {
    const text = `
- name: Backend
  contxt: backend
- context: ../elsewhere
  cache: registri
- name: web
  platforms: [amd64]
- name: web
  build-args: {9X: 1, Y: }
`;
    expect(wrong(text)).toEqual([
      'Input `build` of `Backend` has the key "contxt", which is unknown; did you mean `context`?',
      'Input `build` of `Backend` has a `name` that is "Backend", not the end of a repository.',
      'Input `build` entry 2 has no `name`.',
      'Input `build` entry 2 has a `context` outside the workspace.',
      'Input `build` entry 2 has the cache "registri"; did you mean `registry`?',
      'Input `build` of `web` has the platform "amd64".',
      'Input `build` of `web` has `build-args` that give "Y" no value.',
      'Input `build` of `web` has the build-arg "9X", which is not a valid name.',
      'Input `build` names `web` twice.',
    ]);
  });

  test.each([
    ['- name: [', 'Input `build` line 1 is not valid YAML.'],
    ['backend', 'Input `build` is not a list of images.'],
    ['- backend', 'Input `build` entry 1 is not a map with a `name`.'],
    [
      '- name: a\n  context: https://github.com/a/b',
      'Input `build` of `a` has a `context` that is not a path.',
    ],
    ['- name: a\n  context: /etc', 'Input `build` of `a` has a `context` outside the workspace.'],
    [
      '- name: a\n  context: a/../../b',
      'Input `build` of `a` has a `context` outside the workspace.',
    ],
  ])('%j', (text, expected) => expect(wrong(text)).toContain(expected));

  test('a secret that is written where its name belongs is not shown', () => {
    const [what = ''] = wrong('- name: a\n  secrets: ["hunter2 hunter2"]');
    expect(what).toMatch(/neither a variable/);
    expect(what).not.toContain('hunter2');
  });
});
