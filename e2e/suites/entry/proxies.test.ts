// Through a proxy, and what of a run other programs and the log can see.
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { provideAssets } from '../../support/cluster/assets.ts';
import { kubeconfigText } from '../../support/cluster/kubeconfig.ts';
import { type Asked, type Internet, openInternet } from '../../support/internet/internet.ts';
import type { ActionOptions } from '../../support/runner/run-action.ts';
import {
  shownMasks,
  unmaskedSecrets,
  watchProcesses,
  withoutMasks,
} from '../../support/runner/secrecy.ts';
import {
  deployment,
  namespaceFor,
  openSharedSite,
  type Run,
  type Site,
} from '../../support/site.ts';
import { addressOf, iamToken } from '../../support/yandex/exchange.ts';

let site: Site;
const ns = namespaceFor('shop');
let internet: Internet;
let port = 0;
const cloud = 'cloud.example.com';
const services = { iam: 'iam', kubernetes: 'managed-kubernetes' } as const;
/** A name that the API server's certificate is for, and that only the proxy knows. */
const inside = 'kubernetes.default.svc';

beforeAll(async () => {
  site = await openSharedSite();
  await site.cluster.kubectl(['create', 'namespace', ns]);
  port = Number(new URL(site.cluster.server).port);
  const names = Object.keys(services).map((name) => `${name}.${cloud}`);
  internet = await openInternet([cloud, ...names, 'manifests.example.com']);
  internet.lead(inside, { port });
  const endpoints = Object.entries(services).map(([name, id]) => ({
    id,
    address: `${name}.${cloud}:443`,
  }));
  internet.host(cloud, () => ({ body: JSON.stringify({ endpoints }) }));
  for (const [name, id] of Object.entries(services)) {
    const address = await addressOf(site.yandex, id);
    internet.host(`${name}.${cloud}`, async ({ method, path, headers }: Asked) => {
      const authorization = `${headers['authorization']}`;
      const answer = await fetch(`http://${address}${path}`, {
        method,
        headers: { authorization },
      });
      return { status: answer.status, body: await answer.text() };
    });
  }
}, 900_000);

afterAll(async () => {
  await internet?.stop();
  await site?.stop();
});

beforeEach(() => {
  internet.asked.length = 0;
  internet.tunnels.length = 0;
});

type Inputs = Readonly<Record<string, string>>;

const password = 'p:roxy@pass';
const login = `deployer:${encodeURIComponent(password)}@`;

async function run(inputs: Inputs, options: Partial<ActionOptions> = {}): Promise<Run> {
  const HTTPS_PROXY = internet.proxy.replace('://', `://${login}`);
  const env = { ...internet.env, HTTPS_PROXY, ...options.env };
  const result = await site.run({ namespace: ns, ...inputs }, { ...options, env });
  expect(shownMasks(result.stdout)).toEqual([]);
  for (const secret of [password, encodeURIComponent(password)]) {
    expect([withoutMasks(result.text), result.summary, result.outputs].join()).not.toContain(
      secret,
    );
  }
  return result;
}

const noCloud = { 'yc-sa-json-credentials': '', 'yc-k8s-cluster-id': '', 'yc-api-endpoint': '' };

function kubeconfig(server: string, name?: string): Inputs {
  const { caPem, adminToken: token } = site.cluster;
  const config = JSON.parse(kubeconfigText({ server, caPem, token }));
  if (name !== undefined) config.clusters[0].cluster['tls-server-name'] = name;
  return { ...noCloud, kubeconfig: JSON.stringify(config), command: 'status' };
}

const code = ({ outputs }: Run) => outputs['error-code'];
const tunnels = () => [...new Set(internet.tunnels.map(({ to }) => to))].toSorted();

