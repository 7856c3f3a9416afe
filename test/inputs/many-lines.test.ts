// Secrets of several lines: what the runner masks of them is said, with the command that mends it.
import { describe, expect, test } from '@jest/globals';
import type { RunContext } from '../../src/core/context.ts';
import { terminalContext } from '../../src/entry/run-context.ts';
import type { RawInputs } from '../../src/inputs/raw.ts';
import { readInputs } from '../../src/inputs/read-inputs.ts';
import { run } from '../support/run.ts';
import { snake } from '../support/yandex/keys.ts';

const pretty = JSON.stringify(snake, undefined, 2);
const oneLine = JSON.stringify(snake);
const base64 = (text: string) => Buffer.from(text).toString('base64');
const wrapped = (text: string) => text.replaceAll(/.{76}/g, '$&\n');
const cluster = { 'yc-k8s-cluster-id': 'cat1', 'yc-sa-json-credentials': oneLine };

function found(raw: RawInputs, context: RunContext = run()) {
  const read = readInputs({ ...cluster, ...raw }, context, { overlays: ['production'] });
  expect(read.inputs).toBeDefined();
  return read.findings.filter(({ code }) => code === 'secret-multiline');
}

const key = (text: string) => ({ 'yc-sa-json-credentials': text });

describe('the key', () => {
  test.each([
    ['pretty', pretty],
    ['pretty with Windows line breaks', pretty.replaceAll('\n', '\r\n')],
    ['one line below a line of text', `PLEASE DO NOT DELETE THIS LINE!\n${oneLine}`],
  ])('%s is a warning with the command that stores it on one line', (_, text) => {
    expect(found(key(text))).toEqual([
      expect.objectContaining({
        severity: 'warning',
        what: expect.stringMatching(
          /^Input `yc-sa-json-credentials` has \d+ lines, and GitHub masks each line of a secret/,
        ),
        hint: 'Store the key on one line: jq -c . key.json | gh secret set YC_SA_JSON_CREDENTIALS --env production',
      }),
    ]);
  });

  test.each([
    ['one line', oneLine],
    ['one line and a line break', `${oneLine}\n`],
    ['base64', base64(pretty)],
    ['base64 in lines', wrapped(base64(pretty))],
  ])('%s is good', (_, text) => expect(found(key(text))).toEqual([]));

  test('what it says survives those masks: it has none of them in it', () => {
    const masks = pretty.split('\n').map((line) => line.trim());
    const text = JSON.stringify(
      found(key(pretty)).map(({ what, evidence, hint }) => [what, evidence, hint]),
    );
    for (const mask of masks) expect(text).not.toContain(mask);
  });

  test('a preview names the environment of previews, and nobody an unknown one', () => {
    const context = run({ event: 'pull_request', ref: 'refs/pull/7/merge', baseRef: 'main' });
    expect(found({ command: 'diff', ...key(pretty) }, context)[0]?.hint).toMatch(/--env pr-check$/);
    const tag = run({ event: 'push', ref: 'refs/tags/v1' });
    const raw = { command: 'status', ...key(pretty) };
    expect(found(raw, tag)[0]?.hint).toMatch(/--env <environment>$/);
  });
});

describe('a kubeconfig', () => {
  const text = `apiVersion: v1
clusters: [{name: c, cluster: {server: 'https://10.0.0.1'}}]
users: [{name: u, user: {token: token-text-1}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`;
  const only = { 'yc-k8s-cluster-id': '', 'yc-sa-json-credentials': '' };

  test('as plain text is a warning, and base64 mends it', () => {
    expect(found({ ...only, kubeconfig: text })).toEqual([
      expect.objectContaining({
        severity: 'warning',
        what: 'Input `kubeconfig` has 5 lines, and GitHub masks each line of a secret by itself.',
        hint: "Store it as base64: base64 < kubeconfig.yaml | tr -d '\\n' | gh secret set KUBECONFIG --env production",
      }),
    ]);
  });

  test.each([
    ['base64', base64(text)],
    ['base64 in lines', wrapped(base64(text))],
    ['a path', './kube'],
  ])('as %s is good', (_, kubeconfig) => expect(found({ ...only, kubeconfig })).toEqual([]));
});

describe('secrets', () => {
  const block = 'app/password=hunter2-hunter2\napp/tls.crt<<END\n1\nEND\n';

  test('with a block are a warning that counts the short lines', () => {
    expect(found({ secrets: block })).toEqual([
      expect.objectContaining({
        severity: 'warning',
        what: 'Input `secrets` has 4 lines, and GitHub masks each line of a secret by itself.',
        evidence: [expect.stringMatching(/^2 of them have fewer than 12 characters/)],
        hint: expect.stringContaining(
          "base64 < production.txt | tr -d '\\n' | gh secret set APPLICATION_SECRETS --env production",
        ),
      }),
    ]);
  });

  test('with lines that stand nowhere by chance are a note: the workflow may have put them together', () => {
    const [note, ...more] = found({ secrets: 'a/b=hunter2-1\na/c=hunter2-2' });
    expect(more).toEqual([]);
    expect(note).toMatchObject({ severity: 'note', evidence: [] });
  });

  test.each([
    ['one line', 'app/password=hunter2-hunter2\n'],
    ['base64', base64(block)],
    ['base64 in lines', base64(block).replaceAll(/.{20}/g, '$&\n')],
  ])('of %s are good', (_, secrets) => expect(found({ secrets })).toEqual([]));
});

test('a terminal masks nothing by line', () => {
  const context = terminalContext({ workspace: '/work', temp: '/tmp' });
  const raw = { ...key(pretty), secrets: 'app/a<<E\n1\nE', environment: 'production' };
  expect(found(raw, context)).toEqual([]);
});
