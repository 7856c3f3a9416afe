// What doctor says about the workflow files of a repository.
import { describe, expect, test } from '@jest/globals';
import { checkRepository } from '../../src/doctor/repository.ts';
import { readAnswers } from '../../src/init/answers.ts';
import { callers } from '../../src/init/callers.ts';
import { project } from '../../src/version.ts';

const read = readAnswers({ app: 'shop', namespace: 'shop', services: 'api:80' }, []);
const texts = 'answers' in read ? callers(read.answers) : {};
const overlays = ['production', 'staging'];

/** The callers that init writes, with changes to one of them. */
function look(name = 'deploy', change: (text: string) => string = (text) => text) {
  const workflows = Object.entries(texts).map(([path, text]) => ({
    path,
    text: path.includes(`/${name}.`) ? change(text) : text,
  }));
  return checkRepository({ workflows, overlays });
}

test('what init writes is good', () => {
  const [only, ...others] = look();
  expect(others).toEqual([]);
  expect(only).toMatchObject({ verdict: 'ok', evidence: [], fix: [] });
  expect(only?.what).toContain('deploy.yml, pr-check.yml, rollback.yml');
});

test('an empty repository lacks all three, and init writes them', () => {
  const checks = checkRepository({ workflows: [], overlays: [] });
  expect(checks.map(({ what }) => what)).toEqual([
    'No workflow calls deploy.yml of webgen-deploy.',
    'No workflow calls pr-check.yml of webgen-deploy.',
    'No workflow calls rollback.yml of webgen-deploy.',
  ]);
  expect(checks.every(({ fix }) => fix[0] === 'webgen-deploy init')).toBe(true);
});

test("an application's own secret is passed to a deploy, and to nothing else", () => {
  const more = (text: string) => `${text}      APPLICATION_SECRETS: x\n`;
  expect(look('rollback', more)[0]?.what).toContain('APPLICATION_SECRETS is none of rollback.yml');
  const without = (text: string) => text.replace(/ +APPLICATION_SECRETS.*\n/, '');
  expect(look('deploy', without)[0]).toMatchObject({ verdict: 'ok' });
});

test('no overlay', () => {
  const workflows = Object.entries(texts).map(([path, text]) => ({ path, text }));
  expect(checkRepository({ workflows, overlays: [] })[0]?.what).toContain('no overlay');
});

describe('one caller that is wrong', () => {
  test.each([
    [
      'a misspelt secret',
      (text: string) => text.replace('      YC_K8S_CLUSTER_ID:', '      YC_K8S_CLUSTR_ID:'),
      [
        'YC_K8S_CLUSTR_ID is none of deploy.yml; did you mean `YC_K8S_CLUSTER_ID`?',
        'YC_K8S_CLUSTER_ID is not passed',
      ],
    ],
    [
      'no secrets',
      (text: string) => text.slice(0, text.indexOf('    secrets:')),
      ['YC_SA_JSON_CREDENTIALS is not passed on', 'YC_K8S_CLUSTER_ID is not passed on'],
    ],
    [
      'a right too few',
      (text: string) => text.replace(/ {6}actions: read.*\n/, ''),
      ['does not grant actions: read'],
    ],
    ['no YAML', () => 'a: [', ['is no YAML', 'No workflow calls deploy.yml']],
  ])('%s', (_, change, words) => {
    const said = look('deploy', change).map(({ what, verdict }) => `${verdict} ${what}`);
    expect(said).toHaveLength(words.length);
    for (const [index, word] of words.entries()) {
      expect(said[index]).toContain(word);
      expect(said[index]).toMatch(/^failed /);
    }
  });

  test.each([
    [
      'secrets: inherit',
      (text: string) => text.replace(/ {4}secrets:\n[\s\S]*$/, '    secrets: inherit\n'),
    ],
    ['write instead of read', (text: string) => text.replace('contents: read', 'contents: write')],
    [
      'rights of the whole workflow',
      (text: string) =>
        text
          .replace('permissions: {}', 'permissions: read-all')
          .replace(/ {4}permissions:\n( {6}.*\n)+/, ''),
    ],
    [
      'another owner, pinned by commit',
      (text: string) =>
        text.replace(project, 'acme/webgen-deploy').replace('@v1', `@${'a'.repeat(40)} # v1.0.0`),
    ],
  ])('%s is as good', (_, change) => {
    expect(look('deploy', change).map(({ verdict }) => verdict)).toEqual(['ok']);
  });
});
