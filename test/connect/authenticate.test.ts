import { mkdtemp, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { andHints, authenticate, withHints } from '../../src/connect/authenticate.ts';
import { reveal, Secret } from '../../src/core/secret.ts';
import type { ClusterTarget } from '../../src/inputs/types.ts';
import { realFiles } from '../../src/platform/files.ts';
import { loadKubeconfig } from '../../src/platform/kubeconfig.ts';
import type { Credentials } from '../../src/yandex/credentials.ts';
import { certificate } from '../support/platform/certificate.ts';
import { type Cloud, cloudPorts, key, problem, startCloud } from '../support/yandex/cloud.ts';

let cloud: Cloud;
let temp: string;
beforeEach(async () => {
  temp = await mkdtemp(join(tmpdir(), 'authenticate-'));
  cloud = await startCloud();
  const master = {
    version: '1.34',
    endpoints: {
      externalV4Endpoint: 'https://203.0.113.7',
      internalV4Endpoint: 'https://10.1.0.5',
    },
    masterAuth: { clusterCaCertificate: certificate },
  };
  const cluster = { id: 'catshop', name: 'shop', status: 'RUNNING', master };
  cloud.routes['GET /managed-kubernetes/v1/clusters/catshop'] = () => [200, cluster];
  cloud.routes['GET /managed-kubernetes/v1/clusters'] = () => [200, { clusters: [cluster] }];
});
afterEach(() => cloud.close());

function prepare() {
  const recorded: string[] = [];
  const ports = { ...cloudPorts(), files: realFiles(temp) };
  const options = {
    apiEndpoint: cloud.url,
    endpoint: 'external' as const,
    workspace: temp,
    onSecretFile: (path: string) => recorded.push(path),
  };
  const run = (target: ClusterTarget) => authenticate(target, ports, options);
  return { run, recorded, ...ports };
}

const byKey: Credentials = { by: 'key', key };
const shop = (credentials: Credentials = byKey): ClusterTarget => ({
  by: 'id',
  id: 'catshop',
  credentials,
});

describe('a Yandex cluster', () => {
  test('gets a kubeconfig of its own, for the owner alone, recorded for the post step', async () => {
    const { run, recorded, log } = prepare();
    const access = await run(shop());
    expect(access).toMatchObject({ borrowed: false, clusterVersion: '1.34' });
    expect(recorded).toEqual([access.path]);
    expect(access.path.startsWith(join(temp, 'webgen-deploy-'))).toBe(true);
    expect((await stat(access.path)).mode & 0o777).toBe(0o600);
    expect(await readFile(access.path, 'utf8')).toBe(reveal(access.kubeconfig));
    const kube = await loadKubeconfig(access.kubeconfig, { path: access.path });
    expect(kube).toMatchObject({ server: 'https://203.0.113.7', startsPrograms: false });
    expect(kube.tls.ca?.toString()).toBe(certificate);
    expect(reveal((await kube.authorization(false)) ?? '')).toBe('Bearer t1.token-1');
    expect(log.masked).toContain('t1.token-1');
    expect(log.lines.join('\n')).not.toContain('t1.token');
  });

  test('has a token that is renewed in time, in the file too', async () => {
    const { run, clock } = prepare();
    const access = await run(shop());
    clock.move(11.9 * 3_600_000);
    expect(reveal((await access.token?.get(3_600_000)) ?? '')).toBe('t1.token-2');
    const kube = await loadKubeconfig(new Secret(await readFile(access.path, 'utf8')));
    expect(reveal((await kube.authorization(false)) ?? '')).toBe('Bearer t1.token-2');
    expect((await stat(access.path)).mode & 0o777).toBe(0o600);
  });

  test('by name, with a token that the caller has', async () => {
    const { run, log } = prepare();
    const credentials: Credentials = { by: 'token', token: new Secret('t1.given') };
    const access = await run({ by: 'name', name: 'shop', folderId: 'b1g', credentials });
    expect(reveal((await access.token?.get(Number.POSITIVE_INFINITY)) ?? '')).toBe('t1.given');
    expect(log.masked).toEqual(['t1.given']);
    expect(cloud.seen).not.toContain('POST /iam/v1/tokens');
  });

  test('keyless, where the job may not ask for an ID token', async () => {
    const { run } = prepare();
    const found = await problem(run(shop({ by: 'oidc', serviceAccountId: 'ajesa' })));
    expect(found.hint).toContain('id-token: write');
  });

  test('that refuses: the role and the account to grant it to', async () => {
    const { run } = prepare();
    const access = await run(shop());
    const refused = {
      code: 'forbidden',
      severity: 'fatal',
      what: 'x',
      evidence: [],
      hint: '',
    } as const;
    const [hinted] = withHints([refused], access);
    expect(hinted?.hint).toContain('--role k8s.cluster-api.editor --subject serviceAccount:ajesa');
    const other = { ...refused, code: 'crash-loop' } as const;
    expect(withHints([other], access)).toEqual([other]);
    const [both] = andHints([{ ...refused, hint: 'Add this rule to a Role.' }], access);
    expect(both?.hint).toBe(`Add this rule to a Role.\n${hinted?.hint}`);
    expect(andHints(both ? [both] : [], access)).toEqual([both]);
  });

  test('leaves no secret file when it is not found', async () => {
    const { run } = prepare();
    await problem(run({ by: 'id', id: 'catgone', credentials: byKey }));
    const files = await Promise.all((await readdir(temp)).map((each) => readdir(join(temp, each))));
    expect(files.flat()).toEqual([]);
  });
});

describe('a kubeconfig', () => {
  const text = JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: 'https://10.0.0.1' } }],
    users: [{ name: 'u', user: { token: 'static-token' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });

  test('given as text is written for the owner alone, its secrets masked', async () => {
    const { run, recorded, log } = prepare();
    const access = await run({ by: 'kubeconfig', text: new Secret(text), context: 'x' });
    expect(access).toMatchObject({ borrowed: false, context: 'x', hints: {} });
    expect(recorded).toEqual([access.path]);
    expect((await stat(access.path)).mode & 0o777).toBe(0o600);
    expect(await readFile(access.path, 'utf8')).toBe(text);
    expect(log.masked).toContain('static-token');
  });

  test('given as a path is used where it really is, and never recorded', async () => {
    await writeFile(join(temp, 'config'), text);
    await symlink(join(temp, 'config'), join(temp, 'link'));
    const { run, recorded, log } = prepare();
    const access = await run({ by: 'kubeconfig', path: 'link' });
    expect(access).toMatchObject({ borrowed: true, path: join(temp, 'config') });
    expect(recorded).toEqual([]);
    expect(log.masked).toContain('static-token');
  });

  test('that is not there', async () => {
    const { run } = prepare();
    const found = await problem(run({ by: 'kubeconfig', path: '/no/such/file' }));
    expect(found).toMatchObject({ code: 'input-invalid' });
    expect(found.what).toContain('/no/such/file does not exist');
    expect(found.hint).toContain('Correct the path');
  });

  test('in a context that is not its current one: later steps get a file that is in it', async () => {
    const two = JSON.parse(text);
    two.clusters[0].cluster['certificate-authority'] = 'ca.crt';
    two.contexts.push({ name: 'y', context: { cluster: 'c', user: 'u' } });
    await writeFile(join(temp, 'config'), JSON.stringify(two));
    const { run, recorded } = prepare();
    const access = await run({ by: 'kubeconfig', path: 'config', context: 'y' });
    expect(access).toMatchObject({ borrowed: true, path: join(temp, 'config'), context: 'y' });
    expect(recorded).toEqual([access.forLater]);
    expect((await stat(access.forLater ?? '')).mode & 0o777).toBe(0o600);
    const later = JSON.parse(await readFile(access.forLater ?? '', 'utf8'));
    expect(later['current-context']).toBe('y');
    expect(later.clusters[0].cluster['certificate-authority']).toBe(join(temp, 'ca.crt'));
    const written = await run({
      by: 'kubeconfig',
      text: new Secret(JSON.stringify(two)),
      context: 'y',
    });
    expect(JSON.parse(await readFile(written.path, 'utf8'))['current-context']).toBe('y');
  });
});
