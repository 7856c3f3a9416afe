// A deploy that waited while a newer commit went live: real runs, a real API server, GitHub's compare.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { headOf } from '../../../src/releases/codec.ts';
import { startFaultProxy } from '../../support/cluster/fault-proxy.ts';
import { until } from '../../support/cluster/until.ts';
import { type GitHubApi, startGithubApi } from '../../support/github/emulator.ts';
import { deployment, openSharedSite, type Run, type Site } from '../../support/site.ts';

let site: Site;
let github: GitHubApi;

const commit = (name: string) => Buffer.from(name.padEnd(20, '.')).toString('hex');
/** A line of commits, and two that leave it: `hotfix` after c1, `forced` after c0. */
const [c0, c1, c2, c3] = ['c0', 'c1', 'c2', 'c3'].map(commit) as [string, string, string, string];
const [hotfix, forced, unknown] = ['hotfix', 'forced', 'unknown'].map(commit) as [
  string,
  string,
  string,
];

beforeAll(async () => {
  github = await startGithubApi();
  const { commits } = github.held;
  for (const [sha, ...parents] of [
    [c0],
    [c1, c0],
    [c2, c1],
    [c3, c2],
    [hotfix, c1],
    [forced, c0],
  ] as const) {
    commits.set(sha, parents);
  }
  site = await openSharedSite();
}, 900_000);

beforeEach(() => {
  github.permissions.contents = 'read';
  github.held.refs.set('main', c3);
});

afterAll(async () => {
  await site?.stop();
  await github?.stop();
  expect(github?.problems).toEqual([]);
});

interface Job {
  readonly sha: string;
  readonly id: number;
  readonly event?: string;
  readonly ref?: string;
  readonly yaml?: string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: (line: { readonly text: string }) => void;
}

const image = (sha: string) => `registry.example/app:${sha}`;
const web = (sha: string) => deployment('web', { image: image(sha) });

async function start(namespace: string, job: Job) {
  const { sha, id, event, ref, yaml = web(sha), inputs, env, onLine } = job;
  const workspace = await site.workspace({ 'app.yaml': yaml });
  const all = { namespace, app: 'shop', manifests: 'app.yaml', 'create-namespace': 'true' };
  const given = { ...all, environment: 'production', timeout: '30s', ...inputs };
  const running = await site.start(given, {
    workspace,
    sha,
    githubToken: github.token,
    ...(event ? { eventName: event } : {}),
    ...(ref ? { ref } : {}),
    ...(onLine ? { onLine } : {}),
    env: { ...github.env, GITHUB_REPOSITORY_ID: '77', GITHUB_RUN_ID: String(id), ...env },
  });
  return running;
}

async function run(namespace: string, job: Job): Promise<Run> {
  const result = await (await start(namespace, job)).finished;
  const text = result.stdout + result.stderr;
  if (process.env['SHOW']) process.stderr.write(text);
  return { ...result, text };
}

const runUrl = (id: number) => `https://github.com/acme/shop/actions/runs/${id}`;

async function live(namespace: string, name = 'web'): Promise<string> {
  const path = '{.spec.template.spec.containers[0].image}';
  const args = ['-n', namespace, 'get', 'deploy', name, '-o', `jsonpath=${path}`];
  return (await site.cluster.kubectl(args)).trim();
}

/** Everything that changed something in the namespace since then; the lock apart. */
const writes = async (namespace: string, from: string) =>
  (await site.cluster.audit())
    .filter(({ requestReceivedTimestamp: at }) => at >= from)
    .filter(({ userAgent }) => userAgent?.startsWith('webgen-deploy'))
    .filter(({ requestURI: uri }) => uri.includes(`/namespaces/${namespace}`))
    .filter(({ verb }) => !['get', 'list', 'watch'].includes(verb))
    .map(({ verb, requestURI }) => `${verb} ${requestURI}`)
    .filter((each) => !/dryRun=All|\/leases|\/selfsubject/.test(each));

async function heads(namespace: string) {
  const args = ['-n', namespace, 'get', 'secrets', '-o', 'json'];
  const { items } = JSON.parse(await site.cluster.kubectl(args)) as { items: KubeObject[] };
  const found = items.flatMap((each) => headOf(each, 'shop') ?? []);
  return found.toSorted((a, b) => a.number - b.number);
}

const compared = () => github.requests.filter(({ path }) => path.includes('/compare/'));

