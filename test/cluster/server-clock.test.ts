import { describe, expect, test } from '@jest/globals';
import { serverClock } from '../../src/cluster/server-clock.ts';

const date = (ms: number): string => new Date(ms).toUTCString();

describe('serverClock', () => {
  test('without any answer it is the local clock', () => {
    expect(serverClock().at(5000)).toBe(5000);
  });

  test('many answers narrow a skew of minutes down to less than the second of a Date', () => {
    const clock = serverClock();
    const skew = 123_456;
    for (let local = 1_000_000; local < 1_005_000; local += 130) {
      const server = local + 10 + skew;
      clock.observe(date(server), local, local + 20);
    }
    expect(Math.abs(clock.at(2_000_000) - 2_000_000 - skew)).toBeLessThan(100);
  });

  test('one answer is right within a second', () => {
    const clock = serverClock();
    clock.observe(date(60_999), 1000, 1100);
    expect(Math.abs(clock.at(1100) - 60_999)).toBeLessThanOrEqual(1000);
  });

  test('a clock that was set is believed anew, but time never runs backwards', () => {
    const clock = serverClock();
    clock.observe(date(100_000), 100_000, 100_000);
    const before = clock.at(100_000);
    clock.observe(date(40_000), 101_000, 101_000);
    expect(clock.at(101_000)).toBe(before);
    clock.observe(date(500_000), 102_000, 102_000);
    expect(Math.abs(clock.at(102_000) - 500_000)).toBeLessThanOrEqual(1000);
  });

  test('a missing or broken Date says nothing', () => {
    const clock = serverClock();
    clock.observe(undefined, 0, 1);
    clock.observe('yesterday', 0, 1);
    expect(clock.at(7)).toBe(7);
  });
});