describe('a proxy of the environment', () => {
  test('leads to a kubeconfig’s API server, with the proxy’s own login', async () => {
    const done = await run(kubeconfig(`https://${inside}:6443`));
    expect([done.code, done.outputs['status']]).toEqual([0, 'succeeded']);
    expect(tunnels()).toEqual([`${inside}:6443`]);
    const basic = Buffer.from(`deployer:${password}`).toString('base64');
    expect(new Set(internet.tunnels.map((each) => each.login))).toEqual(
      new Set([`Basic ${basic}`]),
    );
  }, 30_000);

  test('leads to Yandex Cloud and its cluster; a deploy waits through it', async () => {
    const account = site.yandex.addServiceAccount();
    await site.cluster.grantAdmin(account.id);
    const managed = site.yandex.addCluster({
      caPem: site.cluster.caPem,
      externalEndpoint: `https://${inside}`,
    });
    const inputs = {
      'yc-api-endpoint': `https://${cloud}`,
      'yc-k8s-cluster-id': managed.id,
      'yc-sa-json-credentials': '',
      'yc-iam-token': await iamToken(site.yandex, account),
    };
    const workspace = await site.workspace({ 'app.yaml': deployment('web') });
    const done = await run({ ...inputs, manifests: 'app.yaml' }, { workspace });
    expect([done.code, done.outputs['status']]).toEqual([0, 'deployed']);
    expect(tunnels()).toEqual([`${cloud}:443`, `kubernetes.${cloud}:443`, `${inside}:443`]);
  }, 30_000);

  test('is left aside for what NO_PROXY names, and for the machine itself', async () => {
    internet.lead('0.0.0.0', { status: 403 });
    const there = kubeconfig(`https://0.0.0.0:${port}`, 'localhost');
    const direct = await run(there, { env: { NO_PROXY: 'example.org,0.0.0.0' } });
    expect(direct.code).toBe(0);
    expect((await run(kubeconfig(`https://127.0.0.1:${port}`))).code).toBe(0);
    expect(tunnels()).toEqual([]);
    const through = await run(there);
    expect([through.code, code(through)]).toEqual([1, 'cluster-unreachable']);
    expect(tunnels()).toEqual([`0.0.0.0:${port}`]);
  }, 60_000);
});

describe('a proxy that refuses', () => {
  test.each<[string, () => Inputs]>([
    ['the API server', () => kubeconfig('https://refused.example.com')],
    [
      'Yandex Cloud',
      () => ({ command: 'status', 'yc-api-endpoint': 'https://refused.example.com' }),
    ],
    [
      'a manifest',
      () => ({
        manifests: `https://refused.example.com/a.yaml#sha256=${'0'.repeat(64)}`,
        environment: 'production',
      }),
    ],
    ['a tool', () => ({ command: 'setup', 'kubectl-version': '1.34.4', 'yc-version': 'none' })],
    [
      'a tool without a checksum file',
      () => ({
        command: 'setup',
        'kubectl-version': 'none',
        'yc-version': '9.8.7',
        'yc-sha256': '0'.repeat(64),
      }),
    ],
  ])(
    'is named as the reason for %s, at once',
    async (_, inputs) => {
      for (const name of ['refused.example.com', 'dl.k8s.io', 'storage.yandexcloud.net']) {
        internet.lead(name, { status: 407 });
      }
      const refused = await run(inputs());
      expect(refused.code).toBe(1);
      expect(refused.text).toMatch(/proxy answered CONNECT with 407/);
      expect(refused.text.match(/again in|Trying again/g)).toBeNull();
      expect(refused.durationMs).toBeLessThan(15_000);
    },
    90_000,
  );

  test('or is not there: it is the proxy that cannot be reached', async () => {
    const env = { HTTPS_PROXY: `http://${login}127.0.0.1:9` };
    const inputs = { command: 'status', 'yc-api-endpoint': 'https://refused.example.com' };
    const gone = await run(inputs, { env });
    expect([gone.code, code(gone)]).toEqual([1, 'cluster-unreachable']);
    expect(gone.text).toMatch(/the proxy http:\/\/127\.0\.0\.1:9: connect ECONNREFUSED/);
  }, 90_000);
});

