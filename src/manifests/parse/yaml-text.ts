// The text of a manifest file → its YAML trees and findings for what cannot be read.
import { Composer, type Document, isScalar, LineCounter, visit, type YAMLError } from 'yaml';
import { type Finding, finding } from '../../core/errors.ts';
import { clip, oneLine } from '../../core/text.ts';
import { TokenLimit, tokensOf } from '../../core/yaml-tokens.ts';
import { splitJson } from './json-stream.ts';
import { type Problem, startOf, type Unfolded, yamlValues } from './yaml-values.ts';

/** One document of a stream: its value, and its tree for finding lines. */
export interface Tree {
  readonly value: unknown;
  readonly root: unknown;
  readonly targets: ReadonlyMap<unknown, unknown>;
  /** From 1. */
  lineAt(offset: number): number;
}

export interface Trees {
  readonly trees: readonly Tree[];
  readonly findings: readonly Finding[];
}

interface Source {
  readonly file: string;
  readonly text: string;
  /** Whether lines may be shown: nothing in the file looks like a Secret. */
  readonly shown: boolean;
  /** The expanded size of all aliases of the file. */
  readonly unfolded: Unfolded;
  /** Lines of the file before `text`. */
  readonly above: number;
  readonly counter: LineCounter;
}

// Secret kinds, including sealed ones: the kind of a broken file can only be guessed from its text.
const secretKind = /\bkind["']?\s*:\s*["']?\w*Secret/i;

/** Reads every YAML or JSON document of a text. Empty and comment-only documents are skipped. */
export function readTrees(text: string, file: string): Trees {
  const shown = !secretKind.test(text);
  const unfolded = { size: 0, nodes: 0 };
  const read = splitJson(text).map((part) =>
    readPart({ file, shown, unfolded, ...part, counter: new LineCounter() }),
  );
  return {
    trees: read.flatMap((each) => each.trees),
    findings: read.flatMap((each) => each.findings),
  };
}

function readPart(source: Source): Trees {
  const documents = composed(source);
  if ('code' in documents) return { trees: [], findings: [documents] };
  const trees: Tree[] = [];
  const findings: Finding[] = [];
  for (const document of documents) {
    const [error] = document.errors;
    if (error) {
      // One mistake causes follow-up errors in the parser.
      findings.push(syntaxFinding(error, document, source));
      continue;
    }
    const { value, problems, targets } = yamlValues(document.contents, source.unfolded);
    findings.push(...problems.map((each) => problemFinding(each, source)));
    const lineAt = (offset: number) => lineOf(source, offset);
    if (problems.length === 0 && value !== null) {
      trees.push({ value, root: document.contents, targets, lineAt });
    }
  }
  return { trees, findings };
}

function composed(source: Source): readonly Document.Parsed[] | Finding {
  const { text, counter } = source;
  const composer = new Composer({
    // Every scalar stays a text here: we interpret it, by kubectl's rules.
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  try {
    return [...composer.compose(tokensOf(text, counter.addNewLine))];
  } catch (error) {
    if (error instanceof TokenLimit) return limitFinding(error.message, error.at, source);
    // The library recurses into keys of keys without a limit.
    if (error instanceof RangeError) return limitFinding('it is nested too deep', 0, source);
    throw error;
  }
}

function limitFinding(what: string, at: number, source: Source): Finding {
  return finding('manifest-invalid', `The YAML cannot be read: ${what}.`, {
    file: source.file,
    line: lineOf(source, at),
    evidence: [pointer(source, at)],
    hint: 'Check that this is a Kubernetes manifest.',
  });
}

function lineOf(source: Source, offset: number): number {
  return source.above + Math.max(1, source.counter.linePos(offset).line);
}

function problemFinding(problem: Problem, source: Source): Finding {
  const other =
    problem.other === undefined ? [] : [`first on line ${lineOf(source, problem.other)}`];
  return finding('manifest-invalid', `A manifest ${problem.what}.`, {
    file: source.file,
    line: lineOf(source, problem.at),
    evidence: [...other, pointer(source, problem.at)],
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
  });
}

/** `line 3, column 5: image: x`; only the position if the file may hold secrets. */
function pointer(source: Source, offset: number): string {
  const { line, col } = source.counter.linePos(offset);
  const place = `line ${source.above + line}, column ${Math.max(1, col)}`;
  if (!source.shown) return place;
  const from = offset - Math.max(1, col) + 1;
  const end = source.text.indexOf('\n', from);
  const written = source.text.slice(
    from,
    Math.min(end < 0 ? source.text.length : end, from + 1_000),
  );
  return `${place}: ${clip(oneLine(written.replaceAll('\t', '→')), 160)}`;
}

/** The parser's codes in plain words: [what, hint]. Its own message follows as evidence. */
const mistakes: Readonly<Record<string, readonly [string, string]>> = {
  TAB_AS_INDENT: ['a tab is used as indentation', 'Indent with spaces.'],
  BAD_INDENT: [
    'the indentation does not fit the lines around it',
    'Indent all keys of one object equally, with spaces.',
  ],
  BLOCK_AS_IMPLICIT_KEY: [
    'an object begins inside a value',
    'Indent the next line correctly, or quote the value if it contains ": ".',
  ],
  MULTILINE_IMPLICIT_KEY: ['a key has no value', 'Write a space after the colon: `key: value`.'],
  BAD_SCALAR_START: ['a value begins with a reserved character', 'Quote the value.'],
  BAD_DQ_ESCAPE: ['a double-quoted text has an unknown \\ escape', 'Use single quotes, or \\\\.'],
  RESOURCE_EXHAUSTION: ['it is nested too deep', 'Check that this is a Kubernetes manifest.'],
};

function syntaxFinding(error: YAMLError, tree: object, source: Source): Finding {
  const [what, hint] = mistakeOf(error);
  const at = error.message.startsWith('Missing closing') ? lastQuote(tree) : error.pos[0];
  const own = source.shown ? [oneLine(error.message)] : [];
  return finding('manifest-invalid', `The YAML cannot be read: ${what}.`, {
    file: source.file,
    line: lineOf(source, at),
    evidence: [pointer(source, at), ...own],
    hint,
  });
}

function mistakeOf(error: YAMLError): readonly [string, string] {
  if (error.message.startsWith('Missing closing')) {
    return ['a quoted text is never closed', 'Close the quote.'];
  }
  if (error.message.startsWith('Implicit map keys')) {
    return ['a key has no colon', 'Write `key: value`, or indent a text that goes on.'];
  }
  if (error.message.startsWith('Missing , ')) {
    return ['a comma is missing', 'Put a comma between the items.'];
  }
  if (/^Flow (map|sequence)/.test(error.message)) {
    return ['a bracket is never closed', 'Close it, or indent the lines inside it further.'];
  }
  return (
    mistakes[error.code] ?? [
      'the text is not where YAML allows it',
      'Check quotes, brackets and indentation around it; quote "${NAME}" inside { } and [ ].',
    ]
  );
}

/** The start of an unclosed quoted text: the error itself is reported at the end of the file. */
function lastQuote(tree: object): number {
  let found = 0;
  visit(tree as Parameters<typeof visit>[0], {
    Scalar: (_key, node) => {
      if (isScalar(node) && node.type?.startsWith('QUOTE')) found = startOf(node);
    },
  });
  return found;
}
