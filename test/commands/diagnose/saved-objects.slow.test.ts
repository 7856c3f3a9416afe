// Files as people mail them in: lists, streams, several files, and things that are none of these.
import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { diagnose } from '../../../src/commands/diagnose/diagnose.ts';
import { at, event, object, pod, podWith } from '../../support/rollout/made.ts';
import { lastState, saved } from '../../support/rollout/saved.ts';

const text = (value: unknown): string => JSON.stringify(value);
const file = (value: unknown) => ({ name: 'state.json', text: text(value) });
const rowsOf = (...values: readonly unknown[]) => diagnose(values.map(file)).rows;
const crash = lastState('deployment/crash-loop');

describe('forms of the same state', () => {
  const wanted = diagnose([{ name: 'x', text: saved(crash) }]).rows;

  test('a stream of YAML documents', () => {
    const stream = crash.map((each) => stringify(each)).join('---\n');
    expect(diagnose([{ name: 'x', text: stream }]).rows).toEqual(wanted);
  });

  test('JSON objects one after the other', () => {
    expect(diagnose([{ name: 'x', text: crash.map(text).join('\n') }]).rows).toEqual(wanted);
  });

  test('one file for each object, in any order', () => {
    const files = crash.map((each, index) => ({ name: `${index}`, text: text(each) }));
    expect(diagnose(files.toReversed()).rows).toEqual(wanted);
  });

  test('lists in lists, and typed lists whose items name no kind', () => {
    const list = { apiVersion: 'v1', kind: 'List', items: crash };
    expect(rowsOf({ apiVersion: 'v1', kind: 'List', items: [list] })).toEqual(wanted);
    const { apiVersion, kind, ...bare } = pod('p', { status: { phase: 'Failed' } });
    const pods = { apiVersion, kind: `${kind}List`, items: [bare] };
    expect(rowsOf(pods)).toMatchObject([{ object: 'Pod/p', verdict: 'failed' }]);
  });

  test('watch events: the last state counts, and what was deleted is gone', () => {
    const events = crash.map((each) => ({ type: 'ADDED', object: each }));
    expect(rowsOf(...events)).toEqual(wanted);
    const gone = events.map((each) => ({ ...each, type: 'DELETED' }));
    expect(diagnose([{ name: 'x', text: [...events, ...gone].map(text).join('\n') }]).rows).toEqual(
      [],
    );
  });

  test('exports without uids', () => {
    const bare = structuredClone(crash) as never as {
      metadata: { uid?: string; ownerReferences?: { uid?: string }[] };
      involvedObject?: { uid?: string };
    }[];
    for (const { metadata, involvedObject } of bare) {
      delete metadata.uid;
      for (const owner of metadata.ownerReferences ?? []) delete owner.uid;
      delete involvedObject?.uid;
    }
    expect(rowsOf(...bare)).toEqual(wanted);
  });
});

describe('owners', () => {
  const cronJob = object('batch/v1', 'CronJob', { spec: { schedule: '* * * * *' } });
  const job = (name: string, seconds: number, type: string) =>
    object('batch/v1', 'Job', {
      metadata: {
        name,
        uid: `uid-${name}`,
        creationTimestamp: at(seconds),
        ownerReferences: [
          { apiVersion: 'batch/v1', kind: 'CronJob', name: 'cronjob', uid: 'uid-cronjob' },
        ],
      },
      status: { conditions: [{ type, status: 'True', reason: 'BackoffLimitExceeded' }] },
    });

  test('the newest Job speaks for its CronJob, those before are history', () => {
    const rows = rowsOf(cronJob, job('new', 60, 'Failed'), job('old', 0, 'Complete'));
    expect(rows).toMatchObject([
      {
        object: 'CronJob/cronjob',
        verdict: 'failed',
        findings: [{ code: 'job-failed', object: 'Job/new' }],
      },
    ]);
    const healed = rowsOf(cronJob, job('old', 0, 'Failed'), job('new', 60, 'Complete'));
    expect(healed).toMatchObject([{ verdict: 'ready', findings: [] }]);
  });

  test('a pod whose owner is not in the file has a row of its own', () => {
    const waiting = { reason: 'CreateContainerConfigError', message: 'secret "db" not found' };
    const rows = rowsOf(podWith('p1', { state: { waiting } }));
    expect(rows).toMatchObject([
      { object: 'Pod/p1', verdict: 'failed', findings: [{ code: 'config-missing' }] },
    ]);
    expect(rows[0]?.findings[0]?.evidence.join()).not.toContain('a read shows');
  });

  test('a Secret that the file has takes the proof away; one that it lacks proves nothing', () => {
    const waiting = { reason: 'CreateContainerConfigError', message: 'secret "db" not found' };
    const secret = object('v1', 'Secret', { metadata: { name: 'db', uid: 'uid-db' } });
    const rows = rowsOf(podWith('p1', { state: { waiting } }), secret);
    expect(rows).toMatchObject([{ object: 'Pod/p1', verdict: 'waiting' }]);
    const fine = pod('p2', {
      status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'True' }] },
    });
    expect(rowsOf(fine)).toMatchObject([{ verdict: 'waiting', findings: [] }]);
  });

  test('owners in a circle are reported once', () => {
    const owned = (name: string, owner: string) =>
      object('example.org/v1', 'Thing', {
        metadata: {
          name,
          uid: name,
          ownerReferences: [
            { apiVersion: 'example.org/v1', kind: 'Thing', name: owner, uid: owner },
          ],
        },
        status: { phase: 'Ready' },
      });
    expect(rowsOf(owned('a', 'b'), owned('b', 'a')).map((row) => row.object)).toEqual(['Thing/a']);
  });

  test('what is ready by existing has no row', () => {
    const config = object('v1', 'ConfigMap', { data: {} });
    const undone = object('apps/v1', 'ReplicaSet', { spec: { replicas: 0 } });
    expect(rowsOf(config, undone, event(config, 'Any', 'thing'))).toEqual([]);
  });
});

