import { describe, expect, test } from '@jest/globals';
import { parseReference, repositoryMatches } from '../../src/images/reference.ts';

const digest = `sha256:${'0a'.repeat(32)}`;

describe('parseReference', () => {
  test.each([
    ['nginx', { repository: 'nginx' }],
    ['nginx:1.27', { repository: 'nginx', tag: '1.27' }],
    ['library/nginx', { repository: 'library/nginx' }],
    ['localhost/x', { registry: 'localhost', repository: 'localhost/x' }],
    ['localhost:5000/x', { registry: 'localhost:5000', repository: 'localhost:5000/x' }],
    [
      'localhost:5000/a/b:v1',
      { registry: 'localhost:5000', repository: 'localhost:5000/a/b', tag: 'v1' },
    ],
    [
      `cr.yandex/crp1/app@${digest}`,
      { registry: 'cr.yandex', repository: 'cr.yandex/crp1/app', digest },
    ],
    [
      `host:443/a:1@${digest}`,
      { registry: 'host:443', repository: 'host:443/a', tag: '1', digest },
    ],
    ['[::1]:5000/a', { registry: '[::1]:5000', repository: '[::1]:5000/a' }],
    ['Registry.example/a', { registry: 'Registry.example', repository: 'Registry.example/a' }],
    ['a__b/c-d/e.f:_x', { repository: 'a__b/c-d/e.f', tag: '_x' }],
    [`a:${'x'.repeat(128)}`, { repository: 'a', tag: 'x'.repeat(128) }],
  ])('%s', (text, reference) => {
    const parsed = parseReference(text);
    expect(parsed).toEqual(reference);
  });

  test.each([
    '',
    'Nginx',
    'a/Nginx:1',
    'nginx:',
    'nginx:a b',
    'nginx:-a',
    `nginx:${'x'.repeat(129)}`,
    'nginx@sha256:abc',
    'nginx@',
    'nginx@latest',
    `@${digest}`,
    '/nginx',
    'a//b',
    'a/',
    'localhost:5000/',
    ':5000/a',
    'host:port/a',
    'http://host/a',
    '-a/b',
    'a..b',
    'a___b',
    'nginx:${TAG}',
    ' nginx',
    'nginx\n',
    `${'a/'.repeat(200)}b`,
  ])('%j is none', (text) => expect(parseReference(text)).toBeUndefined());

  test('takes a hostile text in its stride', () => {
    const started = performance.now();
    parseReference(`${'a-'.repeat(50_000)}!`);
    parseReference(`${'a.'.repeat(50_000)}/!`);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

test.each([
  ['backend', 'backend', true],
  ['localhost:5000/team/backend', 'backend', true],
  ['localhost:5000/team/backend', 'team/backend', true],
  ['localhost:5000/my-backend', 'backend', false],
  ['backend', 'team/backend', false],
  ['localhost:5000/backend-api', 'backend', false],
])('repository %s, name %s: %p', (repository, name, matches) => {
  expect(repositoryMatches(repository, name)).toBe(matches);
});
