// A login goes to its registry alone, and to the programs whose images lie there.
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startTokenRegistry, type TokenRegistry } from '../../support/images/token-registry.ts';
import { runAction } from '../../support/runner/run-action.ts';
import { startYandex, type Yandex } from '../../support/yandex/emulator.ts';

let yandex: Yandex;
let registry: TokenRegistry;
let folder: string;

beforeEach(async () => {
  yandex = await startYandex();
  const isToken = (token: string) => yandex.tokens.some((each) => each.token === token);
  // Nothing lies behind it: what is asked for here is only who may ask.
  registry = await startTokenRegistry('127.0.0.1:1', isToken);
  folder = await mkdtemp(join(tmpdir(), 'webgen-logins-'));
  await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\n');
  await mkdir(join(folder, 'bin'));
  await mkdir(join(folder, 'seen'));
  await program('trivy', trivy);
  await program('docker', docker);
});

afterEach(async () => {
  await Promise.all([yandex.stop(), registry.stop()]);
  await rm(folder, { recursive: true, force: true });
});

async function program(name: string, text: string): Promise<void> {
  const path = join(folder, 'bin', name);
  await writeFile(path, text.replaceAll('SEEN', join(folder, 'seen')));
  await chmod(path, 0o755);
}

/** Writes down with which logins it was started for which image, and does the least. */
const trivy = `#!/usr/bin/env node
const { readFileSync, writeFileSync, mkdirSync } = require('node:fs');
const args = process.argv.slice(2);
const after = (flag) => args[args.indexOf(flag) + 1];
if (args[0] === '--version') {
  console.log('Version: 0.73.0');
  process.exit(0);
}
const config = JSON.parse(readFileSync(process.env.DOCKER_CONFIG + '/config.json', 'utf8'));
const what = args.includes('--download-db-only') ? 'database' : args[0] === 'image' ? args.at(-1) : args[0];
const seen = { what, hosts: Object.keys(config.auths ?? {}).toSorted() };
writeFileSync('SEEN/' + process.pid, JSON.stringify(seen));
if (what === 'database') {
  mkdirSync(after('--cache-dir') + '/db');
  const [now, next] = [new Date(), new Date(Date.now() + 86400000)];
  const dates = { Version: 2, UpdatedAt: now, NextUpdate: next, DownloadedAt: now };
  writeFileSync(after('--cache-dir') + '/db/metadata.json', JSON.stringify(dates));
} else if (args.includes('--output')) {
  writeFileSync(after('--output'), '{"SchemaVersion": 2, "Results": []}');
}
`;

/** A builder that answers, and a bake that only says what it was given. */
const docker = `#!/usr/bin/env node
const { readFileSync, writeFileSync } = require('node:fs');
const args = process.argv.slice(3);
const config = JSON.parse(readFileSync(process.env.DOCKER_CONFIG + '/config.json', 'utf8'));
const what = args.includes('--print') ? 'print' : args[0];
writeFileSync('SEEN/' + process.pid, JSON.stringify({ what, hosts: Object.keys(config.auths ?? {}) }));
if (what === 'inspect') console.log('Name: test\\nDriver: docker-container\\n\\nNodes:\\nName: test0\\nStatus: running\\nBuildKit version: v0.33.0\\nPlatforms: linux/amd64');
if (what === 'print') console.log(readFileSync('definition.json', 'utf8'));
if (what === 'bake') process.exit(1);
`;

async function run(inputs: Readonly<Record<string, string>>) {
  const home = join(folder, '.docker');
  await mkdir(home, { recursive: true });
  const auths = { 'own.example': { auth: 'eDp5' } };
  await writeFile(join(home, 'config.json'), JSON.stringify({ auths }));
  const given = {
    registry: registry.address,
    'yc-registry-id': 'crp1',
    'yc-api-endpoint': yandex.endpoint,
    'yc-sa-json-credentials': yandex.addServiceAccount().keyJson,
    'trivy-version': 'none',
    ...inputs,
  };
  const path = [join(folder, 'bin'), process.env['PATH']].join(delimiter);
  const env = { PATH: path, DOCKER_CONFIG: home };
  const done = await runAction({ inputs: given, workspace: folder, env });
  await done.cleanUp();
  return { ...done, text: done.stdout + done.stderr };
}

