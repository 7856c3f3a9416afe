// One process of the runner: test files one after the other, over modules that are loaded once.
import { enableCompileCache, registerHooks } from 'node:module';
import { join } from 'node:path';
import { type AssertionResult, createEmptyTestResult, type TestResult } from '@jest/test-result';
import { addEventHandler, getState, resetState, run, setState } from 'jest-circus';
import { formatResultsErrors } from 'jest-message-util';
import { currentWaits, forgetWaits } from '../../../e2e/support/waits.ts';
import { known } from '../../../src/core/redaction/redaction.ts';

export interface Order {
  readonly path: string;
  /** Only tests whose full name fits. */
  readonly names: string | undefined;
  /** For each test that says no other. */
  readonly timeoutMs: number;
  /** How often a test that failed is tried again; jest prints what the first try said. */
  readonly retries: number;
}

export interface FileResult {
  readonly result: TestResult;
  /** Of memory, that the process holds now. */
  readonly bytes: number;
}

const root = join(import.meta.dirname, '..', '..', '..');
enableCompileCache(join(root, '.tmp', 'compiled'));
// Outside of jest's own loader this package only throws.
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@jest/globals'
      ? { url: new URL('./globals.ts', import.meta.url).href, shortCircuit: true }
      : next(specifier, context),
});

/** jest-circus: `Symbol.for` of its list of listeners, and of the limit that `jest.setTimeout` sets. */
const listeners = Symbol.for('EVENT_HANDLERS');
const limit = Symbol.for('TEST_TIMEOUT_SYMBOL');
const times = Symbol.for('RETRY_TIMES');
const keepErrors = Symbol.for('LOG_ERRORS_BEFORE_RETRY');
interface Circus {
  [listeners]: readonly ((event: object, state: object) => void)[];
  [limit]?: number | undefined;
  [times]?: number;
  [keepErrors]?: boolean;
}
const circus = globalThis as unknown as Circus;
const tell = (event: object): void => {
  for (const listener of circus[listeners]) listener(event, getState());
};

/** What files share here, and each finds as the first one did. */
const surroundings = { environment: { ...process.env }, folder: process.cwd() };

// A test that is cut off says what it waited for.
addEventHandler((event) => {
  if (event.name !== 'test_fn_failure' && event.name !== 'hook_failure') return;
  if (!String(event.error).startsWith('Exceeded timeout')) return;
  const waits = currentWaits().map((each) => `it waited for ${each}`);
  const said = waits.join('\n') || 'it waited for nothing that says so';
  if (event.test) event.test.errors.push([said, event.test.asyncError]);
  else process.stderr.write(`${said}\n`);
});

async function runFile({ path, names, timeoutMs, retries }: Order): Promise<TestResult> {
  const start = Date.now();
  resetState();
  known.forget();
  forgetWaits();
  setState({ ...getState(), testTimeout: timeoutMs });
  circus[limit] = undefined;
  circus[times] = retries;
  circus[keepErrors] = true;
  tell({
    name: 'setup',
    parentProcess: process,
    runtimeGlobals: globalThis,
    testNamePattern: names,
  });
  try {
    await import(path);
    const loaded = Date.now();
    const { testResults, unhandledErrors } = await run();
    return resultOf({ path, start, loaded, testResults, unhandledErrors });
  } finally {
    tell({ name: 'teardown' });
    restore();
  }
}

function restore(): void {
  const { environment, folder } = surroundings;
  for (const name of Object.keys(process.env)) {
    if (!(name in environment)) delete process.env[name];
  }
  Object.assign(process.env, environment);
  process.chdir(folder);
  process.exitCode = undefined;
}

type RunResult = Awaited<ReturnType<typeof run>>;

interface Ran extends Pick<RunResult, 'testResults' | 'unhandledErrors'> {
  readonly path: string;
  readonly start: number;
  readonly loaded: number;
}

/** As jest-circus's own adapter gives it. */
function resultOf({ path, start, loaded, testResults, unhandledErrors }: Ran): TestResult {
  const results = testResults.map(({ errors, errorsDetailed, testPath, duration, ...each }) => ({
    ancestorTitles: testPath.slice(1, -1),
    title: testPath.at(-1) ?? '',
    fullName: testPath.slice(1).join(' '),
    duration: duration ?? null,
    failureMessages: [...errors],
    failureDetails: [...errorsDetailed],
    invocations: each.invocations,
    location: null,
    numPassingAsserts: each.numPassingAsserts,
    retryReasons: [...each.retryReasons],
    status: statusOf(each.status, errors.length),
  }));
  const count = (status: string) => results.filter((each) => each.status === status).length;
  const config = { rootDir: root, testMatch: [] };
  const told = formatResultsErrors(results, config, { noStackTrace: false }, path);
  const empty = createEmptyTestResult();
  const end = Date.now();
  return {
    ...empty,
    testFilePath: path,
    testResults: results,
    numFailingTests: count('failed'),
    numPassingTests: count('passed'),
    numPendingTests: count('pending'),
    numTodoTests: count('todo'),
    failureMessage: [told, ...unhandledErrors].filter((each) => each).join('\n\n') || null,
    ...(unhandledErrors.length > 0
      ? { testExecError: { message: '', stack: unhandledErrors.join('\n') } }
      : {}),
    perfStats: {
      ...empty.perfStats,
      start,
      end,
      runtime: end - start,
      loadTestEnvironmentStart: start,
      loadTestEnvironmentEnd: start,
      setupFilesStart: start,
      setupFilesEnd: loaded,
    },
  };
}

function statusOf(status: string, errors: number): AssertionResult['status'] {
  if (status === 'skip') return 'pending';
  if (status === 'todo') return 'todo';
  return errors > 0 ? 'failed' : 'passed';
}

process.on('message', (order: Order) => {
  void runFile(order)
    .then(
      (result): FileResult => ({ result, bytes: process.memoryUsage().rss }),
      (error: unknown): FileResult => ({
        result: {
          ...createEmptyTestResult(),
          testFilePath: order.path,
          failureMessage: String(error instanceof Error ? error.stack : error),
          testExecError: { message: String(error), stack: String(error) },
        },
        bytes: 0,
      }),
    )
    .then((answer) => process.send?.(answer));
});
