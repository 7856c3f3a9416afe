// The JSONPath of `kubectl wait`: the subset that selects fields, items and conditions.

type Segment =
  | { readonly key: string }
  | { readonly index: number }
  | { readonly all: true }
  | { readonly where: readonly Segment[]; readonly equal?: boolean; readonly to?: string };

export interface JsonPath {
  /** Undefined: any value matches. */
  readonly want?: string;
  /** Every value that the path selects. */
  values(from: unknown): readonly unknown[];
}

export type ReadPath = { readonly path: JsonPath } | { readonly problem: string };

/** `{.status.phase}=Ready`, `.status.phase=Ready`, `$.status.phase`; anything else is CEL. */
export function isJsonPath(text: string): boolean {
  return /^(?:jsonpath=|\{\s*[.$[]|[.$])/.test(text.trim());
}

/** Parses one rule of that form. */
export function readJsonPath(written: string): ReadPath {
  const text = unquoted(written.trim().replace(/^jsonpath=/, ''));
  const split = splitValue(text);
  if ('problem' in split) return split;
  const { path, value } = split;
  if (value?.startsWith('=')) return { problem: 'write one "=" between path and value' };
  if (value === '') return { problem: 'nothing follows "="' };
  const read = readSegments(path.replace(/^\$/, ''));
  if ('problem' in read) return read;
  if (read.segments.length === 0) return { problem: 'the path names no field' };
  const want = value === undefined ? {} : { want: unquoted(value) };
  return { path: { ...want, values: (from) => walk([from], read.segments) } };
}

function unquoted(text: string): string {
  return /^(["'])(.*)\1$/s.exec(text)?.[2] ?? text;
}

type Split =
  | { readonly path: string; readonly value: string | undefined }
  | { readonly problem: string };

// `[…]` and quoted texts may contain "=" or "}".
const outside = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\[(?:[^\]"']|"[^"]*"|'[^']*')*\]|[\s\S]/g;

function splitValue(text: string): Split {
  const braced = text.startsWith('{');
  const end = braced ? '}' : '=';
  for (const { 0: token, index } of text.matchAll(outside)) {
    if (token !== end || index === 0) continue;
    if (!braced) return { path: text.slice(0, index).trim(), value: text.slice(index + 1).trim() };
    const rest = text.slice(index + 1).trim();
    const path = text.slice(1, index).trim();
    if (rest === '') return { path, value: undefined };
    if (!rest.startsWith('=')) return { problem: 'after "}" only "=" and a value may follow' };
    return { path, value: rest.slice(1).trim() };
  }
  return braced ? { problem: 'the "{" is never closed' } : { path: text, value: undefined };
}

type ReadSegments = { readonly segments: readonly Segment[] } | { readonly problem: string };

const part =
  /\.\.|\.\*|\.((?:[^.[\]\\\s'"(){}=]|\\.)+)|\[\s*(?:(-?\d+)|(\*)|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|\?\((.*?)\))\s*\]/gy;

function readSegments(text: string): ReadSegments {
  const segments: Segment[] = [];
  let at = 0;
  while (at < text.length) {
    part.lastIndex = at;
    const found = part.exec(text);
    if (!found) return { problem: `"${text.slice(at, at + 20)}" is not understood` };
    const segment = segmentOf(found);
    if ('problem' in segment) return segment;
    segments.push(segment);
    at += found[0].length;
  }
  return { segments };
}

function segmentOf(found: RegExpExecArray): Segment | { readonly problem: string } {
  const [whole, name, index, star, double, single, filter] = found;
  if (whole === '..') return { problem: '".." is not supported: name the whole path' };
  if (whole === '.*' || star !== undefined) return { all: true };
  const key = name ?? double ?? single;
  if (key !== undefined) return { key: key.replaceAll(/\\(.)/g, '$1') };
  return filter === undefined ? { index: Number(index) } : readFilter(filter);
}

// `@.type=="Ready"`, `@.status != 'False'`, `@.reason`
const filterPattern = /^\s*@(\S*?)\s*(?:(==|!=|=~|[<>]=?)\s*(.+?))?\s*$/s;

function readFilter(text: string): Segment | { readonly problem: string } {
  const [, path = '', operator, literal] = filterPattern.exec(text) ?? [];
  const read = readSegments(path);
  if (path === '' || 'problem' in read || /&&|\|\|/.test(text)) {
    return { problem: 'write a filter as [?(@.type=="Ready")]' };
  }
  if (operator === undefined) return { where: read.segments };
  if (operator !== '==' && operator !== '!=') {
    return { problem: `a filter compares by == or !=, not by ${operator}` };
  }
  return { where: read.segments, equal: operator === '==', to: unquoted(literal ?? '') };
}

/** The text that is compared and shown: JSON unless it is a scalar. */
export function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

function walk(from: readonly unknown[], segments: readonly Segment[]): readonly unknown[] {
  return segments.reduce<readonly unknown[]>(
    (values, segment) => values.flatMap((value) => step(value, segment)),
    from,
  );
}

function step(value: unknown, segment: Segment): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('key' in segment) {
    if (Array.isArray(value) || !Object.hasOwn(value, segment.key)) return [];
    return [(value as Readonly<Record<string, unknown>>)[segment.key]];
  }
  const items: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  if ('all' in segment) return items;
  if ('index' in segment) {
    const item: unknown = Array.isArray(value) ? value.at(segment.index) : undefined;
    return item === undefined ? [] : [item];
  }
  const { where, equal, to } = segment;
  return items.filter((item) => {
    const found = walk([item], where);
    if (equal === undefined) return found.length > 0;
    return found.some((each) => textOf(each) === to) === equal;
  });
}
