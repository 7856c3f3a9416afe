// The terminal's words: the same raw inputs as the runner's, and every wrong use.
import { describe, expect, test } from '@jest/globals';
import { type Command, commandNames } from '../../src/core/commands.ts';
import { terminalCommands } from '../../src/entry/commands.ts';
import { parseFlags, switches } from '../../src/entry/flags.ts';
import { helpText } from '../../src/entry/help.ts';
import { inputTable } from '../../src/inputs/contract.ts';
import { inputGroups } from '../../src/inputs/contract-help.ts';
import { inputsOf } from '../../src/inputs/read-by.ts';
import { readInputs } from '../../src/inputs/read-inputs.ts';
import { run } from '../support/run.ts';

const parse = (line: string) => parseFlags(line.split(' ').filter((word) => word !== ''));
const said = (line: string) => parse(line).findings.map(({ what, hint }) => `${what} ${hint}`);

describe('what is accepted', () => {
  test('nothing: the default command, text', () => {
    const nothing = { command: 'deploy', raw: {}, output: 'text', help: false, version: false };
    expect(parse('')).toEqual({ ...nothing, findings: [] });
  });
  test('flags before and after the command, with and without =', () => {
    expect(parse('--app shop diff --namespace=web --output json')).toEqual({
      command: 'diff',
      raw: { app: 'shop', command: 'diff', namespace: 'web' },
      output: 'json',
      help: false,
      version: false,
      findings: [],
    });
  });
  test('a repeated list flag is one line each, and a value may begin with -', () => {
    const { raw } = parse('--manifests a --manifests=-b --images x=y=z --manifests -c');
    expect(raw).toEqual({ manifests: 'a\n-b\n-c', images: 'x=y=z' });
  });
  test.each([
    ['--wait', 'true'],
    ['--wait=false', 'false'],
    ['--wait=maybe', 'maybe'],
    ['--no-wait', 'false'],
  ])('the switch %s is %s', (word, value) => {
    expect(parse(word)).toMatchObject({ raw: { wait: value }, findings: [] });
  });
  test('a switch does not take the next word', () => {
    expect(parse('--wait status')).toMatchObject({ command: 'status', raw: { wait: 'true' } });
  });
  test('every boolean input is a switch', () => {
    expect(switches).toEqual([
      'create-namespace',
      'built',
      'provenance',
      'sbom',
      'wait',
      'force-conflicts',
      'lock',
      'restart-on-config',
      'scan-ignore-unfixed',
      'scan-baseline',
      'prune',
      'prune-confirm',
      'take-over',
      'allow-older',
      'comment',
      'summary',
    ]);
  });
  test('--help, -h and --version', () => {
    expect(parse('diff --help')).toMatchObject({ help: true, findings: [] });
    expect(parse('-h')).toMatchObject({ help: true, findings: [] });
    expect(parse('--version')).toMatchObject({ version: true, findings: [] });
  });
  test('every input has its flag', () => {
    for (const name of Object.keys(inputTable)) {
      expect(parse(`--${name}=x`)).toMatchObject({ raw: { [name]: 'x' }, findings: [] });
    }
  });
});

describe('init', () => {
  test('has flags of its own', () => {
    const words = 'init --services a:1 --services b:2/x --yes --dry-run --app shop';
    expect(parse(words)).toMatchObject({
      command: 'init',
      raw: { app: 'shop' },
      init: { services: 'a:1 b:2/x', yes: true, dryRun: true, force: false, reusable: false },
      findings: [],
    });
    expect(parse('init').init).toEqual({
      ...{ yes: false, dryRun: false, force: false, reusable: false },
    });
    expect(parse('init --reusable --pin --app shop').init).toMatchObject({
      reusable: true,
      pin: {},
    });
    expect(parse('init --build-environment build').init).toMatchObject({
      buildEnvironment: 'build',
    });
    expect(parse('init --pin=abc').init).toMatchObject({ pin: { commit: 'abc' } });
    expect(parse('deploy').init).toBeUndefined();
  });
  test.each([
    ['init --timeout=5m', 'The flag --timeout does not apply to init.'],
    ['deploy --yes', 'The flag --yes belongs to init.'],
    ['diagnose x --force', 'The flag --force belongs to init.'],
    ['init --now=x', 'The flag --now belongs to diagnose.'],
    ['init there', 'The word "there" is unexpected.'],
  ])('%s', (line, words) => expect(said(line).join('\n')).toContain(words));
});

