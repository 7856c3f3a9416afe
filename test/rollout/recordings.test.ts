// Real rollouts of a real node, replayed: when each turns into a warning, and when into a failure.
import { describe, expect, test } from '@jest/globals';
import type { Code } from '../../src/core/codes.ts';
import type { Verdict } from '../../src/rollout/facts/verdict.ts';
import { firstAt, recording, replay, steps, targetOf } from '../support/rollout/recording.ts';

const fatal = ({ state }: Verdict): boolean => state === 'failed';
const ready = ({ state }: Verdict): boolean => state === 'ready';
const warned = ({ findings }: Verdict): boolean =>
  findings.some(({ severity }) => severity !== 'note');

/** name, code, when it must have been reported, when it must have failed: seconds after the write. */
const failures: readonly (readonly [string, Code, number, number, number])[] = [
  ['daemonset/image-not-found', 'image-not-found', 3, 13, 16],
  ['deployment/claim-missing', 'volume-unbound', 1, 30, 32],
  ['deployment/configmap-missing', 'config-missing', 3, 12, 14],
  ['deployment/crash-loop', 'crash-loop', 3, 14, 16],
  ['deployment/deadline', 'probe-failing', 7, 12, 14],
  ['deployment/exec-format', 'crash-loop', 4, 18, 20],
  ['deployment/exit-127', 'crash-loop', 4, 3, 5],
  ['deployment/hook-failing', 'container-start-failed', 3, 3, 5],
  ['deployment/image-name', 'image-name-invalid', 3, 2, 3],
  ['deployment/image-not-found', 'image-not-found', 3, 15, 17],
  ['deployment/init-crash', 'crash-loop', 3, 16, 18],
  ['deployment/paused', 'rollout-paused', 1, 0, 1],
  ['deployment/platform-missing', 'image-not-found', 2, 13, 15],
  ['deployment/pod-security', 'admission-denied', 1, 0, 1],
  ['deployment/policy-denied', 'admission-denied', 1, 0, 1],
  ['deployment/program-missing', 'container-start-failed', 3, 3, 5],
  ['deployment/pull-denied', 'image-pull-denied', 4, 12, 15],
  ['deployment/quota', 'quota-exceeded', 1, 15, 18],
  ['deployment/readiness-failing', 'probe-failing', 8, 60, 64],
  ['deployment/run-as-root', 'container-start-failed', 3, 11, 14],
  ['deployment/quota-unspecified', 'quota-exceeded', 1, 0, 1],
  ['deployment/runtime-class-missing', 'config-missing', 1, 10, 12],
  ['deployment/secret-key-missing', 'config-missing', 3, 10, 13],
  ['deployment/selector-unmet', 'unschedulable', 1, 30, 32],
  ['deployment/service-account-missing', 'config-missing', 1, 10, 12],
  ['deployment/sidecar-crash', 'crash-loop', 3, 14, 17],
  ['deployment/startup-failing', 'probe-failing', 9, 13, 15],
  ['deployment/update-bad', 'image-not-found', 2, 15, 17],
  ['deployment/volume-secret-missing', 'config-missing', 1, 20, 22],
  ['deployment/webhook-down', 'admission-denied', 1, 60, 62],
  ['job/deadline', 'job-failed', 5, 3, 5],
  ['job/failed', 'job-failed', 3, 4, 5],
  ['job/image-not-found', 'image-not-found', 2, 12, 15],
  ['job/retries', 'job-failed', 3, 13, 15],
  ['persistentvolumeclaim/class-missing', 'volume-unbound', 1, 10, 14],
  ['pod/never-failed', 'rollout-failed', 3, 3, 4],
  ['statefulset/claim-refused', 'quota-exceeded', 1, 15, 17],
  ['statefulset/quota', 'quota-exceeded', 1, 15, 17],
  ['statefulset/stuck-old', 'rollout-failed', 1, 29, 31],
  ['statefulset/update-crash', 'crash-loop', 3, 16, 19],
];

describe('a rollout that fails', () => {
  test.each(failures)('%s → %s', (name, code, reported, from, to) => {
    const moments = replay(name, { longer: 70_000 });
    const write = targetOf(name).at;
    const failed = moments.find(({ verdict }) => fatal(verdict));
    const [cause] = failed?.verdict.findings ?? [];
    expect(cause).toMatchObject({ code, severity: 'fatal' });
    expect(cause?.hint).not.toBe('');
    expect((firstAt(moments, warned) ?? Infinity) - write).toBeLessThanOrEqual(reported * 1_000);
    const at = (failed?.at ?? Infinity) - write;
    expect(at).toBeGreaterThanOrEqual(from * 1_000);
    expect(at).toBeLessThanOrEqual(to * 1_000);
  });
});

