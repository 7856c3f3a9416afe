// Texts that somebody wrote to make a pattern run long, five times larger than those that once did.
import { describe, expect, test } from '@jest/globals';
import { buildFailure } from '../../src/build/build-failure.ts';
import { readDockerfile } from '../../src/build/dockerfile.ts';
import { ignoreRules } from '../../src/build/dockerignore.ts';
import { readProgress } from '../../src/build/progress.ts';
import { forbiddenFinding, permissionDenied, statusOf } from '../../src/cluster/api-errors.ts';
import { nearestField } from '../../src/cluster/field-names.ts';
import { diagnose } from '../../src/commands/diagnose/diagnose.ts';
import { plain, plainLog } from '../../src/core/plain-text.ts';
import { clip, neutralise, oneLine, safeLines } from '../../src/core/text.ts';
import { pathOfField } from '../../src/kube/field-path.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { parseManifests } from '../../src/manifests/parse/parse.ts';
import { fillVariables } from '../../src/manifests/variables.ts';
import { refusalFindings } from '../../src/rejection/rejection-findings.ts';
import { fence, prose } from '../../src/report/markdown.ts';
import { scanFailure } from '../../src/scan/failure.ts';
import { inASecond } from '../support/timed.ts';

const size = 800_000;
const fill = (piece: string, end = ''): string =>
  piece.repeat(Math.ceil(size / piece.length)).slice(0, size) + end;

/** Rows of what the patterns of this project repeat, and then look for an end of in vain. */
const pieces: readonly string[] = [
  ...['a', ' ', '"', '\\"', '$', '${', '1', '.', ':', '/', '@', '*', '{', '[', '\u001b[', 'a.'],
  ...['##[', '\n', '\t', '\u200b', '\ud800', '`', 'a://b', 'www.', 'Invalid value: ', ' .'],
  ...['unknown field "', 'User "a" cannot ', 'conflict with "', '\n  .a: ', '.\n', '$${A}'],
  ...['parse error on line 1: ', '\\\n', '-'],
];

const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } } as KubeObject;
const document = { object, file: 'a.yaml', line: 1, lineOf: () => 1 };
const refused = (body: unknown, status = 422) => ({
  document,
  object,
  live: object,
  request: { method: 'PATCH' as const, path: '/api/v1/namespaces/a/configmaps/a' },
  response: { status, headers: {}, body },
});

const one = (text: string): void => {
  oneLine(text);
  neutralise(text);
  safeLines(text);
  clip(text, 100);
};

const functions: readonly (readonly [string, (text: string) => unknown])[] = [
  ['text', one],
  ['plain', (text) => [plain(text), plainLog(text, 50)]],
  ['markdown', (text) => [prose(text.slice(0, 100_000)), fence(text.split('\n').slice(0, 100))]],
  ['field paths', (text) => pathOfField({ spec: { list: [{ name: 'a' }] } }, text)],
  ['field names', (text) => nearestField(object, text, { send: async () => refused({}).response })],
  [
    'variables',
    (text) => fillVariables([{ ...document, object: { ...object, data: { text } } }], {}),
  ],
  ['dockerignore', (text) => ignoreRules(text).ignores('a/b/c.ts')],
  ['Dockerfile', (text) => readDockerfile(text, {})],
  ['scanner', (stderr) => scanFailure({ subject: 'image a', stderr, severity: 'fatal' })],
  [
    'message of the API',
    (message) =>
      [403, 409, 422, 500].map((status) => {
        const answer = refused({ kind: 'Status', reason: 'Invalid', message }, status);
        return [refusalFindings(answer), permissionDenied(answer.response)];
      }),
  ],
  [
    'causes of the API',
    (message) => {
      const causes = Array.from({ length: 1_000 }, () => ({
        reason: 'FieldManagerConflict',
        field: message,
        message,
      }));
      return refusalFindings(refused({ kind: 'Status', reason: 'Invalid', details: { causes } }));
    },
  ],
  [
    'build',
    (text) => {
      const progress = readProgress(['a']);
      for (const line of text.split('\n').slice(0, 10_000)) progress.line(line);
      progress.line(`ERROR: ${text.slice(0, 1_000_000)}`);
      return buildFailure({
        progress,
        targets: { a: 'a' },
        dockerfiles: { a: 'Dockerfile' },
        exitCode: 1,
        logLines: 20,
      });
    },
  ],
];

