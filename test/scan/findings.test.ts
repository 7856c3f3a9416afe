import { describe, expect, test } from '@jest/globals';
import type { FileToScan } from '../../src/scan/files-to-scan.ts';
import { findingsOf } from '../../src/scan/findings.ts';
import { resultOf } from '../support/scan/results.ts';

describe('an image', () => {
  test('with problems is one finding: how many, the worst, what to do', () => {
    const [found, ...more] = findingsOf(resultOf('image-vulnerable.json'), [], 'fatal');
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      code: 'image-vulnerable',
      severity: 'fatal',
      object: 'Image/backend',
      what: 'Image backend has 7 problems: 2 critical, 5 high.',
    });
    expect(found?.evidence.slice(0, 2)).toEqual([
      'CRITICAL github-pat /app/.env:1: GitHub Personal Access Token',
      'CRITICAL CVE-2099-0001 bash 5.2.15-2+b13 → 9:99-1: bash: a value in a variable runs | as a command',
    ]);
    expect(found?.evidence.join('\n')).toContain('libc6 2.36-9+deb12u14 (will not fix)');
    expect(found?.hint).toBe(
      'Update bash, libssl3, openssl, Jinja2, or build on a newer base image. Take the secret out of the image, and replace it where it is valid. Accept what cannot be helped in .trivyignore.yaml, with statement and expired_at.',
    );
  });

  test('compared with what runs says so', () => {
    const result = resultOf('image-vulnerable.json');
    const [first, ...known] = result.counting;
    const fresh = { ...result, counting: first ? [first] : [], known, comparedWith: ['x'] };
    const [found] = findingsOf(fresh, [], 'fatal');
    expect(found?.what).toBe(
      'Image backend has 1 problem that the running one has not: 1 critical.',
    );
    expect(found?.evidence.at(-1)).toBe('6 more that run already do not count');
  });

  test('without any that count is no finding, and neither is one that was not scanned', () => {
    expect(findingsOf(resultOf('image-clean.json'), [], 'fatal')).toEqual([]);
    const failed = resultOf('image-vulnerable.json', { state: 'failed' });
    expect(findingsOf(failed, [], 'fatal')).toEqual([]);
  });
});

describe('manifests and Dockerfiles', () => {
  const sources: readonly FileToScan[] = [
    { path: 'app.yaml', text: '', object: 'Deployment/backend', file: 'manifests/a.yaml', line: 3 },
    { path: 'docker/Dockerfile', text: '', file: 'backend/Dockerfile' },
  ];
  const result = resultOf('config.json', { kind: 'files', name: 'manifests and Dockerfiles' });

  test('under gate are a finding for each place, with file and line', () => {
    const found = findingsOf(result, sources, 'fatal');
    expect(found).toEqual([
      expect.objectContaining({
        code: 'manifest-insecure',
        file: 'backend/Dockerfile',
        what: 'backend/Dockerfile has 3 weak settings: 1 critical, 2 high.',
      }),
      expect.objectContaining({
        object: 'Deployment/backend',
        file: 'manifests/a.yaml',
        line: 3,
        what: 'Deployment/backend has 4 weak settings: 4 high.',
      }),
    ]);
  });

  test('under report are one warning for all', () => {
    expect(findingsOf(result, sources, 'warning')).toEqual([
      expect.objectContaining({
        severity: 'warning',
        what: 'Weak settings in 2 places of the manifests and Dockerfiles: 1 critical, 6 high.',
      }),
    ]);
  });
});