describe('wrong use', () => {
  test.each([
    ['--tiemout=5m', 'The flag --tiemout is not known; did you mean --timeout?'],
    ['--yc_sa_id=x', 'The flag --yc_sa_id is not known; did you mean --yc-sa-id?'],
    ['--halp', 'The flag --halp is not known; did you mean --help?'],
    ['--no-timeout', 'The flag --no-timeout is not known; did you mean --timeout?'],
    ['--zzzzzz', 'The flag --zzzzzz is not known. See webgen-deploy --help.'],
    ['-x', 'The flag -x is not known.'],
    ['--timeout', 'The flag --timeout needs a value. Write --timeout=VALUE.'],
    ['--timeout --wait', 'The flag --timeout needs a value.'],
    ['--no-wait=false', 'The flag --no-wait takes no value.'],
    ['--wait false', 'The word false stands alone. Write --wait=false.'],
    ['--timeout=1m --timeout=2m', '--timeout is given 2 times.'],
    ['--command=diff deploy', '--command is given 2 times.'],
    ['deploy now', 'The word "now" is unexpected.'],
    ['--output=yaml', '--output is "yaml". Write --output=text or json.'],
    ['--output', 'The flag --output needs a value.'],
  ])('%s', (line, words) => {
    expect(said(line)).toHaveLength(1);
    expect(said(line)[0]).toContain(words);
  });
  test('all of it at once', () => {
    expect(said('deploy now --halp --timeout')).toHaveLength(3);
  });
  test.each([
    [['deploy', '--registry-pasword', 'hunter2Hunter99']],
    [['deploy', '--registry-password', 'correct', 'hunter2Hunter99']],
    [['--registry-password', 'correct', 'deploy', 'hunter2Hunter99']],
  ])('a word that may be a part of a secret is not repeated: %j', (argv) => {
    const { findings } = parseFlags(argv);
    expect(findings.length).toBeGreaterThan(0);
    expect(JSON.stringify(findings)).not.toContain('hunter2Hunter99');
  });
  test('a value that is given by mistake is not repeated', () => {
    expect(said(`--token=${'s'.repeat(50)} deploy ${'s'.repeat(50)}`).join()).not.toContain('sss');
  });
});

test('a command line reads like the same inputs on a runner', () => {
  const { raw } = parse('status --kubeconfig ./kube --no-summary');
  const { inputs } = readInputs(raw, run({ on: 'terminal', event: '' }), { overlays: [] });
  expect(inputs).toMatchObject({ command: 'status', summary: false, wait: true });
});

describe('--help', () => {
  const flagsIn = (text: string) =>
    [...text.matchAll(/^ {2}--(?:\[no-\])?([a-z0-9-]+)/gm)].map(([, flag = '']) => flag);
  const all = [...commandNames, ...Object.keys(terminalCommands)];
  const examplesOf = (text: string) =>
    [...text.matchAll(/^ {2}webgen-deploy (.+)$/gm)].map(([, words = '']) => words);

  test('names every command on one screen, and is the answer to an unknown one', () => {
    const text = helpText();
    for (const name of all) expect(text).toMatch(new RegExp(`^ {2}${name} .*[a-z]`, 'm'));
    expect(text.split('\n').length).toBeLessThanOrEqual(45);
    expect(helpText('constructor')).toBe(text);
  });

  test.each(commandNames)('of %s shows the flags that it reads, with their defaults', (name) => {
    const text = helpText(name);
    expect(flagsIn(text)).toEqual([...inputsIn(name), 'output']);
    for (const input of inputsOf(name)) {
      const { default: standard } = inputTable[input];
      if (standard !== '')
        expect(text.replaceAll(/\n +/g, ' ')).toContain(`(default: ${standard})`);
    }
    expect(text).toContain(`Usage: webgen-deploy ${name} [FLAGS]`);
  });
  /** In the order of their headings. */
  const inputsIn = (name: Command) =>
    Object.values(inputGroups)
      .flat()
      .filter((input) => inputsOf(name).includes(input));

  test('every input is of some command', () => {
    const read = commandNames.flatMap(inputsOf);
    const inputs = Object.keys(inputTable).filter((name) => name !== 'command');
    expect(inputs.filter((name) => !read.some((each) => each === name))).toEqual([]);
  });

  test.each(Object.entries(terminalCommands))('of %s shows its own flags alone', (name, row) => {
    const wanted = [...Object.keys(row.own), ...row.inputs, 'output'];
    expect(flagsIn(helpText(name)).toSorted()).toEqual(wanted.toSorted());
    expect(helpText(name)).toContain(`Usage: webgen-deploy ${name}`);
  });

  test.each([undefined, ...all])(
    'of %s: its examples are right use, in lines of a terminal',
    (name) => {
      const text = helpText(name);
      const examples = examplesOf(text);
      expect(examples.length).toBeGreaterThan(0);
      for (const words of examples) {
        expect(parse(words).findings).toEqual([]);
        if (name !== undefined) expect(parse(words).command).toBe(name);
      }
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(112);
    },
  );
});

describe('diagnose', () => {
  test('takes files, - and its own flags', () => {
    const flags = parse('--output json diagnose a.yaml - true --now=2026-11-24T12:00:00Z');
    expect(flags.findings).toEqual([]);
    expect(flags).toMatchObject({ command: 'diagnose', output: 'json' });
    expect(flags).toMatchObject({ files: ['a.yaml', '-', 'true'], now: '2026-11-24T12:00:00Z' });
  });

  test.each([
    ['diagnose', 'needs at least one file'],
    ['diagnose a.yaml --manifests b.yaml', '--manifests does not apply'],
    ['diagnose a.yaml --no-wait', '--wait does not apply'],
    ['deploy --now 2026-11-24T12:00:00Z', '--now belongs to diagnose'],
    ['diagnose a.yaml --nwo x', 'not known'],
  ])('%s is wrong use', (words, what) => {
    expect(
      parse(words)
        .findings.map((each) => each.what)
        .join(),
    ).toContain(what);
  });
});
