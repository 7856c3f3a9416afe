// Requests over a real HTTP/2 connection, given up at random moments by a process of their own.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const program = join(import.meta.dirname, '..', 'support', 'platform', 'abort-storm.ts');
const run = promisify(execFile);

test.each(['writes', 'reads', 'watches'])(
  '1,000 %s that are given up: each caller is answered, and the connection stays good',
  async (kind) => {
    const { stdout } = await run(process.execPath, [program, kind, '1000', '7'], {
      timeout: 45_000,
      killSignal: 'SIGKILL',
    });
    const ends = JSON.parse(stdout) as Record<string, number>;
    expect(ends).toMatchObject({ 'never settled': 0, other: 0, status: 200 });
    expect((ends['answered'] ?? 0) + (ends['given up'] ?? 0)).toBe(1000);
  },
  60_000,
);