/** Seconds after the write until it is ready; without a probe a start is believed after 3 s. */
const successes: readonly (readonly [string, number])[] = [
  ['cronjob/scheduled', 0.5],
  ['daemonset/no-nodes', 0.5],
  ['daemonset/ready', 4],
  ['deployment/crash-once', 13],
  ['deployment/leftover-deadline', 3],
  ['deployment/min-ready', 10],
  ['deployment/pull-flaky', 45],
  ['deployment/ready', 5.5],
  ['deployment/recreate', 3.5],
  ['deployment/scaled-to-zero', 0.5],
  ['deployment/scaled-up', 3.5],
  ['deployment/secret-late', 16.5],
  ['deployment/slow-start', 15],
  ['deployment/unchanged', 0.3],
  ['deployment/update-ready', 4.5],
  ['job/complete', 6],
  ['persistentvolume/available', 1],
  ['persistentvolumeclaim/first-consumer', 0.5],
  ['pod/ready', 3.5],
  ['resourcequota/filled', 1],
  ['service/balancer-pending', 0.3],
  ['statefulset/on-delete', 0.5],
  ['statefulset/partition', 4],
  ['statefulset/ready', 4.5],
  ['statefulset/update-ready', 6],
];

describe('a rollout that succeeds', () => {
  test.each(successes)('%s is ready within %d s and never fails', (name, within) => {
    // The Secret of `secret-late` came 6.3 s after the start.
    const read = (_: unknown, at: number): 'present' | 'missing' =>
      at > 6_314 ? 'present' : 'missing';
    const moments = replay(name, { read, longer: 12_000 });
    const at = (firstAt(moments, ready) ?? Infinity) - targetOf(name).at;
    expect(at).toBeLessThanOrEqual(within * 1_000 + 500);
    expect(moments.filter(({ verdict }) => fatal(verdict))).toEqual([]);
    expect(moments.at(-1)?.verdict.state).toBe('ready');
  });

  test.each(['crash-loop', 'exec-format', 'exit-127', 'out-of-memory', 'sidecar-crash'])(
    'deployment/%s is never called ready, although the API calls it available at times',
    (name) => expect(firstAt(replay(`deployment/${name}`), ready)).toBeUndefined(),
  );

  test.each(['cronjob/suspended', 'job/suspended'])('%s is not waited for', (name) => {
    expect(replay(name).at(-1)?.verdict.state).toBe('suspended');
  });

  test('a registry that is dead or limits the rate is only reported while it may come back', () => {
    for (const name of ['deployment/registry-dead', 'deployment/pull-limited']) {
      const moments = replay(name);
      expect(firstAt(moments, fatal)).toBeUndefined();
      expect(moments.at(-1)?.verdict.findings[0]).toMatchObject({
        code: 'image-pull-failed',
        severity: 'warning',
      });
    }
  });
});

describe('what a finding says', () => {
  const first = (name: string) =>
    replay(name, { longer: 70_000 }).find(({ verdict }) => fatal(verdict))?.verdict.findings[0];

  test('pods with one cause are one finding, with their number', () => {
    const found = first('deployment/image-not-found');
    expect(found?.count).toBe(2);
    expect(found?.node).toBe('lab-node');
    expect(found?.evidence.join()).toMatch(/2 pods: backend-.*, backend-/);
  });

  test.each(['image-not-found', 'pull-denied'])(
    '%s of a bare name: that a line of images was meant to name it',
    (recorded) => {
      const hintOf = (rewrite?: (text: string) => string) =>
        replay(`deployment/${recorded}`, { longer: 70_000, ...(rewrite ? { rewrite } : {}) }).find(
          ({ verdict }) => fatal(verdict),
        )?.verdict.findings[0]?.hint;
      const bare = hintOf((text) => text.replaceAll(/127\.0\.0\.1:\d+\/[\w/-]+:\w+/g, 'backend'));
      expect(bare).toContain('`backend` has no registry');
      expect(bare).toContain('backend=sha256:…');
      expect(hintOf()).not.toContain('has no registry');
      const tagged = hintOf((text) =>
        text.replaceAll(/127\.0\.0\.1:\d+\/[\w/-]+:\w+/g, 'backend:1'),
      );
      expect(tagged).not.toContain('has no registry');
    },
  );

  test('the log of the container that died is asked for first', () => {
    expect(first('deployment/crash-loop')?.logs?.map(({ previous }) => previous)).toEqual([
      true,
      false,
    ]);
    expect(first('job/failed')?.logs).toEqual([
      expect.objectContaining({ container: 'migrate', previous: false }),
    ]);
  });

  test('a missing key is named with its Secret', () => {
    expect(first('deployment/secret-key-missing')?.what).toContain(
      'needs the key password of Secret/db',
    );
  });

  test('a pod of the release before is not judged, unless it holds the update back', () => {
    expect(first('deployment/update-bad')?.count).toBe(1);
    expect(first('statefulset/stuck-old')?.hint).toBe(
      'Delete that pod: kubectl delete pod backend-0',
    );
  });

  test('an exit code is explained', () => {
    expect(first('deployment/exit-127')?.what).toContain('the command was not found');
    expect(first('deployment/out-of-memory')?.evidence).toContain('memory limit: 48Mi');
  });
});

test('no recording keeps anything of the machine it was made on but addresses of loopback', () => {
  const names = [...failures, ...successes].map(([name]) => name);
  for (const name of names) {
    const images = JSON.stringify(steps(recording(name)).map(({ object }) => object));
    for (const [, host] of images.matchAll(/"image":"([^/"]+)\//g)) {
      expect(host).toMatch(/^(127\.0\.0\.1:\d+|registry\.example)$/);
    }
  }
});
