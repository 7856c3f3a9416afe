// Expressions of workflows, evaluated by GitHub's own library.
import { data, Evaluator, type Expr, Lexer, Parser } from '@actions/expressions';

export type Value =
  | null
  | boolean
  | number
  | string
  | readonly Value[]
  | { readonly [name: string]: Value };

/** `github`, `inputs`, `needs`, …; what is not there is null. */
export type Contexts = Readonly<Record<string, Value>>;

/** What the status functions say of a job: results of all jobs before it, and whether its run is cancelled. */
export interface Status {
  readonly before: readonly string[];
  readonly isCancelled: boolean;
}

const names = [
  ...['github', 'env', 'vars', 'job', 'jobs', 'steps', 'runner', 'secrets'],
  ...['strategy', 'matrix', 'needs', 'inputs'],
];

const statusFunctions: Readonly<Record<string, (status: Status) => boolean>> = {
  always: () => true,
  cancelled: ({ isCancelled }) => isCancelled,
  failure: ({ before, isCancelled }) => !isCancelled && before.includes('failure'),
  success: ({ before, isCancelled }) =>
    !isCancelled && before.every((result) => result === 'success'),
};

const usual: Status = { before: [], isCancelled: false };

/** Throws where it is no expression. */
function evaluated(expression: string, contexts: Contexts, status: Status): data.ExpressionData {
  const functions = Object.entries(statusFunctions).map(([name, call]) => ({
    ...{ name, minArgs: 0, maxArgs: 0 },
    call: () => new data.BooleanData(call(status)),
  }));
  const parsed = parse(expression);
  const known = Object.fromEntries(names.map((name) => [name, contexts[name] ?? null]));
  const context = JSON.parse(JSON.stringify(known), data.reviver);
  const byName = new Map(functions.map((each) => [each.name, each]));
  return new Evaluator(parsed, context, byName).evaluate();
}

function parse(expression: string): Expr {
  const functions = [...Object.keys(statusFunctions), 'hashFiles'].map((name) => ({
    ...{ name, minArgs: 0, maxArgs: 255 },
  }));
  return new Parser(new Lexer(expression).lex().tokens, names, functions).parse();
}

const whole = /^\$\{\{((?:(?!\}\}).)*)\}\}$/s;
const holes = /\$\{\{((?:(?!\}\}).)*)\}\}/gs;

/** A text with `${{ }}` in it; one that is nothing else keeps the value's own type. */
export function fill(text: string, contexts: Contexts, status: Status = usual): Value {
  const alone = whole.exec(text.trim())?.[1];
  if (alone !== undefined) {
    const value = evaluated(alone, contexts, status);
    return JSON.parse(JSON.stringify(value, data.replacer) ?? 'null');
  }
  return text.replaceAll(holes, (_, expression: string) =>
    evaluated(expression, contexts, status).coerceString(),
  );
}

/** The same as a text. */
export function fillText(text: string, contexts: Contexts, status: Status = usual): string {
  const filled = fill(text, contexts, status);
  return filled === null ? '' : typeof filled === 'object' ? JSON.stringify(filled) : `${filled}`;
}

/** Whether a job's `if:` holds; without a status function it is `success() && (…)`. */
export function holds(
  condition: string | undefined,
  contexts: Contexts,
  status: Status,
  impliesSuccess = true,
): boolean {
  const inside = whole.exec(condition?.trim() ?? '')?.[1] ?? condition ?? '';
  const asks = Object.keys(statusFunctions).some((name) =>
    new RegExp(`\\b${name}\\s*\\(`, 'i').test(inside.replaceAll(/'(?:[^']|'')*'/g, "''")),
  );
  if (!asks && impliesSuccess && !statusFunctions['success']?.(status)) return false;
  return inside.trim() === '' || isTrue(evaluated(inside, contexts, status));
}

function isTrue(value: data.ExpressionData): boolean {
  const plain: unknown = JSON.parse(JSON.stringify(value, data.replacer) ?? 'null');
  return plain !== false && plain !== 0 && plain !== '' && plain !== null;
}
