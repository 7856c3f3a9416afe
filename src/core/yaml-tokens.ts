// The tokens of a YAML text for the library's composer, and no more of them than anybody writes.
import { type CST, Lexer, Parser } from 'yaml';

/** What is wrong, as the rest of "The YAML cannot be read: …", and the offset where it was seen. */
export class TokenLimit extends Error {
  readonly at: number;
  constructor(what: string, at: number) {
    super(what);
    this.name = 'TokenLimit';
    this.at = at;
  }
}

/** Brackets in brackets. The deepest schema of a public custom kind has some 60. */
const deepest = 1_000;
/** Tokens that stand nowhere; each costs the library a text of its own, and people see one of them. */
const mostMistakes = 100;
/**
 * Each token costs some 5 µs, be it one character. Manifests have 3.3 characters for each and more, JSON on
 * one line too; a text of brackets, quotes or empty lines alone has 1 or 2. So many are free for long lists.
 */
const freeLexemes = 150_000;
const fewestCharacters = 2.2;
/** A document of its own, and a directive, cost as much as some tokens. */
const weightOf = (lexeme: string): number => {
  if (lexeme === '---') return 5;
  return lexeme.startsWith('%') ? 20 : 1;
};

const steps: Readonly<Record<string, number>> = { '[': 1, '{': 1, ']': -1, '}': -1 };

/** As `Parser.parse`. Throws TokenLimit. */
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
