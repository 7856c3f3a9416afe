// Rules that somebody wrote to hold a run up: each ends at once, and never holds by that.
import { describe, expect, test } from '@jest/globals';
import { readRule } from '../../../src/kube/rules/rule.ts';
import { object } from '../../support/rollout/made.ts';
import { inASecond } from '../../support/timed.ts';

const items = Array.from({ length: 1_000 }, (_, index) => ({ name: `n${index}`, up: true }));
const live = object('db.example.org/v1', 'Database', {
  spec: { list: items.map(({ name }) => name) },
  status: {
    phase: 'Ready',
    long: `${'a'.repeat(1_600_000)}b`,
    text: `${'a'.repeat(8_000)}b`,
    digits: '1'.repeat(8_000),
    items,
    many: Array.from({ length: 20_000 }, () => 1),
    length: 1e9,
    wrapped: [{ odd: { toString: 1 } }],
    odd: { toString: 1, valueOf: 1, toJSON: 1 },
  },
});

function check(written: string, on = live) {
  return inASecond(() => {
    const read = readRule(written);
    return 'problem' in read ? read : read.rule.check(on);
  });
}

const loop = (body: string, depth: number): string =>
  depth === 0 ? body : `status.items.all(x${depth}, ${loop(body, depth - 1)})`;
const doubled = (value: string, times: number): string => {
  const steps = Array.from({ length: times }, (_, at) => `cel.bind(v${at + 1}, v${at} + v${at}, `);
  const end = ')'.repeat(times + 1);
  return `cel.bind(v0, ${value}, ${steps.join('')}size(v${times}) > 0${end}`;
};

describe('CEL', () => {
  test.each([
    "self.status.text.matches('^(a+)+$')",
    "status.text.matches('^(a|a)*$')",
    "status.text.matches('^(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)[^ab]$')",
    "status.text.matches('(x+x+)+y')",
  ])('%s does not match, in linear time', (written) => {
    expect(check(written)).toEqual({ holds: false, seen: '' });
  });

  test.each([
    ["status.text.matches('(?i)[\\\\pL]{1,1000}\\\\pN{1000}')", 'costs more than'],
    ["status.text.matches('(a|aa|aaa|aaaa){1,1000}$')", 'costs more than'],
    [`status.text.matches('${'a?'.repeat(200)}')`, 'pattern that is longer than'],
    ["status.long.matches('b$')", 'text that is longer than'],
    ["status.long.contains('ab')", 'text that is longer than'],
    [loop('true', 4), 'costs more than'],
    [loop("status.text.contains('b')", 1), 'costs more than'],
    [loop('status.text.lastIndexOf(status.text) == 0', 2), 'costs more than'],
    [`${loop('false', 3).replaceAll('.all(', '.exists(')}`, 'costs more than'],
    [loop('self == object', 1), 'text that is longer than'],
    [loop('status.items == status.items', 1), 'costs more than'],
    [loop("x1.name in spec.list && 'n999' in spec.list", 1), 'costs more than'],
    [
      loop("timestamp('2026-01-01T00:00:00Z').getHours('Europe/Moscow') >= 0", 1),
      'costs more than',
    ],
    ['status.many.all(x, x == 1)', 'list that is longer than'],
    ['duration(status.digits) > duration("1s")', 'duration that is longer than'],
    [`duration('${'1'.repeat(4_000)}') > duration('1s')`, 'duration that is longer than'],
    [doubled('status.phase', 60), 'text that is longer than'],
    [doubled('b"x"', 60), 'text that is longer than'],
    [doubled('[1]', 60), 'list that is longer than'],
    [`status.items.map(x, status.text).join('').size() > 0`, 'costs more than'],
    [`true || ${loop('true', 4)}`, ''],
    [`${loop('true', 4)} || true`, 'costs more than'],
  ])('expression %# ends', (written, seen) => {
    expect(check(written)).toEqual({
      holds: seen === '',
      seen: expect.stringContaining(seen),
    });
  });

  test('what people write over a thousand items is within the bounds', () => {
    for (const written of [
      'status.items.all(x, x.up && x.name != "")',
      'status.items.exists(x, x.name == "n999") && status.items.filter(x, x.up).size() == 1000',
      "status.items.all(x, x.name.matches('^n[0-9]+$'))",
      'status.length == 1000000000',
    ]) {
      expect([written, check(written)]).toEqual([written, { holds: true, seen: '' }]);
    }
  });

  test('patterns are those of RE2, which the specification of CEL names', () => {
    expect(check("status.phase.matches('(?i)^re')")).toMatchObject({ holds: true });
    expect(check("status.phase.matches('^(?=R)')")).toMatchObject({ holds: false });
    expect(check("status.phase.matches('(R)\\\\1')")).toMatchObject({ holds: false });
  });

  test.each([
    `${'!'.repeat(4_000)}true`,
    `${'-'.repeat(4_000)}1 == 1`,
    `${'['.repeat(2_000)}${']'.repeat(2_000)} == []`,
    `"${'\\"'.repeat(2_000)}" == ''`,
    `${'true?'.repeat(700)}true`,
    `${'status.a'.repeat(500)}`,
    `${'true||'.repeat(600)}true`,
    Array.from({ length: 200 }, (_, at) => `cel.bind(v${at}, 1,`).join(''),
  ])('text %# is read or refused at once', (written) => {
    check(written);
  });
});

test('a value that is nested without end is no crash', () => {
  const nest = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
  const deep = object('db.example.org/v1', 'Database', { status: { nest } });
  for (const written of ['.status.nest=x', '.status=x', 'size(status.nest) == 2']) {
    expect(check(written, deep)).toMatchObject({ holds: false, seen: expect.any(String) });
  }
});

describe('JSONPath', () => {
  test.each([
    `.status${'.*'.repeat(2_000)}=x`,
    `.status${'[*]'.repeat(1_300)}=x`,
    `.status.items${'[?(@.up)]'.repeat(400)}=x`,
    `.status.items[?(@${'.*'.repeat(1_900)}=="x")]`,
    `.status[?(${' '.repeat(4_000)})]`,
    `.status[?(@.a${' '.repeat(2_000)}x==${' '.repeat(1_900)})]`,
    `.${'\\'.repeat(4_000)}`,
    `{.status[${'"'.repeat(4_000)}`,
    `{${'['.repeat(4_000)}`,
    `{.a[${"'".repeat(4_000)}`,
    '.status.long=x',
    '.status.many[*]=1',
    '.status.odd=1',
    '.status.*=1',
    '.status[?(@=="1")]',
    '.status.odd[?(@.toString=="1")]',
    '.status.wrapped[?(@.odd=="1")]',
  ])('path %# is read, refused and evaluated at once', (written) => {
    check(written);
  });
});
