// The runner of all suites: what fails is failed, what is cut off says why, and files do not meet.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { FileResult, Order } from '../support/runner/worker.ts';

const worker = fork(join(import.meta.dirname, '..', 'support', 'runner', 'worker.ts'), {
  execArgv: ['--no-warnings'],
  stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
});

async function run(file: string, names?: string): Promise<FileResult['result']> {
  const path = join(import.meta.dirname, '..', 'fixtures', 'runner', `${file}.ts`);
  const order: Order = { path, names, timeoutMs: 1_000, retries: 0 };
  worker.send(order);
  const [{ result }] = (await once(worker, 'message')) as [FileResult];
  return result;
}

let first: FileResult['result'];
beforeAll(async () => {
  first = await run('first');
});
afterAll(() => void worker.kill('SIGKILL'));

test('each test has the end that it came to', () => {
  expect(first.testResults.map(({ title, status }) => [title, status])).toEqual([
    ['pass', 'passed'],
    ['fail', 'failed'],
    ['are left out', 'pending'],
    ['are cut off', 'failed'],
  ]);
  expect(first).toMatchObject({ numPassingTests: 1, numFailingTests: 2, numPendingTests: 1 });
  expect(first.failureMessage).toContain('Expected: ');
});

test('a test that is cut off says what it waited for, and what it saw last', () => {
  const said = first.testResults[3]?.failureMessages.join('\n');
  expect(said).toContain('Exceeded timeout of 1000 ms');
  expect(said).toMatch(/it waited for the moon, for 1 s; last:\n {2}it has not risen/);
});

test('the next file finds the process as the first one did', async () => {
  const second = await run('second');
  expect([second.failureMessage, second.numPassingTests]).toEqual([null, 1]);
});

test('a file that cannot be loaded fails', async () => {
  const third = await run('third');
  expect(third.testExecError?.message).toContain('broken from the start');
  expect(third.failureMessage).toContain('third.ts');
});
