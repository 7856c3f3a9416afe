// The fuzzer itself: each planted fault is caught, made small, saved as a file, and run again first.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { canaries } from '../support/canaries.ts';
import { commandIn } from '../support/platform/runner-commands.ts';
import { readCases } from './cases.ts';
import { made, pathsOf } from './data.ts';
import { encodings, tellingForms } from './forms.ts';
import { type Fuzzed, fuzz } from './fuzz.ts';
import { targets as planted } from './planted.ts';
import { faultIn } from './properties.ts';
import { publish } from './publish.ts';
import { inputOf, seedOf } from './target.ts';
import { targets } from './targets.ts';

const bounds = { cpuMs: 400, bytes: 40 * 2 ** 20 };

const newFolder = () => mkdtempSync(join(tmpdir(), 'fuzz-'));

function fuzzPlanted(
  names: readonly string[],
  folder: string,
  cases = 20,
  shrinkMs = 1_500,
): Promise<Fuzzed> {
  const chosen = Object.entries(planted).filter(([name]) => names.includes(name));
  return fuzz({
    targets: Object.fromEntries(chosen),
    module: join(import.meta.dirname, 'planted.ts'),
    seed: 7,
    until: { cases: cases * chosen.length },
    folder,
    workers: 1,
    bounds,
    killMs: 1_000,
    shrinkMs,
  });
}

describe('a planted fault is caught and saved', () => {
  const faults = [
    ['throws', 'exception', 'TypeError at test/fuzz/planted.ts'],
    ['throws-later', 'exception', 'not awaited'],
    ['hangs', 'hang', ''],
    ['waits', 'hang', ''],
    ['grows', 'memory', ''],
    ['leaks', 'leak', 'a file'],
    ['commands', 'command', 'a line'],
  ] as const;
  const folder = newFolder();
  let first: Fuzzed;
  let again: Fuzzed;

  beforeAll(async () => {
    const names = faults.map(([name]) => name);
    first = await fuzzPlanted(names, folder);
    // Without a new case: the stored ones fail under their own names.
    again = await fuzzPlanted(names, folder, 0);
  }, 120_000);

  test.each(faults)('%s', (name, kind, where) => {
    const of = <T extends { readonly target: string }>(all: Iterable<T>) =>
      [...all].filter(({ target }) => target === name);
    expect(first.cases[name]).toBeGreaterThan(0);
    const [failure, ...more] = of(first.failures);
    expect(more).toEqual([]);
    expect(failure).toMatchObject({ target: name, fault: { kind } });
    expect(failure?.fault.where).toContain(where);
    const saved = [...readCases(folder)].filter(([, { target }]) => target === name);
    expect(saved).toMatchObject([[failure?.file, { target: name, kind }]]);
    expect(of(again.failures)).toMatchObject([{ file: failure?.file }]);
  });

  test('and nothing but them', () => {
    expect(first.failures).toHaveLength(faults.length);
    expect(again).toMatchObject({ cases: {}, replayed: faults.length });
    expect(again.failures).toHaveLength(faults.length);
  });

  test('made as small as it fails', async () => {
    const folder = newFolder();
    // Time enough on a busy machine.
    await fuzzPlanted(['throws', 'leaks'], folder, 20, 20_000);
    const inputs = [...readCases(folder).values()].map(({ input }) => input);
    expect(inputs).toContainEqual([901]);
    expect(inputs).toContainEqual([{ $secret: [0, 'base64'] }]);
  }, 60_000);

  test('and nothing else', async () => {
    const folder = newFolder();
    const { failures, cases } = await fuzzPlanted(['sound'], folder);
    expect({ failures, cases }).toEqual({ failures: [], cases: { sound: 20 } });
    expect(readCases(folder).size).toBe(0);
  }, 60_000);
});

test('all that follows a killed case still runs', async () => {
  const { failures, cases } = await fuzzPlanted(['hangs', 'sound'], newFolder());
  expect(cases).toMatchObject({ sound: 20 });
  expect(cases['hangs']).toBeGreaterThan(3);
  expect(failures.map(({ target }) => target)).toEqual(['hangs']);
  // Three times is enough: the next batches of it are left out.
  expect(failures[0]?.count).toBe(3);
}, 60_000);

