// Where the programs of a test cluster come from: nothing unverified, nothing in silence.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { cacheFolder, provideAssets } from '../../support/cluster/assets.ts';
import { execOk } from '../../support/cluster/exec.ts';
import { withLock } from '../../support/cluster/lock.ts';
import { ETCD, KUBERNETES, KWOK } from '../../support/cluster/programs.ts';
import { downloadReleases, type Publishers } from '../../support/cluster/releases.ts';
import { freePorts } from '../../support/cluster/until.ts';

let folder: string;
let server: Server | undefined;
const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
const architecture = process.arch === 'x64' ? 'amd64' : process.arch;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webgen-assets-'));
});

afterEach(async () => {
  server?.close();
  await rm(folder, { recursive: true });
});

async function publish(files: Readonly<Record<string, string | Buffer>>): Promise<Publishers> {
  const started = createServer((request, response) => {
    const data = files[request.url ?? ''];
    response.statusCode = data === undefined ? 404 : 200;
    response.end(data);
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
  return { kubernetes: origin, github: origin, githubApi: origin };
}

describe('official releases', () => {
  const kubelet = `/release/v${KUBERNETES}/bin/linux/${architecture}/kubelet`;

  test('a program whose checksum is right is installed, executable', async () => {
    const from = await publish({ [kubelet]: 'program', [`${kubelet}.sha256`]: sha256('program') });
    expect(await downloadReleases(['kubelet'], folder, from)).toEqual([]);
    expect(await readFile(join(folder, 'kubelet'), 'utf8')).toBe('program');
    expect((await stat(join(folder, 'kubelet'))).mode & 0o111).toBe(0o111);
  });

  test('one whose checksum is wrong is not', async () => {
    const from = await publish({ [kubelet]: 'tampered', [`${kubelet}.sha256`]: sha256('program') });
    expect(await downloadReleases(['kubelet'], folder, from)).toEqual(['kubelet']);
    await expect(stat(join(folder, 'kubelet'))).rejects.toThrow('ENOENT');
  });

  test('etcd comes out of its archive, kwok by the digest that GitHub gives', async () => {
    const name = `etcd-v${ETCD}-linux-${architecture}`;
    await execOk('mkdir', [join(folder, name)]);
    await writeFile(join(folder, name, 'etcd'), 'database');
    await execOk('tar', ['-czf', 'etcd.tar.gz', name], { cwd: folder });
    const archive = await readFile(join(folder, 'etcd.tar.gz'));
    const etcd = `/etcd-io/etcd/releases/download/v${ETCD}`;
    const kwok = `kwok-linux-${architecture}`;
    const assets = [{ name: kwok, digest: `sha256:${sha256('nodes')}` }];
    const from = await publish({
      [`${etcd}/${name}.tar.gz`]: archive,
      [`${etcd}/SHA256SUMS`]: `${sha256('other')}  other.zip\n${sha256(archive)}  ${name}.tar.gz\n`,
      [`/kubernetes-sigs/kwok/releases/download/v${KWOK}/${kwok}`]: 'nodes',
      [`/repos/kubernetes-sigs/kwok/releases/tags/v${KWOK}`]: JSON.stringify({ assets }),
    });
    expect(await downloadReleases(['etcd', 'kwok'], folder, from)).toEqual([]);
    expect(await readFile(join(folder, 'etcd'), 'utf8')).toBe('database');
    expect(await readFile(join(folder, 'kwok'), 'utf8')).toBe('nodes');
  });

  test('a host that is not there costs nothing but a line', async () => {
    const [port] = await freePorts(1);
    const origin = `http://127.0.0.1:${port}`;
    const from = { kubernetes: origin, github: origin, githubApi: origin };
    const start = Date.now();
    const wanted = ['etcd', 'kubelet', 'kwok'] as const;
    expect(await downloadReleases(wanted, folder, from)).toEqual(wanted);
    expect(Date.now() - start).toBeLessThan(3000);
  });
});

test('a folder of your own goes before the cache; what it lacks falls through', async () => {
  const own = join(folder, 'etcd');
  await writeFile(own, '#!/bin/sh\n', { mode: 0o755 });
  process.env['KUBE_ASSETS_DIR'] = folder;
  const assets = await provideAssets(['etcd', 'kwok']).finally(() => {
    delete process.env['KUBE_ASSETS_DIR'];
  });
  expect(assets).toEqual({ etcd: own, kwok: join(await cacheFolder(), 'kwok') });
}, 600_000);

describe('the lock', () => {
  test('lets one in at a time', async () => {
    let inside = 0;
    let most = 0;
    const enter = () =>
      withLock(join(folder, 'lock'), async () => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setTimeout(resolve, 20));
        inside -= 1;
      });
    await Promise.all([enter(), enter(), enter()]);
    expect(most).toBe(1);
  });

  test('of a process that is gone is taken over', async () => {
    const { pid } = await import('node:child_process').then(({ spawnSync }) => spawnSync('true'));
    await writeFile(join(folder, 'lock'), String(pid));
    expect(await withLock(join(folder, 'lock'), async () => 'in')).toBe('in');
  });
});
