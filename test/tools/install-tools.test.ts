import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { installTools, type ToolRequest } from '../../src/tools/install-tools.ts';
import { type Maker, publish, sha256, startMaker, toolPorts } from '../support/tools/maker.ts';
import { recordingLog } from '../support/yandex/cloud.ts';

let maker: Maker;
beforeEach(async () => {
  maker = await startMaker();
  maker.files.set('release/stable.txt', 'v1.35.1');
  maker.files.set('release/stable-1.34.txt', 'v1.34.4');
  publish(maker, '1.35.1');
  publish(maker, '1.34.4');
});
afterEach(() => maker.close());

const auto = { kubectlVersion: 'auto', ycVersion: 'auto' };
const none = { kubectlVersion: 'none', ycVersion: 'none' };

async function run(request: Partial<ToolRequest>, installed: readonly string[] = []) {
  const added: string[] = [];
  const tools = await toolPorts(maker);
  const shell = {
    ...tools.shell,
    which: async (program: string) => (installed.includes(program) ? `/bin/${program}` : undefined),
  };
  const exports = { addPath: (folder: string) => added.push(folder), exportVariable: () => {} };
  const log = recordingLog();
  const whole = { command: 'deploy', versions: auto, needsKubectl: false, ...request } as const;
  const result = await installTools(whole, { ...tools, shell, exports, log });
  return { tools: result.map(({ name, version }) => `${name} ${version}`), result, added, log };
}

describe('kubectl: auto', () => {
  test('is nothing where the run does not need it', async () => {
    expect((await run({})).tools).toEqual([]);
    expect(maker.seen).toEqual([]);
  });

  test('is the one on PATH where there is one', async () => {
    expect((await run({ needsKubectl: true }, ['kubectl'])).tools).toEqual([]);
  });

  test('is the cluster’s minor where a kustomization needs one', async () => {
    const clusterVersion = async () => '1.34';
    const { tools, added, result, log } = await run({ needsKubectl: true, clusterVersion });
    expect(tools).toEqual(['kubectl 1.34.4']);
    expect(added).toEqual([dirname(result[0]?.path ?? '')]);
    expect(log.lines).toEqual(['kubectl 1.34.4: installed']);
  });

  test('is always there after setup, the newest where no cluster is known', async () => {
    const versions = { kubectlVersion: 'auto', ycVersion: 'none' };
    expect((await run({ command: 'setup', versions }, ['kubectl'])).tools).toEqual([
      'kubectl 1.35.1',
    ]);
  });
});

test('none is nothing, even where it would be needed', async () => {
  expect((await run({ command: 'setup', versions: none, needsKubectl: true })).tools).toEqual([]);
});

test('a version is installed whatever is on PATH', async () => {
  const versions = { ...none, kubectlVersion: '1.34.4' };
  expect((await run({ versions, needsKubectl: true }, ['kubectl'])).tools).toEqual([
    'kubectl 1.34.4',
  ]);
});

test('both are installed side by side', async () => {
  const yc = '#!/bin/sh\necho 9.8.7\n';
  maker.files.set('yandexcloud-yc/release/9.8.7/linux/amd64/yc', yc);
  const versions = { kubectlVersion: 'latest', ycVersion: '9.8.7', ycSha256: sha256(yc) };
  const { tools, added } = await run({ versions });
  expect(tools).toEqual(['kubectl 1.35.1', 'yc 9.8.7']);
  expect(added).toHaveLength(2);
});

test('the problems of both are told together', async () => {
  const versions = { kubectlVersion: '1.99.9', ycVersion: '1.0.0' };
  await expect(run({ versions })).rejects.toMatchObject({
    findings: [{ code: 'tool-unavailable' }, { code: 'tool-unavailable' }],
  });
});
