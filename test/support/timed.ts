// Work that hostile input must not make long: measured as the processor's time, which a busy machine
// does not lengthen.
import { expect } from '@jest/globals';

/** What the work gives; fails where it has taken a second of the processor. */
export function inASecond<T>(work: () => T): T {
  const from = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(from);
  expect((user + system) / 1_000).toBeLessThan(1_000);
  return result;
}
