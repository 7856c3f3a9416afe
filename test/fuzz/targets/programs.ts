// What programs print: the scanner's reports, the build's progress, the builder's facts.
import fc from 'fast-check';
import { pushedDigests } from '../../../src/build/bake-definition.ts';
import { buildFailure } from '../../../src/build/build-failure.ts';
import { readBuilder } from '../../../src/build/builder.ts';
import { buildLog, imageSpans, narrateBuild } from '../../../src/build/narrate-build.ts';
import { readProgress } from '../../../src/build/progress.ts';
import { Secret } from '../../../src/core/secret.ts';
import { loadKubeconfig } from '../../../src/platform/kubeconfig.ts';
import { readDatabaseDates } from '../../../src/scan/database.ts';
import { scanFailure } from '../../../src/scan/failure.ts';
import { findingsOf } from '../../../src/scan/findings.ts';
import { judgeScan } from '../../../src/scan/gate.ts';
import { readScan } from '../../../src/scan/problems.ts';
import type { ScanResult } from '../../../src/scan/result.ts';
import { categorised } from '../../../src/scan/sarif.ts';
import { mutated, spliced, text, value } from '../arbitraries.ts';
import { textOf } from '../data.ts';
import { fixture } from '../fixtures.ts';
import { target } from '../target.ts';

const reports = ['image-vulnerable', 'image-ignored', 'image-clean', 'config'];

const report = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .constantFrom(...reports)
      .chain((name) => mutated({ $fixture: `trivy/${name}.json` }, 6)),
  },
  { weight: 1, arbitrary: value },
);

const secretResult = {
  SchemaVersion: 2,
  Results: [
    {
      Target: 'app/key.pem',
      Class: 'secret',
      Secrets: [
        {
          RuleID: 'private-key',
          Severity: 'HIGH',
          Title: 'Key',
          StartLine: 3,
          Match: { $secret: [0, 'raw'] },
          Code: { Lines: [{ Content: { $secret: [0, 'raw'] } }] },
        },
      ],
    },
  ],
};

interface Scan {
  readonly report: unknown;
  readonly before: unknown;
  readonly stderr: unknown;
  readonly kind: unknown;
}

function scan({ report: given, before, stderr, kind }: Scan) {
  const failed = scanFailure({
    subject: 'image backend',
    stderr: textOf(stderr),
    severity: 'warning',
  });
  const found = readScan(textOf(given));
  if (!found) return { findings: [failed] };
  const severities = ['CRITICAL', 'HIGH', 'MEDIUM'] as const;
  const rules = { severities, ignoreUnfixed: false };
  const judged = judgeScan(found, rules, readScan(textOf(before))?.problems);
  const result: ScanResult = {
    name: 'backend',
    kind: kind === 'files' ? 'files' : 'image',
    state: judged.counting.length > 0 ? 'found' : 'passed',
    ...(found.system === undefined ? {} : { system: found.system }),
    endOfLife: found.endOfLife,
    severities,
    ...judged,
    accepted: found.accepted,
    comparedWith: ['registry.example/shop/backend:1'],
    files: {},
    from: 0,
    to: 900,
  };
  const findings = [...findingsOf(result, [], 'fatal'), failed];
  return { findings, outcome: { scans: [result] } };
}

const vertex = {
  vertexes: [
    {
      digest: 'sha256:1',
      name: '[backend build 3/7] RUN npm ci',
      started: '2026-11-28T00:15:59Z',
      completed: '2026-11-28T00:16:09Z',
      error: 'process "/bin/sh -c npm ci" did not complete successfully: exit code: 1',
      cached: false,
    },
    { digest: 'sha256:2', name: 'exporting to image', started: '2026-11-28T00:16:09Z' },
  ],
  statuses: [{ id: 'pushing layers', vertex: 'sha256:2', started: '2026-11-28T00:16:09Z' }],
  logs: [{ vertex: 'sha256:1', stream: 1, data: 'bnBtIEVSUiE=' }],
  warnings: [
    {
      vertex: 'sha256:1',
      short: 'eA==',
      sourceInfo: { filename: 'Dockerfile' },
      range: [{ start: { line: 3 } }],
    },
  ],
};

const credential = {
  apiVersion: 'client.authentication.k8s.io/v1',
  kind: 'ExecCredential',
  status: {
    token: 'abcdefgh',
    expirationTimestamp: '2026-11-27T20:00:00Z',
    clientCertificateData: '-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n',
    clientKeyData: '-----BEGIN PRIVATE KEY-----\nMII=\n-----END PRIVATE KEY-----\n',
  },
};

