import { describe, expect, test } from '@jest/globals';
import { keyOf, mostUrgentFirst, readScan } from '../../src/scan/problems.ts';
import { fixture, scanned } from '../support/scan/fixtures.ts';

describe('the report of an image', () => {
  const { problems, system, endOfLife, accepted } = scanned('image-vulnerable.json');

  test('names its system', () => {
    expect([system, endOfLife]).toEqual(['debian 12.15', false]);
    expect(accepted).toEqual([]);
  });

  test('holds vulnerabilities of packages and libraries, and secrets, most urgent first', () => {
    expect(problems.map(({ severity, id }) => `${severity} ${id}`)).toEqual([
      'CRITICAL github-pat',
      'CRITICAL CVE-2099-0001',
      'HIGH CVE-2099-0002',
      'HIGH CVE-2099-0002',
      'HIGH CVE-2099-0004',
      'HIGH CVE-2099-0006',
      'HIGH CVE-2099-0006',
      'MEDIUM CVE-2099-0005',
      'LOW CVE-2099-0003',
    ]);
    expect(problems.find(({ id }) => id === 'CVE-2099-0001')).toEqual({
      kind: 'vulnerability',
      id: 'CVE-2099-0001',
      severity: 'CRITICAL',
      title: 'bash: a value in a variable runs | as a command',
      target: 'debian',
      package: 'bash',
      installed: '5.2.15-2+b13',
      fixed: '9:99-1',
      status: 'fixed',
      url: 'https://avd.aquasec.com/nvd/cve-2099-0001',
    });
    expect(problems.find(({ id }) => id === 'CVE-2099-0006')).toMatchObject({
      status: 'will_not_fix',
    });
  });

  test('never gives the line that holds a secret', () => {
    const secret = problems.find(({ kind }) => kind === 'secret');
    expect(secret).toEqual({
      kind: 'secret',
      id: 'github-pat',
      severity: 'CRITICAL',
      title: 'GitHub Personal Access Token',
      target: '/app/.env',
      line: 1,
    });
  });
});

test('a clean image has nothing, and no distribution', () => {
  expect(scanned('image-clean.json')).toEqual({ endOfLife: false, problems: [], accepted: [] });
});

test('what an ignore file accepts is kept apart', () => {
  const { problems, accepted } = scanned('image-ignored.json');
  expect(accepted.map(({ id, statement }) => `${id}${statement}`)).toEqual([
    'CVE-2099-0001',
    'CVE-2099-0002',
    'CVE-2099-0002',
  ]);
  expect(problems.map(({ id }) => id)).not.toContain('CVE-2099-0001');
});

test('manifests and Dockerfiles: what failed, with its line and what to do', () => {
  const { problems } = scanned('config.json');
  expect(problems).toHaveLength(24);
  expect(problems[0]).toMatchObject({ id: 'DS-0031', severity: 'CRITICAL' });
  expect(problems.find(({ id }) => id === 'KSV-0017')).toMatchObject({
    kind: 'misconfiguration',
    severity: 'HIGH',
    target: 'app.yaml',
    line: 15,
    url: 'https://avd.aquasec.com/misconfig/ksv-0017',
  });
});

test.each([
  ['nothing', ''],
  ['a page', '<html>'],
  ['another schema', '{"SchemaVersion": 3, "Results": []}'],
  ['a list', '[]'],
])('%s is no report', (_, text) => {
  expect(readScan(text)).toBeUndefined();
});

test.each(['null', '[]', '[null, 7]', '[{"Vulnerabilities": null}]'])(
  'Results %s is a report without problems',
  (results) => {
    const found = readScan(`{"SchemaVersion": 2, "Results": ${results}}`);
    expect(found).toMatchObject({ problems: [], accepted: [] });
  },
);

test('texts are one line without control characters, and not endless', () => {
  const found = readScan(
    JSON.stringify({
      SchemaVersion: 2,
      Results: [
        {
          Target: 'a\n::error::x',
          Vulnerabilities: [
            { VulnerabilityID: 'CVE-1', Title: `\u001b[31m${'x'.repeat(9000)}`, Severity: 'ODD' },
          ],
        },
      ],
    }),
  );
  const [problem] = found?.problems ?? [];
  expect(problem?.target).toBe('a ::error::x');
  expect(problem?.title).toHaveLength(300);
  expect(problem?.severity).toBe('UNKNOWN');
});

describe('the same problem in two builds', () => {
  test('has one key, although the image has another name', () => {
    const other = fixture('image-vulnerable.json').replaceAll(
      '127.0.0.1:16405/shop/backend:1',
      'registry.example/shop/backend@sha256:00',
    );
    const keys = (json: string) => readScan(json)?.problems.map(keyOf);
    expect(keys(other)).toEqual(keys(fixture('image-vulnerable.json')));
  });

  test('has another key for another version of the package', () => {
    const { problems } = scanned('image-vulnerable.json');
    const keys = problems.map((each) => keyOf({ ...each, installed: '0' }));
    const vulnerable = problems.filter(({ kind }) => kind === 'vulnerability').map(keyOf);
    for (const key of vulnerable) expect(keys).not.toContain(key);
  });
});

test('what can be fixed comes before what cannot', () => {
  const base = { kind: 'vulnerability', severity: 'HIGH', title: '', target: '' } as const;
  const sorted = mostUrgentFirst([
    { ...base, id: 'A' },
    { ...base, id: 'B', fixed: '2' },
  ]);
  expect(sorted.map(({ id }) => id)).toEqual(['B', 'A']);
});
