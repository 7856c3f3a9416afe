// Every way that a build or a push ends badly: its own code and hint, and the cluster as it was.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { builderUnavailable } from '../../support/images/builder.ts';
import {
  registryPassword,
  registryUser,
  startTestRegistry,
} from '../../support/images/test-registry.ts';
import { watchProcesses } from '../../support/runner/secrecy.ts';
import { dockerfile, openShopImages, type ShopImages } from '../../support/shop-images.ts';
import type { Run } from '../../support/site.ts';

const reason = await builderUnavailable();
const withBuilder = reason === undefined ? describe : describe.skip;

withBuilder(`a build that fails${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let shop: ShopImages;

  beforeAll(async () => {
    shop = await openShopImages();
  }, 900_000);

  afterAll(() => shop?.stop());

  interface Told {
    readonly code: string;
    readonly file?: string;
    readonly line?: number;
    readonly what: string;
    readonly evidence: readonly string[];
    readonly hint: string;
  }

  /** The run failed by this code alone, with a hint, and nothing is in the cluster. */
  async function expectFailure(run: Run, code: string): Promise<Told> {
    expect(run.outputs).toMatchObject({ status: 'failed', 'error-code': code });
    const findings: readonly (Told & { severity: string })[] = JSON.parse(
      run.outputs['findings'] ?? '[]',
    );
    const [finding, ...more] = findings.filter(({ severity }) => severity === 'fatal');
    // Each image may say the same.
    expect(more.map((each) => each.code)).toEqual(more.map(() => code));
    if (!finding) throw new Error('no finding');
    expect(finding.hint.length).toBeGreaterThan(20);
    const { status } = await shop.site.cluster.api({
      path: `/api/v1/namespaces/${shop.namespace}`,
    });
    expect(status).toBe(404);
    expect(await shop.imageOf('backend')).toBeUndefined();
    return finding;
  }

  const broken = (text: string) => shop.copy({ 'backend/Dockerfile': text });

  test('by a step names the step, its line and its log, on the Dockerfile', async () => {
    const text = dockerfile('backend').replace(
      /RUN.*/,
      'RUN --network=none ["/app", "crash", "-after=10ms", "-code=3", "-logs=4"]',
    );
    const run = await shop.run({}, { workspace: await broken(text) });
    const finding = await expectFailure(run, 'build-failed');
    expect(finding).toMatchObject({ file: 'backend/Dockerfile', line: 3 });
    expect(finding.evidence.join('\n')).toContain('exit code: 3');
    expect(finding.evidence.join('\n')).toContain('cannot reach the database');
    expect(run.stdout).toMatch(/^::error file=backend\/Dockerfile,line=3,title=build-failed::/m);
  }, 120_000);

  test('by a Dockerfile that cannot be read names its line', async () => {
    const text = dockerfile('backend').replace('RUN', 'RNU');
    const run = await shop.run({}, { workspace: await broken(text) });
    const finding = await expectFailure(run, 'dockerfile-invalid');
    expect(finding).toMatchObject({ file: 'backend/Dockerfile', line: 3 });
    expect(finding.evidence.join('\n')).toContain('RNU');
  }, 120_000);

  test('by a manifest that is wrong is stopped, not waited for', async () => {
    const text = dockerfile('backend').replace('1100ms', '60s');
    const workspace = await broken(text);
    const run = await shop.run({ variables: 'UNUSED=1' }, { workspace });
    await expectFailure(run, 'input-invalid');
    expect(run.durationMs).toBeLessThan(30_000);
  }, 120_000);

  test('by a registry that is down', async () => {
    await shop.registry.down();
    const finding = await expectFailure(await shop.run({}), 'registry-unreachable');
    expect(finding.evidence[0]).toContain('ECONNREFUSED');
    await shop.registry.restart();
  }, 120_000);

  test('by a registry that is read-only, before anything is built', async () => {
    await shop.registry.restart({ readOnly: true });
    const run = await shop.run({});
    const finding = await expectFailure(run, 'registry-read-only');
    expect(finding.evidence[0]).toContain('HTTP 405');
    expect(run.stdout).not.toContain('Build log');
    await shop.registry.restart();
  }, 120_000);

  test('by a disk of the registry that is full', async () => {
    const small = await startTestRegistry({ diskMib: 1 });
    try {
      const run = await shop.run({ registry: `${small.address}/shop` });
      await expectFailure(run, 'disk-full');
    } finally {
      await small.stop();
    }
  }, 120_000);

  describe('behind a login', () => {
    beforeAll(() => shop.registry.restart({ login: true }));

    test('by a wrong password is told at once, and the password is not tried again', async () => {
      const given = { 'registry-username': registryUser, 'registry-password': 'wrong-password' };
      const run = await shop.run(given);
      const finding = await expectFailure(run, 'registry-unauthenticated');
      expect(finding.hint).toContain('registry-password');
      expect(run.text).not.toMatch(/tried again/);
      expect(run.stdout).not.toContain('Build log');
    }, 120_000);

    test('by no password at all', async () => {
      await expectFailure(await shop.run({}), 'registry-unauthenticated');
    }, 120_000);

    test('not: the password is in no argument, log or file, and the post step leaves nothing', async () => {
      const running = await shop.start({
        'registry-username': registryUser,
        'registry-password': registryPassword,
        command: 'build',
      });
      const watched = watchProcesses(running.pid);
      const run = await running.finished;
      const seen = await watched.stop();
      expect(run.outputs['status']).toBe('succeeded');
      const basic = Buffer.from(`${registryUser}:${registryPassword}`).toString('base64');
      const known = [registryPassword, basic];
      expect(seen.some(({ argv }) => argv.includes('bake'))).toBe(true);
      const shown = seen.filter(
        ({ argv, environment }) =>
          known.some((each) => argv.join(' ').includes(each)) ||
          // The runner gives the action its inputs; nobody else gets them.
          (argv.includes('bake') && known.some((each) => environment.join('\n').includes(each))),
      );
      expect(shown.map(({ argv }) => argv)).toEqual([]);
      const post = await run.post();
      for (const text of [run.stdout + post.stdout, run.stderr + post.stderr, run.summary]) {
        const left = text.replaceAll(/^::add-mask::.*$/gm, '');
        expect(known.filter((each) => left.includes(each))).toEqual([]);
      }
      const left = await readdir(run.tempDir);
      expect(left.filter((name) => /docker|bake/.test(name))).toEqual([]);
      const config = await readFile(join(shop.builder.config, 'config.json'), 'utf8').catch(
        () => '',
      );
      expect(known.filter((each) => config.includes(each))).toEqual([]);
    }, 120_000);
  });
});
