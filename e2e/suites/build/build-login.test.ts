// The login to a Yandex registry: user iam with the IAM token of the key, made anew when it runs out.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { appProgram } from '../../support/images/app-image.ts';
import {
  builderUnavailable,
  startBuilder,
  type TestBuilder,
} from '../../support/images/builder.ts';
import { startTestRegistry, type TestRegistry } from '../../support/images/test-registry.ts';
import { startTokenRegistry, type TokenRegistry } from '../../support/images/token-registry.ts';
import { runAction } from '../../support/runner/run-action.ts';
import { build, dockerfile } from '../../support/shop-images.ts';
import { startYandex, type Yandex } from '../../support/yandex/emulator.ts';

const reason = await builderUnavailable();
const withBuilder = reason === undefined ? describe : describe.skip;

withBuilder(`an IAM token${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let yandex: Yandex;
  let builder: TestBuilder;
  let behind: TestRegistry;
  let registry: TokenRegistry;
  let workspace: string;

  beforeAll(async () => {
    [yandex, builder, behind] = await Promise.all([
      startYandex(),
      startBuilder(),
      startTestRegistry(),
    ]);
    registry = await startTokenRegistry(behind.address, (token) =>
      yandex.tokens.some((each) => each.token === token),
    );
    workspace = await mkdtemp(join(tmpdir(), 'webgen-workspace-'));
    for (const name of ['backend', 'frontend']) {
      await mkdir(join(workspace, name));
      await writeFile(join(workspace, name, 'app'), await appProgram(), { mode: 0o755 });
      await writeFile(join(workspace, name, 'name.txt'), name);
      await writeFile(join(workspace, name, 'Dockerfile'), dockerfile(name));
    }
  }, 900_000);

  afterAll(async () => {
    await Promise.all([yandex?.stop(), builder?.stop(), registry?.stop(), behind?.stop()]);
    if (workspace) await rm(workspace, { recursive: true, force: true });
  });

  async function push() {
    const inputs = {
      command: 'build',
      build,
      scan: 'off',
      registry: registry.address,
      'yc-registry-id': 'crp1',
      'yc-api-endpoint': yandex.endpoint,
      'yc-sa-json-credentials': yandex.addServiceAccount().keyJson,
    };
    const run = await runAction({ inputs, workspace, env: builder.env });
    await run.cleanUp();
    return run;
  }

  test('is the password of user iam, for every request that wants one', async () => {
    const run = await push();
    expect(run.outputs).toMatchObject({ status: 'succeeded', 'error-code': '' });
    expect(registry.good).toBeGreaterThan(10);
    expect(registry.bad).toBe(0);
    expect(run.outputs['images']).toContain('/crp1/backend@sha256:');
  }, 120_000);

  test('that runs out during the build is made anew, and the push goes on', async () => {
    await writeFile(join(workspace, 'backend', 'name.txt'), 'another');
    registry.expireAtPush();
    const before = yandex.tokens.length;
    const run = await push();
    expect(run.outputs['status']).toBe('succeeded');
    expect(run.stdout).toContain('registry-unauthenticated: it is tried again with a new token');
    expect(yandex.tokens.length - before).toBe(2);
  }, 120_000);
});
