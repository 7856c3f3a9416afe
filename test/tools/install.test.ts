import { chmod, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { install } from '../../src/tools/install.ts';
import {
  kubectl,
  kubectlPath,
  type Maker,
  publish,
  sha256,
  startMaker,
  toolPorts,
} from '../support/tools/maker.ts';
import { problem } from '../support/yandex/cloud.ts';

let maker: Maker;
beforeAll(() => {
  // The library waits 10 to 20 seconds between attempts otherwise.
  Object.assign(globalThis, {
    TEST_DOWNLOAD_TOOL_RETRY_MIN_SECONDS: 0,
    TEST_DOWNLOAD_TOOL_RETRY_MAX_SECONDS: 0,
  });
});
beforeEach(async () => {
  maker = await startMaker();
});
afterEach(() => maker.close());

const exact = { name: 'kubectl', asked: '1.34.2' } as const;

describe('a tool', () => {
  test('is downloaded, checked, and runs from the cache', async () => {
    publish(maker, '1.34.2');
    const ports = await toolPorts(maker);
    const tool = await install(exact, ports);
    expect(tool).toMatchObject({ name: 'kubectl', version: '1.34.2', downloaded: true });
    expect(await readFile(tool.path, 'utf8')).toBe(kubectl('1.34.2'));
    expect((await stat(tool.path)).mode & 0o111).toBe(0o111);
    expect(tool.path).toContain('/webgen-deploy-kubectl/1.34.2/');
    expect(await readdir(join(ports.root, 'temp'))).toEqual([]);
  });

  test('in the cache is taken without another download, after another check', async () => {
    publish(maker, '1.34.2');
    const ports = await toolPorts(maker);
    await install(exact, ports);
    expect((await install(exact, ports)).downloaded).toBe(false);
    const downloads = maker.seen.filter((each) => each.endsWith('/kubectl'));
    expect(downloads).toHaveLength(1);
  });

  test('that somebody planted in the cache is refused', async () => {
    publish(maker, '1.34.2');
    const ports = await toolPorts(maker);
    const { path } = await install(exact, ports);
    await writeFile(path, `#!/bin/sh\ntouch ${ports.root}/owned\n${kubectl('1.34.2')}`);
    expect(await problem(install(exact, ports))).toMatchObject({
      code: 'tool-checksum-mismatch',
      evidence: [
        expect.stringContaining(sha256(kubectl('1.34.2'))),
        expect.stringMatching(/found/),
      ],
    });
    await expect(stat(join(ports.root, 'owned'))).rejects.toThrow('ENOENT');
  });

  test('in the cache that is a link is refused, wherever it leads', async () => {
    publish(maker, '1.34.2');
    const ports = await toolPorts(maker);
    const { path } = await install(exact, ports);
    const elsewhere = join(ports.root, 'elsewhere');
    await writeFile(elsewhere, kubectl('1.34.2'));
    await chmod(elsewhere, 0o755);
    await rm(path);
    await symlink(elsewhere, path);
    expect(await problem(install(exact, ports))).toMatchObject({ code: 'tool-checksum-mismatch' });
  });

  test('that is another file than its maker published is refused and not kept', async () => {
    publish(maker, '1.34.2');
    maker.files.set(kubectlPath('1.34.2'), '<html>please log in</html>');
    const ports = await toolPorts(maker);
    expect(await problem(install(exact, ports))).toMatchObject({ code: 'tool-checksum-mismatch' });
    await expect(readdir(ports.cacheFolder)).rejects.toThrow('ENOENT');
    expect(await readdir(join(ports.root, 'temp'))).toEqual([]);
  });

  test('whose download breaks off is tried again, then unavailable', async () => {
    publish(maker, '1.34.2');
    maker.files.set(kubectlPath('1.34.2'), 'truncated');
    const ports = await toolPorts(maker);
    expect(await problem(install(exact, ports))).toMatchObject({
      code: 'tool-unavailable',
      what: 'kubectl 1.34.2 could not be downloaded.',
    });
    expect(maker.seen.filter((each) => each.endsWith('/kubectl'))).toHaveLength(3);
    expect(await readdir(join(ports.root, 'temp'))).toEqual([]);
  });

  test('of a version that does not exist is unavailable, with the address', async () => {
    const found = await problem(
      install({ name: 'kubectl', asked: '1.99.0' }, await toolPorts(maker)),
    );
    expect(found.code).toBe('tool-unavailable');
    expect(found.evidence[0]).toBe(`${maker.url}/${kubectlPath('1.99.0')}.sha256: HTTP 404`);
  });

  test('that says another version than the asked one is never used in silence', async () => {
    publish(maker, '1.34.2', kubectl('1.33.0'));
    const found = await problem(install(exact, await toolPorts(maker)));
    expect(found).toMatchObject({ code: 'tool-unavailable' });
    expect(found.evidence[0]).toContain('it says 1.33.0');
  });

  test('that does not run is unavailable', async () => {
    publish(maker, '1.34.2', '#!/bin/sh\nexit 3\n');
    const found = await problem(install(exact, await toolPorts(maker)));
    expect(found.evidence[0]).toContain('exit code 3');
  });

  test('may be behind a redirect to another host, as the maker’s own files are', async () => {
    const cdn = await startMaker();
    publish(cdn, '1.34.2');
    for (const path of [kubectlPath('1.34.2'), `${kubectlPath('1.34.2')}.sha256`]) {
      maker.files.set(path, { redirect: `${cdn.url}/${path}` });
    }
    expect((await install(exact, await toolPorts(maker))).version).toBe('1.34.2');
    await cdn.close();
  });
});

describe('a mirror', () => {
  test('gives the file; the digest is the maker’s', async () => {
    const mirror = await startMaker();
    mirror.files.set(`files/dl.k8s.io/${kubectlPath('1.34.2')}`, kubectl('1.34.2'));
    publish(maker, '1.34.2');
    const ports = await toolPorts(maker, { mirror: `${mirror.url}/files/` });
    expect((await install(exact, ports)).version).toBe('1.34.2');
    expect(mirror.seen).toEqual([`GET /files/dl.k8s.io/${kubectlPath('1.34.2')}`]);
    expect(maker.seen).toEqual([`GET /${kubectlPath('1.34.2')}.sha256`]);
    await mirror.close();
  });

  test('cannot vouch for itself', async () => {
    const mirror = await startMaker();
    const path = `dl.k8s.io/${kubectlPath('1.34.2')}`;
    mirror.files.set(path, kubectl('1.34.2 # changed'));
    mirror.files.set(`${path}.sha256`, sha256(kubectl('1.34.2 # changed')));
    publish(maker, '1.34.2');
    const ports = await toolPorts(maker, { mirror: mirror.url });
    expect(await problem(install(exact, ports))).toMatchObject({ code: 'tool-checksum-mismatch' });
    await mirror.close();
  });
});

describe('yc, whose maker publishes no checksum', () => {
  const yc = `#!/bin/sh\n[ "$1 $2" = 'version --semantic' ] && echo 9.8.7\n`;
  const path = 'yandexcloud-yc/release/9.8.7/linux/amd64/yc';

  test('takes the user’s digest for a version that the table lacks', async () => {
    maker.files.set(path, yc);
    const wanted = { name: 'yc', asked: '9.8.7', sha256: sha256(yc).toUpperCase() } as const;
    expect(await install(wanted, await toolPorts(maker))).toMatchObject({ version: '9.8.7' });
  });

  test('without any digest is not even downloaded', async () => {
    maker.files.set(path, yc);
    const found = await problem(install({ name: 'yc', asked: '9.8.7' }, await toolPorts(maker)));
    expect(found.code).toBe('tool-unavailable');
    expect(found.hint).toContain('yc-sha256');
    expect(maker.seen).toEqual([]);
  });

  test('with a digest other than the table’s is an input’s fault', async () => {
    const wanted = { name: 'yc', asked: '1.25.0', sha256: 'a'.repeat(64) } as const;
    const found = await problem(install(wanted, await toolPorts(maker)));
    expect(found).toMatchObject({ code: 'input-invalid' });
  });

  test('auto takes the newest of the table for this platform', async () => {
    const found = await problem(install({ name: 'yc', asked: 'auto' }, await toolPorts(maker)));
    expect(found.what).toBe('yc 1.25.0 could not be downloaded.');
    const intelMac = await toolPorts(maker, { platform: { os: 'darwin', arch: 'amd64' } });
    const older = await problem(install({ name: 'yc', asked: 'auto' }, intelMac));
    expect(older.what).toBe('yc 0.131.1 could not be downloaded.');
  });

  test('has no ranges', async () => {
    const found = await problem(install({ name: 'yc', asked: '^1.0.0' }, await toolPorts(maker)));
    expect(found).toMatchObject({ code: 'input-invalid' });
  });
});

test('a machine that no tool is made for', async () => {
  const ports = await toolPorts(maker, { platform: undefined });
  expect(await problem(install(exact, ports))).toMatchObject({ code: 'tool-unavailable' });
});

test('the cache keeps one folder for each version', async () => {
  publish(maker, '1.34.2');
  publish(maker, '1.33.9');
  const ports = await toolPorts(maker);
  const paths = await Promise.all(
    ['1.34.2', 'v1.33.9'].map(async (asked) => (await install({ ...exact, asked }, ports)).path),
  );
  expect(new Set(paths.map(dirname)).size).toBe(2);
});
