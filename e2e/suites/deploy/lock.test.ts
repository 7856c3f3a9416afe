// The lock against a real API server and real processes: in turn, after a crash, after a stop.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { textAt } from '../../../src/kube/json.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { decode, encode, headOf } from '../../../src/releases/codec.ts';
import type { AuditEvent } from '../../support/cluster/audit.ts';
import { until } from '../../support/cluster/until.ts';
import { type GitHubApi, startGithubApi } from '../../support/github/emulator.ts';
import type { RunningAction } from '../../support/runner/run-action.ts';
import { deployment, openSharedSite, type Site } from '../../support/site.ts';

let site: Site;
let github: GitHubApi;

beforeAll(async () => {
  github = await startGithubApi();
  site = await openSharedSite();
}, 900_000);

afterAll(async () => {
  await site?.stop();
  await github?.stop();
  expect(github?.problems).toEqual([]);
});

interface Account {
  readonly user: string;
  readonly inputs: Readonly<Record<string, string>>;
}

/** An account of its own, so that the API server's record tells the runs apart. */
async function account(): Promise<Account> {
  const { id, keyJson } = site.yandex.addServiceAccount();
  await site.cluster.grantAdmin(id);
  return { user: id, inputs: { 'yc-sa-json-credentials': keyJson } };
}

/** What changed something, in the order in which the server got it; Leases apart. */
async function writes(namespace: string): Promise<readonly AuditEvent[]> {
  const audit = await site.cluster.audit();
  return audit
    .filter(({ verb }) => ['create', 'update', 'patch', 'delete'].includes(verb))
    .filter(({ requestURI: uri }) => uri.includes(`/namespaces/${namespace}/`))
    .filter(({ requestURI: uri }) => !/dryRun=All|\/leases|\/events/.test(uri))
    .filter(({ userAgent }) => userAgent?.startsWith('webgen-deploy'))
    .toSorted((a, b) => (a.requestReceivedTimestamp < b.requestReceivedTimestamp ? -1 : 1));
}

const configMap = (name: string, value: string) => `apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}}
data: {run: "${value}"}
`;

/** A configuration and a workload that both carry the run's number: two stages of writes. */
const release = (number: string): string =>
  `${configMap('shop', number)}---\n${deployment('shop', { image: `registry.example/app:${number}` })}`;

