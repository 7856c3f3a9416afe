// Every recorded rollout as a file that somebody mails in at its end.
import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { diagnose } from '../../../src/commands/diagnose/diagnose.ts';
import type { Code } from '../../../src/core/codes.ts';
import { lastState, saved } from '../../support/rollout/saved.ts';

const folder = new URL('../../fixtures/cluster', import.meta.url);
const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.replace(/\.yaml$/, ''));

const diagnosed = (name: string, at?: number) =>
  diagnose([{ name, text: saved(lastState(name, at), 'json') }]);

/** What is failed for certain in the last state alone. */
const failures: readonly (readonly [string, Code])[] = [
  ['daemonset/image-not-found', 'image-not-found'],
  ['deployment/claim-missing', 'volume-unbound'],
  ['deployment/configmap-missing', 'config-missing'],
  ['deployment/crash-loop', 'crash-loop'],
  ['deployment/crash-slow', 'crash-loop'],
  ['deployment/deadline', 'probe-failing'],
  ['deployment/exit-127', 'crash-loop'],
  ['deployment/hook-failing', 'container-start-failed'],
  ['deployment/image-name', 'image-name-invalid'],
  ['deployment/image-not-found', 'image-not-found'],
  ['deployment/init-crash', 'crash-loop'],
  ['deployment/liveness-failing', 'probe-failing'],
  ['deployment/out-of-memory', 'out-of-memory'],
  ['deployment/paused', 'rollout-paused'],
  ['deployment/platform-missing', 'image-not-found'],
  ['deployment/pod-security', 'admission-denied'],
  ['deployment/policy-denied', 'admission-denied'],
  ['deployment/program-missing', 'container-start-failed'],
  ['deployment/pull-denied', 'image-pull-denied'],
  ['deployment/quota', 'quota-exceeded'],
  ['deployment/run-as-root', 'container-start-failed'],
  ['deployment/secret-key-missing', 'config-missing'],
  ['deployment/selector-unmet', 'unschedulable'],
  ['deployment/service-account-missing', 'config-missing'],
  ['deployment/sidecar-crash', 'crash-loop'],
  ['deployment/startup-failing', 'probe-failing'],
  ['deployment/update-bad', 'image-not-found'],
  ['deployment/volume-secret-missing', 'config-missing'],
  ['deployment/webhook-down', 'admission-denied'],
  ['job/deadline', 'job-failed'],
  ['job/failed', 'job-failed'],
  ['job/image-not-found', 'image-not-found'],
  ['job/retries', 'job-failed'],
  ['persistentvolumeclaim/class-missing', 'volume-unbound'],
  ['pod/never-failed', 'rollout-failed'],
  ['statefulset/quota', 'quota-exceeded'],
  ['statefulset/stuck-old', 'rollout-failed'],
  ['statefulset/update-crash', 'crash-loop'],
];

describe('a saved failure', () => {
  test.each(failures)('%s → %s', (name, code) => {
    const { rows, problems } = diagnosed(name);
    expect(problems).toEqual([]);
    const failed = rows.filter(({ verdict }) => verdict === 'failed');
    expect(failed).toHaveLength(1);
    expect(failed[0]?.findings[0]).toMatchObject({ code, severity: 'fatal' });
  });
});

/** The last state alone proves nothing: it passes by itself, or is too young. */
const open = [
  'deployment/cpu-short',
  'deployment/crash-once',
  'deployment/pull-limited',
  'deployment/readiness-failing',
  'deployment/registry-dead',
];

test.each(open)('%s is waited for, with a warning', (name) => {
  const [row] = diagnosed(name).rows;
  expect(row?.verdict).toBe('waiting');
  expect(row?.findings[0]?.severity).toBe('warning');
});

test('what heals later is told, and failed only while the kubelet says so', () => {
  expect(diagnosed('deployment/secret-late').rows[0]?.verdict).toBe('ready');
  expect(diagnosed('deployment/secret-late', 5_000).rows[0]).toMatchObject({
    verdict: 'failed',
    findings: [{ code: 'config-missing' }],
  });
});

test('time passes with --now', () => {
  const text = saved(lastState('deployment/readiness-failing'), 'json');
  const later = diagnose([{ name: 'x', text }], { now: Date.parse('2027-01-01T00:00:00Z') });
  expect(later.rows[0]?.verdict).toBe('failed');
});

test('patience as on a cluster', () => {
  const text = saved(lastState('deployment/crash-loop'), 'json');
  const patient = diagnose([{ name: 'x', text }], { patience: 'patient' });
  expect(patient.rows[0]?.verdict).toBe('waiting');
});

const ready = [
  'cronjob/scheduled',
  'daemonset/ready',
  'deployment/leftover-deadline',
  'deployment/min-ready',
  'deployment/pull-flaky',
  'deployment/ready',
  'deployment/scaled-to-zero',
  'deployment/slow-start',
  'deployment/update-ready',
  'job/complete',
  'persistentvolumeclaim/first-consumer',
  'pod/ready',
  'statefulset/partition',
  'statefulset/ready',
];

test.each(ready)('%s is ready', (name) => {
  const { rows } = diagnosed(name);
  expect(rows.every(({ verdict }) => verdict === 'ready')).toBe(true);
  expect(rows.flatMap(({ findings }) => findings)).toEqual([]);
});

test.each(names)('%s: YAML and JSON say the same; a fatal finding is a failed verdict', (name) => {
  const yaml = diagnose([{ name, text: saved(lastState(name), 'yaml') }]);
  expect(yaml.problems).toEqual([]);
  expect(yaml).toEqual(diagnosed(name));
  for (const { verdict, findings } of yaml.rows) {
    expect(findings.some(({ severity }) => severity === 'fatal')).toBe(verdict === 'failed');
  }
});
