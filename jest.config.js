const base = {
  rootDir: '.',
  testEnvironment: 'node',
  // Not jest's five seconds: a busy machine makes any test late.
  testTimeout: 20_000,
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' } }],
  },
};

const real = { ...base, setupFilesAfterEnv: ['<rootDir>/e2e/support/retry.ts'] };

const suites = (kind) => `<rootDir>/e2e/suites/**/*${kind}.test.ts`;

export default {
  maxWorkers: '100%',
  projects: [
    {
      ...base,
      displayName: 'unit',
      runner: '<rootDir>/test/support/runner/runner.ts',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
    },
    {
      ...real,
      displayName: 'kwok',
      testMatch: [suites(''), '!**/*.node.test.ts', '!**/*.stack.test.ts'],
    },
    { ...real, displayName: 'node', testMatch: [suites('.node')] },
    { ...real, displayName: 'stack', testMatch: [suites('.stack')] },
  ],
};
