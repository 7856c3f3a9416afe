// A terminal's command line → the same raw inputs that the runner provides.
import { parseArgs } from 'node:util';
import { type Finding, finding } from '../core/errors.ts';
import { didYouMean, shown } from '../core/readers.ts';
import { type InputName, inputTable } from '../inputs/contract.ts';
import { secretInputs } from '../inputs/mask.ts';
import { closeName, type RawInputs } from '../inputs/raw.ts';
import { ownFlagNames, terminalCommands } from './commands.ts';

export interface Flags {
  /** As written, or the default. `readInputs` checks whether it exists. */
  readonly command: string;
  /** `command` included, when it was written. */
  readonly raw: RawInputs;
  /** Secret inputs as written, each value separately: `@FILE` and `-` are not read yet. */
  readonly secrets?: Readonly<Partial<Record<InputName, readonly string[]>>>;
  /** Only for `diagnose`: the files it reads; `-` is standard input. */
  readonly files?: readonly string[];
  /** Only for `diagnose`: RFC 3339, as written. */
  readonly now?: string;
  /** Only for `init`. */
  readonly init?: {
    /** One value per item; undefined if none was given. */
    readonly services?: string;
    readonly yes: boolean;
    readonly dryRun: boolean;
    readonly force: boolean;
    /** Callers of the reusable workflows. */
    readonly reusable: boolean;
    /** Pin actions by commit: the project's given one, or absent to use the program's own. */
    readonly pin?: { readonly commit?: string };
    readonly buildEnvironment?: string;
  };
  readonly output: 'text' | 'json';
  readonly help: boolean;
  readonly version: boolean;
  /** Usage errors: any of them means exit code 2. */
  readonly findings: readonly Finding[];
}

const names = Object.keys(inputTable) as readonly InputName[];
export const lists: readonly InputName[] = [
  'manifests',
  'images',
  'variables',
  'secrets',
  'bake-targets',
];
const ownTexts = ['output', ...ownFlagNames('text')];
const ownSwitches = ['help', 'version', ...ownFlagNames('switch')];
const own = [...ownTexts, ...ownSwitches];
const diagnose = 'diagnose';

/** Inputs whose default is `true` or `false` are switches. */
export const switches: readonly InputName[] = names.filter((name) =>
  /^(?:true|false)$/.test(inputTable[name].default),
);

interface Option {
  readonly name: string;
  readonly value: string | undefined;
  readonly inline: boolean;
  /** With its dashes. */
  readonly written: string;
}

interface Words {
  readonly options: readonly Option[];
  readonly positionals: readonly string[];
}

/** Characters of one word with a single dash. */
const longestGroup = 20;

function splitWords(argv: readonly string[]): Words {
  const text = [...names.filter((name) => !switches.includes(name)), ...ownTexts];
  const options = Object.fromEntries([
    ...text.map((name) => [name, { type: 'string' as const, multiple: true }]),
    ['help', { type: 'boolean' as const, short: 'h' }],
  ]);
  // A group of short flags needs a limit: the library expands it by recursion.
  const args = argv.map((word) => (/^-[^-]/.test(word) ? word.slice(0, longestGroup) : word));
  const config = { args, options, strict: false, allowPositionals: true, tokens: true };
  const { tokens = [], positionals } = parseArgs(config as typeof config & { tokens: true });
  const found = tokens.flatMap((token) => {
    if (token.kind !== 'option') return [];
    const { name, value, inlineValue, rawName } = token;
    return [{ name, value, inline: inlineValue === true, written: rawName }];
  });
  return { options: found, positionals };
}

function wrongUse(what: string, hint: string): Finding {
  return finding('input-invalid', what, { hint });
}

const help = 'See webgen-deploy --help.';

type ReadOption =
  | { readonly name: InputName; readonly text: string }
  | { readonly own: string; readonly text: string }
  | { readonly wrong: Finding };

/** One flag: an input, a switch with or without `no-`, or one of the terminal's own. */
function readOption(option: Option): ReadOption {
  const { name, value, inline } = option;
  const negated = switches.find((each) => name === `no-${each}`);
  if (negated && value === undefined) return { name: negated, text: 'false' };
  if (negated) return { wrong: wrongUse(`The flag --${name} takes no value.`, help) };
  const input = names.find((each) => each === name);
  if (input && switches.includes(input)) return { name: input, text: value ?? 'true' };
  if (!input && !own.includes(name)) return { wrong: unknownFlag(option) };
  // The only switch that may have a value: `--pin=<commit>`.
  if (name === 'pin') return { own: name, text: value ?? '' };
  if (ownSwitches.includes(name)) return { own: name, text: 'true' };
  // `--timeout --wait` would take a flag as a value; such a value is written with `=`.
  if (value === undefined || (!inline && value.startsWith('--'))) {
    return { wrong: wrongUse(`The flag --${name} needs a value.`, `Write --${name}=VALUE.`) };
  }
  return input ? { name: input, text: value } : { own: name, text: value };
}

function unknownFlag({ name, written }: Option): Finding {
  const guess = (closeName(name) || didYouMean(name, own)).replace(/`(.+)`/, '--$1');
  return wrongUse(`The flag ${written.slice(0, 60)} is not known${guess || '.'}`, help);
}

