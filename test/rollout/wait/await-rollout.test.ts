// The whole wait over recorded rollouts: what is reported, what is read, when it ends and how.
import { afterEach, describe, expect, test } from '@jest/globals';
import type { ApiResponse } from '../../../src/core/ports.ts';
import type { LiveFinding } from '../../../src/rollout/facts/verdict.ts';
import { type AwaitResult, awaitRollout } from '../../../src/rollout/wait/await-rollout.ts';
import { judgeNow } from '../../../src/rollout/wait/judge-now.ts';
import { type PlayedApi, type PlayOptions, playedApi } from '../../support/cluster/played-api.ts';
import { jumpingClock } from '../../support/manual-clock.ts';
import { recording, targetOf } from '../../support/rollout/recording.ts';

const open: PlayedApi[] = [];
afterEach(() => {
  for (const api of open.splice(0)) api.close();
});

interface Waited extends AwaitResult {
  readonly lines: readonly string[];
  readonly reported: readonly LiveFinding[];
  readonly api: PlayedApi;
  /** Milliseconds of the recording's time. */
  readonly lasted: number;
}

interface Scene extends Partial<PlayOptions> {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

function play(name: string, scene: Scene = {}) {
  const clock = jumpingClock();
  const write = targetOf(name);
  const api = playedApi(name, { from: write.at, ...scene, clock });
  open.push(api);
  const writtenAt = Date.parse(recording(name).startedAt) + write.at;
  return { api, clock, targets: [{ object: write.object, writtenAt }] };
}

const wait = (name: string, scene: Scene = {}) => waitFor(play(name, scene), scene);

async function waitFor(
  { api, clock, targets }: ReturnType<typeof play>,
  scene: Scene,
): Promise<Waited> {
  const lines: string[] = [];
  const reported: LiveFinding[] = [];
  const from = clock.now();
  const result = await awaitRollout({
    api,
    clock,
    targets,
    timeoutMs: scene.timeoutMs ?? 300_000,
    logLines: 5,
    ...(scene.signal ? { signal: scene.signal } : {}),
    onLine: (line) => lines.push(line),
    onFinding: (finding) => reported.push(finding),
  });
  return { ...result, lines, reported, api, lasted: clock.now() - from };
}

const text = (body: string): ApiResponse => ({ status: 200, headers: {}, body });
const logs =
  (previous: ApiResponse | undefined, current: ApiResponse) =>
  (path: string): ApiResponse | undefined => {
    if (!path.includes('/log?')) return undefined;
    return path.includes('previous=true') ? previous : current;
  };

describe('a rollout that becomes ready', () => {
  test('is reported by its counts and ends with it', async () => {
    const { lines, workloads, findings, timedOut, lasted } = await wait('deployment/ready');
    // The counts come from the ReplicaSet: they may arrive a moment before the Deployment's own.
    expect(lines.join('\n')).toMatch(/^Deployment\/backend: available (\d → )?3 of 3/m);
    expect(lines.at(-1)).toMatch(/^Deployment\/backend: (available .*, )?ready$/);
    expect(workloads).toMatchObject([
      { object: 'Deployment/backend', verdict: { state: 'ready' } },
    ]);
    expect({ findings, timedOut }).toEqual({ findings: [], timedOut: false });
    expect(lasted).toBeLessThan(8_000);
  });

  test('needs few requests: a list and a watch for each kind', async () => {
    const { api } = await wait('deployment/update-ready');
    expect(api.requests).toBe(8);
  });

  test('a Secret that comes late is warned of and read, and it does not fail', async () => {
    const here = { status: 200, headers: {}, body: { data: { password: 'aHVudGVyMg==' } } };
    const answer = (path: string) => (path.includes('/secrets/') ? here : undefined);
    const waited = await wait('deployment/secret-late', { answer });
    expect(waited.workloads[0]?.verdict.state).toBe('ready');
    expect(waited.reported.map(({ severity }) => severity)).toEqual(['warning']);
    expect(JSON.stringify(waited)).not.toContain('aHVudGVyMg');
  });
});

describe('a rollout that fails', () => {
  test('says it once as a warning and once as a failure, with the logs', async () => {
    const answer = logs(text('\u001b[31mboom\u001b[0m\n::error::injected\n'), text(''));
    const { reported, findings, lines } = await wait('deployment/crash-loop', { answer });
    expect(reported.map(({ severity }) => severity)).toEqual(['warning', 'fatal']);
    expect(lines.filter((line) => line.includes('crash-loop'))).toHaveLength(2);
    const [finding] = findings;
    expect(finding).toMatchObject({
      code: 'crash-loop',
      severity: 'fatal',
      object: 'Deployment/backend',
    });
    expect(finding?.logs).toHaveLength(1);
    expect(finding?.logs?.[0]).toMatchObject({ previous: true, container: 'backend' });
    expect(finding?.logs?.[0]?.lines[0]).toBe('boom');
    expect(finding?.logs?.[0]?.lines[1]).not.toMatch(/^\s*::/);
    expect(finding).not.toHaveProperty('fatalAt');
  });

  test('logs that cannot be had are evidence', async () => {
    const refused = { status: 403, headers: {}, body: { message: 'pods/log is forbidden' } };
    const gone = text('unable to retrieve container logs for containerd://1234');
    const { findings } = await wait('deployment/crash-loop', { answer: logs(gone, refused) });
    expect(findings[0]?.logs).toBeUndefined();
    expect(findings[0]?.evidence.join('\n')).toMatch(/previous log of .* any more/);
    expect(findings[0]?.evidence.join('\n')).toContain('pods/log is forbidden');
  });

  test('a log that names the wrong platform changes the hint', async () => {
    const foreign = text('exec /bad: exec format error');
    const { findings } = await wait('deployment/exec-format', { answer: logs(foreign, foreign) });
    expect(findings[0]?.hint).toContain('platform');
  });

  test('a missing key is read once, and only the names of the others are reported', async () => {
    const secret = { status: 200, headers: {}, body: { data: { user: 'c2VjcmV0' } } };
    const answer = (path: string) => (path.endsWith('/secrets/db') ? secret : undefined);
    const waited = await wait('deployment/secret-key-missing', { answer });
    expect(waited.api.asked.filter((path) => path.endsWith('/secrets/db'))).toHaveLength(1);
    expect(waited.findings[0]).toMatchObject({ code: 'config-missing', severity: 'fatal' });
    expect(waited.findings[0]?.evidence).toContain('keys it has: user');
    expect(JSON.stringify(waited.findings)).not.toContain('c2VjcmV0');
  });
});

describe('a wait that ends otherwise', () => {
  test('at the deadline it says what it waited for, with the best that is known', async () => {
    const { timedOut, findings } = await wait('deployment/registry-dead', { timeoutMs: 20_000 });
    expect(timedOut).toBe(true);
    expect(findings.map(({ code }) => code)).toEqual(['timed-out', 'image-pull-failed']);
    expect(findings[0]?.what).toBe('Deployment/backend was not ready in 20 s');
    expect(findings[0]?.evidence.join('\n')).toMatch(
      /waited for: 0 of 1 available[\s\S]*image-pull-failed/,
    );
  });

  test('a reminder comes every thirty seconds', async () => {
    const { lines } = await wait('deployment/registry-dead', { timeoutMs: 70_000 });
    const reminders = lines.filter((line) => line.startsWith('still waiting'));
    expect(reminders).toHaveLength(2);
    expect(reminders[0]).toContain('Deployment/backend (0 of 1 available; image-pull-failed)');
  });

  test('cancelled, it ends at once and fails nobody', async () => {
    const stop = new AbortController();
    const { clock, ...scene } = play('deployment/cpu-short');
    void clock.sleep(4_000).then(() => stop.abort(new Error('SIGTERM')));
    const waited = await waitFor({ clock, ...scene }, { signal: stop.signal });
    expect(waited.cancelled).toBe(true);
    expect(waited.findings.every(({ severity }) => severity !== 'fatal')).toBe(true);
    expect(waited.lasted).toBeLessThan(4_100);
  });

  test('while the API is away no budget runs out', async () => {
    const away = [5_000, 45_000] as const;
    const { lines, reported, lasted } = await wait('deployment/selector-unmet', { away });
    expect(lines.join('\n')).toMatch(/was unreachable; the last \d+ s do not count/);
    expect(reported.map(({ severity }) => severity)).toEqual(['warning', 'fatal']);
    expect(lasted).toBeGreaterThan(60_000);
  });
});

test('an API that stays away does not hold the wait beyond its time', async () => {
  const away = [5_000, Infinity] as const;
  const { timedOut, lasted } = await wait('deployment/selector-unmet', { away, timeoutMs: 40_000 });
  expect(timedOut).toBe(true);
  expect(lasted).toBeLessThan(45_000);
});

test('one look judges what stands there', async () => {
  const { api, clock, targets } = play('deployment/image-not-found', { from: 30_000 });
  const { workloads, findings } = await judgeNow({
    api,
    clock,
    targets: targets.map(({ object }) => ({ object })),
    logLines: 5,
  });
  expect(workloads).toMatchObject([{ verdict: { state: 'failed' } }]);
  expect(findings).toMatchObject([{ code: 'image-not-found', severity: 'fatal', count: 2 }]);
});