const ends = ({ code, outputs }: Run) => [
  code,
  outputs['status'],
  outputs['error-code'],
  outputs['revision'],
];

/** The commit goes live, as release `revision`. */
async function deploys(namespace: string, job: Job, revision: string): Promise<Run> {
  const done = await run(namespace, job);
  expect([ends(done), done.text.slice(-2000)]).toEqual([
    [0, 'deployed', '', revision],
    expect.anything(),
  ]);
  return done;
}

describe('a deploy that was overtaken', () => {
  const ns = 'overtaken';

  test('by a push writes nothing, and ends green with the run that came first', async () => {
    await deploys(ns, { sha: c0, id: 100 }, '1');
    await deploys(ns, { sha: c2, id: 102 }, '2');
    const from = new Date().toISOString();
    const before = compared().length;
    const late = await run(ns, { sha: c1, id: 101 });
    expect(ends(late)).toEqual([0, 'unchanged', '', '2']);
    expect(late.outputs).toMatchObject({ 'previous-revision': '1', changes: '[]' });
    expect(await writes(ns, from)).toEqual([]);
    expect(await live(ns)).toBe(image(c2));
    expect(late.text).toMatch(/^::warning .*older-commit/m);
    for (const each of [runUrl(102), c2, 'release 2', 'allow-older: true']) {
      expect(late.text).toContain(each);
    }
    expect(late.text).toContain('Did not deploy shop to production');
    expect(late.text).not.toContain('Nothing to change');
    const [asked, ...more] = compared().slice(before);
    expect(asked?.query.get('per_page')).toBe('1');
    // Whether main was moved back to it.
    expect(more.map(({ path }) => path)).toEqual([
      expect.stringMatching(new RegExp(`/${c1}\\.\\.\\.main$`)),
    ]);
  }, 90_000);

  test('leaves GitHub’s deployment inactive: it is neither live nor failed', async () => {
    const mine = github.held.deployments.findLast(({ sha }) => sha === c1);
    const states = github.held.statuses.filter(({ deployment: id }) => id === mine?.id);
    expect(states.map(({ state }) => state)).toEqual(['in_progress', 'inactive']);
  });

  test('by hand is older-commit, and says how to deploy it and how to go back', async () => {
    const from = new Date().toISOString();
    const late = await run(ns, { sha: c0, id: 103, event: 'workflow_dispatch' });
    expect(ends(late)).toEqual([1, 'failed', 'older-commit', '2']);
    expect(await writes(ns, from)).toEqual([]);
    for (const each of [runUrl(102), 'allow-older: true', 'command: rollback with to-release: 1']) {
      expect(late.text).toContain(each);
    }
  }, 60_000);

  test('ends green also where its dry run or its gate would fail: it is not deployed', async () => {
    const yaml = web(c1).replaceAll('{app: web}', '{app: other}');
    const from = new Date().toISOString();
    const late = await run(ns, { sha: c1, id: 104, yaml });
    expect([ends(late), late.text]).toEqual([
      [0, 'unchanged', '', '2'],
      expect.not.stringContaining('::error'),
    ]);
    expect(await writes(ns, from)).toEqual([]);
  }, 60_000);

  test('ends green also where it only sets images, of a workload that is gone', async () => {
    const inputs = { manifests: '', images: 'registry.example/gone=registry.example/gone:1' };
    const late = await run(ns, { sha: c1, id: 105, inputs });
    expect([ends(late), late.text]).toEqual([
      [0, 'unchanged', '', '2'],
      expect.not.stringContaining('::error'),
    ]);
    const set = { manifests: '', images: `registry.example/app=${image(c1)}` };
    expect(ends(await run(ns, { sha: c1, id: 106, inputs: set }))[1]).toBe('unchanged');
    expect(await live(ns)).toBe(image(c2));
  }, 60_000);

  test('is deployed by allow-older, with a note', async () => {
    const inputs = { 'allow-older': 'true' };
    const old = await deploys(ns, { sha: c1, id: 107, inputs, event: 'workflow_dispatch' }, '3');
    expect(await live(ns)).toBe(image(c1));
    const findings = JSON.parse(old.outputs['findings'] ?? '') as { code: string }[];
    expect(findings).toMatchObject([{ code: 'older-commit', severity: 'note' }]);
  }, 60_000);
});