/** A word that is not a flag: the command, or a mistake; not quoted if it may be part of a secret. */
function wrongWords(words: readonly string[], read: readonly ReadOption[]): readonly Finding[] {
  const mayBeSecret = read.some(
    (each) => 'wrong' in each || ('name' in each && isSecret(each.name)),
  );
  const loose = words.filter((word) => /^(?:true|false)$/i.test(word));
  const more = words.filter((word) => !loose.includes(word)).slice(1);
  return [
    ...loose.map((word) => wrongUse(`The word ${word} stands alone.`, 'Write --wait=false.')),
    ...more.map((word) =>
      wrongUse(`${mayBeSecret ? 'A word' : `The word ${shown(word)}`} is unexpected.`, help),
    ),
  ];
}

/** Flags that belong to another command, and `diagnose` without a file. */
function misplaced(read: readonly ReadOption[], command: string, files: number) {
  const alone = Object.hasOwn(terminalCommands, command) ? terminalCommands[command] : undefined;
  const strange = read.flatMap((each) => {
    if ('wrong' in each) return [];
    if ('name' in each) {
      const fits = !alone || alone.inputs.includes(each.name);
      return fits ? [] : [wrongUse(`The flag --${each.name} does not apply to ${command}.`, help)];
    }
    const [owner] =
      Object.entries(terminalCommands).find((row) => Object.hasOwn(row[1].own, each.own)) ?? [];
    if (owner === undefined || (alone && Object.hasOwn(alone.own, each.own))) return [];
    return [wrongUse(`The flag --${each.own} belongs to ${owner}.`, help)];
  });
  if (command !== diagnose || files > 0) return strange;
  const hint = 'Write webgen-deploy diagnose state.yaml, or - for standard input.';
  return [...strange, wrongUse('diagnose needs at least one file.', hint)];
}

const isSecret = (name: InputName): boolean => secretInputs.some((each) => each === name);

/** Inputs by name; all but lists may be given once. */
function gather(read: readonly ReadOption[], command: string | undefined) {
  const given = new Map<InputName, readonly string[]>();
  for (const each of read) {
    if ('name' in each) given.set(each.name, [...(given.get(each.name) ?? []), each.text]);
  }
  if (command !== undefined) given.set('command', [...(given.get('command') ?? []), command]);
  const findings = [...given]
    .filter(([name, texts]) => texts.length > 1 && !lists.includes(name))
    .map(([name, texts]) => wrongUse(`--${name} is given ${texts.length} times.`, 'Give it once.'));
  const raw = Object.fromEntries([...given].map(([name, texts]) => [name, texts.join('\n')]));
  const secrets = Object.fromEntries([...given].filter(([name]) => isSecret(name)));
  return { raw: raw as RawInputs, secrets, findings };
}

/** The last one counts; for lists, all of them. */
function ownFlags(read: readonly ReadOption[]) {
  const texts = (name: string) =>
    read.flatMap((each) => ('own' in each && each.own === name ? [each.text] : []));
  return { has: (name: string) => texts(name).length > 0, texts };
}

function initFlags({ has, texts }: ReturnType<typeof ownFlags>): NonNullable<Flags['init']> {
  const commit = texts('pin').at(-1) ?? '';
  const buildEnvironment = texts('build-environment').at(-1);
  return {
    ...(has('services') ? { services: texts('services').join(' ') } : {}),
    yes: has('yes'),
    dryRun: has('dry-run'),
    force: has('force'),
    reusable: has('reusable'),
    ...(has('pin') ? { pin: commit === '' ? {} : { commit } } : {}),
    ...(buildEnvironment === undefined ? {} : { buildEnvironment }),
  };
}

/** Parses the words after the program's name. Never throws: usage errors are in `findings`. */
export function parseFlags(argv: readonly string[]): Flags {
  const { options, positionals } = splitWords(argv);
  const read = options.map(readOption);
  const first = positionals.find((word) => !/^(?:true|false)$/i.test(word));
  const files = first === diagnose ? positionals.filter((word) => word !== diagnose) : undefined;
  const { raw, secrets, findings: repeated } = gather(read, first);
  const flags = ownFlags(read);
  const output = flags.texts('output').at(-1) ?? 'text';
  const now = flags.texts('now').at(-1);
  const command = raw['command'] ?? inputTable.command.default;
  return {
    command,
    raw,
    ...(Object.keys(secrets).length > 0 ? { secrets } : {}),
    ...(files ? { files } : {}),
    ...(now === undefined ? {} : { now }),
    ...(command === 'init' ? { init: initFlags(flags) } : {}),
    output: output === 'json' ? 'json' : 'text',
    help: flags.has('help'),
    version: flags.has('version'),
    findings: [
      ...read.flatMap((each) => ('wrong' in each ? [each.wrong] : [])),
      ...(files ? [] : wrongWords(positionals, read)),
      ...misplaced(read, command, files?.length ?? 0),
      ...repeated,
      ...(['text', 'json'].includes(output)
        ? []
        : [wrongUse(`--output is ${shown(output)}.`, 'Write --output=text or json.')]),
    ],
  };
}
