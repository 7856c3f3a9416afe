// The text of `webgen-deploy --help`, generated from the contract.
import { commandNames, commands } from '../core/commands.ts';
import { type InputName, inputTable } from '../inputs/contract.ts';
import { inputAbout, inputGroups } from '../inputs/contract-help.ts';
import { terminalCommands } from './commands.ts';
import { lists, switches } from './flags.ts';

const about = `Deploys to Kubernetes, waits until everything runs, and says why when it does not.`;

const lineWidth = 101;

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

function commandLines(): string {
  const rows = [
    ...commandNames.map((name) => [name, commands[name].about] as const),
    ...Object.entries(terminalCommands).map(
      ([name, row]) => [row.words ? `${name} ${row.words}` : name, row.about] as const,
    ),
  ];
  return rows.map(([name, text]) => hanging(`  ${name}`, text, 11)).join('\n');
}

const usage = `Usage: webgen-deploy [command] [flags]

${about}

Commands:
${commandLines()}

--help after diagnose, init or doctor shows their flags alone.

Examples:
  webgen-deploy diff --environment staging --namespace web --manifests manifests/overlays/staging
  kubectl get all,events,pvc -o yaml | webgen-deploy diagnose -
  webgen-deploy doctor --namespace shop --yc-k8s-cluster-id catabc --yc-sa-json-credentials @key.json
  webgen-deploy init --app shop --services backend:8000/health --services frontend:3000 --yes`;

const capitalized = (text: string): string => `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`;

function ownLines(name: string, prefix = ''): readonly string[] {
  const { own = {} } = terminalCommands[name] ?? {};
  return Object.values(own).map((flag) =>
    hanging(`  ${flag.form}`, prefix ? prefix + flag.about : capitalized(flag.about), 34),
  );
}

const shared = `  --output text|json              Text for people, or JSON. (default: text)
  -h, --help
  --version`;

const close = `The terminal's own
${Object.keys(terminalCommands)
  .flatMap((name) => ownLines(name, `Of ${name}: `))
  .join('\n')}
${shared}

A switch is --wait, --no-wait or --wait=false. A list repeats its flag. Without a cluster flag:
KUBECONFIG, then ~/.kube/config.

A secret is @FILE, or - for standard input; where no flag gives it, YC_SA_JSON_CREDENTIALS, YC_IAM_TOKEN,
REGISTRY_PASSWORD, GITHUB_TOKEN and APPLICATION_SECRETS (secrets) do. Everybody on the machine can
read what stands on a command line itself.

Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted, 137 hung.
`;

function flag(name: InputName): string {
  if (switches.includes(name)) return `--[no-]${name}`;
  return `--${name} ${lists.includes(name) ? 'LINE …' : 'VALUE'}`;
}

const longest = 85;

function row(name: InputName): string {
  const about = inputAbout[name];
  const { default: standard } = inputTable[name];
  // A text too long for one terminal line loses the part after its colon.
  const short = about.length > longest ? (about.split(': ')[0] ?? about) : about;
  const text = standard ? `${short} (default: ${standard})` : short;
  return `  ${flag(name).padEnd(31)} ${text.replaceAll('`', '')}`;
}

/** Of a command that the terminal alone has: its flags. */
function ofTerminal(name: string): string {
  const { words, about: does = '', inputs = [] } = terminalCommands[name] ?? {};
  const flags = [...ownLines(name), ...inputs.map(row), shared];
  const call = ['webgen-deploy', name, ...(words ? [words] : []), '[flags]'].join(' ');
  return `Usage: ${call}\n\n${capitalized(does)}.\n\n${flags.join('\n')}\n`;
}

/** Grouped as in action.yml, with defaults and an example; of `diagnose`, `init` and `doctor` theirs alone. */
export function helpText(command?: string): string {
  if (command !== undefined && Object.hasOwn(terminalCommands, command)) return ofTerminal(command);
  const sections = Object.entries(inputGroups).map(([group, names]) => {
    const flags = names.filter((name) => name !== 'command');
    return `${group}\n${flags.map(row).join('\n')}`;
  });
  return [usage, ...sections, close].join('\n\n');
}