test('a commit is overtaken by its revert, although the revert changed nothing', async () => {
  const ns = 'reverted';
  const yaml = web('same');
  await deploys(ns, { sha: c0, id: 200, yaml }, '1');
  const revert = await run(ns, { sha: c2, id: 202, yaml });
  expect(ends(revert)).toEqual([0, 'unchanged', '', '1']);
  expect(await heads(ns)).toMatchObject([
    { commit: c0, branch: 'main', confirmed: { commit: c2, runUrl: runUrl(202) } },
  ]);
  const late = await run(ns, { sha: c1, id: 201 });
  expect(ends(late)).toEqual([0, 'unchanged', '', '1']);
  expect(late.text).toContain(runUrl(202));
  expect(await live(ns)).toBe(image('same'));
  // The same commit again has nothing to note.
  const from = new Date().toISOString();
  expect(ends(await run(ns, { sha: c2, id: 202, yaml }))[1]).toBe('unchanged');
  expect(await writes(ns, from)).toEqual([]);
}, 120_000);

describe('a deploy is not refused', () => {
  test('for a revert, which is a newer commit', async () => {
    await deploys('revert', { sha: c1, id: 300 }, '1');
    await deploys('revert', { sha: c2, id: 301 }, '2');
    await deploys('revert', { sha: c3, id: 302, yaml: web(c1) }, '3');
  }, 90_000);

  test('for a hotfix branch, whatever main has live, and main goes on after it', async () => {
    await deploys('hotfix', { sha: c2, id: 310 }, '1');
    const ref = 'refs/heads/hotfix';
    await deploys('hotfix', { sha: hotfix, id: 311, ref }, '2');
    await deploys('hotfix', { sha: c2, id: 310 }, '3');
    await deploys('hotfix', { sha: c1, id: 312, ref: 'refs/tags/v1' }, '4');
    expect((await heads('hotfix')).map(({ branch }) => branch)).toEqual([
      'main',
      'hotfix',
      'main',
      'refs/tags/v1',
    ]);
  }, 120_000);

  test('after a force push, whether the old commits are known or gone', async () => {
    await deploys('forced', { sha: c2, id: 320 }, '1');
    const other = await deploys('forced', { sha: forced, id: 321 }, '2');
    expect(other.text).toContain('neither comes from the other; the deploy goes on');
    const gone = await deploys('forced', { sha: unknown, id: 322 }, '3');
    expect(gone.text).toContain('GitHub does not know both commits');
    await deploys('forced', { sha: c1, id: 323 }, '4');
  }, 120_000);

  test('after the branch was moved back, even to an ancestor of what is live', async () => {
    await deploys('moved-back', { sha: c2, id: 325 }, '1');
    github.held.refs.set('main', c1);
    const back = await deploys('moved-back', { sha: c1, id: 326 }, '2');
    expect(back.text).toContain('main was moved back to it; the deploy goes on');
    expect(await live('moved-back')).toBe(image(c1));
    // Of a run that waited since before: the branch has left its commit.
    expect(ends(await run('moved-back', { sha: c0, id: 324 }))).toEqual([0, 'unchanged', '', '2']);
  }, 90_000);

  test('after a rollback: neither the commit that is live again nor the one that was left', async () => {
    const ns = 'back';
    await deploys(ns, { sha: c1, id: 330 }, '1');
    await deploys(ns, { sha: c2, id: 331 }, '2');
    // From another commit of another branch, and without the environment.
    const inputs = { command: 'rollback', manifests: '', environment: '' };
    const event = 'workflow_dispatch';
    await deploys(ns, { sha: c3, id: 332, inputs, event, ref: 'refs/heads/ops' }, '3');
    expect((await heads(ns)).at(-1)).toMatchObject({
      commit: c1,
      branch: 'main',
      environment: 'production',
      of: 1,
      runUrl: runUrl(332),
    });
    expect(ends(await run(ns, { sha: c1, id: 333, event }))).toEqual([0, 'unchanged', '', '3']);
    await deploys(ns, { sha: c1, id: 334, event, yaml: web('again') }, '4');
    await deploys(ns, { sha: c2, id: 331 }, '5');
    expect(ends(await run(ns, { sha: c1, id: 335 }))).toEqual([0, 'unchanged', '', '5']);
  }, 150_000);

  test('in another environment, or of another repository', async () => {
    await deploys('others', { sha: c2, id: 340 }, '1');
    await deploys('others', { sha: c1, id: 341, inputs: { environment: 'staging' } }, '2');
    const env = { GITHUB_REPOSITORY_ID: '78' };
    await deploys('others', { sha: c0, id: 342, env, inputs: { 'take-over': 'true' } }, '3');
  }, 90_000);

  test('on an event whose commit is not what is deployed, and without a token', async () => {
    await deploys('events', { sha: c2, id: 350 }, '1');
    const event = 'repository_dispatch';
    const other = await deploys('events', { sha: c1, id: 351, event, yaml: web('a') }, '2');
    expect(other.text).toContain('On repository_dispatch nothing says which commit is deployed');
    const inputs = { 'github-token': '' };
    const mute = await deploys('events', { sha: c1, id: 352, inputs }, '3');
    expect(mute.text).toContain('without github-token it is not known which is older');
  }, 90_000);
});

