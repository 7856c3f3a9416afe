// The log: the runner's log commands, or plain lines on a terminal.
import type { Finding, Severity } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import { known, secretLines } from '../core/redaction/redaction.ts';
import { reveal } from '../core/secret.ts';
import { clip, safeLines } from '../core/text.ts';
import { secretsInput } from '../kube/document.ts';
import { placeOf } from '../report/findings.ts';
import { groupsOn, type Surface } from './log-groups.ts';

type Write = (text: string) => void;
type Safe = (text: string) => readonly string[];

/** How one environment renders the log. Lines are ready to be written. */
interface Dress {
  readonly surface: Surface;
  debug(lines: readonly string[]): readonly string[];
  annotation(finding: Finding, safe: Safe): readonly string[];
  mask(lines: readonly string[]): void;
}

function logIn(dress: Dress): Log {
  const groups = groupsOn(dress.surface);
  const safe: Safe = (text) => safeLines(known.redact(text));
  return {
    info: (line) => {
      const lines = safe(line);
      for (const each of lines.length > 0 ? lines : ['']) groups.print(each);
    },
    debug: (line) => dress.debug(safe(line)).forEach(groups.print),
    group: (name, work) => groups.group(safe(name).join(' '), work),
    annotate: (finding) => dress.annotation(finding, safe).forEach(groups.printOutside),
    mask: (secret) => {
      const text = reveal(secret);
      known.remember(text);
      dress.mask(secretLines(text));
    },
  };
}

function titleOf(finding: Finding): string {
  return finding.object ? `${finding.code}: ${finding.object}` : finding.code;
}

// Escapes for the text of a command: actions/runner, ActionCommand.cs.
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

type Properties = Readonly<Record<string, string>>;

function command(name: string, text: string, properties: Properties = {}): string {
  const list = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value)}`);
  return `::${name}${list.length > 0 ? ` ${list.join(',')}` : ''}::${escapeData(text)}`;
}

const commands: Readonly<Record<Severity, string>> = {
  fatal: 'error',
  warning: 'warning',
  note: 'notice',
};

/** GitHub shows ten annotations per severity and step; more would only repeat the log. */
const mostAnnotations = 10;

function annotation(finding: Finding, safe: Safe): string {
  const { file, line } = finding;
  const properties: Record<string, string> = {};
  // A remote manifest is not a file of the repository, and neither is an input.
  if (file !== undefined && !file.includes('://') && file !== secretsInput) {
    properties['file'] = safe(file).join(' ');
    if (line !== undefined) properties['line'] = String(line);
  }
  properties['title'] = safe(titleOf(finding)).join(' ');
  const said = finding.evidence.flatMap(safe).slice(0, 5);
  const text = [...safe(finding.what), ...said, ...safe(finding.hint)].join('\n');
  return command(commands[finding.severity], clip(text, 4000), properties);
}

/** The runner's log: groups, annotations and masks; all other lines are neutralised. */
export function githubLog(write: Write): Log {
  const masked = new Set<string>();
  const shown: Record<Severity, number> = { fatal: 0, warning: 0, note: 0 };
  return logIn({
    surface: {
      open: (title, again) => write(`${command('group', again ? `${title}, continued` : title)}\n`),
      close: () => write('::endgroup::\n'),
      line: (text) => write(`${text}\n`),
    },
    debug: (lines) => lines.map((line) => command('debug', line)),
    annotation: (finding, safe) => {
      shown[finding.severity] += 1;
      return shown[finding.severity] > mostAnnotations ? [] : [annotation(finding, safe)];
    },
    // Written at once, before any buffered line.
    mask: (lines) => {
      for (const line of lines) {
        if (!masked.has(line)) write(`${command('add-mask', line)}\n`);
        masked.add(line);
      }
    },
  });
}

const red = 31;
const green = 32;
const yellow = 33;
const dim = 2;
const bold = 1;

/** The start of a line decides its colour: the marks of the report. */
const colours: readonly (readonly [RegExp, number])[] = [
  [/^✗/, red],
  [/^✓/, green],
  [/^[!■]/, yellow],
  [/^ {4}\+/, green],
  [/^ {4}-/, red],
  [/^ *│/, dim],
];

const marks: Readonly<Record<Severity, string>> = { fatal: '✗', warning: '!', note: '·' };

export interface TerminalOptions {
  readonly colour: boolean;
  /** Where everything goes if standard output is reserved for the result (`--output json`). */
  readonly stderr?: Write;
  /** Shows debug lines too. */
  readonly verbose?: boolean;
}

/** Plain lines, headings for groups, coloured by the line's mark. */
export function terminalLog(write: Write, options: TerminalOptions): Log {
  const out = options.stderr ?? write;
  const paint = (text: string, colour: number | undefined): string =>
    options.colour && colour && text ? `\u001b[${colour}m${text}\u001b[0m` : text;
  return logIn({
    surface: {
      open: (title, again) => out(`${paint(again ? `${title}, continued` : title, bold)}\n`),
      close: () => undefined,
      line: (text) => out(`${paint(text, colours.find(([mark]) => mark.test(text))?.[1])}\n`),
    },
    debug: (lines) => (options.verbose ? lines : []),
    annotation: (finding, safe) => {
      const where = placeOf(finding);
      const head = `${marks[finding.severity]} ${titleOf(finding)}: ${finding.what}`;
      return safe(where ? `${head} (${where})` : head);
    },
    mask: () => undefined,
  });
}