const recordedBuild = String(fixture('text:buildx/run-failed.jsonl')).slice(0, 6_000);

const buildLines = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .array(
        fc.oneof(
          mutated(vertex).map((each) => ({ $json: each })),
          text,
        ),
        { maxLength: 6 },
      )
      .map((lines) => ({ $join: lines.flatMap((line) => [line, '\n']) })),
  },
  { weight: 2, arbitrary: spliced(fc.constant(recordedBuild)) },
  {
    weight: 1,
    arbitrary: fc.tuple(text, fc.nat(500)).map(([word, line]) => ({
      $join: [
        'Dockerfile:',
        String(line),
        '\n-----------\nERROR: dockerfile parse error on line ',
        String(line),
        ': x: ',
        word,
      ],
    })),
  },
);

export const programTargets = {
  'scan-report': target<Scan>(
    fc.record({
      report: fc.oneof(
        { weight: 5, arbitrary: report.map((each) => ({ $json: each })) },
        { weight: 2, arbitrary: mutated(secretResult).map((each) => ({ $json: each })) },
        { weight: 1, arbitrary: text },
      ),
      before: fc.constant('{}'),
      stderr: spliced(
        fc.constantFrom(
          '2026-11-27T12:00:00Z\tFATAL\tFatal error\timage scan error: UNAUTHORIZED\n',
          'dial tcp: i/o timeout\nx\n',
        ),
      ),
      kind: fc.constantFrom('image', 'files'),
    }),
    scan,
  ),

  sarif: target<unknown>(
    fc.oneof(
      mutated({
        version: '2.1.0',
        runs: [{ tool: {}, results: [{ message: { text: 'x' } }] }],
      }).map((each) => ({ $json: each })),
      text,
    ),
    (given) => {
      const dates = readDatabaseDates(textOf(given));
      categorised(textOf(given), 'webgen-deploy/backend');
      return { lines: [dates ? 'dates' : 'none'] };
    },
  ),

  'build-log': target<unknown>(buildLines, (given) => {
    const targets = { backend: 'backend', frontend: 'frontend' };
    const progress = readProgress(Object.keys(targets));
    const narrator = narrateBuild(progress, targets);
    const told = textOf(given)
      .split('\n')
      .flatMap((line) => narrator.changed(progress.line(line)));
    const waiting = narrator.waiting(Date.UTC(2026, 11, 1));
    imageSpans(progress, targets);
    const { finding } = buildFailure({
      progress,
      targets,
      dockerfiles: { backend: 'Dockerfile', frontend: 'web/Dockerfile' },
      texts: { backend: 'FROM x\nRUN y\n' },
      exitCode: 1,
      logLines: 30,
    });
    const warnings = progress.warnings.map(
      (each) => `${each.text} ${each.file ?? ''}:${each.line}`,
    );
    const log = buildLog(progress, undefined);
    return { findings: [finding], lines: [...told, ...waiting, ...warnings, ...log] };
  }),

  'exec-plugin': target<unknown>(
    fc.oneof(
      { weight: 5, arbitrary: mutated(credential).map((each) => ({ $json: each })) },
      { weight: 1, arbitrary: text },
    ),
    async (given) => {
      // As a program prints it; the system takes no longer argument, and no NUL.
      const printed = textOf(given).slice(0, 30_000).replaceAll('\0', '');
      const exec = { apiVersion: credential.apiVersion, command: 'echo', args: ['-n', printed] };
      const config = {
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'a',
        clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
        users: [{ name: 'u', user: { exec } }],
        contexts: [{ name: 'a', context: { cluster: 'c', user: 'u' } }],
      };
      const access = await loadKubeconfig(new Secret(JSON.stringify(config)));
      const authorization = await access.authorization(false);
      await access.clientCertificate();
      return { lines: [authorization ? 'a token' : 'none'] };
    },
  ),

  builder: target<unknown>(
    fc.oneof(
      {
        weight: 2,
        arbitrary: spliced(fc.constant('Name: x\nDriver: docker\nNodes:\nName: x0\nError: y\n')),
      },
      {
        weight: 1,
        arbitrary: mutated({ backend: { 'containerimage.digest': 'sha256:1' } }).map((each) => ({
          $json: each,
        })),
      },
    ),
    (given) => {
      const builder = readBuilder(textOf(given));
      const digests = pushedDigests(textOf(given));
      return { lines: [builder.name, builder.error ?? '', ...Object.values(digests)] };
    },
  ),
};
