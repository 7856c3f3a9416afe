// CEL from untrusted authors: every step is counted, so that no expression runs for long.
import { Environment as CelEnvironment, type Environment } from '@marcbachmann/cel-js';
import { RE2JS } from 're2js';

/**
 * Steps of one evaluation: a node of the expression is one, and texts, lists and patterns cost more
 * the longer they are. 100,000 take at most about 50 ms; a rule over 1,000 conditions takes 10,000.
 */
const mostSteps = 100_000;
/** Characters of a text and items of a list that a rule may read. */
export const longestText = 8_192;
const longestList = 10_000;
/** Characters of a pattern: with repeats at most some 36,000 instructions. */
const longestPattern = 256;

/** `type` is the type of its value; `problem` is the library's message. */
export type ReadCel =
  | { readonly type: string; readonly evaluate: Evaluate }
  | { readonly problem: unknown };
/** The value of the expression. Throws CEL's own errors, and where a limit is exceeded. */
export type Evaluate = (values: Readonly<Record<string, unknown>>) => unknown;

/** What one evaluation may still spend. */
interface Meter {
  left: number;
  spent: Error | undefined;
  readonly patterns: Map<string, RE2JS>;
}

const newMeter = (left: number): Meter => ({ left, spent: undefined, patterns: new Map() });

// The library passes our functions no evaluation context; it never runs two evaluations at once.
let meter = newMeter(0);

function spend(steps: number): void {
  meter.left -= steps;
  if (meter.left < 0) stop(`costs more than ${mostSteps} steps`);
}

function stop(why: string): never {
  meter.left = -1;
  meter.spent ??= new Error(why);
  throw meter.spent;
}

// CEL requires RE2, which is linear in the text; the library's own `matches` uses JavaScript's engine,
// which a pattern such as ^(a+)+$ blocks for ever.
const ownMatches = 'matchesRe2';

/** Knows these variables and nothing else. */
export function celEnvironment(variables: readonly string[]): Environment {
  const environment = new CelEnvironment({
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
  }).registerFunction(`string.${ownMatches}(string): bool`, matches, { async: false });
  return variables.reduce((so, name) => so.registerVariable(name, 'dyn'), environment);
}

function matches(text: string, pattern: string): boolean {
  if (pattern.length > longestPattern) {
    stop(`has a pattern that is longer than ${longestPattern} characters`);
  }
  const compiled = meter.patterns.get(pattern) ?? compile(pattern);
  spend((compiled.programSize() * text.length) / 20);
  return compiled.test(text);
}

function compile(pattern: string): RE2JS {
  spend(100);
  const compiled = RE2JS.compile(pattern);
  spend(2 * compiled.programSize());
  meter.patterns.set(pattern, compiled);
  return compiled;
}

/** Parses and type-checks an expression. Never throws. */
export function readCel(written: string, environment: Environment): ReadCel {
  try {
    const parsed = environment.parse(written);
    const nodes = [...nodesOf(parsed.ast)];
    const operands = new Map(nodes.flatMap(weighedOperands));
    for (const node of nodes) count(node, operands.get(node) ?? weightOf);
    const checked = parsed.check();
    if (!checked.valid) return { problem: checked.error };
    return { type: String(checked.type), evaluate: (values) => metered(() => parsed(values)) };
  } catch (error) {
    return { problem: error };
  }
}

function metered(run: () => unknown): unknown {
  const own = newMeter(mostSteps);
  meter = own;
  const value = run();
  // `||` and `exists` continue after an error: an expression that hit a limit must not hold because of that.
  if (own.spent) throw own.spent;
  return value;
}

type Step = (evaluator: unknown, node: Node, context: unknown) => unknown;

/** A node as the library exposes it: it sets the step once, on the node itself. */
interface Node {
  readonly op: string;
  readonly args: unknown;
  readonly meta: object;
  evaluate: Step;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'op' in value && 'evaluate' in value;

/** Every node of an expression, including those that macros expand to. */
function nodesOf(root: unknown): ReadonlySet<Node> {
  const nodes = new Set<Node>();
  const seen = new Set<unknown>();
  const waiting: unknown[] = [root];
  for (let next = waiting.pop(); next !== undefined || waiting.length > 0; next = waiting.pop()) {
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    if (!isNode(next)) waiting.push(...Object.values(next));
    else {
      nodes.add(next);
      waiting.push(next.args, next.meta);
    }
  }
  return nodes;
}

// What reads a whole value, however deep, is charged before it runs.
const deep: ReadonlySet<string> = new Set(['==', '!=', 'in', 'call', 'rcall', 'comprehension']);
// The library's own pattern for durations is cubic in the length.
const longestDuration = 64;
// Each creates a calendar of that time zone.
const zoneSteps = 300;

type Weigh = (value: unknown) => number;

/** Arguments of these cost as much as everything in them. */
function weighedOperands(node: Node): readonly (readonly [Node, Weigh])[] {
  if (!deep.has(node.op)) return [];
  const isDuration = node.op === 'call' && nameOf(node) === 'duration';
  const { iterable } = node.args as { readonly iterable?: unknown };
  const operands = iterable === undefined ? [node.args].flat(3) : [iterable];
  return operands.filter(isNode).map((each) => [each, isDuration ? durationWeight : deepWeight]);
}

/** Set for functions; empty for every other node. */
function nameOf({ op, args }: Node): string {
  return (op === 'call' || op === 'rcall') && Array.isArray(args) ? String(args[0]) : '';
}

function count(node: Node, weigh: Weigh): void {
  const name = nameOf(node);
  if (node.op === 'rcall' && name === 'matches') (node.args as unknown[])[0] = ownMatches;
  const steps = name.startsWith('get') ? zoneSteps : 1;
  let step = node.evaluate;
  const counted: Step = (evaluator, self, context) => {
    spend(steps);
    const value = step.call(node, evaluator, self, context);
    spend(weigh(value));
    return value;
  };
  // The library replaces the field by a faster one at the first evaluation.
  Object.defineProperty(node, 'evaluate', {
    configurable: true,
    get: () => counted,
    set: (next: Step) => {
      step = next;
    },
  });
}

function weightOf(value: unknown): number {
  if (Array.isArray(value)) {
    if (value.length > longestList) stop(`has a list that is longer than ${longestList} items`);
    return value.length / 16;
  }
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) return 0;
  if (value.length > longestText) stop(`has a text that is longer than ${longestText} characters`);
  return value.length / 16;
}

function deepWeight(value: unknown): number {
  const own = weightOf(value);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return own;
  let weight = own + 1;
  for (const item of Object.values(value)) {
    weight += deepWeight(item);
    if (weight > meter.left) break;
  }
  return weight;
}

function durationWeight(value: unknown): number {
  if (typeof value === 'string' && value.length > longestDuration) {
    stop(`has a duration that is longer than ${longestDuration} characters`);
  }
  return weightOf(value);
}
