import { expect, test } from '@jest/globals';
import { readUserBake } from '../../src/build/user-bake.ts';

const target = (name: string) => ({ tags: [`registry.example/shop/${name}:1`] });

const printed = (groups: object) =>
  JSON.stringify({ group: groups, target: { app: target('app'), web: target('web'), bare: {} } });

const targets = (groups: object) =>
  readUserBake(printed(groups))?.images.map((image) => image.target);

test('the targets of the default group and of groups in it, once each, in their order', () => {
  const groups = { default: { targets: ['web', 'all'] }, all: { targets: ['app', 'web'] } };
  expect(targets(groups)).toEqual(['web', 'app']);
});

test('a group that holds itself is looked into once', () => {
  const groups = {
    default: { targets: ['a'] },
    a: { targets: ['b'] },
    b: { targets: ['a', 'app'] },
  };
  expect(targets(groups)).toEqual(['app']);
  expect(targets({ default: { targets: ['default', 'app'] } })).toEqual(['app']);
});

test('a target without a tag is named', () => {
  expect(readUserBake(printed({ default: { targets: ['bare'] } }))?.untagged).toEqual(['bare']);
});
