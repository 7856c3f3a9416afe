import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { catalog } from '../../src/tools/catalog.ts';
import { install } from '../../src/tools/install.ts';
import { type Maker, sha256, startMaker, toolPorts } from '../support/tools/maker.ts';
import { problem } from '../support/yandex/cloud.ts';

let maker: Maker;
beforeAll(() => {
  Object.assign(globalThis, {
    TEST_DOWNLOAD_TOOL_RETRY_MIN_SECONDS: 0,
    TEST_DOWNLOAD_TOOL_RETRY_MAX_SECONDS: 0,
  });
});
beforeEach(async () => {
  maker = await startMaker();
});
afterEach(() => maker.close());

const program = (version: string) => `#!/bin/sh\necho 'Version: ${version}'\n`;
const path = 'aquasecurity/trivy/releases/download/v9.8.7/trivy_9.8.7_Linux-64bit.tar.gz';

/** A gzipped tar with what `fill` puts into a folder. */
async function packed(fill: (folder: string) => Promise<unknown>): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'archive-'));
  await fill(folder);
  execFileSync('tar', ['-czf', 'all.tgz', ...(await readdir(folder))], { cwd: folder });
  return readFileSync(join(folder, 'all.tgz'));
}

const good = (version = '9.8.7') =>
  packed(async (folder) => {
    await writeFile(join(folder, 'trivy'), program(version));
    await chmod(join(folder, 'trivy'), 0o755);
    await writeFile(join(folder, 'README.md'), 'trivy');
  });

const wanted = (archive: Buffer) =>
  ({ name: 'trivy', asked: '9.8.7', sha256: sha256(archive) }) as const;

describe('a tool in an archive', () => {
  test('is checked as an archive, and unpacked alone into a folder of the run', async () => {
    const archive = await good();
    maker.files.set(path, archive);
    const ports = await toolPorts(maker);
    const tool = await install(wanted(archive), ports);
    expect(tool).toMatchObject({ name: 'trivy', version: '9.8.7', downloaded: true });
    expect(await readFile(tool.path, 'utf8')).toBe(program('9.8.7'));
    expect(tool.unpacked).toBe(dirname(tool.path));
    expect(await readdir(dirname(tool.path))).toEqual(['trivy']);
    expect(tool.path).toContain(join(ports.root, 'temp'));
  });

  test('is kept as the archive, which is checked again by the next run', async () => {
    const archive = await good();
    maker.files.set(path, archive);
    const ports = await toolPorts(maker);
    await install(wanted(archive), ports);
    expect((await install(wanted(archive), ports)).downloaded).toBe(false);
    expect(maker.seen.filter((each) => each.endsWith('.tar.gz'))).toHaveLength(1);
    const kept = join(ports.cacheFolder, 'webgen-deploy-trivy/9.8.7/amd64/trivy.tar.gz');
    await writeFile(kept, await good('6.6.6'));
    expect(await problem(install(wanted(archive), ports))).toMatchObject({
      code: 'tool-checksum-mismatch',
    });
  });

  test('of another digest is not unpacked', async () => {
    maker.files.set(path, await good());
    const ports = await toolPorts(maker);
    const other = { ...wanted(await good('6.6.6')) };
    expect(await problem(install(other, ports))).toMatchObject({ code: 'tool-checksum-mismatch' });
    expect(await readdir(join(ports.root, 'temp'))).toEqual([]);
  });

  test.each([
    ['a link', (folder: string) => symlink('/bin/sh', join(folder, 'trivy'))],
    ['missing', (folder: string) => writeFile(join(folder, 'README.md'), 'trivy')],
  ])('whose program is %s is refused, and nothing stays', async (_, fill) => {
    const archive = await packed(fill);
    maker.files.set(path, archive);
    const ports = await toolPorts(maker);
    expect(await problem(install(wanted(archive), ports))).toMatchObject({
      code: 'tool-unavailable',
      what: "trivy is not a regular file in its maker's archive.",
    });
    expect(await readdir(join(ports.root, 'temp'))).toEqual([]);
  });
});

describe('trivy', () => {
  test.each(['0.69.4', '0.69.5', '0.69.6'])(
    '%s is refused by name, with a matching digest too, and never downloaded',
    async (version) => {
      const archive = await good(version);
      const stolen = path.replaceAll('9.8.7', version);
      maker.files.set(stolen, archive);
      const asked = { ...wanted(archive), asked: version };
      const found = await problem(install(asked, await toolPorts(maker)));
      expect(found.code).toBe('tool-unavailable');
      expect(found.what).toContain('GHSA-69fq-xp46-6x23');
      expect(maker.seen).toEqual([]);
    },
  );

  test('auto is the newest of the table, for every platform', async () => {
    for (const os of ['linux', 'darwin'] as const) {
      for (const arch of ['amd64', 'arm64'] as const) {
        const ports = await toolPorts(maker, { platform: { os, arch } });
        const found = await problem(install({ name: 'trivy', asked: 'auto' }, ports));
        expect(found.what).toBe('trivy 0.75.0 could not be downloaded.');
      }
    }
    const files = maker.seen.map((each) => each.split('/').at(-1));
    expect([...new Set(files)]).toEqual([
      'trivy_0.75.0_Linux-64bit.tar.gz',
      'trivy_0.75.0_Linux-ARM64.tar.gz',
      'trivy_0.75.0_macOS-64bit.tar.gz',
      'trivy_0.75.0_macOS-ARM64.tar.gz',
    ]);
  });

  test('reads the version that the real one prints', () => {
    const said = 'Version: 0.74.0\nVulnerability DB:\n  Version: 2\n';
    expect(catalog.trivy.versionOf(said)).toBe('0.74.0');
  });
});

test('nothing is left of a program that says another version', async () => {
  const archive = await good('1.2.3');
  maker.files.set(path, archive);
  const ports = await toolPorts(maker);
  const found = await problem(install(wanted(archive), ports));
  expect(found.evidence[0]).toContain('it says 1.2.3');
  await expect(stat(join(ports.root, 'temp', 'trivy'))).rejects.toThrow('ENOENT');
  expect(await readdir(join(ports.root, 'temp'))).toEqual([]);
});
