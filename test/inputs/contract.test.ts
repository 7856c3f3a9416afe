// action.yml is the only holder of the contract: code and documents say what it says, both ways.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readAction, renderContract, renderContractHelp } from '../../scripts/docs.ts';
import { reference, renderInputs } from '../../scripts/reference.ts';
import { inputTable, outputNames } from '../../src/inputs/contract.ts';
import { inputAbout } from '../../src/inputs/contract-help.ts';
import { fields, readFields } from '../../src/inputs/fields.ts';
import { secretInputs } from '../../src/inputs/mask.ts';
import { rawFromEnvironment, undeclared } from '../../src/inputs/raw.ts';

const root = join(import.meta.dirname, '..', '..');
const file = (name: string) => readFileSync(join(root, name), 'utf8');
const action = parse(file('action.yml')) as {
  readonly inputs: Readonly<Record<string, { readonly default?: string; description?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly description?: string }>>;
  readonly runs: unknown;
};

describe('action.yml', () => {
  test('runs the bundle, before and after the job', () => {
    const runs = { using: 'node24', main: 'dist/index.js', post: 'dist/index.js' };
    expect(action.runs).toEqual(runs);
  });
  test('declares what the code reads, no more and no less', () => {
    expect(Object.keys(action.inputs)).toEqual(Object.keys(inputTable));
    expect(Object.keys(action.inputs).sort()).toEqual(Object.keys(fields).sort());
    expect(Object.keys(action.outputs)).toEqual([...outputNames]);
  });
  test('every default is text, and its own reader accepts it', () => {
    for (const [name, input] of Object.entries(action.inputs)) {
      expect([name, typeof (input.default ?? '')]).toEqual([name, 'string']);
    }
    const raw = Object.fromEntries(
      Object.entries(inputTable).map(([name, input]) => [name, input.default]),
    );
    expect(readFields(raw).findings).toEqual([]);
    expect(readFields(raw).values).toEqual(readFields({}).values);
  });
  test('every name is in kebab-case and described in whole sentences', () => {
    for (const [name, { description }] of Object.entries(action.inputs)) {
      expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      for (const line of (description ?? '').trim().split('\n')) expect(line).toMatch(/^\S.*\.$/);
    }
  });
  test('a first line fits a terminal, and a generated file its budget', () => {
    for (const about of Object.values(inputAbout)) expect(about.length).toBeLessThanOrEqual(85);
    for (const name of ['src/inputs/contract.ts', 'src/inputs/contract-help.ts']) {
      expect(file(name).split('\n').length).toBeLessThanOrEqual(201);
    }
  });
});

describe('what is generated from it', () => {
  test('src/inputs/contract.ts is current', () => {
    expect(file('src/inputs/contract.ts')).toBe(renderContract(readAction(file('action.yml'))));
    expect(file('src/inputs/contract-help.ts')).toBe(
      renderContractHelp(readAction(file('action.yml'))),
    );
  });
  test.each(Object.entries(reference(readAction(file('action.yml')))))(
    'docs/reference/%s.md is current',
    (name, text) => expect(file(`docs/reference/${name}.md`)).toBe(text),
  );
  test('a changed default changes both', () => {
    const changed = readAction(file('action.yml').replace('default: 10m', 'default: 11m'));
    expect(renderContract(changed)).not.toBe(file('src/inputs/contract.ts'));
    expect(reference(changed)['inputs']).toContain('`11m`');
  });
  test('secrets carry a lock, and a table cell cannot be broken', () => {
    const [row] = readAction('inputs:\n  x:\n    description: a | b\noutputs: {}\n').inputs;
    expect(row).toEqual({ name: 'x', group: '', description: 'a | b', default: '' });
    const page = renderInputs([
      { name: 'secrets', group: 'g', description: 'a | b\nc.', default: '' },
    ]);
    expect(page).toContain('| `secrets` 🔒 | | a \\| b c. |');
    const inputs = file('docs/reference/inputs.md');
    for (const name of secretInputs) expect(inputs).toContain(`| \`${name}\` 🔒 |`);
  });
  test('a missing description is an error', () => {
    expect(() => readAction('inputs: {x: {}}\noutputs: {}')).toThrow('x has no description');
  });
});

describe("the runner's variables", () => {
  test('every declared input arrives under its name', () => {
    const names = Object.keys(action.inputs);
    const env = Object.fromEntries(names.map((name) => [`INPUT_${name.toUpperCase()}`, name]));
    const raw = rawFromEnvironment({ ...env, PATH: '/bin', INPUTRC: 'x' });
    expect(raw).toEqual(Object.fromEntries(names.map((name) => [name, name])));
    expect(undeclared(raw)).toEqual([]);
  });
  test('an undeclared one arrives too, and is told', () => {
    expect(undeclared(rawFromEnvironment({ INPUT_TIMEOUTS: '1m' }))).toEqual([
      expect.objectContaining({ what: expect.stringContaining('did you mean `timeout`?') }),
    ]);
  });
});
