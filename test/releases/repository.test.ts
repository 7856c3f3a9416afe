import { describe, expect, test } from '@jest/globals';
import type { Repository } from '../../src/core/context.ts';
import { repositoryOfRemote } from '../../src/core/context.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { prunePlan } from '../../src/releases/prune-plan.ts';
import { entryKey, entryOf, type ReleaseHead } from '../../src/releases/record.ts';
import {
  isSameRepository,
  makersFor,
  takenBy,
  withRepository,
} from '../../src/releases/repository.ts';

const server = 'https://github.com';
const a: Repository = { server, id: '1', name: 'team-a/shop' };
const b: Repository = { server, id: '2', name: 'team-b/shop' };
const renamed: Repository = { server, id: '1', name: 'team-a/store' };
const unnumbered: Repository = { server: 'https://GitHub.com', name: 'Team-A/Shop' };

const head = (repositories: readonly Repository[], repository = repositories.at(-1)) =>
  ({ number: 1, repositories, ...(repository ? { repository } : {}) }) as ReleaseHead;

describe('whose an application is', () => {
  test('is decided by server and number, by the name where there is no number', () => {
    expect(isSameRepository(a, renamed)).toBe(true);
    expect(isSameRepository(a, b)).toBe(false);
    expect(isSameRepository(a, { ...b, name: a.name })).toBe(false);
    expect(isSameRepository(a, unnumbered)).toBe(true);
    expect(isSameRepository(a, { ...a, server: 'https://git.example' })).toBe(false);
  });

  test('another repository is a stranger; a renamed one, an unknown one and a joined one are none', () => {
    expect(takenBy([head([a])], b)).toMatchObject({ repository: a });
    for (const own of [a, renamed, unnumbered, undefined]) {
      expect(takenBy([head([a])], own)).toBeUndefined();
    }
    expect(takenBy([head([a, b])], b)).toBeUndefined();
    expect(takenBy([head([]), head([a])], b)).toMatchObject({ repository: a });
    expect(takenBy([head([]), {} as ReleaseHead], b)).toBeUndefined();
  });

  test('the list keeps everybody, under the present name and with the number', () => {
    expect(withRepository([a], b)).toEqual([a, b]);
    expect(withRepository([a, b], renamed)).toEqual([b, renamed]);
    expect(withRepository([a], unnumbered)).toEqual([{ ...unnumbered, id: '1' }]);
    expect(withRepository([a], undefined)).toEqual([a]);
  });
});

describe('the repository of a remote', () => {
  test.each([
    ['git@github.com:team-a/shop.git', 'https://github.com team-a/shop'],
    ['https://github.com/team-a/shop', 'https://github.com team-a/shop'],
    ['https://user:token@github.com/team-a/shop.git/', 'https://github.com team-a/shop'],
    ['https://git.example:8443/a/b/c.git', 'https://git.example:8443 a/b/c'],
    ['ssh://git@git.example:2222/a/b.git', 'https://git.example a/b'],
    ['/srv/git/shop.git', undefined],
    ['file:///srv/git/shop.git', undefined],
    ['', undefined],
    [`git@${'a'.repeat(100_000)}`, undefined],
  ])('%.60s', (remote, expected) => {
    const found = repositoryOfRemote(remote);
    expect(found && `${found.server} ${found.name}`).toBe(expected);
  });
});

describe('what a prune may delete of an application that several repositories share', () => {
  const made = (name: string, repository?: string) =>
    ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name,
        namespace: 'web',
        uid: name,
        managedFields: [{ manager: 'webgen-deploy/shop', operation: 'Apply' }],
        annotations: {
          'webgen-deploy/home': 'web/shop',
          ...(repository ? { 'webgen-deploy/repository': repository } : {}),
        },
      },
    }) as KubeObject;
  const objects = [made('of-a', 'github.com/1'), made('of-b', 'github.com/2'), made('unsaid')];
  const pruned = (heads: readonly ReleaseHead[], own: Repository | undefined) =>
    prunePlan({
      app: 'shop',
      namespace: 'web',
      makers: makersFor(heads, own),
      inventory: objects.map(entryOf),
      current: [],
      live: new Map(objects.map((each) => [entryKey(entryOf(each)), each])),
    }).candidates.map(({ metadata }) => metadata.name);

  test('is what the same one made, by the live object and not by the record', () => {
    expect(pruned([head([a, b])], b)).toEqual(['of-b']);
    expect(pruned([head([a, b])], renamed)).toEqual(['of-a']);
    expect(pruned([head([a, b])], unnumbered)).toEqual(['of-a']);
    expect(pruned([head([a, b])], undefined)).toEqual([]);
    expect(pruned([head([a])], a)).toEqual(['of-a', 'unsaid']);
    expect(pruned([head([a])], undefined)).toEqual(['of-a', 'unsaid']);
    expect(pruned([], b)).toEqual(['of-b', 'unsaid']);
  });
});
