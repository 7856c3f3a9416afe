import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type GitHubApi, startGithubApi } from '../../e2e/support/github/emulator.ts';
import { pullRequest } from '../../e2e/support/github/operations.ts';
import { known } from '../../src/core/redaction/redaction.ts';
import { Secret } from '../../src/core/secret.ts';
import { compareCommits } from '../../src/github/compare.ts';
import { addressOf, recordDeployment } from '../../src/github/deployment.ts';
import { refusePeople } from '../../src/github/people.ts';
import { keepComment } from '../../src/github/pull-request.ts';
import { githubOf } from '../../src/github/repository.ts';
import { runStatus } from '../../src/github/run-status.ts';
import { realClock } from '../../src/platform/clock.ts';
import { realGithub } from '../../src/platform/github.ts';
import { commentBody, commentMarker } from '../../src/report/comment.ts';
import { fastClock, rememberedLog } from '../support/cluster/fakes.ts';
import { outcomes } from '../support/report/outcomes.ts';
import { run } from '../support/run.ts';

let api: GitHubApi;
let port = 0;

// The toolkit reads the address once, when it is loaded: so every test has the same one.
beforeEach(async () => {
  api = await startGithubApi({ port });
  port = Number(new URL(api.env['GITHUB_API_URL'] ?? '').port);
  process.env['GITHUB_API_URL'] = api.env['GITHUB_API_URL'];
});

afterEach(async () => {
  await api.stop();
  expect(api.problems).toEqual([]);
});

const sha = '1f0c2d3e4b5a69788796a5b4c3d2e1f001234567';
const runUrl = 'https://github.com/acme/shop/actions/runs/4242';

function onGithub(token = api.token) {
  const clock = fastClock(100);
  const github = realGithub({ token: new Secret(token), userAgent: 'test', clock });
  const on = githubOf({
    engine: { github: () => github },
    inputs: { githubToken: new Secret(token) },
    context: run({ repository: 'acme/shop', runUrl, sha }),
  });
  if (!on) throw new Error('no GitHub');
  return on;
}

