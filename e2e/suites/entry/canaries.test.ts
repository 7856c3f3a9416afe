// Forty secrets of different shapes, said in eight encodings by everything that can speak to a run:
// none is in anything that leaves it.
import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { asSeen, canaries, encodings, tracesOf } from '../../../test/support/canaries.ts';
import type { Fault } from '../../support/cluster/fault-answers.ts';
import { type FaultProxy, startFaultProxy } from '../../support/cluster/fault-proxy.ts';
import { kubeconfigText } from '../../support/cluster/kubeconfig.ts';
import { placesOf } from '../../support/runner/secrecy.ts';
import { openSharedSite, type Run, type Site } from '../../support/site.ts';

let site: Site;
let proxy: FaultProxy;
let cluster = '';
let registry: Server;

const forms = Object.values(encodings);
/** What is said about the canary of that number. */
const saying = (at: number): string =>
  forms.map((encode) => encode(canaries[at] ?? '')).join(' and ');
const oneLine = canaries.filter((each) => !/[\r\n]/.test(each)).join(' ');
/** All of it; of a program that failed people see the last line. */
const everything = `${canaries.map((_, at) => saying(at)).join('\n')}\nERROR: ${oneLine}\n`;

beforeAll(async () => {
  site = await openSharedSite();
  proxy = await startFaultProxy({
    server: site.cluster.server,
    caPem: site.cluster.caPem,
    folder: await mkdtemp(join(tmpdir(), 'webgen-canaries-')),
  });
  const { caPem, server: externalEndpoint } = proxy;
  cluster = site.yandex.addCluster({ caPem, externalEndpoint, name: 'canaries' }).id;
  registry = createServer((request, response) => {
    // One takes what is pushed, so that the build itself is reached.
    if (/\/takes\//.test(request.url ?? '')) {
      response.writeHead(request.method === 'POST' ? 202 : 404).end();
      return;
    }
    const at = Number(/image-(\d+)/.exec(request.url ?? '')?.[1]);
    const errors = [{ code: 'DENIED', message: saying(at) }];
    response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify({ errors }));
  });
  await new Promise<void>((done) => registry.listen(0, '127.0.0.1', done));
}, 900_000);

afterAll(async () => {
  registry?.close();
  await proxy?.stop();
  await site?.stop();
});

const secrets = canaries.map((each, at) => `canary/k${at}<<EOS\n${each}\nEOS`).join('\n');
const configMaps = canaries
  .map((_, at) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c${at}}\n`)
  .join('---\n');

const base = { namespace: 'default', app: 'canaries', manifests: 'app.yaml', secrets };

/** A program that says it all on both of its outputs and fails; `answers` come first. */
async function speaker(name: string, answers = ''): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'webgen-speaker-'));
  await writeFile(join(folder, 'said'), everything);
  const script = `#!/bin/sh\n${answers}\ncat '${folder}/said'\ncat '${folder}/said' >&2\nexit 1\n`;
  await writeFile(join(folder, name), script);
  await chmod(join(folder, name), 0o755);
  return folder;
}

/** It failed, what was said can be seen, and no canary can. */
async function expectSilence(run: Run, code: string | RegExp): Promise<void> {
  expect(run.outputs['error-code']).toMatch(code);
  expect(run.outputs['findings']).toContain('***');
  const traces = canaries.flatMap(tracesOf).filter((each) => each.length >= 6);
  for (const [place, text] of await placesOf(run)) {
    const seen = asSeen(text);
    const found = traces.filter((trace) => seen.includes(trace));
    expect({ place, found }).toEqual({ place, found: [] });
  }
}

function refusal(status: number, reason: string, message: string): Fault {
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code: status,
    reason,
    message,
  };
  return { status, body };
}

