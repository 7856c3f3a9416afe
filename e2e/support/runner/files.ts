// GITHUB_OUTPUT and its like, read as the runner itself reads them.

/**
 * The pairs of GITHUB_OUTPUT, GITHUB_ENV or GITHUB_STATE; of one name the last counts. Throws what
 * the runner would fail the step with.
 */
export function readPairs(text: string): Readonly<Record<string, string>> {
  const pairs: Record<string, string> = {};
  const lines = splitLines(text);
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]?.text ?? '';
    if (line === '') continue;
    const equals = line.indexOf('=');
    const heredoc = line.indexOf('<<');
    if (heredoc >= 0 && (equals < 0 || heredoc < equals)) {
      const name = line.slice(0, heredoc);
      const block = readBlock(lines, index + 1, line.slice(heredoc + 2));
      if (name === '') throw new Error(`Invalid format '${line}'. Name must not be empty`);
      pairs[name] = block.value;
      index = block.end;
    } else if (equals > 0) {
      pairs[line.slice(0, equals)] = line.slice(equals + 1);
    } else {
      throw new Error(`Invalid format '${line}'`);
    }
  }
  return pairs;
}

/** The folders of GITHUB_PATH. */
export function readPaths(text: string): readonly string[] {
  return text.split(/\r?\n/).filter((line) => line !== '');
}

interface Line {
  readonly text: string;
  /** False for the last line where the file ends without a line feed. */
  readonly ended: boolean;
}

function splitLines(text: string): readonly Line[] {
  const parts = text.split('\n');
  const last = parts.pop();
  const lines = parts.map((part) => ({ text: part, ended: true }));
  return last === undefined || last === '' ? lines : [...lines, { text: last, ended: false }];
}

interface Block {
  readonly value: string;
  /** The index of the line with the delimiter. */
  readonly end: number;
}

function readBlock(lines: readonly Line[], from: number, delimiter: string): Block {
  if (delimiter === '') throw new Error('Invalid format. Delimiter must not be empty');
  const end = lines.findIndex((line, index) => index >= from && line.text === delimiter);
  if (end < 0) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`);
  const value = lines.slice(from, end).map((line) => line.text);
  return { value: value.join('\n'), end };
}
