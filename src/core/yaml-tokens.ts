// The tokens of a YAML text for the library's composer, limited to what real files have.
import { type CST, Lexer, Parser } from 'yaml';

/** The rest of "The YAML cannot be read: …", and the offset of the problem. */
export class TokenLimit extends Error {
  readonly at: number;
  constructor(what: string, at: number) {
    super(what);
    this.name = 'TokenLimit';
    this.at = at;
  }
}

/** Nested brackets. The deepest schema of a public custom kind has about 60. */
const deepest = 1_000;
/** Error tokens; each costs the library a message, and only one of them is shown. */
const mostMistakes = 100;
/**
 * Each token costs about 5 µs, even a single character. Manifests have at least 3.3 characters per token, JSON on
 * one line too; a text of only brackets, quotes or empty lines has 1 or 2. This many are allowed for long lists.
 */
const freeLexemes = 150_000;
const fewestCharacters = 2.2;
/** A new document or a directive costs as much as several tokens. */
const weightOf = (lexeme: string): number => {
  if (lexeme === '---') return 5;
  return lexeme.startsWith('%') ? 20 : 1;
};

const steps: Readonly<Record<string, number>> = { '[': 1, '{': 1, ']': -1, '}': -1 };

/** Like `Parser.parse`. Throws TokenLimit. */
export function* tokensOf(text: string, onNewLine: (offset: number) => void): Generator<CST.Token> {
  const parser = new Parser(onNewLine);
  if (text !== '') onNewLine(0);
  const check = limits();
  let mistakes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    check(lexeme, parser.offset);
    for (const token of parser.next(lexeme)) {
      if (token.type === 'error') mistakes += 1;
      if (mistakes > mostMistakes) {
        throw new TokenLimit(`more than ${mostMistakes} places in it are no YAML`, token.offset);
      }
      yield token;
    }
  }
  yield* parser.end();
}

function limits(): (lexeme: string, offset: number) => void {
  let lexemes = 0;
  let depth = 0;
  return (lexeme, offset) => {
    lexemes += weightOf(lexeme);
    depth = Math.max(0, depth + (steps[lexeme] ?? 0));
    if (depth > deepest) throw new TokenLimit('it is nested too deep', offset);
    if (lexemes > freeLexemes && offset < lexemes * fewestCharacters) {
      throw new TokenLimit('it is almost nothing but punctuation', offset);
    }
  };
}
