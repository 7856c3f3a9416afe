import { expect, test } from '@jest/globals';
import { realClock } from '../../src/platform/clock.ts';

test('sleeps as long as asked', async () => {
  const clock = realClock();
  const from = clock.now();
  await clock.sleep(60);
  expect(clock.now() - from).toBeGreaterThanOrEqual(55);
});

test('wakes up with the reason of the signal, also one that is older', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error('cancelled')), 20);
  await expect(realClock().sleep(60_000, stop.signal)).rejects.toThrow('cancelled');
  await expect(realClock().sleep(60_000, stop.signal)).rejects.toThrow('cancelled');
});