describe('what leaves a run is looked at', () => {
  const said = { findings: [] };
  const sound = publish(said);
  const all = [...canaries.keys()];

  test('nothing is found in what is sound', () => {
    expect(faultIn(sound, all)).toBeUndefined();
  });

  test.each(Object.keys(encodings))('every secret as %s, in every text', (name) => {
    const encode = encodings[name as keyof typeof encodings];
    // Split forms are for the gate to join; here they are joined already.
    const join = (text: string) => text.replaceAll('\u001b[1m', '').replaceAll('\u200b', '');
    for (const secret of canaries) {
      const text = join(encode(secret)).replaceAll(/[\r\n]+/g, ' ');
      for (const where of ['lines', 'terminal'] as const) {
        // Some of them are commands as well, which is looked at first.
        const fault = faultIn({ ...sound, [where]: text }, all);
        expect(fault?.kind).toMatch(commandIn(text) === undefined ? 'leak' : /leak|command/);
      }
      expect(faultIn({ ...sound, markdown: [text] }, all)).toMatchObject({ kind: 'leak' });
      const report = JSON.stringify({ [text]: 1 });
      expect(faultIn({ ...sound, report }, all)).toMatchObject({ kind: 'leak' });
      expect(faultIn({ ...sound, outputs: { a: text } }, all)).toMatchObject({ kind: 'leak' });
    }
  });

  test.each([
    ['lines', 'x\n::error::y', 'command'],
    ['lines', 'x\r##[group]y', 'command'],
    ['annotations', '::error::x\n::set-env::y', 'command'],
    ['terminal', 'x\u001b[2Jy', 'markup'],
    ['lines', 'x\u200by', 'markup'],
  ] as const)('%s: %j', (where, text, kind) => {
    expect(faultIn({ ...sound, [where]: text }, all)).toMatchObject({ kind });
  });

  test.each([
    '<zzevil>',
    '[x](https://zzevil.example)',
    'see https://zzevil.example',
    'at www.zzevil.example',
    'for @zzevil',
    '# zzevil',
    '```\nlog\n```\n<zzevil>',
    '````\n```\n````\n<zzevil>',
    '~~~\n```\n~~~\n@zzevil',
  ])('markup: %j', (page) => {
    expect(faultIn({ ...sound, markdown: [page] }, all)).toMatchObject({ kind: 'markup' });
  });

  test.each(['```\n<zzevil>\n```', '````\n```\n<zzevil>\n````', '&#60;zzevil&#62;'])(
    'no markup: %j',
    (page) => expect(faultIn({ ...sound, markdown: [page] }, all)).toBeUndefined(),
  );
});

describe('cases', () => {
  test('are the same for the same seed, and others for another', () => {
    for (const [name, target] of Object.entries(targets)) {
      const inputs = (seed: number) =>
        Array.from({ length: 5 }, (_, index) => inputOf(target, seedOf(seed, name, index)));
      expect(inputs(1)).toEqual(inputs(1));
      expect(inputs(1)).not.toEqual(inputs(2));
    }
  });

  test('are data: a file holds all of them', () => {
    for (const [name, target] of Object.entries(targets)) {
      const input = inputOf(target, seedOf(1, name, 0));
      expect(made(JSON.parse(JSON.stringify(input)))).toEqual(made(input));
    }
  });

  test('are made of data', () => {
    const secret = canaries[0] ?? '';
    const base = { a: [1, { b: 2 }], c: 'x' };
    const edits = [
      ['set', ['a', 1, 'b'], { $repeat: ['ab', 2] }],
      ['delete', ['a', 0]],
      ['add', [], 'd', { $secret: [0, 'raw'] }],
      ['repeat', ['a'], 2],
      ['set', ['nowhere', 3], 1],
    ];
    const item = { b: 'abab' };
    expect(made({ $edit: [base, edits] })).toEqual({ a: [item, item], c: 'x', d: secret });
    expect(made({ $deep: ['list', 3] })).toEqual([[[null]]]);
    expect(made({ $count: ['k#,', 3] })).toBe('k0,k1,k2,');
    expect(made({ $splice: ['hello', [[1, 2, 'X']]] })).toBe('hXlo');
    expect(made({ $json: { a: 1 } })).toBe('{"a":1}');
    expect(pathsOf(base)).toContainEqual(['a', 1, 'b']);
  });

  test('of the repository name targets that there are', () => {
    for (const { target } of readCases(join(import.meta.dirname, 'cases')).values()) {
      expect(Object.keys(targets)).toContain(target);
    }
  });
});

test('a secret has telling forms, and short ones are left out', () => {
  expect(tellingForms('k7Qz2w')).toContain('azdRejJ3');
  expect(tellingForms('a%b"c').every((form) => form === 'a%b"c' || form.length >= 6)).toBe(true);
});
