// Workflow commands on standard output, found as the runner finds them.

export interface WorkflowCommand {
  readonly command: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

const PLAIN: Readonly<Record<string, string>> = {
  '%25': '%',
  '%0D': '\r',
  '%0A': '\n',
  '%3A': ':',
  '%2C': ',',
};

/** The commands of a text, in order; lines that are none are passed over. */
export function readCommands(stdout: string): readonly WorkflowCommand[] {
  return stdout.split(/\r?\n/).flatMap((line) => {
    // The runner trims the beginning of the line first.
    const match = /^::([^\s:]+)(?: ((?:[^:]|:(?!:))*))?::(.*)$/.exec(line.trimStart());
    if (match === null) return [];
    const [, command = '', list = '', message = ''] = match;
    return [
      { command, properties: readProperties(list), message: decode(message, /%(25|0D|0A)/g) },
    ];
  });
}

function readProperties(list: string): Readonly<Record<string, string>> {
  const pairs = list.split(',').map((part) => part.trim());
  return Object.fromEntries(
    pairs
      .filter((pair) => pair.includes('='))
      .map((pair) => {
        const at = pair.indexOf('=');
        return [pair.slice(0, at), decode(pair.slice(at + 1), /%(25|0D|0A|3A|2C)/g)];
      }),
  );
}

function decode(text: string, codes: RegExp): string {
  return text.replace(codes, (code) => PLAIN[code] ?? code);
}