test.each(functions)('%s', (_, run) => {
  for (const piece of pieces) {
    const text = fill(piece, '\nx ');
    inASecond(() => run(text));
  }
});

test('messages of the cluster', () => {
  const said = [
    'exec: ',
    '12 node(s) had ',
    'failed quota: ',
    '1',
    'a.',
    '.',
    '(pod: ',
    'storageclassS',
  ];
  for (const piece of said) {
    const message = fill(piece);
    const metadata = { name: 'a', namespace: 'a', uid: 'u' };
    const waiting = { reason: 'CreateContainerConfigError', message };
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: { containers: [{ name: 'a', image: message }] },
      status: {
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
        containerStatuses: [{ name: 'a', image: message, state: { waiting } }],
      },
    };
    const event = (reason: string) => ({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: reason, namespace: 'a' },
      involvedObject: { kind: 'Pod', name: 'a', namespace: 'a', uid: 'u' },
      reason,
      message,
      lastTimestamp: '2026-01-01T00:00:00Z',
    });
    const reasons = ['Failed', 'FailedScheduling', 'Unhealthy', 'FailedMount', 'BackOff'];
    const text = JSON.stringify({ kind: 'List', items: [pod, ...reasons.map(event)] });
    inASecond(() => diagnose([{ name: 'a.json', text }]));
  }
});

test('a saved state that is nested without end is no crash', () => {
  const metadata = { name: 'a', namespace: 'a' };
  const text = JSON.stringify({ apiVersion: 'a/v1', kind: 'A', metadata, status: 'X' });
  const nest = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const state = text.replace('"X"', `{"phase": "Ready", "nest": ${nest}}`);
  expect(inASecond(() => diagnose([{ name: 'a.json', text: state }])).rows).toHaveLength(1);
});

describe('manifests', () => {
  test.each([
    ['a text that is never closed', `{"a": "${'\\"'.repeat(size / 2)}`],
    // The parser itself, whose time grows with the number of mistakes.
    ['quotes side by side', `{${'"'.repeat(size / 20)}`],
    ['brackets', '{'.repeat(size / 10)],
    ['lists', '['.repeat(size / 10)],
    ['a number', `a: ${'9'.repeat(size)}`],
    ['a binary', `a: !!binary ${'QUFB'.repeat(size / 4)}`],
    ['a binary that is none', `a: !!binary ${'QUFB'.repeat(size / 4)}=A`],
    ['a key twice', 'a: 1\n'.repeat(20_000)],
  ])('%s', (_, text) => {
    inASecond(() => parseManifests(text, 'a.yaml'));
  });

  test('chained aliases end with the file and the line', () => {
    for (const item of ['[*a$]', '[*a$, *a$]', '{x: *a$}', '{<<: *a$, k$: 1}']) {
      const lines = Array.from({ length: 2_000 }, (_, at) => {
        const inside = at === 0 ? '{z: 1}' : item.replaceAll('$', String(at - 1));
        return `  a${at}: &a${at} ${inside}`;
      });
      const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n${lines.join('\n')}\n`;
      const { findings } = inASecond(() => parseManifests(text, 'a.yaml'));
      expect(findings).toContainEqual(
        expect.objectContaining({
          code: 'manifest-invalid',
          file: 'a.yaml',
          line: expect.any(Number),
          what: expect.stringMatching(/levels deep|would unfold to more than/),
        }),
      );
    }
  });

  test('what aliases add up to counts over the whole file', () => {
    const wide = `- &a [${'x,'.repeat(1_000)}]\n- [${'*a,'.repeat(60)}]\n`;
    const { findings } = inASecond(() => parseManifests(`${wide}---\n${wide}`, 'a.yaml'));
    expect(findings.some(({ what }) => what.includes('would unfold'))).toBe(true);
  });
});

test('a Status is read with limits', () => {
  const causes = Array.from({ length: 1_000 }, () => ({ field: fill('a'), message: fill('b') }));
  const body = { kind: 'Status', message: fill('c'), details: { causes, retryAfterSeconds: 1 } };
  const status = statusOf({ body });
  expect(status?.message).toHaveLength(8_192);
  expect(status?.details?.causes).toHaveLength(100);
  expect(status?.details?.causes?.[0]?.field).toHaveLength(1_024);
  const answer = { status: 403, headers: {}, body };
  expect(forbiddenFinding(answer, { method: 'GET', path: '/x' }).code).toBe('forbidden');
});
