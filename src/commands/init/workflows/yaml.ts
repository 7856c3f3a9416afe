// Small pieces of YAML, written as a person would: plain where plain is safe, blocks for several lines.

/** Lines of YAML, not indented yet. */
export type Lines = readonly string[];

export const indent = (lines: Lines, by = 2): Lines =>
  lines.map((line) => (line === '' ? '' : `${' '.repeat(by)}${line}`));

const expression = /^\$\{\{ [^\n]+ \}\}$/;
/** A backtick is allowed inside, but easier to read in quotes. */
const plain = /^[A-Za-z0-9./$][^\n`]*$/;
/** Not read as text otherwise: `3.10` would be 3.1, `off` may be false. */
const special = /^(?:[-+.\d][\d._eE+-]*|0x[\da-fA-F]+|null|~|yes|no|on|off|y|n)$|: |:$| #|^\s|\s$/i;

/** One line of text as a scalar. */
export function scalar(text: string): string {
  if (expression.test(text))
    return text.includes(': ') || text.includes(' #') ? quoted(text) : text;
  return plain.test(text) && !special.test(text) ? text : quoted(text);
}

function quoted(text: string): string {
  // Within double quotes a backslash is special.
  const isDouble = text.includes('`') || text.includes("'") || text.includes(': ');
  if (isDouble && !/["\\]/.test(text)) return `"${text}"`;
  return `'${text.replaceAll("'", "''")}'`;
}

/** Text inside of `[]` or `{}`, where a comma or a brace ends it, and which is text in any reader. */
export function flow(text: string): string {
  const isPlain = /^(?:\.|[A-Za-z][\w./-]*)$/.test(text) && !isWord(text);
  return isPlain ? text : `'${text.replaceAll("'", "''")}'`;
}

/** What some reader of YAML, of GitHub or of Kubernetes, takes for something else than text. */
export const isWord = (text: string): boolean =>
  /^(?:null|true|false|yes|no|on|off|y|n)$/i.test(text);

/** `name: text`; several lines become a block. */
export function entry(name: string, text: string): Lines {
  if (!text.includes('\n')) return [`${name}: ${scalar(text)}`];
  return [`${name}: |`, ...indent(text.replace(/\n+$/, '').split('\n'))];
}

/** `name:` and its content; nothing at all without content. */
export function block(name: string, lines: Lines): Lines {
  return lines.length === 0 ? [] : [`${name}:`, ...indent(lines)];
}
