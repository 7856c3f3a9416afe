// What a bake definition of a pull request would take from the runner, found in what bake resolves it to.
import { expect, test } from '@jest/globals';
import { reachesOf } from '../../src/build/foreign-bake.ts';

const of = (target: object) => reachesOf(JSON.stringify({ target: { api: target } }));
const paths = (target: object) => of(target).paths.map(({ path }) => path);

test('a plain target reads its context, its Dockerfile and the ignore file of that', () => {
  expect(of({ context: 'backend' })).toEqual({
    paths: [
      { where: 'target api: context', path: 'backend' },
      { where: 'target api: dockerfile', path: 'backend/Dockerfile' },
      { where: 'target api: dockerfile', path: 'backend/Dockerfile.dockerignore' },
    ],
    refused: [],
  });
});

test.each([
  [{ context: '../..' }, '../..'],
  [{ dockerfile: '../../etc/x' }, './../../etc/x'],
  [{ dockerfile: '/etc/x' }, '/etc/x'],
  [{ dockerfile: 'cwd:///etc/x' }, '/etc/x'],
  [{ contexts: { base: '/home/runner' } }, '/home/runner'],
  [{ contexts: { base: 'oci-layout:///home/runner/x' } }, '/home/runner/x'],
  [{ secret: ['id=x,src=/home/runner/.ssh/id'] }, '/home/runner/.ssh/id'],
  [{ secret: [{ id: 'x', src: '../token' }] }, '../token'],
  [{ output: ['type=local,dest=../out'] }, '../out'],
  [{ output: [{ type: 'tar', dest: '/tmp/x.tar' }] }, '/tmp/x.tar'],
  [{ 'cache-from': ['type=local,src=/var/cache'] }, '/var/cache'],
  [{ 'cache-to': ['type=local,dest=/var/cache'] }, '/var/cache'],
])('%j reaches %s', (target, path) => {
  expect(paths(target)).toContain(path);
});

test.each([
  [{ secret: ['id=x,env=ACTIONS_RUNTIME_TOKEN'] }, 'secret x', 'ACTIONS_RUNTIME_TOKEN'],
  [{ secret: ['type=env,id=x,src=GITHUB_TOKEN'] }, 'secret x', 'GITHUB_TOKEN'],
  [
    { secret: ['id=ACTIONS_RUNTIME_TOKEN'] },
    'secret ACTIONS_RUNTIME_TOKEN',
    'ACTIONS_RUNTIME_TOKEN',
  ],
  [{ secret: [{ id: 'x', env: 'HOME' }] }, 'secret x', 'HOME'],
  [{ secret: ['id=x,ENV=HOME'] }, 'secret x', 'HOME'],
  [{ ssh: ['default'] }, 'ssh', 'agent'],
  [{ ssh: [{ id: 'default', paths: ['/home/runner/.ssh/id'] }] }, 'ssh', 'agent'],
])('%j is never inside', (target, ...words) => {
  const [said = ''] = of(target).refused;
  for (const word of words) expect(said).toContain(word);
});

test('what is fetched or built is no path', () => {
  const contexts = {
    a: 'target:base',
    b: 'docker-image://alpine:3',
    c: 'https://github.com/acme/shop.git',
  };
  expect(paths({ contexts })).toEqual(['.', './Dockerfile', './Dockerfile.dockerignore']);
  expect(paths({ 'cache-to': ['type=gha'], output: ['type=image,push=true'] })).toHaveLength(3);
});

test('what is no definition reaches nothing, as nothing is built of it', () => {
  for (const text of ['', 'null', '[]', '{"target": 7}']) {
    expect(reachesOf(text)).toEqual({ paths: [], refused: [] });
  }
});
