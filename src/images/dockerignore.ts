// Which files of a context a `.dockerignore` leaves out, by the rules of Docker's own matcher.

export interface IgnoreRules {
  /** `path` is relative to the context, with `/`. */
  ignores(path: string): boolean;
  /** Whether a folder that is left out may still hold a file that is not: a later `!` says so. */
  mayHold(folder: string): boolean;
}

interface Rule {
  readonly keeps: boolean;
  readonly pattern: RegExp;
  readonly text: string;
}

/** The last rule that matches a path, or a folder above it, decides. */
export function ignoreRules(text: string): IgnoreRules {
  const rules = text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .flatMap(ruleOf);
  const ignores = (path: string): boolean => {
    const ways = [path, ...parentsOf(path)];
    const decides = (rule: Rule) => ways.some((way) => rule.pattern.test(way));
    return rules.findLast(decides)?.keeps === false;
  };
  return { ignores, mayHold: () => rules.some(({ keeps }) => keeps) };
}

function parentsOf(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('/'));
}

function ruleOf(line: string): readonly Rule[] {
  const trimmed = line.trim();
  if (trimmed === '' || line.startsWith('#')) return [];
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
function patternOf(text: string): RegExp {
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

/** What is no pattern matches nothing: a file too many in a hash only costs a build. */
function safePattern(source: string): RegExp {
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return /(?!)/;
  }
}
