// Runs test files in processes that load every module once, where jest would load all of them anew for
// each file: most of the time of a suite of many small files. Everything else is jest's own: its
// functions, its matchers, its reports.
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type {
  CallbackTestRunnerInterface,
  Config,
  OnTestFailure,
  OnTestStart,
  OnTestSuccess,
  Test,
  TestWatcher,
} from 'jest-runner';
import type { FileResult, Order } from './worker.ts';

/** What a file may leave in memory before its process is changed for a new one. */
const mostBytes = 700 * 2 ** 20;

// biome-ignore lint/style/noDefaultExport: jest asks for one
export default class SharedModulesRunner implements CallbackTestRunnerInterface {
  readonly #config: Config.GlobalConfig;

  constructor(config: Config.GlobalConfig) {
    this.#config = config;
  }

  async runTests(
    tests: Test[],
    watcher: TestWatcher,
    onStart: OnTestStart,
    onResult: OnTestSuccess,
    onFailure: OnTestFailure,
  ): Promise<void> {
    const { maxWorkers, testNamePattern, rootDir } = this.#config;
    const queue = tests.values();
    const work = async (): Promise<void> => {
      let child: ChildProcess | undefined;
      for (const test of queue) {
        if (watcher.isInterrupted()) break;
        await onStart(test);
        child ??= fork(join(import.meta.dirname, 'worker.ts'), {
          cwd: rootDir,
          // The larger space for what is young halves what collecting it costs.
          execArgv: ['--no-warnings', '--max-semi-space-size=64'],
          stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        });
        const order: Order = {
          path: test.path,
          ...(testNamePattern ? { names: testNamePattern } : {}),
        };
        const answer = await asked(child, order);
        if (typeof answer === 'string') {
          child = undefined;
          await onFailure(test, { message: answer, stack: answer, code: '', type: '' });
          continue;
        }
        const displayName = test.context.config.displayName;
        await onResult(test, { ...answer.result, ...(displayName ? { displayName } : {}) });
        if (answer.bytes > mostBytes) child = dismissed(child);
      }
      dismissed(child);
    };
    await Promise.all(Array.from({ length: Math.min(maxWorkers, tests.length) }, work));
  }
}

/** The file's result, or how its process ended. */
function asked(child: ChildProcess, order: Order): Promise<FileResult | string> {
  return new Promise((resolve) => {
    const onExit = (code: number | null, signal: string | null) =>
      resolve(`its process ended while it ran (${signal ?? `exit code ${code}`})`);
    child.once('exit', onExit);
    child.once('message', (answer: FileResult | string) => {
      child.off('exit', onExit);
      resolve(answer);
    });
    child.send(order);
  });
}

function dismissed(child: ChildProcess | undefined): undefined {
  child?.kill('SIGKILL');
}
