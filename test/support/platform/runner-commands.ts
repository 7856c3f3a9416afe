// The runner's own rules for finding a command in a line (actions/runner, ActionCommand.cs).

/** The name of the command that the runner would carry out, or undefined. */
export function commandIn(line: string): string | undefined {
  // .NET trims and compares by culture, so characters without width count as nothing.
  const seen = line.replaceAll(/\p{Cf}/gu, '').replace(/^[\s\u0085]+/, '');
  const newForm = /^::(.*?)::/.exec(seen)?.[1];
  if (newForm !== undefined) return newForm.split(' ')[0];
  const oldForm = /##\[([^\]]*)\]/.exec(seen)?.[1];
  return oldForm?.split(' ')[0];
}

/** Every command in what was written; the runner reads a line up to any line break. */
export function commandsIn(written: string): readonly string[] {
  return written
    .split(/\r\n|[\r\n]/)
    .map(commandIn)
    .filter((name) => name !== undefined);
}
