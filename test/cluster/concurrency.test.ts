import { describe, expect, test } from '@jest/globals';
import { type Slots, slots } from '../../src/cluster/concurrency.ts';

async function mostAtOnce(room: Slots, count: number): Promise<number> {
  let running = 0;
  let most = 0;
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
  };
  await Promise.all(Array.from({ length: count }, () => room.run(work)));
  return most;
}

describe('slots', () => {
  test('never more than the limit, and it grows up to the most', async () => {
    const room = slots({ start: 4, most: 6 });
    expect(await mostAtOnce(room, 4)).toBe(4);
    await mostAtOnce(room, 100);
    expect(await mostAtOnce(room, 100)).toBe(6);
  });

  test('doubles in a round, but after a refusal only goes up by one', async () => {
    const room = slots({ start: 4, most: 64 });
    await mostAtOnce(room, 4);
    expect(await mostAtOnce(room, 8)).toBe(8);
    room.halve(1000);
    await mostAtOnce(room, 4);
    expect(await mostAtOnce(room, 100)).toBeLessThan(16);
  });

  test('halves once for a burst of refusals, never below one', async () => {
    const room = slots({ start: 8, most: 8 });
    for (let each = 0; each < 20; each += 1) room.halve(1000);
    expect(await mostAtOnce(room, 5)).toBe(4);
    for (let now = 2000; now < 20_000; now += 1000) room.halve(now);
    expect(await mostAtOnce(room, 2)).toBe(1);
  });

  test('a failure frees its place', async () => {
    const room = slots({ start: 1, most: 1 });
    await expect(room.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await room.run(async () => 'next')).toBe('next');
  });
});
