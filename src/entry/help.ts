// The texts of `webgen-deploy --help` and `webgen-deploy COMMAND --help`, from the tables.
import { type Command, commandNamed, commandNames, commands } from '../core/commands.ts';
import { docsPage } from '../core/version.ts';
import { type InputName, inputTable } from '../inputs/contract.ts';
import { inputAbout, inputGroups } from '../inputs/contract-help.ts';
import { inputsOf } from '../inputs/read-by.ts';
import { commandPages, exitCodes, terminalCommands } from './commands.ts';
import { lists, switches } from './flags.ts';

const lineWidth = 100;

/** `left`, and `text` from column `column` on, broken between words. */
function hanging(left: string, text: string, column: number): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && column + last.length + word.length + 1 <= lineWidth) {
      lines.splice(-1, 1, `${last} ${word}`);
    } else lines.push(word);
  }
  const [first = '', ...rest] = lines;
  const start = left.length < column ? left.padEnd(column) : `${left}\n${' '.repeat(column)}`;
  return [start + first, ...rest.map((line) => ' '.repeat(column) + line)].join('\n');
}

/** Every command with its line: those of the action, then those that the terminal alone has. */
const rows: readonly (readonly [name: string, about: string])[] = [
  ...commandNames.map((name) => [name, commands[name].about] as const),
  ...Object.entries(terminalCommands).map(
    ([name, row]) => [row.words ? `${name} ${row.words}` : name, row.about] as const,
  ),
];

const ends = `Exit codes: ${Object.entries(exitCodes)
  .map(([code, { short }]) => `${code} ${short}`)
  .join(', ')}.`;

const secretWords = `A secret is @FILE, or - for standard input: everybody on the machine can read a command line. Without
its flag YC_SA_JSON_CREDENTIALS, YC_IAM_TOKEN, REGISTRY_PASSWORD, GITHUB_TOKEN and APPLICATION_SECRETS
(secrets) count.`;

const general = `Usage: webgen-deploy [COMMAND] [FLAGS]

Deploys to Kubernetes, waits until everything runs, and says why when it does not.

Commands:
${rows.map(([name, about]) => hanging(`  ${name}`, about, 17)).join('\n')}

webgen-deploy COMMAND --help shows its flags. They are the names of the action's inputs.

Examples:
  webgen-deploy diff --environment staging --namespace web --manifests manifests/overlays/staging
  kubectl get all,events,pvc -n web -o yaml | webgen-deploy diagnose -
  webgen-deploy doctor --namespace shop --yc-k8s-cluster-id catabc --yc-sa-json-credentials @key.json
  webgen-deploy init --app shop --services backend:8000/health --services frontend:3000 --yes

Without a flag for the cluster: KUBECONFIG, then ~/.kube/config.
${secretWords}

${hanging('  --output text|json', 'Text for people, or JSON. (default: text)', 31)}
  -h, --help
  --version

${ends}
${docsPage('guide/terminal')}
`;

const capitalized = (text: string): string => `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`;

function flag(name: InputName): string {
  if (switches.includes(name)) return `--[no-]${name}`;
  return `--${name} ${lists.includes(name) ? 'LINE …' : 'VALUE'}`;
}

function row(name: InputName): string {
  const { default: standard } = inputTable[name];
  const text = standard ? `${inputAbout[name]} (default: ${standard})` : inputAbout[name];
  return hanging(`  ${flag(name)}`, text.replaceAll('`', ''), 33);
}

/** Under the headings of action.yml. */
function grouped(names: readonly InputName[]): readonly string[] {
  return Object.entries(inputGroups).flatMap(([group, members]) => {
    const own = (members as readonly InputName[]).filter((name) => names.includes(name));
    return own.length > 0 ? [`${group}\n${own.map(row).join('\n')}`] : [];
  });
}

function ofCommand(name: string): string {
  const {
    words,
    about,
    inputs,
    own = {},
  } = terminalCommands[name] ?? {
    about: commands[name as Command].about,
    inputs: inputsOf(name as Command),
  };
  const call = ['webgen-deploy', name, ...(words ? [words] : []), '[FLAGS]'].join(' ');
  const { page, examples } = commandPages[name as keyof typeof commandPages];
  const flags = Object.values(own).map((each) =>
    hanging(`  ${each.form}`, capitalized(each.about), 33),
  );
  const shared = [hanging('  --output text|json', 'Text for people, or JSON. (default: text)', 33)];
  return `${[
    `Usage: ${call}`,
    `${capitalized(about)}.`,
    `Examples:\n${examples.map((each) => `  webgen-deploy ${each}`).join('\n')}`,
    ...(flags.length > 0 ? [`Its own\n${flags.join('\n')}`] : []),
    ...grouped(inputs),
    `Output\n${shared.join('\n')}`,
    ...(inputs.some((input) => lists.includes(input))
      ? ['A switch is --wait, --no-wait or --wait=false. A list repeats its flag.']
      : []),
    `${ends}\n${docsPage(page)}`,
  ].join('\n\n')}\n`;
}

/** Without a command, or with an unknown one, what commands there are; else that command's flags. */
export function helpText(command?: string): string {
  const known = command !== undefined && Object.hasOwn(terminalCommands, command);
  return known || commandNamed(command) ? ofCommand(command as string) : general;
}