async function seen(): Promise<Readonly<Record<string, readonly string[]>>> {
  const files = await readdir(join(folder, 'seen'));
  const texts = files.map((file) => readFile(join(folder, 'seen', file), 'utf8'));
  const all = (await Promise.all(texts)).map((text) => JSON.parse(text));
  return Object.fromEntries(all.map(({ what, hosts }) => [what, hosts]));
}

test('Trivy gets our login for images of that registry only, and the runner’s own always', async () => {
  const ours = `${registry.address}/crp1/backend:1`;
  const images = `backend=${ours}\nother=other.example/app:1`;
  const done = await run({ command: 'scan', images });
  expect([done.text, done.code]).toEqual([done.text, 0]);
  expect(await seen()).toMatchObject({
    database: ['own.example'],
    'other.example/app:1': ['own.example'],
    [ours]: [registry.address, 'own.example'],
  });
}, 60_000);

test('a registry that has it sent to a stranger gets none: neither from us nor from Trivy', async () => {
  registry.sendLoginsTo('https://attacker.example/token');
  const image = `${registry.address}/crp1/backend:1`;
  const done = await run({ command: 'scan', images: `backend=${image}`, scan: 'gate' });
  expect([done.code, done.outputs['error-code']]).toEqual([1, 'registry-unauthenticated']);
  expect(done.text).toContain('wants its login sent to attacker.example');
  expect(Object.keys(await seen())).not.toContain(image);
  expect(registry.bad + registry.good).toBe(0);
}, 60_000);

test('nor is anything built for it', async () => {
  registry.sendLoginsTo('https://attacker.example/token');
  const inputs = { command: 'build', build: '- name: backend', scan: 'off' };
  const done = await run(inputs);
  expect([done.code, done.outputs['error-code']]).toEqual([1, 'registry-unauthenticated']);
  expect(done.text).toContain('wants its login sent to attacker.example');
  expect(await seen()).not.toHaveProperty('bake');
  expect(registry.bad + registry.good).toBe(0);
}, 60_000);

test('with a password the host can be named, and the finding says how', async () => {
  registry.sendLoginsTo('https://attacker.example/token');
  const password = { 'registry-username': 'me', 'registry-password': 'correct-horse-staple' };
  const none = { 'yc-registry-id': '', 'yc-sa-json-credentials': '' };
  const inputs = { ...password, ...none, command: 'build', build: '- name: backend', scan: 'off' };
  const refused = await run({ ...inputs, registry: `${registry.address}/shop` });
  expect([refused.code, refused.outputs['error-code']]).toEqual([1, 'registry-unauthenticated']);
  expect(refused.text).toContain('registry-auth-host: attacker.example');
}, 60_000);

test('buildx gets it for a bake file that names the registry, and for no other', async () => {
  const target = (host: string) => ({
    group: { default: { targets: ['a'] } },
    target: { a: { context: '.', dockerfile: 'Dockerfile', tags: [`${host}/crp1/a:1`] } },
  });
  const inputs = { command: 'build', 'bake-file': 'docker-bake.hcl', scan: 'off' };
  await writeFile(join(folder, 'docker-bake.hcl'), '');
  await writeFile(join(folder, 'definition.json'), JSON.stringify(target('other.example')));
  const other = await run(inputs);
  expect([other.text, other.outputs['error-code']]).toEqual([other.text, 'build-failed']);
  expect(await seen()).toEqual({
    print: ['own.example'],
    inspect: ['own.example'],
    bake: ['own.example'],
  });
  await writeFile(join(folder, 'Dockerfile'), `FROM ${registry.address}/crp1/base:1\n`);
  await run(inputs);
  expect((await seen())['bake']?.toSorted()).toEqual([registry.address, 'own.example']);
}, 60_000);
