// What buildx said in real runs (0.13, indented), read, told to people and turned into findings.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { pushedDigests } from '../../src/build/bake-definition.ts';
import { buildFailure } from '../../src/build/build-failure.ts';
import { buildLog, imageSpans, narrateBuild } from '../../src/build/narrate-build.ts';
import { type Progress, readProgress } from '../../src/build/progress.ts';

const recorded = (name: string) =>
  readFileSync(join(import.meta.dirname, '..', 'fixtures', 'buildx', name), 'utf8');

const targets = { backend: 'backend', frontend: 'frontend' };

/** The same messages as newer versions write them: an object a line. */
function onLines(text: string): string {
  return text.replaceAll(/^\{\n[\s\S]*?^\}$/gm, (each) => JSON.stringify(JSON.parse(each)));
}

function play(text: string, names = targets): { progress: Progress; told: readonly string[] } {
  const progress = readProgress(Object.keys(names));
  const narrator = narrateBuild(progress, names);
  const told = text.split('\n').flatMap((line) => narrator.changed(progress.line(line)));
  return { progress, told };
}

const forms = [
  ['indented', (text: string) => text],
  ['an object a line', onLines],
] as const;

describe.each(forms)('a build, %s', (_, as) => {
  const { progress, told } = play(as(recorded('run-built.jsonl')));

  test('is told by image and stage, with the slow step and the push', () => {
    expect(told).toEqual([
      expect.stringMatching(/^frontend: stage build: 2 steps.*all cached$/),
      expect.stringMatching(/^frontend: stage stage-1: 1 step.*all cached$/),
      expect.stringMatching(
        /^backend: stage build: 2 steps in .*slowest: RUN --network=none .*, 1\.\d s$/,
      ),
      expect.stringMatching(/^backend: stage stage-1: 1 step in /),
      expect.stringMatching(/^frontend: exported in .*, pushed in /),
      expect.stringMatching(/^backend: exported in .*, pushed in /),
    ]);
  });

  test('has a time for each image and its push', () => {
    const spans = imageSpans(progress, targets);
    expect(spans.map(({ image }) => image)).toEqual(['backend', 'frontend']);
    for (const { build, push } of spans) {
      expect(build.to).toBeGreaterThan(build.from);
      expect(push?.to).toBeGreaterThan(push?.from ?? 0);
      expect(push?.from).toBeGreaterThanOrEqual(build.to);
    }
  });

  test('has its whole log', () => {
    const log = buildLog(progress, 'backend');
    expect(log).toContainEqual(expect.stringMatching(/^\[build 2\/2\] RUN .* · 1\.\d s$/));
    expect(progress.plain).toEqual([]);
  });
});

test('its metadata names what was pushed', () => {
  const digests = pushedDigests(recorded('metadata.json'));
  expect(Object.keys(digests)).toEqual(['backend', 'frontend']);
});

describe.each(forms)('a build that fails, %s', (_, as) => {
  const { progress } = play(as(recorded('run-failed.jsonl')));
  const dockerfiles = { backend: 'backend/Dockerfile', frontend: 'frontend/Dockerfile' };
  const failed = { progress, targets, dockerfiles, exitCode: 1, logLines: 30 };

  test('is the step, its line and its log, and not the one that was only cancelled', () => {
    const { finding, passing } = buildFailure(failed);
    expect(passing).toBe(false);
    expect(finding).toMatchObject({
      code: 'build-failed',
      severity: 'fatal',
      file: 'backend/Dockerfile',
      line: 4,
    });
    expect(finding.what).toMatch(/^Image backend could not be built: RUN .*crash/);
    expect(finding.evidence[0]).toContain('did not complete successfully: exit code: 3');
    expect(finding.evidence.slice(1).join('\n')).toContain('cannot reach the database');
  });

  test('shows as many log lines as are asked for', () => {
    expect(buildFailure({ ...failed, logLines: 0 }).finding.evidence).toHaveLength(1);
  });
});

describe('a Dockerfile that cannot be parsed', () => {
  const said = 'ERROR: failed to solve: dockerfile parse error on line 3: unknown instruction: RNU';
  const cancelled = { digest: 'd', name: '[frontend internal] load .dockerignore' };
  const { progress } = play(
    `${JSON.stringify({ vertexes: [{ ...cancelled, error: 'context canceled' }] })}\n${said}\n`,
  );
  const dockerfiles = { backend: 'backend/Dockerfile', frontend: 'frontend/Dockerfile' };
  const texts = { backend: 'FROM a\n\nRNU x\n', frontend: 'FROM a\n\nRUN x\n' };
  const failed = { progress, targets, dockerfiles, exitCode: 1, logLines: 5 };

  test('is found by its line, and no image that was cancelled with it is blamed', () => {
    const { finding } = buildFailure({ ...failed, texts });
    expect(finding).toMatchObject({
      code: 'dockerfile-invalid',
      file: 'backend/Dockerfile',
      line: 3,
      what: 'Image backend has a Dockerfile that cannot be built',
    });
    expect(finding.evidence).toEqual([said]);
  });

  test('is told without a place where several have that line', () => {
    const { finding } = buildFailure({ ...failed, texts: { ...texts, frontend: texts.backend } });
    expect(finding.code).toBe('dockerfile-invalid');
    expect(finding.file).toBeUndefined();
  });
});

