// The probe's table on made-up answers, and that probe.yml gives it what it reads.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import {
  compare,
  groupSeen,
  type Needs,
  observe,
  renderTable,
  rules,
} from '../../scripts/probe.ts';
import { project } from '../../src/core/version.ts';

const root = join(import.meta.dirname, '..', '..');
const file = (name: string) => readFileSync(join(root, name), 'utf8');

type Made = Record<string, { result: string; outputs: Record<string, string> }>;

/** github.com as the workflows rely on it; the probe runs under another owner. */
const asExpected = (): Made => {
  const done = (outputs: Record<string, string> = {}, result = 'success') => ({ result, outputs });
  return {
    here: done({ secret: 'arrived', variable: 'arrived' }),
    upstream: done({ secret: 'empty', variable: 'arrived' }),
    outputs: done({ secret: 'pretty', lines: 'api=sha256:00' }),
    nameless: done(),
    timeout: done({}, 'cancelled'),
    'unless-failure': done(),
    'unless-result': done({}, 'skipped'),
    waiting: done({}, 'failure'),
    behind: done(),
    observe: done({ group: 'held' }),
    'queue-1': done({ ended: '1000' }),
    'queue-2': done({ started: '1010' }),
    'queue-3': done({ started: '1020' }),
    'custom-rule': done({}, 'failure'),
  };
};

const verdicts = (needs: Needs, sameOwner = false) =>
  Object.fromEntries(
    compare({ needs, sameOwner }).flatMap(({ rule, seen, verdict }) =>
      verdict === 'as expected' ? [] : [[rule, [verdict, seen]]],
    ),
  );

/** The made-up answers with a change. */
const changed = (change: (made: Made) => void) => {
  const made = asExpected();
  change(made);
  return made;
};

describe('the table', () => {
  test('is as expected where github.com is', () => {
    expect(verdicts(asExpected())).toEqual({});
    const own = changed((made) =>
      Object.assign(made['upstream']?.outputs ?? {}, { secret: 'arrived' }),
    );
    expect(verdicts(own, true)).toEqual({});
  });

  const set = (job: string, name: string, value: string) => (made: Made) =>
    Object.assign(made[job]?.outputs ?? {}, { [name]: value });
  const end = (job: string, result: string) => (made: Made) =>
    Object.assign(made[job] ?? {}, { result });

  test.each<[string, (made: Made) => void, string, string]>([
    ['the same repository', set('here', 'secret', 'empty'), 'same repository', 'empty'],
    [
      'across owners',
      set('upstream', 'secret', 'arrived'),
      'secret, passed by name, in a called workflow of the project',
      'arrived',
    ],
    ['variables', set('upstream', 'variable', 'empty'), "environment's variable", 'empty'],
    ['JSON', set('outputs', 'json', '{}'), 'a JSON output', 'kept'],
    ['lines', set('outputs', 'lines', ''), 'an output of `name=sha256', 'dropped'],
    ['no name', end('nameless', 'failure'), 'environment: {name: ""}', 'failure'],
    ['time-out', end('timeout', 'failure'), 'ran out of time', 'failure'],
    ['failure()', end('unless-failure', 'skipped'), '!failure()', 'skipped'],
    ['the condition', end('unless-result', 'success'), 'the condition by', 'success'],
    ['the group', set('observe', 'group', 'free'), 'waits for approval', 'free'],
    ['no observer', end('observe', 'failure'), '', ''],
    ['the order', set('queue-3', 'started', '1005'), 'order of', '1, 3, 2'],
    ['a queue that is none', set('queue-3', 'started', '900'), 'order of', 'not one after'],
    ['a replaced one', end('queue-2', 'cancelled'), 'order of', 'queue-2: cancelled'],
    ['a custom rule', end('custom-rule', 'success'), 'custom protection', 'success'],
  ])('shows that one rule differs: %s', (_, change, rule, seen) => {
    const found = Object.entries(verdicts(changed(change)));
    if (rule === '') return expect(found).toEqual([]);
    expect(found).toEqual([
      [expect.stringContaining(rule), ['differs', expect.stringContaining(seen)]],
    ]);
  });

  test.each<[string, (made: Made) => void, readonly string[]]>([
    [
      'no secret',
      set('outputs', 'secret', 'empty'),
      ['PROBE_SECRET', 'PROBE_SECRET', 'PROBE_SECRET', 'PROBE_SECRET'],
    ],
    ['a secret of one line', set('outputs', 'secret', 'one-line'), ['line breaks', 'line breaks']],
    ['no variable', set('here', 'variable', 'empty'), ['PROBE_VARIABLE']],
    ['no reviewer', set('observe', 'group', 'not-waiting'), ['required reviewer']],
    ['no custom rule', end('custom-rule', 'skipped'), ['PROBE_CUSTOM']],
  ])('says what was not tried, and how it can be: %s', (_, change, texts) => {
    const found = Object.values(verdicts(changed(change)));
    expect(found).toEqual(texts.map((text) => ['not tried', expect.stringContaining(text)]));
  });

  test('every rule differs where no job said anything', () => {
    const found = compare({ needs: {}, sameOwner: false });
    expect(found.map(({ verdict }) => verdict)).toEqual(rules.map(() => 'differs'));
  });

  test('a cell stays one, whatever a job handed over', () => {
    const text = renderTable([
      { rule: 'a', expected: 'b', seen: 'x | y\n| z', verdict: 'differs', source: 's' },
    ]);
    expect(text.trimEnd().split('\n')).toHaveLength(3);
    expect(text).toContain('x \\| y \\| z');
  });
});

