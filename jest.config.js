// Not jest's five seconds: a busy machine makes any test late. Real programs take their time.
// What runs beside real clusters on two cores has one more try, which is reported.
const unit = { timeoutMs: 20_000, retries: 0 };
const real = { timeoutMs: 60_000, retries: 1 };

const project = (displayName, testMatch, options) => ({
  displayName,
  testMatch,
  // Node reads TypeScript itself.
  transform: {},
  runner: ['<rootDir>/test/support/runner/runner.ts', options],
});

const suites = (kind) => `<rootDir>/e2e/suites/**/*${kind}.test.ts`;

export default {
  maxWorkers: '100%',
  projects: [
    project('unit', ['<rootDir>/test/**/*.test.ts', '!**/*.slow.test.ts'], unit),
    project('slow', ['<rootDir>/test/**/*.slow.test.ts'], unit),
    project('kwok', [suites(''), '!**/*.node.test.ts', '!**/*.stack.test.ts'], real),
    project('node', [suites('.node')], real),
    project('stack', [suites('.stack')], real),
  ],
};
