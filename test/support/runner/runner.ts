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

interface Options {
  /** For each test that says no other. */
  readonly timeoutMs: number;
  /** How often a test that failed is tried again. */
  readonly retries: number;
}

/** What files may leave in memory before their process is changed for a new one. */
const mostBytes = 700 * 2 ** 20;

// biome-ignore lint/style/noDefaultExport: jest asks for one
export default class SharedModulesRunner implements CallbackTestRunnerInterface {
  readonly #config: Config.GlobalConfig;
  readonly #options: Options;

  constructor(config: Config.GlobalConfig, _: unknown, options: Options) {
    this.#config = config;
    this.#options = options;
  }

  async runTests(
    tests: Test[],
    watcher: TestWatcher,
    onStart: OnTestStart,
    onResult: OnTestSuccess,
    onFailure: OnTestFailure,
  ): Promise<void> {
    const queue = tests.values();
    const work = async (): Promise<void> => {
      const worker = createWorker(this.#config.rootDir);
      for (const test of queue) {
        if (watcher.isInterrupted()) break;
        await onStart(test);
        const answer = await worker.run(this.#order(test));
        if (typeof answer === 'string') {
          await onFailure(test, { message: answer, stack: answer, code: '', type: '' });
        } else {
          const { displayName } = test.context.config;
          await onResult(test, { ...answer, ...(displayName && { displayName }) });
        }
      }
      worker.stop();
    };
    const count = Math.min(this.#config.maxWorkers, tests.length);
    await Promise.all(Array.from({ length: count }, work));
  }

  #order({ path }: Test): Order {
    return { path, names: this.#config.testNamePattern, ...this.#options };
  }
}

/** Starts its process when there is something to do, and again after it has ended or grown. */
function createWorker(cwd: string) {
  let child: ChildProcess | undefined;
  const stop = (): void => {
    child?.kill('SIGKILL');
    child = undefined;
  };
  return {
    stop,
    /** The file's result, or how its process ended. */
    async run(order: Order): Promise<FileResult['result'] | string> {
      child ??= fork(join(import.meta.dirname, 'worker.ts'), {
        cwd,
        // A larger space for what is young halves what collecting it costs.
        execArgv: ['--no-warnings', '--max-semi-space-size=64'],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      const answer = await answerOf(child, order);
      if (typeof answer === 'string' || answer.bytes > mostBytes) stop();
      return typeof answer === 'string' ? answer : answer.result;
    },
  };
}

function answerOf(child: ChildProcess, order: Order): Promise<FileResult | string> {
  return new Promise((resolve) => {
    const onExit = (code: number | null, signal: string | null) =>
      resolve(`its process ended while it ran (${signal ?? `exit code ${code}`})`);
    child.once('exit', onExit);
    child.once('message', (answer: FileResult) => {
      child.off('exit', onExit);
      resolve(answer);
    });
    child.send(order);
  });
}
