// The part of the summary that a scanner's words fill: hostile, long, and never over the limit.
import { describe, expect, test } from '@jest/globals';
import { renderSummary } from '../../src/report/render.ts';
import { scanBlocks, scanRecord } from '../../src/report/scans.ts';
import { problemLine } from '../../src/scan/findings.ts';
import { scanLines } from '../../src/scan/lines.ts';
import type { Problem } from '../../src/scan/problems.ts';
import { outcomes } from '../support/report/outcomes.ts';
import { resultOf } from '../support/scan/results.ts';

const { deployed } = outcomes;
if (!deployed) throw new Error('no outcome');
const shown = (...scans: readonly ReturnType<typeof resultOf>[]) =>
  scanBlocks({ ...deployed, scans }).map(({ text }) => text);

describe('the summary', () => {
  const [, text = ''] = shown(resultOf('image-vulnerable.json'));

  test('has a row for what counts: severity, link, package, installed, fixed in', () => {
    const row = text.split('\n').find((line) => line.includes('CVE-2099-0001'));
    expect(row).toBe(
      '| CRITICAL | [CVE-2099-0001](https://avd.aquasec.com/nvd/cve-2099-0001) | <code>bash</code> | <code>5.2.15-2+b13</code> | <code>9:99-1</code> | bash: a value in a variable runs &#124; as a command |',
    );
    expect(text).not.toContain('<script>');
  });

  test('shows what does not count folded', () => {
    expect(text).toContain('<details><summary>2 problems that do not count</summary>');
  });

  test('begins with what is wrong', () => {
    const titles = shown(
      resultOf('image-clean.json', { name: 'clean' }),
      resultOf('image-vulnerable.json', { name: 'bad' }),
      resultOf('image-clean.json', { name: 'lost', state: 'failed' }),
    ).map((each) => each.split('\n')[0]);
    expect(titles).toEqual([
      '### Scans',
      '#### ❌ Image <code>lost</code>',
      '#### ⚠️ Image <code>bad</code>',
      '#### ✅ Image <code>clean</code>',
    ]);
  });

  test('says what an ignore file accepts', () => {
    expect(shown(resultOf('image-ignored.json'))[1]).toContain('3 accepted by .trivyignore');
  });

  test('is nothing where nothing was scanned', () => expect(shown()).toEqual([]));
});

const problem = (more: Partial<Problem>): Problem => ({
  kind: 'vulnerability',
  id: 'CVE-1',
  severity: 'HIGH',
  title: '',
  target: 'debian',
  package: 'bash',
  installed: '1',
  ...more,
});

test.each([
  'https://evil.example/CVE-1',
  'https://avd.aquasec.com.evil.example/CVE-1',
  'https://avd.aquasec.com@evil.example/CVE-1',
  'http://avd.aquasec.com/CVE-1',
  'javascript:alert(1)',
  'https://avd.aquasec.com/](https://evil.example)',
])('%s becomes no link', (url) => {
  const result = resultOf('image-clean.json', { state: 'found', counting: [problem({ url })] });
  expect(shown(result)[1]).not.toMatch(/\]\(/);
});

test('ten thousand problems leave the page whole and below 1 MiB', () => {
  const counting = Array.from({ length: 10_000 }, (_, index) =>
    problem({ id: `CVE-${index}`, title: '| <img src=x> @everyone '.repeat(20) }),
  );
  const result = resultOf('image-clean.json', { state: 'found', counting });
  const scans = Array.from({ length: 8 }, () => result);
  const page = renderSummary({ ...deployed, scans });
  expect(Buffer.byteLength(page)).toBeLessThan(1024 * 1024);
  expect(page).toContain("… and 9800 more in the scanner's report.");
  expect(page).toContain('### Workloads');
  expect(page).not.toContain('<img');
});

test('the log has a line of numbers, the worst, and where the files are', () => {
  const files = { report: '/t/backend.json', sarif: '/t/backend.sarif' };
  const lines = scanLines(resultOf('image-vulnerable.json', { files }), problemLine);
  expect(lines[0]).toBe('registry.example/shop/backend@sha256:00  debian 12.15');
  expect(lines[1]).toBe('2 critical, 5 high · below: 1 medium, 1 low.');
  expect(lines).toHaveLength(11);
  expect(lines.at(-1)).toBe('sarif: /t/backend.sarif');
});

test('the record has what counts, and the rest as numbers', () => {
  const record = scanRecord(resultOf('image-vulnerable.json'));
  expect(record).toMatchObject({ name: 'backend', state: 'found', minor: 2, seconds: 0.9 });
  expect(JSON.stringify(record)).not.toContain('TOKEN=');
});
