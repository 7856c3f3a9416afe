// What a finding shows: the nearest name, the numbers of a quota, the line that matters.
import { describe, expect, test } from '@jest/globals';
import { nearest } from '../../src/rollout/facts/nearest.ts';
import { errorLine } from '../../src/rollout/wait/error-line.ts';
import { replay } from '../support/rollout/recording.ts';

const log = (...lines: readonly string[]) => [
  { pod: 'p', container: 'c', previous: true, lines: lines },
];

const evidenceOf = (name: string): readonly string[] =>
  replay(name, { longer: 70_000 }).flatMap(({ verdict }) =>
    verdict.findings.flatMap(({ evidence }) => evidence),
  );

describe('the line that matters', () => {
  test.each([
    [['step 1', 'Error: connect ECONNREFUSED 10.0.0.1:5432', '    at Socket.<anonymous>'], 1],
    [['panic: no such table', 'goroutine 1 [running]:', 'exit status 2'], 0],
    [['Traceback (most recent call last):', '  File "app.py"', "KeyError: 'DATABASE_URL'"], 2],
    [['{"level":"info","msg":"0 errors"}', '{"level":"error","msg":"boom"}'], 1],
    [['warn: could not open the file', 'bye'], 0],
  ])('%j', (lines, index) => {
    expect(errorLine(log(...lines))).toBe(lines[index]?.trim());
  });

  test('nothing where no line says anything', () => {
    expect(errorLine(log('listening on :8080', 'test finished: 0 failed'))).toBeUndefined();
  });
});

describe('the nearest name', () => {
  test.each([
    ['db-credential', ['db-credentials', 'tls'], 'db-credentials'],
    ['web', ['shop-web', 'redis'], 'shop-web'],
    ['db', ['tls-cert', 'registry'], undefined],
    ['a', ['a'], undefined],
  ])('%s of %j is %s', (name, names, near) => {
    expect(nearest(name, names)).toBe(near);
  });
});

describe('evidence', () => {
  test('a quota says what is asked, used and allowed', () => {
    expect(evidenceOf('deployment/quota').join('\n')).toMatch(
      /quota \S+: pods: asks for 1, used \d+ of \d+/,
    );
  });

  test('a mismatch names what is nearest', () => {
    expect(evidenceOf('service/selector-wrong')).toContain(
      'the nearest, Deployment/backend, has app=backend',
    );
    expect(evidenceOf('service/port-wrong')).toContain(
      'ports of Deployment/backend: http; the nearest is http',
    );
    expect(evidenceOf('ingress/service-missing')).toContain(
      'Services: backend-service; the nearest is backend-service',
    );
  });

  test('three evicted pods are one finding', () => {
    const last = replay('deployment/evicted').at(-1)?.verdict.findings;
    expect(last).toHaveLength(1);
    expect(last?.[0]?.evidence[0]).toBe('3 pods: Evicted');
  });
});

describe('a workload without a readiness probe', () => {
  test('is only known to have started, and its verdict says so', () => {
    expect(replay('deployment/crash-once', { longer: 12_000 }).at(-1)?.verdict.words).toMatch(
      /^1 of 1 available/,
    );
    expect(replay('replicaset/ready').at(-1)?.verdict.words).not.toContain('probe');
    expect(replay('statefulset/parallel').at(-1)?.verdict.words).toBe(
      '3 of 3 available (started; no readiness probe says more)',
    );
  });

  test('that was seen to crash is not ready at the next short Running', () => {
    const moments = replay('deployment/crash-between', { step: 250 });
    const after = moments.filter(({ at }) => at >= 5_000);
    expect(after.filter(({ verdict }) => verdict.state === 'ready')).toEqual([]);
    expect(after.at(-1)?.verdict.state).toBe('failed');
  });
});
