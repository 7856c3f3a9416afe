import { describe, expect, test } from '@jest/globals';
import { reveal, Secret } from '../../src/core/secret.ts';
import { givenToken, tokenSource } from '../../src/yandex/token-source.ts';
import { movedClock } from '../support/yandex/cloud.ts';

const hour = 3_600_000;

function source(lifeMs: number) {
  const clock = movedClock(0);
  let issued = 0;
  let failing = false;
  const tokens = tokenSource(async () => {
    await new Promise((done) => setTimeout(done, 10));
    if (failing) throw new Error('issuer is away');
    issued += 1;
    return { token: new Secret(`t${issued}`), expiresAt: clock.now() + lifeMs };
  }, clock);
  return {
    clock,
    get: async (ms: number) => reveal(await tokens.get(ms)),
    fail: (value: boolean) => {
      failing = value;
    },
  };
}

describe('a token', () => {
  test('is made once for all who ask at the same time', async () => {
    const { get } = source(12 * hour);
    expect(await Promise.all([get(1), get(hour), get(1)])).toEqual(['t1', 't1', 't1']);
  });

  test('is kept while it lasts as long as asked, and made anew before it does not', async () => {
    const { get, clock } = source(12 * hour);
    await get(1);
    clock.move(11 * hour);
    expect(await get(hour)).toBe('t1');
    expect(await get(hour + 1)).toBe('t2');
  });

  test('is made anew when it was refused', async () => {
    const { get } = source(12 * hour);
    await get(1);
    expect(await get(Number.POSITIVE_INFINITY)).toBe('t2');
  });

  test('is not made again and again for a life that nobody gives', async () => {
    const { get, clock } = source(hour);
    expect(await get(24 * hour)).toBe('t1');
    clock.move(60_000);
    expect(await get(24 * hour)).toBe('t1');
    clock.move(6 * 60_000);
    expect(await get(24 * hour)).toBe('t2');
  });

  test('outlives a renewal that fails, until it ends itself', async () => {
    const { get, clock, fail } = source(hour);
    await get(1);
    fail(true);
    clock.move(hour / 2);
    expect(await get(45 * 60_000)).toBe('t1');
    clock.move(hour / 2 - 30_000);
    await expect(get(45 * 60_000)).rejects.toThrow('issuer is away');
    fail(false);
    expect(await get(45 * 60_000)).toBe('t2');
  });

  test('that was refused is not given out again when its renewal fails', async () => {
    const { get, fail } = source(hour);
    await get(1);
    fail(true);
    await expect(get(Number.POSITIVE_INFINITY)).rejects.toThrow('issuer is away');
  });

  test('of somebody else stays as it is', async () => {
    expect(reveal(await givenToken(new Secret('t')).get(Number.POSITIVE_INFINITY))).toBe('t');
  });
});
