// Writes what action.yml says into src/inputs/contract.ts and deploy/action.yml, so that it stays the only
// holder of the contract; docs/reference/ and docs/diagnosis.md from the tables of the code; the reusable
// workflows from the jobs that `init` writes as well; and package.json's repository wherever the project is
// named. `--check` writes nothing and fails where they differ.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, type Pair, parseDocument } from 'yaml';
import { reusableWorkflow } from '../src/commands/init/workflows/files.ts';
import { contracts, type WorkflowName } from '../src/commands/init/workflows/inputs.ts';
import { project } from '../src/core/version.ts';
import { renderDiagnosis } from './diagnosis.ts';
import { follow, projectOf } from './project.ts';
import { reference } from './reference.ts';

const root = join(import.meta.dirname, '..');

export interface DeclaredInput {
  readonly name: string;
  readonly group: string;
  readonly description: string;
  readonly default: string;
}

export interface ActionFile {
  readonly inputs: readonly DeclaredInput[];
  readonly outputs: readonly { readonly name: string; readonly description: string }[];
}

/** Reads action.yml's text; throws where it is not in the form that the tables need. */
export function readAction(text: string): ActionFile {
  const document = parseDocument(text);
  const pairs = (section: string) => {
    const node = document.get(section);
    if (!isMap(node)) throw new Error(`action.yml has no ${section}`);
    // The parser gives the first pair's comment to the map itself.
    return { first: node.commentBefore ?? '', items: node.items as readonly Pair[] };
  };
  let group = '';
  const { first, items } = pairs('inputs');
  const inputs = items.map((pair, index) => {
    const comment = isScalar(pair.key) ? (pair.key.commentBefore ?? '') : '';
    group = (comment || (index === 0 ? first : '')).trim() || group;
    return { ...field(pair), group };
  });
  return { inputs, outputs: pairs('outputs').items.map(field) };
}

function field(pair: Pair): Omit<DeclaredInput, 'group'> {
  if (!isScalar(pair.key) || !isMap(pair.value)) throw new Error('action.yml: not a mapping');
  const text = (key: string) => String((isMap(pair.value) && pair.value.get(key)) || '').trim();
  const name = String(pair.key.value);
  if (text('description') === '') throw new Error(`action.yml: ${name} has no description`);
  return { name, description: text('description'), default: text('default') };
}

function literal(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  return quote + text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`) + quote;
}

const property = (name: string) => (/^[A-Za-z]+$/.test(name) ? name : literal(name));

const generated = 'written by scripts/docs.ts, change action.yml instead.';

/** src/inputs/contract.ts, as the formatter would write it. */
export function renderContract({ inputs, outputs }: ActionFile): string {
  const standard = (input: DeclaredInput) =>
    literal(input.default.startsWith('${{') ? '' : input.default);
  return [
    `// action.yml as the program sees it: ${generated}`,
    '',
    '/** A default that only the runner can fill (an expression) is empty here. */',
    'export const inputTable = {',
    ...inputs.map((input) => `  ${property(input.name)}: { default: ${standard(input)} },`),
    '} as const;',
    '',
    'export const outputNames = [',
    ...outputs.map(({ name }) => `  '${name}',`),
    '] as const;',
    '',
    'export type InputName = keyof typeof inputTable;',
    'export type OutputName = (typeof outputNames)[number];',
    '',
  ].join('\n');
}

const width = 100;

/** src/inputs/contract-help.ts, likewise. */
export function renderContractHelp({ inputs }: ActionFile): string {
  const about = inputs.flatMap(({ name, description }) => {
    const text = literal(description.split('\n')[0] ?? '');
    const line = `  ${property(name)}: ${text},`;
    return line.length <= width ? [line] : [`  ${property(name)}:`, `    ${text},`];
  });
  const groups = [...Map.groupBy(inputs, ({ group }) => group)].flatMap(([group, own]) => {
    const names = own.map(({ name }) => `'${name}'`);
    const line = `  ${property(group)}: [${names.join(', ')}],`;
    if (line.length <= width) return [line];
    return [`  ${property(group)}: [`, ...names.map((name) => `    ${name},`), '  ],'];
  });
  return [
    `// What a terminal's help says of each input: ${generated}`,
    '',
    '/** The first line of each description. */',
    'export const inputAbout = {',
    ...about,
    '} as const;',
    '',
    '/** In the order of action.yml. */',
    'export const inputGroups = {',
    ...groups,
    '} as const;',
    '',
  ].join('\n');
}

/**
 * deploy/action.yml: the same action in a folder, since `uses: $/…` cannot name the root of a
 * repository. Throws where action.yml starts something that is not in dist/.
 */
export function renderSubAction(text: string): string {
  const moved = text.replaceAll(/^( {2}(?:main|post): )(dist\/)/gm, '$1../$2');
  if (moved.split('../dist/').length !== 3) throw new Error('action.yml: main and post in dist/?');
  return `# The action of the repository's root, written by scripts/docs.ts: change that one.\n${moved}`;
}

/** Puts package.json's name where the old one is, or says where it is. */
function followName(to: string, check: boolean): void {
  const paths = follow(root, { from: project, to, write: !check });
  if (check) {
    for (const path of paths) {
      console.error(`${path} names ${project}, package.json ${to}; run: npm run docs`);
    }
    process.exitCode = 1;
    return;
  }
  // What is generated from the name has the new one in a process of its own only.
  const again = spawnSync(process.execPath, [import.meta.filename], { stdio: 'inherit' });
  process.exitCode = again.status ?? 1;
}

function main(check: boolean): void {
  const name = projectOf(readFileSync(join(root, 'package.json'), 'utf8'));
  if (name !== project) {
    followName(name, check);
    return;
  }
  const actionText = readFileSync(join(root, 'action.yml'), 'utf8');
  const action = readAction(actionText);
  const old = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  const contract = join(root, 'src', 'inputs', 'contract.ts');
  const wanted = [
    [contract, renderContract(action)],
    [join(root, 'deploy', 'action.yml'), renderSubAction(actionText)],
    [join(root, 'src', 'inputs', 'contract-help.ts'), renderContractHelp(action)],
    ...Object.entries(reference(action)).map(
      ([name, text]) => [join(root, 'docs', 'reference', `${name}.md`), text] as const,
    ),
    [join(root, 'docs', 'diagnosis.md'), renderDiagnosis()],
    ...(Object.keys(contracts) as readonly WorkflowName[]).map(
      (name) =>
        [join(root, '.github', 'workflows', `${name}.yml`), reusableWorkflow(name)] as const,
    ),
  ] as const;
  for (const [path, text] of wanted.filter(([path, text]) => old(path) !== text)) {
    if (!check) writeFileSync(path, text);
    else console.error(`${path} differs from what it is made of; run: npm run docs`);
    if (check) process.exitCode = 1;
  }
}

if (import.meta.main) main(process.argv.includes('--check'));
