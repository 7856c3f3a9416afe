// The sentences of the contract that users' workflows hold, one by one, through the bundle.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ActionOptions } from '../../support/runner/run-action.ts';
import {
  deployment,
  namespaceFor,
  openSharedSite,
  type Run,
  type Site,
} from '../../support/site.ts';

let site: Site;
const ns = namespaceFor('shop');

beforeAll(async () => {
  site = await openSharedSite();
  await site.cluster.kubectl(['create', 'namespace', ns]);
}, 900_000);

afterAll(() => site?.stop());

type Inputs = Readonly<Record<string, string>>;

/** Deploys one manifest without waiting, unless the inputs say more. */
async function run(manifest: string, inputs: Inputs = {}, options: Partial<ActionOptions> = {}) {
  const workspace = await site.workspace({ 'app.yaml': manifest });
  const all = { namespace: ns, manifests: 'app.yaml', wait: 'false', ...inputs };
  return site.run(all, { workspace, ...options });
}

const verdict = ({ code, outputs }: Run) =>
  [code, outputs['status'], outputs['error-code']].join(' ').trim();

async function live(what: string, path: string): Promise<string> {
  return site.cluster.kubectl(['-n', ns, 'get', what, '-o', `jsonpath=${path}`]);
}

const config = (name: string, data = 'A: "1"') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "${name}"}\ndata: {${data}}\n`;
describe('the ways in', () => {
  test('every form of the key', async () => {
    const { private_key, ...rest } = JSON.parse(site.account.keyJson);
    const pem = private_key.replace(/^PLEASE[^\n]*\n/, '');
    const camel = Object.entries({ ...rest, private_key: pem }).map(([name, value]) => [
      name.replace(/_(\w)/g, (_: string, letter: string) => letter.toUpperCase()),
      value,
    ]);
    const pretty = JSON.stringify(JSON.parse(site.account.keyJson), null, 2);
    const forms = {
      pretty: pretty.replaceAll('\n', '\r\n'),
      base64: Buffer.from(pretty).toString('base64'),
      'camel case, no warning': JSON.stringify(Object.fromEntries(camel)),
    };
    for (const [form, key] of Object.entries(forms)) {
      const result = await run('', { command: 'status', 'yc-sa-json-credentials': key });
      expect(`${form}: ${verdict(result)}`).toBe(`${form}: 0 succeeded`);
    }
  }, 60_000);

  test('a kubeconfig in another context: later steps are in that context too', async () => {
    const kubeconfig = JSON.parse(await readFile(site.cluster.kubeconfig, 'utf8'));
    const [context] = kubeconfig.contexts;
    kubeconfig.clusters.push({ name: 'other', cluster: { server: 'https://127.0.0.1:9' } });
    kubeconfig.contexts.push({ name: 'other', context: { ...context.context, cluster: 'other' } });
    kubeconfig['current-context'] = 'other';
    const text = JSON.stringify(kubeconfig);
    const workspace = await site.workspace({ 'app.yaml': config('a'), 'kube.json': text });
    const none = { 'yc-k8s-cluster-id': '', 'yc-sa-json-credentials': '', 'yc-api-endpoint': '' };
    for (const given of ['kube.json', text, Buffer.from(text).toString('base64')]) {
      const inputs = { ...none, kubeconfig: given, 'kube-context': context.name };
      const result = await run('', { ...inputs, command: 'diff' }, { workspace });
      expect(verdict(result)).toBe('0 succeeded');
      const path = result.env['KUBECONFIG'] ?? '';
      expect(path).toBe(result.outputs['kubeconfig-path']);
      const current = ['--kubeconfig', path, 'config', 'current-context'];
      expect((await site.cluster.kubectl(current)).trim()).toBe(context.name);
      await result.post();
      expect(existsSync(path)).toBe(false);
    }
    expect(existsSync(`${workspace}/kube.json`)).toBe(true);
  }, 60_000);
});

describe('where it goes', () => {
  test('never to `default` in silence; a missing namespace is said', async () => {
    const manifests = `${config('a')}---\n${config('b')}`;
    const result = await run(manifests, { namespace: '' });
    expect(verdict(result)).toBe('1 failed input-invalid');
    expect(result.text).toContain('ConfigMap/a and 1 more object name no namespace');
    expect(result.text.match(/✗ input-invalid/g)).toHaveLength(1);
    const missing = await run(manifests, { namespace: 'nowhere' });
    expect(missing.text).toContain('set create-namespace: true');
    const found = await site.cluster.kubectl(['-n', 'default', 'get', 'configmap', '-o', 'name']);
    expect(found.trim()).toBe('configmap/kube-root-ca.crt');
  }, 60_000);

  test.each([
    ['push', { ref: 'refs/heads/develop' }, 'staging'],
    ['push', { ref: 'refs/heads/feature/main' }, ''],
    ['push', { ref: 'refs/tags/main' }, ''],
    ['workflow_dispatch', { ref: 'refs/heads/main' }, ''],
    ['pull_request', { ref: 'refs/pull/1/merge', headRef: 'main', baseRef: 'develop' }, 'staging'],
    ['pull_request', { ref: 'refs/pull/1/merge', headRef: 'main', baseRef: 'topic' }, ''],
  ] as const)('the environment of %s %j: %s', async (eventName, where, environment) => {
    const result = await run(config('a'), { command: 'diff' }, { eventName, ...where });
    expect(result.outputs['environment']).toBe(environment);
    expect(verdict(result)).toBe(environment ? '0 succeeded' : '1 failed input-invalid');
    if (!environment) expect(result.text).toContain('Input `environment` is missing');
  });

  test('the name of an application is the repository’s, made fit', async () => {
    const result = await run(config('a'), { command: 'diff' }, { repository: 'Acme/My_Shop.Web' });
    expect(result.outputs['app']).toBe('my-shop-web');
  });
});

describe('what is deployed', () => {
  test('images: ports, digests and init containers, and no other name that ends alike', async () => {
    const digest = `sha256:${'c'.repeat(64)}`;
    const manifest = deployment('img', { image: 'reg.example:5000/team/backend' }).replace(
      '      containers:',
      '      initContainers: [{name: i, image: "backend:1"}, {name: j, image: "x/notbackend:1"}]\n      containers:',
    );
    const reference = `reg.example:5000/new/backend:7@${digest}`;
    const result = await run(manifest, { images: `# new\n\nbackend=${reference}` });
    expect(verdict(result)).toBe('0 deployed');
    expect(JSON.parse(result.outputs['images'] ?? '')).toEqual({ backend: reference });
    const images = await live('deployment/img', '{..image}');
    expect(images.split(' ').sort()).toEqual([reference, reference, 'x/notbackend:1']);
  });

  test('variables are values, never YAML; one that is never used is an error', async () => {
    const manifest = config('v-${NAME}', 'A: "${NAME} ${KEEP} $NAME", B: "${ODD}"');
    const variables = 'NAME=x\nODD=a: b # "c"';
    expect(verdict(await run(manifest, { variables }))).toBe('0 deployed');
    expect(JSON.parse(await live('configmap/v-x', '{.data}'))).toEqual({
      A: 'x ${KEEP} $NAME',
      B: 'a: b # "c"',
    });
    const unused = await run(manifest, { variables: `${variables}\nNAEM=y` });
    expect(verdict(unused)).toBe('1 failed input-invalid');
    expect(verdict(await run(manifest, { variables: 'ODD=1' }))).toBe('1 failed variable-unset');
  }, 60_000);

  test('secrets own their keys only; a key that a run leaves out stays, and it says so', async () => {
    const create = ['-n', ns, 'create', 'secret', 'generic', 'theirs', '--from-literal=MINE=1'];
    await site.cluster.kubectl(create);
    const manifest =
      'apiVersion: v1\nkind: Secret\nmetadata: {name: ours}\nstringData: {FILE: "f"}\n';
    const secrets = 'ours/KEY<<EOF\nfirst line\nsecond=line\nEOF\ntheirs/TOKEN=a long=value\n';
    expect(verdict(await run(manifest, { secrets }))).toBe('0 deployed');
    const data = async (name: string) => JSON.parse(await live(`secret/${name}`, '{.data}'));
    expect(await data('ours')).toEqual({ FILE: btoa('f'), KEY: btoa('first line\nsecond=line') });
    expect(await data('theirs')).toEqual({ MINE: btoa('1'), TOKEN: btoa('a long=value') });
    const other = await run(manifest, { secrets: 'theirs/OTHER=another value' });
    expect(verdict(other)).toBe('0 deployed');
    // No line names `ours` any more: what the manifest says holds.
    expect(await data('ours')).toEqual({ FILE: btoa('f') });
    const kept = { MINE: btoa('1'), TOKEN: btoa('a long=value') };
    expect(await data('theirs')).toEqual({ ...kept, OTHER: btoa('another value') });
    expect(other.text).toContain('Secret/theirs keeps the key TOKEN');
    expect(other.text).not.toContain('keeps the key MINE');
    const again = await run(manifest, { secrets: 'theirs/OTHER=another value' });
    expect(verdict(again)).toBe('0 unchanged');
  }, 60_000);
});

