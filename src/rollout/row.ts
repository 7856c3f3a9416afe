// One line of the table of signals: what the cluster says, and what it means to us.
import type { Code } from '../errors.ts';

/**
 * Kept beside the code that reads the signal; `docs/diagnosis.md` is made of all of them.
 * `fatal`: when it fails the run, or `never`. `fixture`: the state under `test/fixtures/cluster/`
 * that proves it.
 */
export type SignalRow = readonly [signal: string, code: Code, fatal: string, fixture: string];
