// Strings in, typed inputs out: every rule between inputs, and every problem at once.
import { describe, expect, test } from '@jest/globals';
import type { RunContext } from '../../src/core/context.ts';
import { reveal } from '../../src/core/secret.ts';
import type { RawInputs } from '../../src/inputs/raw.ts';
import { type ReadInputs, readInputs } from '../../src/inputs/read-inputs.ts';
import type { Inputs } from '../../src/inputs/types.ts';
import { run } from '../support/run.ts';
import { pem, snake } from '../support/yandex/keys.ts';

const facts = { overlays: ['production', 'staging'] };
const cluster = { 'yc-k8s-cluster-id': 'cat1', 'yc-iam-token': 't1.token' };

function read(raw: RawInputs, context: RunContext = run()): ReadInputs {
  return readInputs(raw, context, facts);
}

function accepted(raw: RawInputs, context: RunContext = run()): Inputs {
  const { inputs, findings } = read(raw, context);
  if (inputs === undefined) throw new Error(findings.map(({ what }) => what).join('\n'));
  return inputs;
}

const whats = ({ findings }: ReadInputs) => findings.map(({ what }) => what);

describe('a push to main with a cluster and a token', () => {
  test('has every default of action.yml', () => {
    const { target, githubToken, ...rest } = accepted({ ...cluster, 'github-token': 'ghs_1' });
    expect(rest).toEqual({
      command: 'deploy',
      clusterEndpoint: 'external',
      ycApiEndpoint: 'https://api.cloud.yandex.net',
      app: 'web-shop',
      environment: 'production',
      comment: true,
      createNamespace: false,
      manifests: ['manifests/overlays/production'],
      images: {},
      variables: {},
      secrets: [],
      timeoutMs: 600_000,
      wait: true,
      forceConflicts: false,
      restartOnConfig: true,
      scan: 'off',
      scanSeverity: ['CRITICAL', 'HIGH'],
      scanIgnoreUnfixed: false,
      scanBaseline: false,
      trivyVersion: 'auto',
      kubectlVersion: 'auto',
      lock: true,
      lockTimeoutMs: 900_000,
      ycVersion: 'auto',
      summary: true,
      logLines: 30,
      patience: 'normal',
      preflight: true,
      prune: false,
      pruneConfirm: false,
      takeOver: false,
      allowOlder: false,
      onFailure: 'rollback',
      onFirstFailure: 'keep',
    });
    expect(target).toMatchObject({ by: 'id', id: 'cat1', credentials: { by: 'token' } });
    expect(githubToken && reveal(githubToken)).toBe('ghs_1');
  });
  test('takes what is given, trimmed; empty means not given', () => {
    const digest = 'AB'.repeat(32);
    const inputs = accepted({
      ...cluster,
      command: ' diff ',
      app: 'shop',
      environment: 'staging',
      namespace: 'web',
      'create-namespace': 'True',
      'cluster-endpoint': 'internal',
      'yc-api-endpoint': 'http://127.0.0.1:8080/',
      manifests: 'k8s/*.yaml\n-k8s/old.yaml',
      images: 'backend=cr.yandex/crp1/backend:1',
      variables: 'HOST=shop.example ',
      secrets: 'app/password=hunter2 ',
      timeout: '1h30m',
      wait: 'false',
      'kubectl-version': 'v1.34.2',
      'yc-version': '0.150.0',
      'yc-sha256': digest,
      'tool-mirror': 'https://mirror.example/',
      'log-lines': '0',
      summary: '',
    });
    expect(inputs).toMatchObject({
      command: 'diff',
      app: 'shop',
      environment: 'staging',
      namespace: 'web',
      createNamespace: true,
      clusterEndpoint: 'internal',
      ycApiEndpoint: 'http://127.0.0.1:8080',
      manifests: ['k8s/*.yaml', '-k8s/old.yaml'],
      images: { backend: 'cr.yandex/crp1/backend:1' },
      variables: { HOST: 'shop.example ' },
      timeoutMs: 5_400_000,
      wait: false,
      kubectlVersion: '1.34.2',
      ycVersion: '0.150.0',
      ycSha256: digest.toLowerCase(),
      toolMirror: 'https://mirror.example',
      logLines: 0,
      patience: 'normal',
      summary: true,
    });
    expect(inputs.secrets.map(({ value }) => reveal(value))).toEqual(['hunter2 ']);
  });
});

describe('every problem at once', () => {
  test('each names its input, and none shows a secret', () => {
    const result = read(
      {
        command: 'deploy',
        timeout: '10',
        wait: 'yes',
        environment: 'Prod',
        'log-lines': '-1',
        'yc-iam-token': 'hunter2 hunter2',
        'yc-sa-json-credentials': 'hunter2',
        secrets: 'hunter2',
        kubeconfig: 'hunter2: hunter2',
        'github-token': 'hunter2\nhunter2',
        'yc-folder': 'x',
        glory: 'true',
      },
      run({ ref: 'refs/heads/feature' }),
    );
    expect(result.inputs).toBeUndefined();
    const named = result.findings.map(({ what }) => /`(.+?)`/.exec(what)?.[1]);
    expect(named).toEqual([
      'yc-folder',
      'glory',
      'environment',
      'kubeconfig',
      'yc-sa-json-credentials',
      'yc-iam-token',
      'secrets',
      'timeout',
      'wait',
      'github-token',
      'log-lines',
      'yc-sa-json-credentials',
      'yc-iam-token',
      'manifests',
    ]);
    expect(result.findings.every(({ code }) => code === 'input-invalid')).toBe(true);
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });
  test('a wrong command hides what only a right one could need', () => {
    const result = read({ command: 'stauts', timeout: '5' }, run({ event: 'schedule' }));
    expect(whats(result)).toEqual([
      'Input `command` is "stauts"; did you mean `status`?',
      'Input `timeout` is "5", which has no unit.',
    ]);
  });
  test('warnings and notes alone let it go on', () => {
    const result = read({ ...cluster, glory: 'true', secrets: 'app/a=1' });
    expect(result.inputs).toBeDefined();
    expect(result.findings.map(({ severity }) => severity)).toEqual(['warning', 'note']);
  });
});

describe('tools', () => {
  const context = run({ event: 'schedule' });
  test('a digest needs the version that it belongs to', () => {
    const raw = { command: 'setup', 'yc-sha256': '0a'.repeat(32) };
    expect(whats(read(raw, context))).toEqual([
      'Input `yc-sha256` needs an exact `yc-version` beside it.',
    ]);
    expect(accepted({ ...raw, 'yc-version': '0.1.2' }, context).ycVersion).toBe('0.1.2');
  });
  test('match-cluster needs a cluster', () => {
    const raw = { command: 'setup', 'kubectl-version': 'match-cluster' };
    expect(whats(read(raw, context))).toEqual([
      'Input `kubectl-version` is `match-cluster`, but no cluster is given.',
    ]);
    expect(accepted({ ...raw, ...cluster }, context).kubectlVersion).toBe('match-cluster');
  });
});

test('a key arrives as a Secret', () => {
  const raw = { 'yc-k8s-cluster-id': 'cat1', 'yc-sa-json-credentials': JSON.stringify(snake) };
  const inputs = accepted(raw);
  expect(JSON.stringify(inputs)).not.toContain('PRIVATE');
  const { target } = inputs;
  const key = target?.by === 'id' && target.credentials.by === 'key' && target.credentials.key;
  expect(key && reveal(key.privateKey)).toBe(pem);
});
