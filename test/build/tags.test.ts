// Tags are for people, and no branch or pull request may take one that means something else.
import { describe, expect, test } from '@jest/globals';
import { type TagFacts, tagsFor, versionOf } from '../../src/build/tags.ts';

const sha = '1f3c0a'.padEnd(40, '0');

function tags(ref: string, parts: Partial<TagFacts> = {}): readonly string[] {
  return tagsFor({ on: 'github', ref, sha, defaultBranch: 'main', proposed: false, ...parts });
}

describe('tags', () => {
  test.each([
    ['refs/heads/main', [sha, 'main', 'latest']],
    ['refs/heads/develop', [sha, 'develop']],
    ['refs/heads/feature/Cart_2', [sha, 'feature-Cart_2']],
    ['refs/tags/v1.2.3', [sha, '1.2.3', '1.2', '1']],
    ['refs/tags/0.4.1', [sha, '0.4.1', '0.4']],
    ['refs/tags/v2.0.0-rc.1', [sha, '2.0.0-rc.1']],
    ['refs/tags/nightly', [sha, 'tag-nightly']],
  ])('of %s', (ref, expected) => expect(tags(ref)).toEqual(expected));

  test.each([
    ['latest'],
    ['1.2'],
    ['v3'],
    ['pr-7'],
    [`content-${'a'.repeat(32)}`],
    [sha],
    ['local'],
    ['buildcache'],
  ])('a branch named %s takes no such tag', (branch) => {
    expect(tags(`refs/heads/${branch}`)).toEqual([sha, `branch-${branch}`]);
  });

  test('latest needs a default branch that is known', () => {
    expect(tags('refs/heads/main', { defaultBranch: '' })).toEqual([sha, 'main']);
    expect(tags('refs/heads/', { defaultBranch: '' })).toEqual([sha]);
  });

  test('a pull request gets its head commit and number, never its branch', () => {
    const request = { proposed: true, pullRequest: 12 };
    expect(tags('refs/pull/12/merge', request)).toEqual([sha, 'pr-12']);
    expect(tags('refs/heads/main', { proposed: true })).toEqual([sha]);
    expect(tags('refs/heads/main', { proposed: true, sha: '' })).toEqual(['pr']);
  });

  test('a terminal has no branch and no commit to vouch for', () => {
    expect(tags('', { on: 'terminal' })).toEqual(['local']);
  });

  test('are valid whatever a branch is called', () => {
    for (const branch of ['-x', '..', 'ж', '${{x}}', 'a'.repeat(300), '$(id)\n::set']) {
      for (const tag of tags(`refs/heads/${branch}`)) {
        expect(tag).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/);
      }
    }
  });
});

test('the version is that of the tag, else the name of tag or branch', () => {
  expect(versionOf('refs/tags/v1.2.3')).toBe('1.2.3');
  expect(versionOf('refs/heads/main')).toBe('main');
  expect(versionOf('')).toBe('');
});