describe('what cannot be read', () => {
  const problemsOf = (content: string) => diagnose([{ name: 'state.yaml', text: content }]);

  test('broken YAML and JSON: file and line', () => {
    for (const content of [
      'a: b\n  c: "d',
      '{"kind": "List",\n "items": [}',
      'kind: List\n\titems',
    ]) {
      const { problems } = problemsOf(content);
      expect(problems[0]).toMatchObject({ code: 'manifest-invalid', severity: 'fatal' });
      expect(problems[0]).toMatchObject({ file: 'state.yaml', line: expect.any(Number) });
    }
  });

  test('nothing at all', () => {
    for (const content of ['', ' \n', '# nothing\n', '---\n---\n']) {
      expect(problemsOf(content).problems[0]?.what).toContain('contains no object');
    }
    expect(problemsOf('apiVersion: v1\nkind: List\nitems: []\n')).toEqual({
      rows: [],
      problems: [],
    });
  });

  test('what is no object is skipped, and said with its line', () => {
    const items = [
      'text',
      7,
      null,
      [],
      { kind: 'Pod' },
      { apiVersion: 'v1', kind: 3, metadata: 1 },
    ];
    const list = { apiVersion: 'v1', kind: 'List', items: [...items, ...crash] };
    const { rows, problems } = problemsOf(stringify(list));
    expect(rows).toHaveLength(1);
    expect(new Set(problems.map(({ severity }) => severity))).toEqual(new Set(['warning']));
    expect(problems[0]).toMatchObject({ file: 'state.yaml', line: 4 });
    const json = JSON.stringify(list, null, 1);
    expect(problemsOf(json).problems.map(({ line }) => line)).toContain(5);
  });

  test('fields of other types never end the run', () => {
    const odd = ['x', [], [null], null, { a: [{}] }];
    const paths = ['spec', 'status', 'metadata.ownerReferences', 'metadata.uid'];
    const deeper = ['conditions', 'containerStatuses', 'containers', 'replicas'];
    for (const base of crash) {
      for (const value of odd) {
        for (const path of [...paths, ...deeper.flatMap((d) => [`status.${d}`, `spec.${d}`])]) {
          const broken = structuredClone(base) as never as Record<string, Record<string, unknown>>;
          const [first = '', second] = path.split('.');
          if (second === undefined) broken[first] = value as never;
          else broken[first] = { ...broken[first], [second]: value };
          const others = crash.filter((each) => each !== base);
          const { rows, problems } = diagnose([file(broken), ...others.map(file)]);
          expect(problems.every(({ severity }) => severity === 'warning')).toBe(true);
          JSON.stringify(rows);
        }
      }
    }
  });

  test('depth is no way to end the run', () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    expect(problemsOf(deep).problems.length).toBeGreaterThan(0);
    const nested = `${'{"kind":"List","items":['.repeat(5_000)}${']}'.repeat(5_000)}`;
    expect(problemsOf(nested).problems.length).toBeGreaterThan(0);
    const owner = (index: number) =>
      object('example.org/v1', 'Thing', {
        metadata: {
          name: `t${index}`,
          uid: `t${index}`,
          ownerReferences: [{ apiVersion: 'x/v1', kind: 'T', name: 't', uid: `t${index - 1}` }],
        },
      });
    const chain = Array.from({ length: 10_000 }, (_, index) => owner(index));
    expect(() => rowsOf({ kind: 'List', apiVersion: 'v1', items: chain })).not.toThrow();
  });
});
