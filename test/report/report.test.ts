import { describe, expect, test } from '@jest/globals';
import { type Finding, finding } from '../../src/core/errors.ts';
import { known } from '../../src/core/redaction/redaction.ts';
import { images as readImages } from '../../src/inputs/lists.ts';
import { causesOf } from '../../src/report/findings.ts';
import { code, fence, link, prose } from '../../src/report/markdown.ts';
import type { Outcome } from '../../src/report/outcome.ts';
import {
  annotationsOf,
  outputsOf,
  renderReport,
  renderSummary,
  renderText,
} from '../../src/report/render.ts';
import { gantt } from '../../src/report/timeline.ts';
import { outputsWithoutSecrets, shownOutcome } from '../../src/report/without-secrets.ts';
import { hostileLines, outcomes } from '../support/report/outcomes.ts';

function outcome(name: string, parts: Partial<Outcome> = {}): Outcome {
  const found = outcomes[name];
  if (!found) throw new Error(`no outcome ${name}`);
  return { ...found, ...parts };
}

describe('findings', () => {
  test('causes come before consequences, fatal ones before warnings, else in their order', () => {
    const found = [
      finding('timed-out', 'late'),
      finding('probe-failing', 'slow', { severity: 'note' }),
      finding('probe-failing', 'slower', { severity: 'warning' }),
      finding('crash-loop', 'first'),
      finding('out-of-memory', 'second'),
    ];
    const order = ['first', 'second', 'late', 'slower', 'slow'];
    expect(causesOf(found).map((each) => each.what)).toEqual(order);
  });

  test('pods of one workload with one cause are one finding, other containers are not', () => {
    const at = (pod: string, container: string) =>
      finding('crash-loop', `${pod} crashed`, { object: 'Job/a', pod, container, evidence: [pod] });
    const causes = causesOf([at('a-1', 'x'), { ...at('a-2', 'x'), count: 2 }, at('a-3', 'y')]);
    expect(causes.map((each) => each.count)).toEqual([3, undefined]);
    expect(causes[0]?.evidence).toEqual(['a-1', 'a-2']);
  });

  test('what a timeout was late for is not reported twice', () => {
    const image = finding('image-not-found', 'no such image', {
      object: 'Deployment/a',
      severity: 'warning',
    });
    const late = finding('timed-out', 'late', {
      object: 'Deployment/a',
      evidence: ['waited for: 0 of 1', 'image-not-found: no such image'],
    });
    const other = { ...image, object: 'Deployment/b' };
    expect(causesOf([late, image, other])).toEqual([late, other]);
  });

  test('two input problems stay two', () => {
    expect(causesOf(outcome('inputs-invalid').findings)).toHaveLength(3);
  });

  test('annotations: ten of each severity, no notes', () => {
    const many = (severity: Finding['severity']) =>
      Array.from({ length: 15 }, (_, at) =>
        finding('job-failed', `${severity} ${at}`, { severity }),
      );
    const findings = [...many('note'), ...many('warning'), ...many('fatal')];
    const shown = annotationsOf(outcome('deployed', { findings })).map((each) => each.severity);
    expect(shown).toEqual([...Array(10).fill('fatal'), ...Array(10).fill('warning')]);
  });
});

