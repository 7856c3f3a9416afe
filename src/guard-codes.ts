// Codes of runs that may not begin: for their event, or for the runner that they are on.

export const guardCodes = {
  'event-refused': [
    'This event may not deploy.',
    'Deploy from push, workflow_dispatch, release or schedule instead.',
  ],
  'runner-unsupported': [
    'The action runs on Linux alone.',
    'Use a Linux runner, x64 or arm64, hosted or your own (runs-on: ubuntu-24.04), or a job in a Linux container. On Windows and macOS the terminal works: webgen-deploy deploy.',
  ],
} as const;