const vertex = (name: string, error: string) =>
  JSON.stringify({ vertexes: [{ digest: 'd', name, completed: '2026-01-01T00:00:00Z', error }] });

function finding(name: string, error: string) {
  const { progress } = play(vertex(name, error), { backend: 'backend', frontend: 'x' });
  const dockerfiles = { backend: 'Dockerfile', x: 'Dockerfile' };
  return buildFailure({ progress, targets, dockerfiles, exitCode: 1, logLines: 5 });
}

describe('what the words mean', () => {
  const exporting = '[backend] exporting to image';
  const load = '[backend internal] load build definition from Dockerfile';
  test.each([
    [
      exporting,
      'failed to push r/x:1: unexpected status: 401 Unauthorized',
      'registry-unauthenticated',
      false,
    ],
    [
      exporting,
      'unauthorized: Authentication problem ; requestId = 1',
      'registry-unauthenticated',
      false,
    ],
    [
      exporting,
      'unauthorized: Password is invalid - must be OAuth token. Read more: …',
      'registry-unauthenticated',
      false,
    ],
    [
      exporting,
      'push access denied, repository does not exist: insufficient_scope',
      'registry-denied',
      false,
    ],
    [exporting, 'denied: Permission denied ; requestId = 1', 'registry-denied', false],
    [exporting, 'name unknown: Registry <crp1> not found', 'registry-denied', false],
    [exporting, 'unexpected status: 405 Method Not Allowed', 'registry-read-only', false],
    [
      exporting,
      'failed to do request: Head "https://r": dial tcp: connect: connection refused',
      'registry-unreachable',
      true,
    ],
    [
      exporting,
      'unexpected status from POST request to http://r: 503 Service Unavailable',
      'registry-unreachable',
      true,
    ],
    [exporting, 'failed to copy: write /root/x: no space left on device', 'disk-full', false],
    [
      '[backend internal] load metadata for docker.io/library/node:24',
      '429 Too Many Requests - toomanyrequests',
      'registry-unreachable',
      true,
    ],
    [
      load,
      'failed to read dockerfile: open Dockerfile: no such file or directory',
      'dockerfile-invalid',
      false,
    ],
    [
      load,
      'dockerfile parse error on line 2: unknown instruction: RNU',
      'dockerfile-invalid',
      false,
    ],
    [
      '[backend 2/3] COPY x /x',
      'failed to compute cache key: "/x": not found',
      'dockerfile-invalid',
      false,
    ],
    [
      '[backend 2/3] RUN make',
      'process "/bin/sh -c make" did not complete successfully: exit code: 137',
      'build-failed',
      false,
    ],
    ['[backend 2/3] RUN make', 'something new', 'build-failed', false],
  ])('%s: %s is %s', (name, error, code, passing) => {
    expect(finding(name, error)).toMatchObject({ finding: { code }, passing });
  });

  test('a program of the user’s own that says such words is a failed build', () => {
    const said =
      'process "/bin/sh -c curl 401 Unauthorized denied: no space left on device" did not complete successfully: exit code: 22';
    expect(finding('[backend 2/3] RUN curl …', said).finding.code).toBe('build-failed');
  });
});

describe('hostile and broken lines', () => {
  test('noise, half a character and a piece of a line do no harm', () => {
    const bytes = Buffer.from('жена\nsecond');
    const log = (data: Buffer) =>
      JSON.stringify({ logs: [{ vertex: 'd', stream: 1, data: data.toString('base64') }] });
    const { progress } = play(
      [
        '#0 noise',
        '{',
        '}',
        '{"vertexes":null}',
        log(bytes.subarray(0, 3)),
        log(bytes.subarray(3)),
      ].join('\n'),
    );
    expect(progress.logOf('d')).toEqual(['жена', 'second']);
    expect(progress.plain).toEqual(['#0 noise']);
  });

  test('a step that failed for another image and then ended well is no failure', () => {
    const at = (second: number) => new Date(second * 1000).toISOString();
    const name = '[backend 1/1] COPY a /a';
    const lines = [
      { digest: 'd', name, started: at(1), completed: at(2), error: 'context canceled' },
      { digest: 'd', name, started: at(3) },
      { digest: 'd', name, started: at(3), completed: at(4) },
    ].map((each) => JSON.stringify({ vertexes: [each] }));
    const { progress } = play(lines.join('\n'));
    expect(progress.steps.get('d')?.error).toBeUndefined();
  });

  test('a step that takes long is named, not too often', () => {
    const progress = readProgress(['backend', 'frontend']);
    const narrator = narrateBuild(progress, targets);
    const started = new Date(1_000_000).toISOString();
    progress.line(
      JSON.stringify({ vertexes: [{ digest: 'd', name: '[backend 2/3] RUN npm ci', started }] }),
    );
    expect(narrator.waiting(1_010_000)).toEqual([]);
    expect(narrator.waiting(1_030_000)).toEqual(['backend: RUN npm ci runs for 30 s now']);
    expect(narrator.waiting(1_040_000)).toEqual([]);
    expect(narrator.waiting(1_065_000)).toEqual(['backend: RUN npm ci runs for 1 min 5 s now']);
  });
});