describe('what is left in the cluster', () => {
  test('labels where there are none, never in pod templates; status finds its own by either', async () => {
    const own = deployment('own').replace(
      'metadata:\n',
      'metadata:\n  labels: {app.kubernetes.io/part-of: mine, app.kubernetes.io/managed-by: Helm}\n',
    );
    await run(`${own}---\n${deployment('bare')}`, { app: 'labels', wait: 'true' });
    expect(JSON.parse(await live('deployment/own', '{.metadata.labels}'))).toEqual({
      'app.kubernetes.io/part-of': 'mine',
      'app.kubernetes.io/managed-by': 'Helm',
    });
    expect(JSON.parse(await live('deployment/bare', '{.spec.template.metadata.labels}'))).toEqual({
      app: 'bare',
    });
    const status = await run('', { app: 'labels', command: 'status' });
    expect(status.text).toMatch(/Deployment\/own .*ready/);
    expect(status.text).toContain('Everything is ready');
    const nobody = await run('', { app: 'nobody', command: 'status' });
    expect(nobody.text).toContain('Nothing is deployed');
  }, 60_000);

  test('kubectl’s own fields are taken over, another manager’s only by force', async () => {
    const image = (name: string) => `{"spec":{"template":{"spec":{"containers":[${name}]}}}}`;
    const old = deployment('taken').replace('image:', 'env: [{name: OLD}]\n          image:');
    await site.cluster.kubectl(['-n', ns, 'apply', '-f', '-'], old);
    await site.cluster.kubectl(['-n', ns, 'set', 'image', 'deployment/taken', 'app=a/b:2']);
    expect(verdict(await run(deployment('taken')))).toBe('0 deployed');
    expect(await live('deployment/taken', '{..env}{..image}')).toBe('registry.example/app:1');
    const patch = image('{"name":"app","image":"helm:1"}');
    const theirs = ['patch', 'deployment', 'taken', '--field-manager=helm', '-p', patch];
    await site.cluster.kubectl(['-n', ns, ...theirs]);
    const refused = await run(deployment('taken'));
    expect(verdict(refused)).toBe('1 failed field-conflict');
    expect(refused.text).toMatch(/helm owns .*image/);
    const forced = await run(deployment('taken'), { 'force-conflicts': 'TRUE' });
    expect(verdict(forced)).toBe('0 deployed');
  }, 60_000);
});
