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

const real = { ...base, setupFilesAfterEnv: ['<rootDir>/e2e/retry.ts'] };

export default {
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/test/**/*.test.ts'] },
    { ...real, displayName: 'kwok', testMatch: ['<rootDir>/e2e/kwok/**/*.test.ts'] },
    { ...real, displayName: 'node', testMatch: ['<rootDir>/e2e/node/**/*.test.ts'] },
    { ...real, displayName: 'stack', testMatch: ['<rootDir>/e2e/stack/**/*.test.ts'] },
  ],
};