test('a webhook and the API, one object for each canary', async () => {
  const workspace = await site.workspace({ 'app.yaml': configMaps });
  canaries.forEach((_, at) => {
    const said =
      at % 2 === 0
        ? refusal(
            400,
            'BadRequest',
            `admission webhook "check.example" denied the request: ${saying(at)}`,
          )
        : refusal(
            422,
            'Invalid',
            `ConfigMap "c${at}" is invalid: data: Invalid value: ${saying(at)}: no`,
          );
    proxy.failNext(new RegExp(`^PATCH .*/configmaps/c${at}\\?`), said, 2);
  });
  const run = await site.run({ ...base, 'yc-k8s-cluster-id': cluster }, { workspace });
  expect(run.code).toBe(1);
  expect(JSON.parse(run.outputs['findings'] ?? '[]').length).toBeGreaterThanOrEqual(40);
  await expectSilence(run, /admission-denied|manifest-invalid/);
}, 120_000);

test("a kubeconfig's login program", async () => {
  const folder = await speaker('login');
  const config = JSON.parse(kubeconfigText({ ...site.cluster, namespace: 'default' }));
  const apiVersion = 'client.authentication.k8s.io/v1';
  const args = ['--client-secret', 'plugins-own-s3cret'];
  const env = [{ name: 'LOGIN_PASSWORD', value: 'p4ss-of-plugin' }];
  config.users[0].user = {
    exec: { apiVersion, command: `${folder}/login`, interactiveMode: 'Never', args, env },
  };
  await writeFile(join(folder, 'said'), `plugins-own-s3cret p4ss-of-plugin\n${everything}`);
  const workspace = await site.workspace({ 'app.yaml': configMaps });
  const none = { 'yc-sa-json-credentials': '', 'yc-k8s-cluster-id': '', 'yc-api-endpoint': '' };
  const run = await site.run(
    { ...base, ...none, kubeconfig: JSON.stringify(config) },
    { workspace },
  );
  await expectSilence(run, 'unauthenticated');
  for (const own of ['plugins-own-s3cret', 'p4ss-of-plugin']) {
    expect(run.text.replaceAll(/^::add-mask::.*$/gm, '')).not.toContain(own);
  }
}, 60_000);

const dockerAnswers = `case "$*" in
*inspect*) printf 'Name: default\\nDriver: docker-container\\nNodes:\\nName: default0\\nStatus: running\\nPlatforms: linux/amd64\\n'; exit 0;;
*version*) echo 'github.com/docker/buildx v0.30.0 abc'; exit 0;;
*print*) exit 0;;
esac`;

test('a build, and a registry that refuses forty pushes', async () => {
  const host = `127.0.0.1:${(registry.address() as AddressInfo).port}`;
  const folder = await speaker('docker', dockerAnswers);
  const workspace = await site.workspace({ 'app.yaml': configMaps, Dockerfile: 'FROM scratch\n' });
  const env = { PATH: [folder, process.env['PATH']].join(delimiter) };
  const build = canaries.map((_, at) => `- {name: image-${at}, context: .}`).join('\n');
  const refused = await site.run(
    { ...base, command: 'build', scan: 'off', build, registry: `${host}/shop` },
    { workspace, env },
  );
  await expectSilence(refused, /registry/);
  const failing = await site.run(
    {
      ...base,
      command: 'build',
      scan: 'off',
      build: '- {name: app, context: .}',
      registry: `${host}/takes`,
    },
    { workspace, env },
  );
  await expectSilence(failing, /^build-failed$/);
}, 120_000);

test('a scanner', async () => {
  const answers = `case "$1" in --version) echo 'Version: 0.75.0'; exit 0;; esac`;
  const folder = await speaker('trivy', answers);
  const workspace = await site.workspace({ 'app.yaml': configMaps });
  const env = { PATH: [folder, process.env['PATH']].join(delimiter) };
  const run = await site.run(
    { ...base, command: 'scan', scan: 'gate', 'trivy-version': 'none' },
    { workspace, env },
  );
  await expectSilence(run, /^(?:scan-failed|vulnerability-database-unavailable)$/);
}, 60_000);