describe('the observer', () => {
  test.each([
    ['waiting', 'pending', undefined],
    ['waiting', 'queued', undefined],
    ['waiting', 'completed', 'free'],
    ['completed', 'completed', 'not-waiting'],
    ['in_progress', 'pending', 'not-waiting'],
  ])('one job %s, the one behind %s: %s', (waiting, behind, wanted) => {
    const jobs = [
      { name: 'waiting', status: waiting },
      { name: 'behind', status: behind },
    ];
    expect(groupSeen(jobs)).toBe(wanted);
    expect(groupSeen([])).toBe('not-waiting');
  });

  test.each([
    ['held', 3, ['pending', 'pending', 'pending']],
    ['free', 2, ['pending', 'completed', 'completed']],
  ])('looks until it knows: %s', async (wanted, looks, statuses) => {
    let calls = 0;
    const server = createServer((_, response) => {
      const jobs = [
        { name: 'waiting', status: 'waiting' },
        { name: 'behind', status: statuses[calls++] },
      ];
      response.end(JSON.stringify({ jobs }));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect(await observe({ url, token: 't', times: 3, every: 1 })).toBe(wanted);
    expect(calls).toBe(looks);
    server.close();
    server.closeAllConnections();
  });
});

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The comparing step as probe.yml starts it: by itself, without any package. */
function script(needs: Needs, repository: string) {
  const folder = mkdtempSync(join(tmpdir(), 'webgen-probe-'));
  folders.push(folder);
  for (const name of ['probe.ts', 'project.ts']) {
    cpSync(join(root, 'scripts', name), join(folder, 'scripts', name));
  }
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  const summary = join(folder, 'summary');
  writeFileSync(summary, '');
  const done = spawnSync(process.execPath, ['scripts/probe.ts', 'compare'], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      GITHUB_REPOSITORY: repository,
      GITHUB_STEP_SUMMARY: summary,
      NEEDS: JSON.stringify(needs),
    },
  });
  return {
    code: done.status,
    text: done.stdout + done.stderr,
    summary: readFileSync(summary, 'utf8'),
  };
}

