import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readIgnoreFiles } from '../../src/scan/ignore-file.ts';

const now = Date.parse('2026-11-27T12:00:00Z');
const read = (text: string, file = '.trivyignore.yaml') =>
  readIgnoreFiles([{ file, text }], { now, severity: 'fatal' });
const plain = (text: string) => read(text, '.trivyignore');

describe('.trivyignore', () => {
  test('is ids, for every kind of problem', () => {
    const { text, findings } = plain('# why\nCVE-2099-0001\n\n  KSV-0017 exp:2027-06-01\n');
    expect(findings).toEqual([]);
    expect(parse(text ?? '')).toEqual(
      Object.fromEntries(
        ['vulnerabilities', 'misconfigurations', 'secrets', 'licenses'].map((section) => [
          section,
          [{ id: 'CVE-2099-0001' }, { id: 'KSV-0017' }],
        ]),
      ),
    );
  });

  test('with a wrong date is told: Trivy would drop the line in silence', () => {
    const { text, findings } = plain('CVE-1 exp:31.12.2026\nCVE-2\n');
    expect(findings).toEqual([
      expect.objectContaining({ code: 'input-invalid', file: '.trivyignore', line: 1 }),
    ]);
    expect(text).not.toContain('CVE-1');
  });
});

const entry = (more: string) => `vulnerabilities:\n  - id: CVE-1\n    statement: no shell\n${more}`;

describe('an expiry', () => {
  test('far away is not worth a word', () => {
    expect(read(entry('    expired_at: 2027-06-01')).findings).toEqual([]);
  });

  test('within two weeks is a warning, with the place', () => {
    const { findings, text } = read(entry('    expired_at: 2026-12-11'));
    expect(findings).toEqual([
      expect.objectContaining({
        code: 'exception-expiring',
        severity: 'warning',
        what: '.trivyignore.yaml accepts CVE-1 for 14 more days only, until 2026-12-11.',
        file: '.trivyignore.yaml',
        line: 2,
      }),
    ]);
    expect(text).toContain('CVE-1');
  });

  test('that has come accepts no more', () => {
    const { findings, text } = read(entry('    expired_at: 2026-11-27'));
    expect(findings[0]?.what).toBe(
      '.trivyignore.yaml accepts CVE-1 no more: the entry ended on 2026-11-27.',
    );
    expect(text).toBeUndefined();
  });

  test.each(['2026-13-01', 'tomorrow', '20261211'])('%s is not a date', (date) => {
    const { findings } = read(entry(`    expired_at: ${date}`));
    expect(findings[0]).toMatchObject({ code: 'input-invalid', severity: 'fatal', line: 2 });
  });
});

describe('.trivyignore.yaml', () => {
  test('keeps paths, purls and the statement', () => {
    const paths = '    expired_at: 2027-06-01\n    paths: [app/**]\n    purls: [pkg:pypi/jinja2]\n';
    expect(parse(read(entry(paths)).text ?? '')).toEqual({
      vulnerabilities: [
        { id: 'CVE-1', paths: ['app/**'], purls: ['pkg:pypi/jinja2'], statement: 'no shell' },
      ],
      misconfigurations: [],
      secrets: [],
      licenses: [],
    });
  });

  test('without an end, or without a reason, gets a note', () => {
    const notes = read('secrets:\n  - id: a\n  - id: b\n    statement: test data\n').findings;
    expect(notes.map(({ what, severity }) => `${severity}: ${what}`)).toEqual([
      'note: .trivyignore.yaml accepts a without a statement.',
      'note: .trivyignore.yaml accepts b for ever.',
    ]);
  });

  test('a misspelt key is an error: it would accept for ever', () => {
    expect(read(entry('    expires_at: 2026-12-01')).findings[0]).toMatchObject({
      what: '.trivyignore.yaml line 2 has the unknown key expires_at.',
    });
  });

  test.each([
    ['vulnerabilities: [', /is not valid YAML/],
    ['- id: CVE-1', /is not a mapping/],
    ['vulnerability:\n  - id: CVE-1', /none of: vulnerabilities/],
    ['vulnerabilities: CVE-1', /is not a list/],
    ['vulnerabilities:\n  - CVE-1', /has no id/],
    ['vulnerabilities:\n  - id: CVE-1\n    paths: app', /paths or purls/],
  ])('%j is told', (text, what) => {
    const { findings, text: joined } = read(text);
    expect(findings[0]?.what).toMatch(what);
    expect(joined).toBeUndefined();
  });

  test.each(['', '# nothing', 'vulnerabilities:\n'])('%j accepts nothing', (text) => {
    expect(read(text)).toEqual({ findings: [] });
  });

  test('hostile ids cannot leave their line', () => {
    const { findings } = read('vulnerabilities:\n  - id: "a\\n::error::x"\n');
    expect(findings[0]?.what).not.toContain('\n');
  });
});

test('both files count together', () => {
  const files = [
    { file: '.trivyignore', text: 'CVE-2\n' },
    { file: '.trivyignore.yaml', text: entry('    expired_at: 2027-06-01') },
  ];
  const { text } = readIgnoreFiles(files, { now, severity: 'fatal' });
  expect(parse(text ?? '').vulnerabilities).toEqual([
    { id: 'CVE-2' },
    { id: 'CVE-1', statement: 'no shell' },
  ]);
});