describe('where GitHub does not say which commit is older, the deploy goes on', () => {
  const path = '/repos/acme/shop/compare/';
  const ns = (name: string) => `github-${name}`;

  test.each([
    ['403', () => Object.assign(github.permissions, { contents: 'none' }), 'contents: read'],
    ['500', () => github.failNext(path, 500, 3), 'GitHub answered 500'],
    ['gone', () => github.failNext(path, 0, 3), 'GitHub did not answer'],
  ] as const)(
    'GitHub: %s',
    async (name, fail, words) => {
      await deploys(ns(name), { sha: c2, id: 400 }, '1');
      fail();
      const done = await deploys(ns(name), { sha: c1, id: 401 }, '2');
      expect(done.text).toContain(words);
    },
    60_000,
  );

  test('GitHub: silent, and it is not waited for without end', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    await deploys(ns('silent'), { sha: c2, id: 410 }, '1');
    const from = Date.now();
    const env = { GITHUB_API_URL: `http://127.0.0.1:${port}` };
    const done = await deploys(ns('silent'), { sha: c1, id: 411, env }, '2');
    silent.close();
    expect(done.text).toContain('GitHub did not answer within 15 s');
    expect(Date.now() - from).toBeLessThan(45_000);
  }, 90_000);
});

test('a forged record alone refuses nothing', async () => {
  const ns = 'forged-record';
  await deploys(ns, { sha: c1, id: 450 }, '1');
  const forge = async (commitOf: string) => {
    const [last] = (await heads(ns)).slice(-1);
    const annotations = {
      'webgen-deploy/release': JSON.stringify({ ...last, commit: commitOf }),
    };
    const name = `webgen-deploy.shop.${last?.number}`;
    const patch = JSON.stringify({ metadata: { annotations } });
    await site.cluster.kubectl(['-n', ns, 'patch', 'secret', name, '-p', patch]);
  };
  // Unknown to GitHub; a path; a text that is no commit.
  let revision = 2;
  for (const claimed of ['f'.repeat(40), '../../../user', '..%2f', 'main']) {
    await forge(claimed);
    const before = compared().length;
    await deploys(ns, { sha: c1, id: 450 + revision, yaml: web(`v${revision}`) }, `${revision}`);
    const asked = compared().slice(before);
    expect(asked.map(({ path }) => path.split('/').at(-1))).toEqual(
      claimed.startsWith('f') ? [`${c1}...${claimed}`] : [],
    );
    revision += 1;
  }
}, 90_000);

/** Somebody else's lock, until it is given back. */
async function holdLock(namespace: string, id: number) {
  const metadata = { name: 'webgen-deploy-shop', namespace };
  const now = new Date().toISOString().replace('Z', '000Z');
  const spec = {
    holderIdentity: `${runUrl(id)}/attempts/1#0a1b2c3d`,
    leaseDurationSeconds: 180,
    acquireTime: now,
    renewTime: now,
  };
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
  await site.cluster.kubectl(
    ['apply', '--server-side', '--force-conflicts', '-f', '-'],
    JSON.stringify(lease),
  );
  return {
    giveBack: () => site.cluster.kubectl(['-n', namespace, 'delete', 'lease', metadata.name]),
  };
}