/** A program that first leaves what it was started with beside itself. */
async function recorder(folder: string, name: string, then: string): Promise<string> {
  const path = join(folder, name);
  const record = `(env; echo "ARGV $*") >> '${path}.seen'; sleep 0.2`;
  await writeFile(path, `#!/bin/sh\n${record}\n${then}\n`);
  await chmod(path, 0o755);
  return `${path}.seen`;
}

test('no secret is in the arguments or the environment of any program, nor in the log', async () => {
  const tools = await site.workspace({ none: '' });
  const { kubectl } = await provideAssets(['kubectl']);
  const seenByKubectl = await recorder(tools, 'kubectl', `exec '${kubectl}' "$@"`);
  const apiVersion = 'client.authentication.k8s.io/v1';
  const status = { token: site.cluster.adminToken };
  const answer = JSON.stringify({ kind: 'ExecCredential', apiVersion, status });
  const seenByLogin = await recorder(tools, 'login', `echo '${answer}'`);
  const config = JSON.parse(kubeconfigText({ ...site.cluster, namespace: ns }));
  config.users[0].user = { exec: { apiVersion, command: 'login', interactiveMode: 'Never' } };
  const secret = 'correct horse battery staple';
  const inputs = {
    namespace: ns,
    manifests: 'k',
    secrets: `shop/PASSWORD=${secret}`,
    environment: 'production',
  };
  const workspace = await site.workspace({
    'k/kustomization.yaml': 'resources: [app.yaml]\n',
    'k/app.yaml': deployment('quiet'),
  });
  const env = {
    PATH: `${tools}:${process.env['PATH']}`,
    ...site.yandex.github.env,
    GITHUB_TOKEN: 'ghs_ofTheEnvironment0123456789',
  };
  const options = { workspace, env, githubToken: 'ghs_ofTheInput0123456789' };
  const byKubeconfig = { ...noCloud, kubeconfig: JSON.stringify(config) };
  for (const given of [inputs, { ...inputs, ...byKubeconfig }]) {
    const running = await site.start(given, options);
    const watched = watchProcesses(running.pid);
    const done = await running.finished;
    const processes = await watched.stop();
    expect([done.code, done.stderr]).toEqual([0, '']);
    const secrets = [
      ...new Set([
        secret,
        Buffer.from(secret).toString('base64'),
        options.githubToken,
        env.GITHUB_TOKEN,
        `${site.yandex.github.env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}`,
        site.cluster.adminToken,
        ...site.yandex.tokens.map(({ token }) => token),
        ...site.account.keyJson.split('\\n').filter((line) => /^\S{40,}$/.test(line)),
      ]),
    ];
    expect(secrets.length).toBeGreaterThan(20);
    expect(unmaskedSecrets(done.stdout, secrets)).toEqual([]);
    expect(shownMasks(done.stdout)).toEqual([]);
    const within = (text: string) => secrets.filter((each) => text.includes(each));
    expect(within(processes.flatMap(({ argv }) => argv).join('\n'))).toEqual([]);
    // The action's own environment is the runner's affair; what it starts is ours.
    const children = processes.filter(({ pid }) => pid !== running.pid);
    expect(children.length).toBeGreaterThan(0);
    for (const { environment, argv } of children)
      expectClean(environment.join('\n'), argv.join(' '));
    await done.cleanUp();
    function expectClean(environment: string, who: string) {
      expect([who, within(environment)]).toEqual([who, []]);
      const named = /^(INPUT|ACTIONS|STATE)_|^GITHUB_TOKEN=/m.exec(environment);
      expect([who, named]).toEqual([who, null]);
    }
    for (const file of [seenByKubectl, seenByLogin]) {
      const text = await readFile(file, 'utf8').catch(() => '');
      expectClean(text, file);
    }
  }
  expect(await readFile(seenByKubectl, 'utf8')).toContain('ARGV kustomize');
  expect(await readFile(seenByLogin, 'utf8')).toContain('KUBERNETES_EXEC_INFO=');
}, 60_000);