describe('the comment of a preview', () => {
  const marker = commentMarker({ app: 'shop', environment: 'staging' });
  const keep = (text: string, token?: string) =>
    keepComment(
      { on: onGithub(token), number: pullRequest },
      { marker, body: `${marker}\n${text}` },
    );
  const bodies = () => api.held.comments.map(({ body }) => body);

  test('is made once and then kept up to date', async () => {
    expect(await keep('one')).toBeUndefined();
    expect(await keep('two')).toBeUndefined();
    expect(bodies()).toEqual([`${marker}\ntwo`]);
    const sent = api.requests.length;
    expect(await keep('two')).toBeUndefined();
    expect(api.requests.length).toBe(sent + 1);
  });

  test('is found behind hundreds of others', async () => {
    await keep('one');
    const [ours] = api.held.comments.splice(0);
    if (!ours) throw new Error('no comment');
    const others = Array.from({ length: 250 }, (_, id) => ({ ...ours, id, body: `talk ${id}` }));
    api.held.comments.push(...others, ours);
    expect(await keep('two')).toBeUndefined();
    expect(bodies().filter((body) => body.startsWith(marker))).toEqual([`${marker}\ntwo`]);
  });

  test('each application and environment has its own', async () => {
    await keep('one');
    const other = commentMarker({ app: 'shop', environment: 'production' });
    const place = { on: onGithub(), number: pullRequest };
    await keepComment(place, { marker: other, body: `${other}\none` });
    expect(bodies()).toHaveLength(2);
  });

  test('a stranger who writes the marker does not become us', async () => {
    await keep('one');
    const [ours] = api.held.comments.splice(0);
    if (!ours) throw new Error('no comment');
    const user = { login: 'mallory', type: 'User' as const };
    const forged = { ...ours, user, author_association: 'NONE', body: `${marker}\nlooks good` };
    api.held.comments.push(forged);
    expect(await keep('two')).toBeUndefined();
    expect(bodies()).toEqual([`${marker}\nlooks good`, `${marker}\ntwo`]);
  });

  test('without permission it says which one is missing, and writes nothing', async () => {
    api.permissions['pull-requests'] = 'read';
    expect(await keep('one')).toBe('github-token may not (permissions: pull-requests: write)');
    api.permissions['pull-requests'] = 'none';
    expect(await keep('one')).toContain('pull-requests: write');
    expect(await keep('one', 'ghs_wrong')).toBe('GitHub does not accept github-token');
    expect(bodies()).toEqual([]);
  });

  test('a failure that passes is waited out; one that stays is told', async () => {
    await keep('one');
    api.failNext('/repos/acme/shop/issues', 502, 2);
    expect(await keep('two')).toBeUndefined();
    api.failNext('/repos/acme/shop/issues', 0, 5);
    expect(await keep('three')).toBe('GitHub did not answer');
    expect(bodies()).toEqual([`${marker}\ntwo`]);
  });

  test('a page of any size is cut at a line, and closed', async () => {
    const change = (at: number) => `+ line ${at} @everyone ${'x'.repeat(60)}`;
    const lines = Array.from({ length: 3000 }, (_, at) => change(at));
    const fold = ['<details><summary>Deployment/a</summary>', '', '````diff', ...lines, '````'];
    const page = ['# page', ...fold, '', '</details>', ''].join('\n');
    const body = commentBody(marker, page, runUrl);
    expect(body.length).toBeLessThan(65_536);
    expect(body.length).toBeGreaterThan(60_000);
    const tail = body.split('\n').slice(-8).join('\n');
    expect(tail).toMatch(/x{60}\n````\n\n<\/details>\n\n_Cut here/);
    expect(tail).toContain(runUrl);
    expect(await keepComment({ on: onGithub(), number: pullRequest }, { marker, body })).toBe(
      undefined,
    );
  });
});

describe('the people behind a comment', () => {
  const ask = async (people: readonly string[], token?: string) =>
    (await refusePeople(onGithub(token), people)).map(({ what, evidence }) => [what, ...evidence]);

  test.each([['octocat'], ['mona'], ['wendy']])('%s may write', async (login) => {
    expect(await ask([login])).toEqual([]);
  });

  test.each([
    ['tara', 'permission: read'],
    ['mallory', 'permission: read'],
    ['nobody', 'permission: none'],
    ['github-actions[bot]', 'github-token may not (permissions: metadata: read)'],
    ['../../octocat', 'github-token may not (permissions: metadata: read)'],
  ])('%s may not: %s', async (login, why) => {
    const [[what, said] = []] = await ask([login]);
    expect(what).toContain(`${login} is not known to have write access to acme/shop.`);
    expect(said).toBe(why);
    expect(await ask(['octocat', login])).toHaveLength(1);
  });

  test('are refused without an answer, a token or a name', async () => {
    api.failNext('/repos/acme/shop/collaborators', 500, 10);
    expect(await ask(['octocat'])).toMatchObject([[expect.anything(), 'GitHub answered 500']]);
    expect(await ask(['octocat'], 'wrong')).toHaveLength(1);
    expect(await refusePeople(undefined, ['octocat'])).toHaveLength(1);
    expect(await ask([])).toHaveLength(1);
  });
});

