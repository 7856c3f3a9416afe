import { describe, expect, test } from '@jest/globals';
import type { RunContext } from '../../../src/core/context.ts';
import type { GitHub } from '../../../src/core/ports.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { Inputs } from '../../../src/inputs/types.ts';
import type { ReleaseHead } from '../../../src/releases/record.ts';
import { newState, type Run } from '../../../src/run/state/state.ts';
import { checkCommit } from '../../../src/run/steps/check-commit.ts';
import { fastClock, rememberedLog } from '../../support/cluster/fakes.ts';
import { run } from '../../support/run.ts';

const [own, newer] = ['a', 'b'].map((each) => each.repeat(40)) as [string, string];
const repository = { server: 'https://github.com', id: '42', name: 'acme/shop' };

const head = (parts: Partial<ReleaseHead> = {}): ReleaseHead => ({
  number: 7,
  state: 'good',
  app: 'shop',
  environment: 'production',
  startedAt: '2026-11-02T20:40:00.000Z',
  actor: 'octocat',
  commit: newer,
  branch: 'main',
  runUrl: 'https://github.com/acme/shop/actions/runs/2',
  images: {},
  objects: 1,
  parts: 1,
  repository,
  ...parts,
});

interface Scene {
  readonly context?: Partial<RunContext>;
  readonly inputs?: Partial<Inputs>;
  readonly heads?: readonly ReleaseHead[];
  readonly says?: string;
  /** What it says of the branch as it is now, after this commit; unknown where it is absent. */
  readonly tip?: string;
}

/** What came of it: the finding, the log, whether the rest is left out, what GitHub was asked. */
async function check({ context, inputs, heads = [head()], says = 'ahead', tip }: Scene = {}) {
  const log = rememberedLog();
  const state = newState(0);
  const asked: unknown[] = [];
  const github: GitHub = {
    send: async (_, { basehead }) => {
      asked.push(basehead);
      if (!String(basehead).endsWith(newer)) {
        return tip ? { status: 200, data: { status: tip } } : { status: 404, data: {} };
      }
      return { status: 200, data: { status: says } };
    },
    list: async () => ({ status: 500, data: undefined }),
  };
  const running = {
    inputs: {
      app: 'shop',
      environment: 'production',
      allowOlder: false,
      githubToken: new Secret('ghs_1'),
      ...inputs,
    },
    context: run({ repository: 'acme/shop', repositoryId: '42', sha: own, ...context }),
    engine: { ports: { log, clock: fastClock() }, github: () => github },
    signal: new AbortController().signal,
    state,
  } as unknown as Run;
  const found = await checkCommit({ namespace: 'web', heads }, running);
  return { found, lines: log.lines, overtaken: state.overtaken, asked };
}

describe('a deploy whose commit GitHub calls older', () => {
  test('is overtaken: a warning on a push, fatal by hand', async () => {
    const push = await check();
    expect(push).toMatchObject({
      found: { code: 'older-commit', severity: 'warning' },
      overtaken: { release: 7 },
      asked: [`${own}...${newer}`, `${own}...main`],
    });
    expect(push.found?.evidence).toContain('https://github.com/acme/shop/actions/runs/2');
    const hand = await check({ context: { event: 'workflow_dispatch' } });
    expect(hand).toMatchObject({ found: { severity: 'fatal' }, overtaken: { release: 7 } });
    expect(hand.found?.hint).toContain('set allow-older: true');
  });

  test('is fatal where an old run was started again: a person waits for that commit', async () => {
    const again = await check({ context: { event: 'push', attempt: 2 } });
    expect(again).toMatchObject({ found: { severity: 'fatal' }, overtaken: { release: 7 } });
    // It runs with the files and inputs of then: nothing can be set for it.
    expect(again.found?.hint).not.toContain('set allow-older');
    expect(again.found?.hint).toContain('revert what came after it, and push');
    const heads = [head(), head({ number: 5, commit: own })];
    const back = await check({ heads, context: { event: 'push', attempt: 2 } });
    expect(back.found?.hint).toContain('command: rollback with to-release: 5, or revert');
  });

  test('never sends to workflow_dispatch, which starts a branch and no commit', async () => {
    const push = await check();
    expect(push.found?.hint).not.toContain('workflow_dispatch');
    expect(push.found?.hint).toContain('revert what came after it, and push');
  });

  test('names the release of its own commit as the way back, where there is one', async () => {
    const heads = [head(), head({ number: 5, commit: own })];
    const hand = await check({ heads, context: { event: 'workflow_dispatch' } });
    expect(hand.found?.hint).toContain('command: rollback with to-release: 5.');
  });

  test('goes on with a note where allow-older is set', async () => {
    expect(await check({ inputs: { allowOlder: true } })).toMatchObject({
      found: { code: 'older-commit', severity: 'note' },
      overtaken: undefined,
    });
  });
});

