import { describe, expect, test } from '@jest/globals';
import type { RawInputs } from '../../src/inputs/raw.ts';
import { readInputs } from '../../src/inputs/read-inputs.ts';
import { run } from '../support/run.ts';

const cluster = { 'yc-k8s-cluster-id': 'cat1', 'yc-iam-token': 't1.token' };
const read = (raw: RawInputs) => readInputs(raw, run(), { overlays: ['production'] });
const whats = (raw: RawInputs) => read(raw).findings.map(({ what }) => what);

describe('scan', () => {
  test('is off where nothing is built and nobody asks', () => {
    expect(read(cluster).inputs?.scan).toBe('off');
    expect(read({ ...cluster, scan: 'gate' }).inputs?.scan).toBe('gate');
  });

  test('is done in a preview only where it is asked for: nothing is built', () => {
    const build = '- {name: backend, context: backend}';
    const preview = { ...cluster, command: 'diff', build, registry: 'registry.example/shop' };
    expect(read(preview).inputs?.scan).toBe('off');
    expect(read({ ...preview, scan: 'report' }).inputs?.scan).toBe('report');
  });

  test.each(['history', 'status', 'setup'])('is nothing for %s', (command) => {
    expect(read({ ...cluster, command, scan: 'gate' }).inputs?.scan).toBe('off');
  });

  test('as a command needs no cluster, and reports', () => {
    const { inputs } = read({ command: 'scan', images: 'backend=registry.example/backend:1' });
    expect(inputs).toMatchObject({ command: 'scan', scan: 'report' });
    expect(inputs?.target).toBeUndefined();
  });

  test('as a command cannot be off', () => {
    expect(whats({ command: 'scan', scan: 'off' })).toEqual([
      'Input `scan` is `off`, and so is the whole command `scan`.',
    ]);
  });

  test('as a command without anything to scan is wrong', () => {
    const facts = { overlays: [] };
    const { findings } = readInputs({ command: 'scan' }, run(), facts);
    expect(findings.map(({ what }) => what)).toEqual([
      'Input `images` is missing, and nothing else says what to scan.',
    ]);
  });
});

describe('scan-baseline', () => {
  test('needs a cluster', () => {
    expect(whats({ command: 'scan', 'scan-baseline': 'true' })).toEqual([
      'Input `scan-baseline` needs a cluster to compare with.',
    ]);
    expect(whats({ ...cluster, command: 'scan', 'scan-baseline': 'true' })).toEqual([]);
  });
});

describe('scan-severity', () => {
  test.each([
    ['CRITICAL', ['CRITICAL']],
    ['low, high', ['HIGH', 'LOW']],
    ['MEDIUM\nCRITICAL\n', ['CRITICAL', 'MEDIUM']],
  ])('%j', (text, list) => {
    expect(read({ ...cluster, 'scan-severity': text }).inputs?.scanSeverity).toEqual(list);
  });

  test('that nobody knows is told', () => {
    expect(whats({ ...cluster, 'scan-severity': 'CRITICAL,HIGHT' })).toEqual([
      'Input `scan-severity` has "HIGHT"; did you mean `high`?',
    ]);
  });
});

describe('trivy', () => {
  test.each(['0.69.4', 'v0.69.5', '0.69.6'])('%s is refused, with a digest too', (version) => {
    const raw = { ...cluster, 'trivy-version': version, 'trivy-sha256': 'a'.repeat(64) };
    expect(whats(raw)[0]).toMatch(/^Input `trivy-version` is 0\.69\.\d, which was published by/);
  });

  test.each(['auto', 'none'])('a digest beside %s has no meaning', (version) => {
    const raw = { ...cluster, 'trivy-version': version, 'trivy-sha256': 'a'.repeat(64) };
    expect(whats(raw)).toEqual(['Input `trivy-sha256` needs an exact `trivy-version` beside it.']);
  });

  test('its database comes from where the lines say, in their order', () => {
    const lines = '# ours first\nregistry.example:5000/trivy-db:2\nghcr.io/aquasecurity/trivy-db:2';
    const { inputs } = read({ ...cluster, 'trivy-db-repository': lines });
    expect(inputs?.trivyDbRepository).toEqual([
      'registry.example:5000/trivy-db:2',
      'ghcr.io/aquasecurity/trivy-db:2',
    ]);
  });

  test.each(['https://ghcr.io/x', '--config=/etc', 'ghcr.io/x y', '# nothing'])(
    'its database does not come from %j',
    (text) => {
      expect(read({ ...cluster, 'trivy-db-repository': text }).inputs).toBeUndefined();
    },
  );
});