describe('two deploys that wait for the lock', () => {
  test.each([1, 2, 3])(
    'end at the newer commit, whichever has it first: %d',
    async (round) => {
      const ns = `queue-${round}`;
      await deploys(ns, { sha: c0, id: 500 }, '1');
      const lock = await holdLock(ns, 999);
      const jobs = [
        { sha: c1, id: 501 },
        { sha: c2, id: 502 },
      ];
      const order = round % 2 ? jobs : jobs.toReversed();
      const waiting = await Promise.all(
        order.map(async (job) => {
          const held = Promise.withResolvers<void>();
          const onLine = ({ text }: { readonly text: string }) => {
            if (text.includes('waiting for the lock')) held.resolve();
          };
          const running = await start(ns, { ...job, onLine });
          await held.promise;
          return { job, running };
        }),
      );
      await lock.giveBack();
      const done = await Promise.all(
        waiting.map(async ({ job, running }) => ({ job, end: await running.finished })),
      );
      const of = (id: number) => done.find(({ job }) => job.id === id)?.end;
      expect(of(502)).toMatchObject({ code: 0, outputs: { status: 'deployed' } });
      expect(of(501)?.code).toBe(0);
      expect(['deployed', 'unchanged']).toContain(of(501)?.outputs['status']);
      expect(await live(ns)).toBe(image(c2));
    },
    120_000,
  );
});

test('a first deploy that saw no namespace yet is overtaken too, once it has the lock', async () => {
  const ns = 'brand-new';
  const folder = await mkdtemp(join(tmpdir(), 'webgen-proxy-'));
  const { server, caPem } = site.cluster;
  const proxy = await startFaultProxy({ server, caPem, folder });
  const outside = { caPem: proxy.caPem, externalEndpoint: proxy.server, name: 'slow' };
  const slow = { 'yc-k8s-cluster-id': site.yandex.addCluster(outside).id };
  // It has read that nothing is recorded, and its dry run is still under way.
  proxy.delay(8_000, /^PATCH .*\/namespaces.*dryRun=All|^POST .*\/namespaces.*dryRun=All/);
  const late = await start(ns, { sha: c1, id: 551, inputs: slow });
  const isAsking = () => proxy.passed.some(({ path }) => path.includes('dryRun=All'));
  await until({ what: 'a dry run', timeoutMs: 20_000 }, async () => isAsking() || undefined);
  await deploys(ns, { sha: c2, id: 552 }, '1');
  const { code, outputs, stdout } = await late.finished;
  expect([code, outputs['status'], outputs['error-code'], outputs['revision']]).toEqual([
    0,
    'unchanged',
    '',
    '1',
  ]);
  expect(stdout).toContain(runUrl(552));
  expect(await live(ns)).toBe(image(c2));
  await proxy.stop();
  await rm(folder, { recursive: true });
}, 90_000);

describe('the status of one release', () => {
  const ns = 'verify';
  const status = (revision: string) =>
    run(ns, { sha: c1, id: 600, inputs: { command: 'status', manifests: '', revision } });

  test('is judged while it is live', async () => {
    await deploys(ns, { sha: c1, id: 600 }, '1');
    const done = await status('1');
    expect([done.code, done.outputs['status'], done.outputs['revision']]).toEqual([
      0,
      'succeeded',
      '1',
    ]);
    expect(done.text).toContain('Everything is ready: shop in production');
  }, 60_000);

  test('is not judged while another run has the lock', async () => {
    const lock = await holdLock(ns, 601);
    const done = await status('1');
    expect([done.code, done.text]).toEqual([
      0,
      expect.stringContaining('Not judged, since another run is deploying: shop in production'),
    ]);
    expect(done.text).toContain(runUrl(601));
    await lock.giveBack();
    expect((await status('1')).text).toContain('Everything is ready');
  }, 60_000);

  test('is not judged while another run rolls out, and not after it', async () => {
    const yaml = web(c2).replace(
      '      containers:',
      '      nodeSelector: {kubernetes.io/os: plan9}\n      containers:',
    );
    const running = await start(ns, { sha: c2, id: 602, yaml, inputs: { 'on-failure': 'keep' } });
    await until({ what: 'release 2', timeoutMs: 30_000 }, async () =>
      (await heads(ns)).some(({ number }) => number === 2) ? true : undefined,
    );
    const during = await status('1');
    expect([during.code, during.text]).toEqual([
      0,
      expect.stringContaining(`release 2 came after it (pending, by ${runUrl(602)})`),
    ]);
    expect((await running.finished).code).toBe(1);
    const after = await status('1');
    expect([after.code, after.text]).toEqual([
      0,
      expect.stringContaining('Not judged, since release 2 came after it'),
    ]);
    expect((await status('2')).text).not.toContain('Not judged');
  }, 120_000);

  test('fails where the release is not live and nothing came after it', async () => {
    const done = await status('7');
    expect([done.code, done.outputs['error-code']]).toEqual([1, 'release-not-found']);
    expect(done.text).toContain('Release 7 of shop is not live: it is not recorded.');
  }, 60_000);
});
