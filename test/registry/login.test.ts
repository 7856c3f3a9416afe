// Which programs get our login: those whose images lie in its registry, after that was looked at.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { HttpRequest, HttpResponse } from '../../src/core/ports.ts';
import { Secret } from '../../src/core/secret.ts';
import { realFiles } from '../../src/platform/files.ts';
import { openRegistry } from '../../src/registry/login.ts';
import { rememberedLog } from '../support/cluster/fakes.ts';

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'webgen-login-'));
  await mkdir(join(home, '.docker'));
  const auths = { 'ghcr.io': { auth: 'eDp5' } };
  await writeFile(join(home, '.docker', 'config.json'), JSON.stringify({ auths }));
});

afterEach(() => rm(home, { recursive: true, force: true }));

const host = 'registry.corp.example';

async function open(challenge: string | undefined, authHost?: string) {
  const asked: HttpRequest[] = [];
  const secretFiles: string[] = [];
  const send = async (request: HttpRequest): Promise<HttpResponse> => {
    asked.push(request);
    if (challenge === undefined) throw new Error('no answer');
    return { status: 401, headers: { 'www-authenticate': challenge }, body: '' };
  };
  const registry = await openRegistry(
    {
      address: { host, prefix: `${host}/shop` },
      login: { username: 'me', password: new Secret('correct-horse') },
      environment: { HOME: home },
      authHost,
      onSecretFile: (path) => secretFiles.push(path),
    },
    { files: realFiles(home), http: { send } as never, log: rememberedLog() as never },
  );
  const hostsIn = async (folder: string) =>
    Object.keys(JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')).auths);
  return { registry, asked, secretFiles, hostsIn };
}

test('none for images of other registries, and the user’s own logins for all', async () => {
  const { registry, asked, secretFiles, hostsIn } = await open('Basic realm="x"');
  for (const hosts of [[], [undefined], ['ghcr.io'], [`${host}.evil.example`]]) {
    const folder = await registry.configFor(hosts);
    expect(folder).toBe(registry.plainConfig);
    expect(await hostsIn(folder)).toEqual(['ghcr.io']);
  }
  expect(asked).toEqual([]);
  const own = await registry.configFor(['ghcr.io', host]);
  expect(await hostsIn(own)).toEqual(['ghcr.io', host]);
  expect(secretFiles.toSorted()).toEqual(
    [registry.plainConfig, own].map((each) => join(each, 'config.json')).toSorted(),
  );
});

test('none where the registry would send it to a stranger; it is asked once, without a login', async () => {
  const realm = 'Bearer realm="https://attacker.example/token",service="x"';
  const { registry, asked } = await open(realm);
  for (const _ of [1, 2]) {
    await expect(registry.configFor([host])).rejects.toThrow('attacker.example');
  }
  expect(asked).toEqual([{ url: `https://${host}/v2/` }]);
  const named = await open(realm, 'attacker.example');
  expect(await named.hostsIn(await named.registry.configFor([host]))).toContain(host);
});

test('a registry without an answer is left to the program', async () => {
  const { registry, hostsIn } = await open(undefined);
  expect(await hostsIn(await registry.configFor([host]))).toContain(host);
});