describe('the deployment', () => {
  const log = rememberedLog();
  const begin = () =>
    recordDeployment({
      on: onGithub(),
      app: 'shop',
      environment: 'production',
      environmentUrl: 'https://shop.example/',
      log,
      clock: realClock(),
    });
  const deployed = outcomes['deployed'];
  const failed = outcomes['image-not-found'];
  if (!deployed || !failed) throw new Error('an outcome is missing');
  const states = () => api.held.statuses.map(({ state }) => state);

  test('goes from in_progress to success, with both addresses', async () => {
    await begin().finish(deployed);
    expect(api.held.deployments).toMatchObject([
      { sha, environment: 'production', payload: { 'webgen-deploy': 'shop' } },
    ]);
    expect(states()).toEqual(['in_progress', 'success']);
    expect(api.held.statuses[1]).toMatchObject({
      log_url: runUrl,
      environment_url: 'https://shop.example/',
    });
  });

  test('says failure, and of a cancelled run error', async () => {
    await begin().finish(failed);
    await begin().finish({ ...failed, status: 'cancelled' });
    expect(states()).toEqual(['in_progress', 'failure', 'in_progress', 'error']);
  });

  test('is left to GitHub where the job names the environment', async () => {
    const id = 7;
    const creator = 'github-actions[bot]';
    api.held.deployments.push({ id, sha, environment: 'production', payload: {}, creator });
    const log_url = `${runUrl}/job/99`;
    const more = { description: '', environment_url: '' };
    api.held.statuses.push({ deployment: id, state: 'in_progress', log_url, ...more });
    await begin().finish(deployed);
    expect(api.held.deployments).toHaveLength(1);
    expect(states()).toEqual(['in_progress']);
    expect(log.lines.at(-1)).toContain('since the job names it');
  });

  test('of another run of the same commit is no reason to leave it', async () => {
    const id = 7;
    const creator = 'github-actions[bot]';
    api.held.deployments.push({ id, sha, environment: 'production', payload: {}, creator });
    const log_url = 'https://github.com/acme/shop/actions/runs/42421/job/1';
    const more = { description: '', environment_url: '' };
    api.held.statuses.push({ deployment: id, state: 'success', log_url, ...more });
    await begin().finish(deployed);
    expect(api.held.deployments).toHaveLength(2);
  });

  test('without permission there is none, and it says so', async () => {
    const why = 'github-token may not (permissions: deployments: write).';
    api.permissions.deployments = 'none';
    await begin().finish(deployed);
    const other = ' A job that names an environment has one.';
    expect(log.lines.at(-1)).toBe(`No deployment on GitHub by this step: ${why}${other}`);
    api.permissions.deployments = 'read';
    await begin().finish(deployed);
    expect(log.lines.at(-1)).toBe(`No deployment on GitHub: ${why}`);
    expect(states()).toEqual([]);
  });

  test('a GitHub that is away fails nothing', async () => {
    api.failNext('/repos', 0, 100);
    await begin().finish(deployed);
    expect(log.lines.at(-1)).toContain('GitHub did not answer');
  });
});

describe('the run that holds a lock', () => {
  const holder = (id: number, attempt = 1) =>
    `https://github.com/acme/shop/actions/runs/${id}/attempts/${attempt}#0a1b`;

  test('has ended only where GitHub says so of that very attempt', async () => {
    api.held.runs.push({ id: 1, attempt: 1, status: 'completed' });
    api.held.runs.push({ id: 1, attempt: 2, status: 'in_progress' });
    const hasEnded = runStatus(onGithub(), rememberedLog());
    expect(await hasEnded(holder(1))).toBe(true);
    expect(await hasEnded(holder(1, 2))).toBe(false);
  });

  test('is not known of strangers, of ourselves, and without permission', async () => {
    api.held.runs.push({ id: 4242, attempt: 1, status: 'completed' });
    api.held.runs.push({ id: 1, attempt: 1, status: 'completed' });
    const log = rememberedLog();
    const hasEnded = runStatus(onGithub(), log);
    expect(await hasEnded(holder(4242))).toBe(false);
    expect(await hasEnded('https://ghes.example/acme/shop/actions/runs/1/attempts/1#a')).toBe(
      false,
    );
    expect(await hasEnded('terminal#a')).toBe(false);
    expect(api.requests).toHaveLength(0);
    api.permissions.actions = 'none';
    expect(await hasEnded(holder(1))).toBe(false);
    expect(await hasEnded(holder(1))).toBe(false);
    expect(log.lines).toEqual([
      'It is not known whether that run has ended: github-token may not (permissions: actions: read).',
    ]);
  });
});