async function lease(namespace: string): Promise<KubeObject> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/webgen-deploy-shop`;
  return (await site.cluster.api({ path })).body as unknown as KubeObject;
}

const holder = async (namespace: string) =>
  textAt(await lease(namespace), 'spec', 'holderIdentity') ?? '';

/** GitHub's word that the first attempt of a run has come to its end. */
const end = (id: number) => github.held.runs.push({ id, attempt: 1, status: 'completed' });

function lineOf(seen: readonly string[], text: string, timeoutMs = 60_000): Promise<true> {
  return until({ what: text, timeoutMs }, async () =>
    seen.some((line) => line.includes(text)) ? true : undefined,
  );
}

interface Started {
  readonly running: RunningAction;
  readonly seen: string[];
}

async function begin(
  namespace: string,
  yaml: string,
  inputs: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Started> {
  const seen: string[] = [];
  const workspace = await site.workspace({ 'app.yaml': yaml });
  const running = await site.start(
    { namespace, app: 'shop', manifests: 'app.yaml', ...inputs },
    {
      workspace,
      env: { ...github.env, ...env },
      githubToken: github.token,
      onLine: ({ text }) => seen.push(text),
    },
  );
  return { running, seen };
}

// No simulated node has this label, so the rollout waits.
const stuck = (yaml: string): string =>
  yaml.replace(
    '      containers:',
    '      nodeSelector: {kubernetes.io/os: plan9}\n      containers:',
  );

describe('twenty deploys at once', () => {
  test('one after the other, none lost, none interleaved', async () => {
    await site.cluster.kubectl(['create', 'namespace', 'many']);
    const numbers = Array.from({ length: 20 }, (_, at) => `${at + 1}`);
    const accounts = await Promise.all(numbers.map(account));
    const runs = await Promise.all(
      numbers.map(async (number, at) => {
        const env = { GITHUB_RUN_ID: number };
        const { running } = await begin('many', release(number), accounts[at]?.inputs, env);
        return running.finished;
      }),
    );
    for (const run of runs) {
      expect({ ...run.outputs, stderr: run.stderr }).toMatchObject({ status: 'deployed' });
    }
    const users = (await writes('many')).map(({ user }) => user.username);
    const turns = users.filter((user, at) => user !== users[at - 1]);
    expect(new Set(turns).size).toBe(20);
    expect(turns).toHaveLength(20);
    const last = numbers[accounts.findIndex(({ user }) => user === turns.at(-1))];
    const get = (what: string, path: string) =>
      site.cluster.kubectl(['-n', 'many', 'get', what, '-o', `jsonpath={${path}}`]);
    expect(await get('cm/shop', '.data.run')).toBe(last);
    const image = '.spec.template.spec.containers[0].image';
    expect(await get('deployment/shop', image)).toBe(`registry.example/app:${last}`);
    expect(await holder('many')).toBe('');
    const waited = runs.filter(({ stdout }) => stdout.includes('waiting for the lock'));
    expect(waited.length).toBeGreaterThan(10);
    for (const run of runs) await run.cleanUp();
  }, 600_000);
});

describe('a run that died', () => {
  test('kill -9 in the middle of an apply: the next one takes over and ends well', async () => {
    await site.cluster.kubectl(['create', 'namespace', 'died']);
    const names = Array.from({ length: 150 }, (_, at) => `c${at}`);
    const all = (value: string) =>
      [...names.map((name) => configMap(name, value)), deployment('shop')].join('---\n');
    const number = { GITHUB_RUN_ID: '51' };
    const { running, seen } = await begin('died', all('1'), {}, number);
    await lineOf(seen, 'ConfigMap/c1 created');
    running.kill('SIGKILL');
    await (await running.finished).cleanUp();
    expect(await holder('died')).not.toBe('');
    const second = await begin('died', all('2'), {}, { GITHUB_RUN_ID: '4243' });
    await lineOf(
      second.seen,
      'is held by https://github.com/acme/shop/actions/runs/51/attempts/1 by octocat',
    );
    end(51);
    const result = await second.running.finished;
    expect(result.outputs['status']).toBe('deployed');
    const values = await site.cluster.kubectl([
      '-n',
      'died',
      'get',
      'cm',
      '-o',
      'jsonpath={.items[*].data.run}',
    ]);
    expect(values.split(' ').filter((each) => each === '2')).toHaveLength(150);
    expect(await holder('died')).toBe('');
    await result.cleanUp();
  }, 120_000);
});

describe('a run that was stopped', () => {
  // Usually GitHub has given the run up; WEBGEN_REAL_TIME=1 lets the Lease expire in real time.
  const isReal = process.env['WEBGEN_REAL_TIME'] === '1';

  test('and woken after another took over writes nothing more', async () => {
    await site.cluster.kubectl(['create', 'namespace', 'stopped']);
    const phased = (yaml: string) =>
      yaml.replace('  name: db\n', '  name: db\n  annotations: {webgen-deploy/phase: base}\n');
    const app = (number: string) => `${phased(deployment('db'))}---\n${release(number)}`;
    const one = await account();
    // The database does not start, so the run waits before it writes the rest.
    const first = await begin(
      'stopped',
      stuck(app('1')).replace(/(shop(.|\n)*)plan9/, '$1linux'),
      one.inputs,
      { GITHUB_RUN_ID: '61' },
    );
    await lineOf(first.seen, 'unschedulable');
    first.running.kill('SIGSTOP');
    const stoppedAt = Date.now();
    if (!isReal) end(61);
    const two = await account();
    const second = await begin('stopped', app('2'), two.inputs, { GITHUB_RUN_ID: '4243' });
    const taken = await second.running.finished;
    expect(taken.outputs['status']).toBe('deployed');
    const tookOverAfter = Date.now() - stoppedAt;
    if (isReal) await new Promise((done) => setTimeout(done, 240_000 - tookOverAfter));
    const before = (await writes('stopped')).filter(
      ({ user }) => user.username === one.user,
    ).length;
    // What it waited for is there now: it would go on with the next phase.
    first.running.kill('SIGCONT');
    const result = await first.running.finished;
    expect(result.code).toBe(1);
    expect(result.outputs['error-code']).toBe('lock-lost');
    expect(result.stdout).toContain('it writes nothing more and undoes nothing');
    const after = (await writes('stopped')).filter(({ user }) => user.username === one.user);
    expect(after).toHaveLength(before);
    expect(
      await site.cluster.kubectl(['-n', 'stopped', 'get', 'cm/shop', '-o', 'jsonpath={.data.run}']),
    ).toBe('2');
    await taken.cleanUp();
    await result.cleanUp();
  }, 600_000);
});

describe('a cancelled run', () => {
  test('gives the lock back, within the time that GitHub gives', async () => {
    await site.cluster.kubectl(['create', 'namespace', 'cancelled']);
    const { running, seen } = await begin('cancelled', stuck(deployment('web')));
    await lineOf(seen, 'unschedulable');
    expect(await holder('cancelled')).toContain('/runs/4242/attempts/1#');
    const from = Date.now();
    running.kill('SIGINT');
    const result = await running.finished;
    expect(Date.now() - from).toBeLessThan(7500);
    expect(result.outputs['status']).toBe('cancelled');
    expect(await holder('cancelled')).toBe('');
    await result.cleanUp();
  }, 60_000);

  test('while it waits leaves the lock to its holder; 0s does not wait', async () => {
    await site.cluster.kubectl(['create', 'namespace', 'waits']);
    const first = await begin('waits', stuck(deployment('web')));
    await lineOf(first.seen, 'unschedulable');
    const second = await begin('waits', deployment('web'));
    await lineOf(second.seen, 'waiting for the lock');
    second.running.kill('SIGINT');
    const cancelled = await second.running.finished;
    expect(cancelled.stdout).toContain('Nothing was changed in the cluster.');
    expect(await holder('waits')).toContain('/runs/4242/');
    const third = await begin('waits', deployment('web'), { 'lock-timeout': '0s' });
    const locked = await third.running.finished;
    expect(locked.outputs['error-code']).toBe('locked');
    expect(locked.stdout).toContain('by octocat since ');
    // What is wrong anyway is not waited for.
    const broken = await (await begin('waits', 'apiVersion: v1\nkind: ConfigMap\n')).running
      .finished;
    expect(broken.outputs['error-code']).toBe('manifest-invalid');
    expect(await holder('waits')).toContain('/runs/4242/');
    first.running.kill('SIGINT');
    const runs = [await first.running.finished, cancelled, locked, broken];
    for (const run of runs) await run.cleanUp();
  }, 90_000);
});

describe('an account without Leases', () => {
  test('hears which rule it needs, and may do without the lock', async () => {
    await site.cluster.kubectl(['create', 'namespace', 'poor']);
    const { id, keyJson } = site.yandex.addServiceAccount();
    const verbs = '--verb=get,list,watch,create,update,patch,delete';
    // Secrets, since releases are recorded in them.
    const rules = [verbs, '--resource=configmaps,secrets'];
    await site.cluster.kubectl(['-n', 'poor', 'create', 'role', 'poor', ...rules]);
    const binding = ['create', 'rolebinding', 'poor', '--role=poor', `--user=${id}`];
    await site.cluster.kubectl(['-n', 'poor', ...binding]);
    const inputs = { 'yc-sa-json-credentials': JSON.stringify(JSON.parse(keyJson)) };
    const refused = await (await begin('poor', configMap('a', '1'), inputs)).running.finished;
    expect(refused.outputs['error-code']).toBe('forbidden');
    expect(refused.stdout).toContain('verbs: ["get", "list", "watch", "create", "update"]');
    const free = await begin('poor', configMap('a', '1'), { ...inputs, lock: 'false' });
    const result = await free.running.finished;
    expect(result.outputs['status']).toBe('deployed');
    for (const run of [refused, result]) await run.cleanUp();
  }, 60_000);
});

describe('an account without Secrets', () => {
  test('hears the one rule that releases need; with it, and nothing more, it deploys', async () => {
    await site.cluster.kubectl(['create', 'namespace', 'blind']);
    const { id, keyJson } = site.yandex.addServiceAccount();
    const inputs = { 'yc-sa-json-credentials': JSON.stringify(JSON.parse(keyJson)) };
    const allow = async (name: string, verbs: string, resource: string) => {
      const rule = [`--verb=${verbs}`, `--resource=${resource}`];
      await site.cluster.kubectl(['-n', 'blind', 'create', 'role', name, ...rule]);
      const to = [`--role=${name}`, `--user=${id}`];
      await site.cluster.kubectl(['-n', 'blind', 'create', 'rolebinding', name, ...to]);
    };
    await allow(`maps-${id}`, 'get,list,watch,create,patch', 'configmaps');
    await allow(`lock-${id}`, 'get,list,watch,create,update', 'leases.coordination.k8s.io');
    const refused = await (await begin('blind', configMap('a', '1'), inputs)).running.finished;
    expect(refused.outputs['error-code']).toBe('forbidden');
    expect(refused.stdout).toContain('Releases are kept as Secrets. Add this rule to a Role');
    const verbs = /resources: \["secrets"\]\s+verbs: \[(.*)\]/.exec(refused.stdout)?.[1];
    expect(await writes('blind')).toEqual([]);
    await allow(`releases-${id}`, `${verbs?.replaceAll(/[" ]/g, '')}`, 'secrets');
    const deploy = async (number: string) => {
      const run = await (await begin('blind', configMap('a', number), inputs)).running.finished;
      expect([run.stdout, run.outputs['findings']]).toEqual([run.stdout, '[]']);
      expect(run.outputs).toMatchObject({ status: 'deployed', revision: number });
      await run.cleanUp();
    };
    await deploy('1');
    // So many that an old one is forgotten: that right is in the rule too.
    const name = 'webgen-deploy.shop.1';
    const { body } = await site.cluster.api({ path: `/api/v1/namespaces/blind/secrets/${name}` });
    const first = body as unknown as KubeObject;
    const [head, contents] = [headOf(first, 'shop'), decode([first])];
    if (!head) throw new Error('no release');
    const items = Array.from({ length: 10 }, (_, at) =>
      encode({ head: { ...head, number: at + 2 }, contents }, 'blind'),
    );
    const list = { apiVersion: 'v1', kind: 'List', items: items.flat() };
    await site.cluster.kubectl(['create', '-f', '-'], JSON.stringify(list));
    await deploy('12');
    const names = ['-n', 'blind', 'get', 'secrets', '-o', 'name'];
    expect((await site.cluster.kubectl(names)).match(/webgen-deploy/g)).toHaveLength(10);
    await refused.cleanUp();
  }, 120_000);
});

describe('a namespace that the run makes', () => {
  test('holds the lock before anything is written into it', async () => {
    const fresh = { 'create-namespace': 'true' };
    const { running } = await begin('fresh', release('1'), fresh);
    const result = await running.finished;
    expect(result.outputs['status']).toBe('deployed');
    const audit = await site.cluster.audit();
    const order = audit
      .filter(({ verb }) => ['create', 'update', 'patch'].includes(verb))
      .filter(({ requestURI: uri }) => /namespaces\/fresh/.test(uri) && !uri.includes('dryRun'))
      .filter(({ userAgent, responseStatus }) => {
        const ours = userAgent?.startsWith('webgen-deploy');
        return ours && (responseStatus?.code ?? 500) < 300;
      })
      .toSorted((a, b) => (a.requestReceivedTimestamp < b.requestReceivedTimestamp ? -1 : 1))
      .map(({ requestURI: uri }) => /namespaces\/fresh(?:\/(?:\w+))?/.exec(uri)?.[0]);
    expect(order.slice(0, 2)).toEqual(['namespaces/fresh', 'namespaces/fresh/leases']);
    expect(await holder('fresh')).toBe('');
    await result.cleanUp();
  }, 60_000);
});
