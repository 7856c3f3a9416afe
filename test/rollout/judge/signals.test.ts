// Each row of the table of signals has a state, and the judge says of it what the row says.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { prove } from '../../../scripts/diagnosis.ts';
import { codes } from '../../../src/core/codes.ts';
import { judges } from '../../../src/rollout/judge/judges.ts';
import { generic } from '../../../src/rollout/judge/row-of.ts';
import { signals } from '../../../src/rollout/judge/signals.ts';
import { replay } from '../../support/rollout/recording.ts';

const folder = new URL('../../fixtures/cluster/', import.meta.url);
const rows = Object.values(signals).flat();
const ready = [...Object.values(judges), generic].flatMap(({ shows }) => shows);

describe('a signal', () => {
  test.each(rows)('%s → %s, fatal: %s (%s)', (...row) => {
    const [, code, fatal] = row;
    const { finding, isFatal } = prove(row);
    expect(finding?.code).toBe(code);
    expect(codes).toHaveProperty(code);
    expect(isFatal).toBe(fatal !== 'never');
    expect(finding?.what).not.toMatch(/undefined|NaN|\[object/);
    expect(finding?.evidence.join()).not.toMatch(/undefined|NaN|\[object/);
    expect(finding?.hint).not.toBe('');
  });
});

describe('a state that is ready', () => {
  test.each(ready)('%s', (name) => {
    const moments = replay(name, { longer: 5_000 });
    const last = moments.at(-1)?.verdict.state;
    expect(last).toBe(name.endsWith('suspended') ? 'suspended' : 'ready');
    expect(moments.filter(({ verdict }) => verdict.state === 'failed')).toEqual([]);
  });
});

test('every state is a file with a first line that says what it shows or who wrote it', () => {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const name of names.filter((each) => each.endsWith('.yaml'))) {
    const text = readFileSync(new URL(name, folder), 'utf8');
    expect(`${name}: ${text}`).toMatch(/: (# Written by hand, not recorded, [^\n]+\n)?shows: /);
  }
  for (const [, , , name] of rows) {
    expect(existsSync(new URL(`${name}.yaml`, folder))).toBe(true);
  }
});