test('an environment-url with a secret in it never reaches GitHub, and is not altered', () => {
  known.remember('hunter2Hunter99');
  const said: string[] = [];
  const log = { info: (line: string) => void said.push(line) };
  expect(addressOf('https://me:hunter2Hunter99@shop.example/', log)).toEqual({});
  expect(said).toEqual(['GitHub gets no environment-url: a secret is in it.']);
  const environmentUrl = 'https://shop.example/';
  expect(addressOf(environmentUrl, log)).toEqual({ environmentUrl });
});

describe('which of two commits is older', () => {
  const [a, b, c, d, alone, gone] = ['a', 'b', 'c', 'd', 'e', 'f'].map((each) => each.repeat(40));
  const compare = (base = '', head = '', token?: string) =>
    compareCommits(
      onGithub(token),
      { base, head },
      { clock: realClock(), signal: new AbortController().signal },
    );

  beforeEach(() => {
    // a – b – c, and d beside b.
    const all = [[a], [b, a], [c, b], [d, a], [alone]] as const;
    for (const [sha = '', ...parents] of all) {
      api.held.commits.set(sha, parents as readonly string[]);
    }
  });

  test('is GitHub’s word, by a small answer', async () => {
    expect(await compare(a, c)).toEqual({ relation: 'ahead' });
    expect(await compare(c, a)).toEqual({ relation: 'behind' });
    expect(await compare(c, c)).toEqual({ relation: 'identical' });
    expect(await compare(c, d)).toEqual({ relation: 'diverged' });
    const [{ path, query } = { path: '', query: new URLSearchParams() }] = api.requests;
    expect(path).toBe(`/repos/acme/shop/compare/${a}...${c}`);
    expect(query.get('per_page')).toBe('1');
  });

  test('is not known of a commit that GitHub does not have, and the reason is named', async () => {
    const permission = '(permissions: contents: read)';
    expect(await compare(a, gone)).toEqual({
      unknown: `GitHub does not know both commits, or github-token may not see them ${permission}`,
    });
    expect(await compare(a, alone)).toEqual({ unknown: 'the two have no common history' });
    api.permissions.contents = 'none';
    expect(await compare(a, c)).toEqual({ unknown: `github-token may not ${permission}` });
    expect(await compare(a, c, 'ghs_wrong')).toEqual({
      unknown: 'GitHub does not accept github-token',
    });
    api.permissions.contents = 'read';
    api.failNext('/repos', 0, 3);
    expect(await compare(a, c)).toEqual({ unknown: 'GitHub did not answer' });
  });

  test.each([
    ['nothing', undefined],
    ['a word of its own', { status: 'newer' }],
    ['a list', []],
  ])('is not known from an answer that says %s', async (_, data) => {
    const github = { send: async () => ({ status: 200, data }), list: async () => never() };
    const on = { ...onGithub(), github };
    const waiting = { clock: realClock(), signal: new AbortController().signal };
    expect(await compareCommits(on, { base: 'a', head: 'b' }, waiting)).toEqual({
      unknown: 'GitHub’s answer says nothing of the two commits',
    });
  });

  test('is waited for 15 s, and not beyond the end of the run', async () => {
    const github = { send: () => new Promise<never>(() => undefined), list: async () => never() };
    const on = { ...onGithub(), github };
    const over = new AbortController();
    const late = { unknown: 'GitHub did not answer within 15 s' };
    const two = { base: 'a', head: 'b' };
    // A timer may be a millisecond early.
    const clock = fastClock(100);
    const from = clock.now();
    expect(await compareCommits(on, two, { clock, signal: over.signal })).toEqual(late);
    expect(clock.now() - from).toBeGreaterThanOrEqual(14_800);
    over.abort();
    expect(await compareCommits(on, two, { clock: realClock(), signal: over.signal })).toEqual(
      late,
    );
  });
});

function never(): never {
  throw new Error('nothing is listed');
}