describe('a deploy goes on', () => {
  test.each([
    ['refs/heads/main', 'main', 'main'],
    ['refs/heads/a/b', 'a/b', 'a/b'],
    ['refs/tags/v1', 'refs/tags/v1', 'v1'],
    ['refs/pull/7/merge', 'refs/pull/7/merge', 'refs/pull/7/head'],
  ])('where %s was moved back to its commit, by hand as well', async (ref, branch, name) => {
    for (const event of ['push', 'workflow_dispatch']) {
      const scene = { heads: [head({ branch })], context: { ref, event } };
      const { found, overtaken, lines, asked } = await check({ ...scene, tip: 'identical' });
      expect([found, overtaken]).toEqual([undefined, undefined]);
      expect(lines).toEqual([expect.stringContaining('was moved back to it')]);
      expect(asked).toEqual([`${own}...${newer}`, `${own}...${name}`]);
      for (const tip of ['ahead', 'diverged', '']) {
        expect(await check({ ...scene, tip })).toMatchObject({ overtaken: { release: 7 } });
      }
    }
  });

  test.each(['behind', 'identical', 'diverged', 'newer'])('where GitHub says %s', async (says) => {
    const { found, overtaken, lines } = await check({ says });
    expect([found, overtaken]).toEqual([undefined, undefined]);
    expect(lines).toHaveLength(says === 'diverged' || says === 'newer' ? 1 : 0);
  });

  test.each<[string, Scene, string]>([
    ['on a terminal', { context: { on: 'terminal' } }, 'On a terminal nothing says which commit'],
    ['after another run', { context: { event: 'workflow_run' } }, 'On workflow_run nothing says'],
    ['without a token', { inputs: { githubToken: undefined } as never }, 'without github-token'],
    ['with a commit that is none', { context: { sha: 'main' } }, 'they cannot be compared'],
    [
      'over a commit that is none',
      { heads: [head({ commit: '../../user' })] },
      'they cannot be compared',
    ],
  ])('%s, without asking GitHub, and says why', async (_, scene, words) => {
    const { found, overtaken, lines, asked } = await check(scene);
    expect([found, overtaken, asked]).toEqual([undefined, undefined, []]);
    expect(lines).toEqual([expect.stringContaining(words)]);
  });

  test.each<[string, Scene]>([
    ['the same commit', { heads: [head({ commit: own })] }],
    ['another branch', { heads: [head({ branch: 'hotfix' })] }],
    ['another environment', { inputs: { environment: 'staging' } }],
    ['another repository', { heads: [head({ repository: { ...repository, id: '43' } })] }],
    ['a release that was put back', { heads: [head({ state: 'rolled-back' })] }],
    ['nothing', { heads: [] }],
  ])('over %s, without a word', async (_, scene) => {
    expect(await check(scene)).toEqual({
      found: undefined,
      overtaken: undefined,
      lines: [],
      asked: [],
    });
  });
});
