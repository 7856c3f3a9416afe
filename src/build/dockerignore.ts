// Which files of a context a `.dockerignore` excludes, by the rules of Docker's own matcher.
import { RE2JS, RE2JSException } from 're2js';

export interface IgnoreRules {
  /** `path` is relative to the context, with `/`. */
  ignores(path: string): boolean;
  /** Whether an excluded folder may still hold an included file, because of a later `!`. */
  mayHold(folder: string): boolean;
}

interface Rule {
  readonly keeps: boolean;
  /** Matched by RE2, whose time is linear in the path, however many stars there are. */
  readonly pattern: RE2JS | undefined;
  readonly text: string;
}

/** Characters of a rule, and number of rules: paths are not longer, and no real file has more. */
const longest = 1_024;
const mostRules = 2_000;

/**
 * The last rule that matches a path, or a folder above it, decides. In an oversized file (a
 * rule of more than 1,024 characters, or more than 2,000 rules) no rule counts: one file too many in a
 * hash only costs a build, one too few would hide a change.
 */
export function ignoreRules(text: string): IgnoreRules {
  const lines = text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .filter(isRule);
  const isSane = lines.length <= mostRules && lines.every((line) => line.length <= longest);
  const rules = isSane ? lines.flatMap(ruleOf) : [];
  const ignores = (path: string): boolean => {
    const ways = [path, ...parentsOf(path)];
    const decides = (rule: Rule) => ways.some((way) => rule.pattern?.test(way) === true);
    return rules.findLast(decides)?.keeps === false;
  };
  return { ignores, mayHold: () => rules.some(({ keeps }) => keeps) };
}

function parentsOf(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'));
}

const isRule = (line: string): boolean => line.trim() !== '' && !line.startsWith('#');

function ruleOf(line: string): readonly Rule[] {
  const trimmed = line.trim();
  const keeps = trimmed.startsWith('!');
  const raw = keeps ? trimmed.slice(1).trim() : trimmed;
  const text = raw
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
  return text === '' ? [] : [{ keeps, text, pattern: patternOf(text) }];
}

const tokens = /\*\*\/|\*\*|\*|\?|\[\^?\]?[^\]]*\]|\\?[\s\S]/g;

/** `*` and `?` stay within a part, `**` crosses them; brackets are Go's `filepath.Match`. */
function patternOf(text: string): RE2JS | undefined {
  return safePattern(text.replaceAll(tokens, sourceOf));
}

function sourceOf(token: string): string {
  if (token === '**/') return '(?:.*/)?';
  if (token === '**') return '.*';
  if (token === '*') return '[^/]*';
  if (token === '?') return '[^/]';
  if (token.length > 2) return `[${token.slice(1, -1).replaceAll(/[\\[]/g, '\\$&')}]`;
  return escaped(token.at(-1) ?? '');
}

const escaped = (each: string): string => each.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');

/** An invalid pattern matches nothing: one file too many in a hash only costs a build. */
function safePattern(source: string): RE2JS | undefined {
  try {
    return RE2JS.compile(`^${source}$`);
  } catch (error) {
    if (error instanceof RE2JSException) return undefined;
    throw error;
  }
}
