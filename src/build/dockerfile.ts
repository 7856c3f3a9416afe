// What a Dockerfile pulls from outside: base images, and whether anything cannot be pinned.
import { clip } from '../core/text.ts';

export interface DockerfileFacts {
  /** Image references as they are pulled, variables substituted, without duplicates. */
  readonly bases: readonly string[];
  /** Why its inputs cannot all be known before a build; absent if they can. */
  readonly unknown?: string;
}

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** Characters; hand-written Dockerfiles have a few thousand. */
const longest = 262_144;

/**
 * Reads `FROM`, `COPY --from`, `RUN --mount=…,from=` and the `# syntax=` line. What it cannot
 * resolve makes the result unknown: the image is then built, which is always safe.
 */
export function readDockerfile(
  text: string,
  buildArgs: Readonly<Record<string, string>>,
): DockerfileFacts {
  if (text.length > longest) return { bases: [], unknown: 'it is larger than 256 KiB' };
  const { instructions, directives } = parse(text);
  const seen: Seen = { args: new Map(), stages: new Set(), count: 0, bases: new Set() };
  const syntax = directives.get('syntax');
  if (syntax) seen.bases.add(syntax);
  for (const instruction of instructions) read(instruction, seen, buildArgs);
  const facts = { bases: [...seen.bases].filter((each) => each !== 'scratch').toSorted() };
  return seen.unknown === undefined ? facts : { ...facts, unknown: seen.unknown };
}

interface Seen {
  readonly args: Map<string, string | undefined>;
  readonly stages: Set<string>;
  /** Stages so far. */
  count: number;
  readonly bases: Set<string>;
  unknown?: string;
}

function read(
  { name, rest }: Instruction,
  seen: Seen,
  buildArgs: Readonly<Record<string, string>>,
): void {
  if (name === 'ARG' && seen.count === 0) declare(rest, seen.args, buildArgs);
  if (name === 'FROM') {
    const [base = '', alias] = fromParts(rest);
    take(base, seen);
    seen.count += 1;
    if (alias) seen.stages.add(alias.toLowerCase());
  }
  for (const reference of takenBy(name, rest)) take(reference, seen);
  if (name === 'ADD' && isRemote(rest)) seen.unknown ??= `ADD takes ${clip(rest, 100)}`;
}

function take(reference: string, seen: Seen): void {
  const filled = fill(reference, seen.args);
  if (filled === undefined) seen.unknown ??= `${reference} has a variable that is not known`;
  else if (isOutside(filled, seen.stages, seen.count)) seen.bases.add(filled);
}

function isOutside(reference: string, stages: ReadonlySet<string>, count: number): boolean {
  if (stages.has(reference.toLowerCase())) return false;
  return !(/^\d+$/.test(reference) && Number(reference) < count);
}

function declare(
  rest: string,
  args: Map<string, string | undefined>,
  given: Readonly<Record<string, string>>,
): void {
  for (const word of rest.split(/\s+/)) {
    const [name = '', ...value] = word.split('=');
    const standard = value.length > 0 ? fill(unquoted(value.join('=')), args) : undefined;
    args.set(name, Object.hasOwn(given, name) ? given[name] : standard);
  }
}

const unquoted = (text: string): string => text.replace(/^(["'])(.*)\1$/, '$2');

/** Substitutes the variable forms that image names may contain; undefined if a variable is unknown. */
function fill(text: string, args: ReadonlyMap<string, string | undefined>): string | undefined {
  let known = true;
  const filled = unquoted(text).replaceAll(
    /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::([-+])([^{}]*))?\})/g,
    (_, plain, braced, operator, word) => {
      const value = args.get(plain ?? braced) ?? '';
      if (operator === '-') return value === '' ? word : value;
      if (operator === '+') return value === '' ? '' : word;
      if (value === '') known = false;
      return value;
    },
  );
  return known && !filled.includes('$') ? filled : undefined;
}

/** `--platform=… image AS name`. */
function fromParts(rest: string): readonly string[] {
  const words = rest.split(/\s+/).filter((word) => word !== '' && !word.startsWith('--'));
  return words[1]?.toUpperCase() === 'AS' ? [words[0] ?? '', words[2] ?? ''] : [words[0] ?? ''];
}

function takenBy(name: string, rest: string): readonly string[] {
  const flags = [...rest.matchAll(/(?:^|\s)--(from|mount)=(\S+)/g)];
  if (name === 'COPY' || name === 'ADD') {
    return flags.filter(([, flag]) => flag === 'from').map(([, , value = '']) => value);
  }
  if (name !== 'RUN') return [];
  return flags.flatMap(([, , value = '']) => {
    const from = /(?:^|,)from=([^,]+)/.exec(value)?.[1];
    return from === undefined ? [] : [from];
  });
}

/** A checksum pins it. */
function isRemote(rest: string): boolean {
  return /(?:^|[\s"[])(?:https?:\/\/|git@|git:\/\/)/i.test(rest) && !/--checksum=/.test(rest);
}

function parse(text: string): {
  readonly instructions: readonly Instruction[];
  readonly directives: ReadonlyMap<string, string>;
} {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  const directives = readDirectives(lines);
  const continued = directives.get('escape') === '`' ? '`' : '\\';
  const instructions: Instruction[] = [];
  let open: string[] = [];
  let heredocs: string[] = [];
  for (const line of lines) {
    const [waiting] = heredocs;
    if (waiting !== undefined) {
      if (line.replace(/^\t+/, '') === waiting) heredocs = heredocs.slice(1);
      continue;
    }
    if (/^\s*(?:#|$)/.test(line)) continue;
    if (line.trimEnd().endsWith(continued)) {
      open.push(line.trimEnd().slice(0, -1));
      continue;
    }
    const joined = [...open, line].join(' ');
    open = [];
    const [, name = '', rest = ''] = /^\s*(\w+)\s*(.*)$/s.exec(joined) ?? [];
    instructions.push({ name: name.toUpperCase(), rest: rest.trim() });
    heredocs = [...rest.matchAll(/<<-?(["']?)([A-Za-z_]\w*)\1/g)].map((each) => each[2] ?? '');
  }
  return { instructions, directives };
}

/** `# syntax=…` and `# escape=…`, in the first lines only. */
function readDirectives(lines: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = /^\s*#\s*([a-z]+)\s*=\s*(\S+)\s*$/i.exec(line) ?? [];
    if (name === undefined || value === undefined) break;
    found.set(name.toLowerCase(), value);
  }
  return found;
}