describe('outputs', () => {
  test('error-code is the first cause; of a cancelled run always cancelled', () => {
    const { findings } = outcome('image-not-found');
    expect(outputsOf(outcome('image-not-found'))['error-code']).toBe('image-not-found');
    expect(outputsOf(outcome('cancelled', { findings }))['error-code']).toBe('cancelled');
    expect(outputsOf(outcome('deployed'))['error-code']).toBe('');
  });

  test('are one line each, name no old command, and parse back to what they were', () => {
    const hostile = outcome('crash-loop-hostile');
    const outputs = outputsOf(hostile);
    for (const value of Object.values(outputs)) expect(value).not.toMatch(/[\r\n]|##\[/);
    expect(JSON.parse(outputs['images'] ?? '')).toEqual(hostile.images);
  });

  test('digest-lines are what the input images reads, without a brace, a registry or a hostile name', () => {
    const digest = `sha256:${'0a'.repeat(32)}`;
    const images = {
      backend: `registry.yandexcloud.net/crp1/backend@${digest}`,
      'team/front-end': `ghcr.io/acme/team/front-end:1@${digest}`,
      tagged: 'ghcr.io/acme/tagged:1',
      'a=b': `ghcr.io/acme/a@${digest}`,
      'a\n::error::b': `ghcr.io/acme/a@${digest}`,
    };
    const lines = outputsOf(outcome('deployed', { images }))['digest-lines'] ?? '';
    expect(lines).toBe(`backend=${digest}\nteam/front-end=${digest}`);
    const read = readImages(lines, 'images');
    expect(read).toEqual({ value: { backend: digest, 'team/front-end': digest } });
  });

  test('findings hold the contract’s keys only', () => {
    const [, second] = JSON.parse(outputsOf(outcome('image-not-found'))['findings'] ?? '');
    expect(Object.keys(second).join(' ')).toBe(
      'code severity object namespace pod container file line what evidence hint',
    );
  });
});

describe('the summary keeps below its limit', () => {
  const limit = 1024 * 1024;
  const bytes = (text: string): number => Buffer.byteLength(text);

  test('with ten thousand findings, and says what it left out', () => {
    const findings = Array.from({ length: 10_000 }, (_, at) =>
      finding('job-failed', `Job ${at}: ${'ж'.repeat(100)}`, { evidence: hostileLines }),
    );
    const text = renderSummary(outcome('deployed', { status: 'failed', findings }));
    expect(bytes(text)).toBeLessThan(limit);
    expect(text).toMatch(/Left out, since GitHub drops summaries above 1 MiB: \d+ × job-failed/);
    expect(text).toContain('### Workloads');
  });

  test('with endless logs, evidence, words, names and rows', () => {
    const long = 'ж'.repeat(2_000_000);
    const base = outcome('crash-loop-hostile');
    const [first] = base.findings;
    if (!first) throw new Error('no finding');
    const lines = Array.from({ length: 50_000 }, (_, at) => `line ${at}`);
    const log = {
      pod: long,
      container: long,
      previous: false,
      lines: [long, ...lines, 'the last'],
    };
    const text = renderSummary({
      ...base,
      app: long,
      findings: [{ ...first, what: long, evidence: [long, ...lines], logs: [log] }],
      changes: lines.map(() => ({ object: long, change: 'created' })),
      images: { [long]: long },
    });
    expect(bytes(text)).toBeLessThan(limit);
    expect(text).toContain('the last\n```');
    expect(text).toContain('earlier lines left out');
    expect(text).toContain('more rows in the report file');
  });
});

describe('markdown', () => {
  test('a fence is longer than any run of backticks inside', () => {
    expect(fence(['a ```` b'])).toBe('`````\na ```` b\n`````');
    expect(fence([])).toBe('```\n```');
  });

  test('text cannot become markup, table cells, mentions or links', () => {
    for (const line of hostileLines) {
      const rest = `${prose(line)} ${code(line)}`.replaceAll(/<\/?code>|&#\d+;/g, '');
      expect(rest).not.toMatch(/[<>|`*_~[\]\\@]|:\/\/|www\./);
    }
  });

  test('only a plain address becomes a link', () => {
    expect(link('run', 'https://github.com/o/r/actions/runs/1')).toContain('](https://');
    expect(link('run', 'javascript:alert(1)')).toBe('run');
    expect(link('run', 'https://x/)](y')).toBe('run');
  });
});

describe('the run of a recorded release', () => {
  const release = (runUrl: string) => ({
    number: 1,
    state: 'good' as const,
    app: 'shop',
    environment: 'production',
    startedAt: '2026-11-02T20:40:00.000Z',
    actor: 'dev',
    commit: '1f3c',
    runUrl,
    images: {},
    objects: 1,
    parts: 1,
  });
  const run = {
    sha: '1f3c',
    runUrl: 'https://github.com/org/shop/actions/runs/1',
    actor: 'dev',
    repository: 'org/shop',
  };
  const page = (runUrl: string, facts?: typeof run) => {
    const listed = { ...outcome('deployed'), command: 'history' as const };
    return renderSummary({ ...listed, releases: [release(runUrl)] }, facts);
  };

  test('is a link on our own server, and text everywhere else', () => {
    const own = 'https://github.com/team/other/actions/runs/9';
    expect(page(own, run)).toContain(`](${own})`);
    expect(page(own)).not.toContain(`](${own})`);
    const others = ['https://github.com.evil.example/x', 'https://evil.example/x', 'javascript:x'];
    for (const url of others) {
      expect(page(url, run)).not.toContain(`](${url}`);
    }
  });
});

describe('the timeline', () => {
  test('keeps the failed and the longest forty bars', () => {
    const timings = Array.from({ length: 60 }, (_, at) => ({
      section: 'apply' as const,
      name: `step ${at}`,
      from: at,
      to: at + (at === 5 ? 0 : at),
      failed: at === 5,
    }));
    const picture = gantt(outcome('deployed', { timings, workloads: [], startedAt: 0 }));
    expect(picture?.text.match(/ :(done|crit), /g)).toHaveLength(40);
    expect(picture?.text).toContain('step 5 :crit, 5, 6');
    expect(picture?.leftOut).toBe(20);
  });

  test.each(['title x', 'section', '2026-01-01', '', ':;#\n%%{x}', '-->', 'Click me'])(
    'no name is read as a setting: %j',
    (name) => {
      const timings = [{ section: 'apply' as const, name, from: 0, to: 1 }];
      const text = gantt(outcome('deployed', { timings, workloads: [], startedAt: 0 }))?.text ?? '';
      expect(text.split('\n')).toHaveLength(5);
      expect(text.split('\n')[4]).toMatch(/^ {4}(- )?[^:;#%]* :done, 0, 1$/);
      expect(text.split('\n')[4]).not.toMatch(/^ {4}(title|section|\d|click)/i);
    },
  );

  test('no bars, no picture', () => {
    expect(gantt(outcome('deployed', { timings: [], workloads: [] }))).toBeUndefined();
  });
});

describe('secrets that the cluster repeats', () => {
  known.remember('s3cret-name');
  known.remember('deployed');
  const told = outcome('timed-out', {
    namespace: 's3cret-name',
    findings: [
      {
        ...finding('crash-loop', 'what s3cret-name', {
          evidence: [`e ${'x'.repeat(3_990)} s3cret-name`],
          hint: 'h s3cret-name',
          object: 'Job/s3cret-name',
          pod: 's3cret-name',
          container: 's3cret-name',
          file: 's3cret-name.yaml',
        }),
        node: 's3cret-name',
        logs: [
          {
            pod: 's3cret-name',
            container: 's3cret-name',
            previous: false,
            lines: ['s3cret\u200b-name'],
          },
        ],
      },
    ],
    changes: [
      {
        object: 'Secret/s3cret-name',
        change: 'configured',
        fields: ['data.s3cret-name'],
        patch: '+ s3cret-name',
      },
    ],
    restarts: [{ object: 'Deployment/a', because: ['s3cret-name'] }],
    kept: [{ object: 'Job/a', why: 's3cret-name' }],
    unverified: [{ object: 'Job/s3cret-name', why: 's3cret-name' }],
    images: { 's3cret-name': 'cr.example.com/s3cret-name:1' },
    timings: [{ section: 'build', name: 's3cret-name', from: 0, to: 9 }],
    folder: '/tmp/s3cret-name',
  });

  test('are hidden in every field of the report', () => {
    const { json, markdown } = renderReport(shownOutcome(told));
    const all = [json, markdown, ...renderText(shownOutcome(told))].join('\n');
    expect(all).not.toMatch(/s3cret/);
    expect(outputsOf(shownOutcome(told))['findings']).not.toMatch(/s3cret/);
  });

  test('words of our own stay, whatever somebody chose for a password', () => {
    expect(shownOutcome(outcome('deployed')).status).toBe('deployed');
    const { outputs } = outputsWithoutSecrets(outputsOf(outcome('deployed')));
    expect(outputs['status']).toBe('deployed');
  });

  test('an output with one is left empty and named; the others are as they were', () => {
    const all = outputsOf(told);
    const { outputs, withheld } = outputsWithoutSecrets(all);
    const holding = ['namespace', 'images', 'changes'];
    for (const [name, value] of Object.entries(all)) {
      expect({ name, value: outputs[name] }).toEqual({
        name,
        value: holding.includes(name) ? '' : value,
      });
    }
    expect(withheld).toMatchObject({ code: 'secret-in-output', severity: 'warning' });
    expect(withheld?.what).toBe(
      'Left empty because of a secret in it: outputs `namespace`, `images`, `changes`.',
    );
    expect(outputsWithoutSecrets(outputsOf(outcome('deployed'))).withheld).toBeUndefined();
  });
});

describe('status says', () => {
  const workload = (state: 'ready' | 'waiting' | 'suspended') => ({
    object: `Deployment/${state}`,
    verdict: { state, words: 'words', progress: [], findings: [] },
    from: 0,
    to: 0,
  });
  const said = (...states: readonly Parameters<typeof workload>[0][]) => {
    const parts = { status: 'succeeded' as const, findings: [], workloads: states.map(workload) };
    return renderText(outcome('status', parts)).slice(-2).join('\n');
  };

  test('that everything is ready only where it is', () => {
    expect(said('ready', 'suspended')).toMatch(
      /^✓ Everything is ready.*\n.*1 workload ready, 1 not waited for/,
    );
    expect(said('ready', 'waiting')).toMatch(
      /^· Not everything is ready.*\n.*1 of 2 workloads ready/,
    );
  });

  test('that nothing is there', () => {
    expect(said()).toMatch(/^· Nothing is deployed/);
  });
});

test('a flood of findings leaves the most significant ones in sight', () => {
  const many = Array.from({ length: 60 }, (_, at) => finding('job-failed', `job ${at}`));
  const lines = renderText(outcome('status', { findings: many }));
  expect(lines.filter((line) => line.startsWith('✗ job-failed'))).toHaveLength(20);
  expect(lines).toContain('… and 40 more findings in the report');
  expect(lines).toContain('✗ job-failed  job 0');
});

test('a thousand findings are shown, the fatal ones first, and how many there are beside them', () => {
  const { deployed } = outcomes;
  const many = Array.from({ length: 3_000 }, (_, at) =>
    finding('input-invalid', `line ${at}`, { severity: at < 2_500 ? 'warning' : 'fatal' }),
  );
  const { findings } = shownOutcome({ ...(deployed as Outcome), findings: many });
  expect(findings).toHaveLength(1_001);
  expect(findings[0]).toMatchObject({ what: 'line 2500', severity: 'fatal' });
  expect(findings.at(-1)).toMatchObject({ what: '2000 more findings are left out.' });
});

test('the last lines of a failed run are the cause, its fix and its page', () => {
  const lines = renderText(outcome('image-not-found'));
  expect(lines.at(-1)).toMatch(/^ {2}more {6}https:\/\/.*\/docs\/errors\.md#image-not-found$/);
  expect(lines.at(-2)).toMatch(/^ {2}fix {7}Check that the tag was pushed/);
  const at = (code: string): number => lines.findIndex((line) => line.startsWith(`✗ ${code}`));
  expect(at('timed-out')).toBeGreaterThan(0);
  expect(at('image-not-found')).toBeGreaterThan(at('timed-out'));
});
