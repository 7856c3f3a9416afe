// A process for the watchdog's test: it starts the real one, and then does what its argument says.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  mustEndWithin,
  noteAbort,
  startWatchdog,
  writingOut,
} from '../../../src/platform/watchdog.ts';

const [how = '', plan = '{}'] = process.argv.slice(2);
const { will, bounds } = JSON.parse(plan);

const spin = (ms: number): void => {
  for (const until = performance.now() + ms; performance.now() < until; );
};

const ways: Readonly<Record<string, () => unknown>> = {
  spins: () => spin(60_000),
  'spins after an abort': () => {
    noteAbort();
    spin(60_000);
  },
  allocates: () => {
    for (const kept: unknown[] = []; ; ) kept.push(new Array(1_000).fill(kept.length));
  },
  'queues microtasks': () => {
    const again = (): void => queueMicrotask(again);
    again();
    return new Promise(() => undefined);
  },
  'waits in native code': () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
  'writes what nobody reads': () => {
    process.stdout.write('x'.repeat(2 ** 22));
    spin(60_000);
  },
  'goes on after it was cancelled': () => {
    mustEndWithin(1_000);
    return sleep(60_000);
  },
  'is held by its reader': () => {
    writingOut(() => spin(4_000))('');
    return sleep(100);
  },
  'is well': () => sleep(2_500),
};

startWatchdog({
  thread: new URL('../../../src/platform/watchdog-thread.ts', import.meta.url),
  will: () => will,
  onOddity: (line) => process.stdout.write(`${line}\n`),
  bounds,
});
process.stdout.write('begun\n');
// The thread needs a moment to begin; a hang before that is seen when it has.
await sleep(500);
await ways[how]?.();
process.stdout.write('done\n');
process.exit(0);
