// What a workflow, a terminal and an event say: inputs, flags, the event's payload.
import fc from 'fast-check';
import { mayRun } from '../../../src/core/guard.ts';
import { parseFlags } from '../../../src/entry/flags.ts';
import { runContext } from '../../../src/entry/run-context.ts';
import { inputTable } from '../../../src/inputs/contract.ts';
import { secretInputs, secretsToMask } from '../../../src/inputs/mask.ts';
import { readInputs } from '../../../src/inputs/read-inputs.ts';
import { makePlan } from '../../../src/run/plan.ts';
import { describePlan } from '../../../src/run/steps.ts';
import { run } from '../../support/run.ts';
import { mutated, spliced, text, written, yamlTricks } from '../arbitraries.ts';
import { textOf } from '../data.ts';
import { isRecord } from '../doors.ts';
import { target } from '../target.ts';

const names = Object.keys(inputTable);

/** What people write there, for the start of a mutation. */
const usual: Readonly<Record<string, readonly string[]>> = {
  command: ['deploy', 'diff', 'status', 'build', 'scan', 'rollback', 'history', 'setup'],
  manifests: ['manifests/overlays/production', 'k8s/*.yaml\n-k8s/dev.yaml', '.'],
  images: [
    'backend=registry.example/shop/backend:1',
    'a=b@sha256:00',
    `backend=sha256:${'0a'.repeat(32)}\nteam/web=sha256:${'1b'.repeat(32)}`,
  ],
  built: ['true', 'false'],
  variables: ['A=1\nB=2', 'A<<END\nx\nEND'],
  secrets: [
    'db/password=x',
    'db/key<<END\nline\nEND',
    btoa('db/password=x\ndb/key<<END\nline\nEND'),
    'am8vbng9a3c/eg==',
  ],
  build: [
    'backend',
    '- name: backend\n  context: .\n  build-args:\n    A: 1\n  secrets: [NPM_TOKEN]\n  platforms: linux/amd64',
  ],
  registry: ['registry.example/shop', 'cr.yandex/crp1'],
  'yc-sa-json-credentials': [
    '{"id":"a","service_account_id":"b","private_key":"-----BEGIN PRIVATE KEY-----\\nMII=\\n-----END PRIVATE KEY-----\\n"}',
  ],
  kubeconfig: ['/etc/kubeconfig', 'apiVersion: v1\nkind: Config\nclusters: []\nusers: []'],
  timeout: ['10m', '90s'],
  'to-release': ['3'],
  revision: ['3'],
};

const one = fc
  .constantFrom(...names)
  .chain((name) =>
    fc.tuple(
      fc.constant(name),
      fc.oneof(
        { weight: 3, arbitrary: text },
        { weight: 4, arbitrary: fc.constantFrom(...(usual[name] ?? ['true', 'x'])) },
        { weight: 3, arbitrary: spliced(fc.constantFrom(...(usual[name] ?? ['false', '10m']))) },
        { weight: 1, arbitrary: yamlTricks },
      ),
    ),
  );

// Where a secret belongs it is a known one: no finding may say it.
const secret = fc.tuple(
  fc.constantFrom(...secretInputs),
  fc.oneof(
    text,
    fc.nat(6).map((index) => ({ $secret: [index, 'raw'] })),
  ),
);

const events = [
  ...['push', 'pull_request', 'pull_request_target', 'issue_comment', 'workflow_run', 'schedule'],
  ...['workflow_dispatch', 'release', 'merge_group', 'repository_dispatch', 'issues', ''],
];

const payload = {
  pull_request: { number: 3, head: { sha: 'abc', repo: { full_name: 'a/b' } }, base: { ref: 'm' } },
  issue: { number: 3, pull_request: {} },
  repository: { full_name: 'acme/shop', default_branch: 'main', id: 7 },
  workflow_run: { head_repository: { full_name: 'acme/shop' } },
  head_commit: { timestamp: '2026-11-27T12:00:00Z' },
};

export const inputTargets = {
  inputs: target<{ readonly raw: unknown; readonly event: string }>(
    fc.record({
      raw: fc
        .tuple(fc.array(one, { maxLength: 8 }), fc.array(secret, { maxLength: 2 }))
        .map(([all, secrets]) => Object.fromEntries([...all, ...secrets])),
      event: fc.constantFrom(...events),
    }),
    ({ raw: given, event }) => {
      const raw = Object.fromEntries(
        Object.entries(isRecord(given) ? given : {}).map(([name, each]) => [name, textOf(each)]),
      );
      const { inputs, findings } = readInputs(raw, run({ event }), {
        overlays: ['production', 'staging'],
      });
      const lines = inputs ? describePlan(makePlan(inputs)) : [];
      secretsToMask(raw);
      return { findings, lines };
    },
  ),

  flags: target<readonly string[]>(
    fc.array(
      fc.oneof(
        fc.constantFrom(...names.map((name) => `--${name}`), '--', '-', '--output', '--now'),
        fc.constantFrom('deploy', 'diagnose', 'init', 'doctor', 'json', 'x=y'),
        text,
        text.map((each) => ({ $join: ['--', each] })),
      ),
      { maxLength: 8 },
    ),
    (words) => ({ findings: parseFlags(words.map(String)).findings, foreign: true }),
  ),

  event: target<{ readonly env: object; readonly payload: unknown }>(
    fc.record({
      env: fc.tuple(fc.constantFrom(...events), text, text).map(([event, repository, ref]) => ({
        GITHUB_ACTIONS: 'true',
        GITHUB_EVENT_NAME: event,
        GITHUB_REPOSITORY: repository,
        GITHUB_REF: ref,
        GITHUB_RUN_ID: ref,
        GITHUB_SERVER_URL: repository,
      })),
      payload: mutated(payload),
    }),
    ({ env, payload: body }) => {
      const surroundings = { workspace: '/srv/shop', temp: '/srv/temp' };
      const context = runContext(env as Record<string, string>, body, surroundings);
      const read = readInputs({ 'yc-iam-token': 't1.x', 'yc-k8s-cluster-id': 'c' }, context, {
        overlays: [],
      });
      return { findings: [...mayRun(context, true), ...read.findings] };
    },
  ),
};

export const aKubeconfig = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'a',
  clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:6443', 'proxy-url': '' } }],
  users: [
    { name: 'u', user: { token: 'abcdefgh', username: 'x', password: 'y', as: 'z' } },
    {
      name: 'e',
      user: {
        exec: { apiVersion: 'v1', command: 'x', args: ['y'], env: [{ name: 'A', value: 'b' }] },
      },
    },
    { name: 'p', user: { 'auth-provider': { name: 'gcp', config: { 'access-token': 't' } } } },
  ],
  contexts: [{ name: 'a', context: { cluster: 'c', user: 'u', namespace: 'web' } }],
};

export const kubeconfigTexts = fc.oneof(
  { weight: 6, arbitrary: written(mutated(aKubeconfig)) },
  { weight: 1, arbitrary: yamlTricks },
  { weight: 1, arbitrary: text },
);
