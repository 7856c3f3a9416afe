const base = {
  rootDir: '.',
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' } }],
  },
};

export default {
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/test/**/*.test.ts'] },
    { ...base, displayName: 'kwok', testMatch: ['<rootDir>/e2e/kwok/**/*.test.ts'] },
    { ...base, displayName: 'node', testMatch: ['<rootDir>/e2e/node/**/*.test.ts'] },
    { ...base, displayName: 'stack', testMatch: ['<rootDir>/e2e/stack/**/*.test.ts'] },
  ],
};