describe('the script', () => {
  test('puts the table into the summary, and is green where nothing differs', () => {
    const { code, summary } = script(asExpected(), 'mona/ships');
    expect([code, summary.split('\n')]).toEqual([0, expect.any(Array)]);
    expect(summary.trimEnd().split('\n')).toHaveLength(rules.length + 2);
  });

  test("fails where it does, and knows the project's owner", () => {
    const owner = project.split('/')[0];
    const { code, text } = script(asExpected(), `${owner}/fork`);
    expect(code).toBe(1);
    expect(text).toContain(`::error title=Probe::1 of ${rules.length} rules`);
  });
});

describe('probe.yml', () => {
  interface Job {
    readonly uses?: string;
    readonly needs?: string | readonly string[];
    readonly if?: string;
    readonly outputs?: Readonly<Record<string, string>>;
    readonly permissions: Readonly<Record<string, string>>;
  }
  interface Workflow {
    readonly on: Readonly<Record<string, { readonly outputs?: object } | null>>;
    readonly jobs: Readonly<Record<string, Job>>;
  }
  const text = file('.github/workflows/probe.yml');
  const { on, jobs } = parse(text) as Workflow;
  const called = file('.github/workflows/probe-called.yml');

  test('runs by hand alone, and what it calls runs by a call alone', () => {
    expect(Object.keys(on)).toEqual(['workflow_dispatch']);
    expect(Object.keys((parse(called) as Workflow).on)).toEqual(['workflow_call']);
  });

  test('compares once all has ended, and hands over every job that a rule reads', () => {
    const needs = [jobs['compare']?.needs].flat();
    const pauses = ['first-pause', 'second-pause', 'compare'];
    expect([...needs].sort()).toEqual(
      Object.keys(jobs)
        .filter((id) => !pauses.includes(id))
        .sort(),
    );
    expect(jobs['compare']?.if).toBe('${{ always() }}');
    expect(Object.keys(asExpected()).sort()).toEqual([...needs].sort());
  });

  test('has each output that a rule reads', () => {
    const outputs = (parse(called) as Workflow).on['workflow_call']?.outputs ?? {};
    for (const [id, { outputs: read }] of Object.entries(asExpected())) {
      const given = jobs[id]?.uses === undefined ? jobs[id]?.outputs : outputs;
      expect([id, Object.keys(given ?? {})]).toEqual([
        id,
        expect.arrayContaining(Object.keys(read)),
      ]);
    }
  });

  test('reads no secret but its own, writes nothing, and asks for no id', () => {
    for (const each of [text, called]) {
      const secrets = [...each.matchAll(/secrets\.(\w+)/g)].map(([, name]) => name);
      expect([...new Set(secrets)]).toEqual(['PROBE_SECRET']);
      expect(each).not.toMatch(/inherit|\$\/deploy|kubectl/);
      const granted = Object.values((parse(each) as Workflow).jobs).flatMap(({ permissions }) =>
        Object.values(permissions),
      );
      expect(granted.filter((access) => access !== 'read')).toEqual([]);
    }
  });

  test("calls its own half, and the project's", () => {
    const uses = Object.values(jobs).flatMap((job) => job.uses ?? []);
    const path = '.github/workflows/probe-called.yml';
    expect(uses).toEqual([`./${path}`, `${project}/${path}@main`]);
  });

  test('says at its head how each row that needs set-up is tried', () => {
    const head = text.slice(0, text.indexOf('\nname:'));
    for (const name of [
      'PROBE_SECRET',
      'PROBE_VARIABLE',
      'PROBE_CUSTOM',
      'probe-approval',
      'probe-custom',
    ]) {
      expect(head).toContain(name);
    }
  });

  test('tries the very condition that the deploy uses', () => {
    expect(text).toContain('!failure() && !cancelled()');
    expect(jobs['unless-result']?.if).toBe(
      "${{ !cancelled() && !contains(needs.*.result, 'failure') && !contains(needs.*.result, 'cancelled') }}",
    );
  });
});
