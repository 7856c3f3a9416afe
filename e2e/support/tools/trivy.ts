// A real Trivy for tests, demo and bench: it takes long to build, so that is done on request only.
import { delimiter, dirname } from 'node:path';
import { pushDatabase } from '../images/scanned.ts';
import { cachedTool, findProgram, provideTool } from './tools.ts';

/** What a test that has none says. */
export const noTrivy =
  'no Trivy: `make trivy` builds it once (10 minutes), or TRIVY or PATH has one';

/** The one that TRIVY names, the one on PATH, or the one that was built; undefined without any. */
export async function findTrivy(): Promise<string | undefined> {
  const own = findProgram('trivy', 'TRIVY');
  return 'path' in own ? own.path : cachedTool('trivy');
}

/**
 * What a run needs to scan with the Trivy that is here, and a database of our own that it gets from
 * `registry`; undefined without one.
 */
export async function localScanner(registry: string) {
  const trivy = await findTrivy();
  if (trivy === undefined) return undefined;
  const date = (ms: number) => new Date(Date.now() + ms).toISOString();
  const times = { updatedAt: date(-3_600_000), nextUpdate: date(86_400_000) };
  return {
    inputs: {
      'trivy-version': 'none',
      'trivy-db-repository': await pushDatabase(registry, times),
    },
    env: { PATH: `${dirname(trivy)}${delimiter}${process.env['PATH']}` },
  };
}

if (import.meta.main) {
  const made = await provideTool('trivy');
  console.log('path' in made ? made.path : made.missing);
  process.exitCode = 'path' in made ? 0 : 1;
}
