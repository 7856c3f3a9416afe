// The context of a run for tests: a push to main, unless something else is said.
import type { RunContext } from '../../src/core/context.ts';

export function run(parts: Partial<RunContext> = {}): RunContext {
  return {
    on: 'github',
    event: 'push',
    ref: 'refs/heads/main',
    baseRef: '',
    repository: 'acme/Web.Shop',
    sha: '1f3c',
    defaultBranch: 'main',
    actor: 'dev',
    runUrl: 'https://github.com/acme/Web.Shop/actions/runs/1',
    attempt: 1,
    apiUrl: 'https://api.github.com',
    fromFork: false,
    workspace: '/work/shop',
    temp: '/work/temp',
    ...parts,
  };
}
