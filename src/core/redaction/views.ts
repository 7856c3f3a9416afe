// The ways a text may be decoded: unescaped, URL-decoded, unquoted.
import { unseen } from './invisible.ts';

/** The text verbatim or decoded, with the position of each part in the original. */
export interface View {
  readonly text: string;
  start(at: number): number;
  end(at: number): number;
}

interface Decoder {
  readonly pattern: RegExp;
  decode(found: string): string;
}

const pairs = /[0-9a-f]{2}/gi;

/** `%c3%bc` and `\\xc3\\xbc` → `ü`; each byte by itself where together they are no UTF-8. */
function ofBytes(codes: readonly number[]): string {
  const plain = String.fromCharCode(...codes.slice(0, mostAtOnce));
  if (codes.length <= mostAtOnce && codes.every((code) => code < 0x80)) return plain;
  const bytes = Uint8Array.from(codes);
  try {
    return utf8.decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  }
}

const mostAtOnce = 1024;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const ofHex = (found: string): string =>
  ofBytes((found.match(pairs) ?? []).map((each) => Number.parseInt(each, 16)));

function ofCode(code: number): string {
  return code <= 0x10_ffff ? String.fromCodePoint(code) : '';
}

const controls: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  0: '',
  a: '',
  e: '',
};

function unescaped(found: string): string {
  if (/^\\x/.test(found)) return ofHex(found);
  if (/^\\[0-3][0-7]/.test(found)) {
    const octal = found.match(/[0-7]{3}/g) ?? [];
    return ofBytes(octal.map((each) => Number.parseInt(each, 8)));
  }
  if (/^\\u./i.test(found)) return ofCode(Number.parseInt(found.replaceAll(/[^0-9a-f]/gi, ''), 16));
  const letter = found.slice(1);
  return controls[letter] ?? letter;
}

const entities: Readonly<Record<string, string>> = {
  quot: '"',
  amp: '&',
  lt: '<',
  gt: '>',
  apos: "'",
};

const decoders: readonly Decoder[] = [
  // JSON, YAML, Go's %q, Python's repr, a shell's backslash.
  {
    pattern:
      /(?:\\x[0-9a-f]{2})+|(?:\\[0-3][0-7]{2})+|\\u[0-9a-f]{4}|\\u\{[0-9a-f]{1,6}\}|\\U[0-9a-f]{8}|\\[\s\S]/gi,
    decode: unescaped,
  },
  {
    pattern: /(?:%[0-9a-f]{2})+/gi,
    decode: ofHex,
  },
  {
    pattern: /&(?:#\d{1,7}|#x[0-9a-f]{1,6}|quot|amp|lt|gt|apos);/gi,
    decode: (found) => {
      const name = found.slice(1, -1).toLowerCase();
      if (name.startsWith('#x')) return ofCode(Number.parseInt(name.slice(2), 16));
      return name.startsWith('#') ? ofCode(Number(name.slice(1))) : (entities[name] ?? '');
    },
  },
  // A quote inside quotes: shell, YAML, CSV.
  { pattern: /'\\''|'"'"'|''|""/g, decode: (found) => found[found.length >> 1] ?? '' },
  { pattern: unseen, decode: () => '' },
];

/** Levels of nested encoding: JSON in JSON in JSON occurs in practice. */
const deepest = 3;

/** Every decoding of the text, the plainest first; fewer for long texts. */
export function viewsOf(text: string): readonly View[] {
  const views: View[] = [{ text, start: (at) => at, end: (at) => at }];
  const seen = new Set([text]);
  let left = Math.max(8 * text.length, 0x1_0000);
  for (let depth = 0, from = 0; depth < deepest; depth += 1) {
    const level = views.slice(from);
    from = views.length;
    for (const view of level) {
      for (const decoder of decoders) {
        const next = left > 0 ? decoded(view, decoder) : undefined;
        if (next === undefined || seen.has(next.text)) continue;
        left -= next.text.length;
        seen.add(next.text);
        views.push(next);
      }
    }
  }
  return views;
}

/** Undefined if there is nothing to decode. */
function decoded(view: View, { pattern, decode }: Decoder): View | undefined {
  // Alternating verbatim and decoded parts: where each begins in both texts.
  const here: number[] = [0];
  const there: number[] = [0];
  const parts: string[] = [];
  let [length, from] = [0, 0];
  const next = (part: string, to: number): void => {
    parts.push(part);
    length += part.length;
    from = to;
    here.push(length);
    there.push(to);
  };
  for (const match of view.text.matchAll(pattern)) {
    next(view.text.slice(from, match.index), match.index);
    next(decode(match[0]), match.index + match[0].length);
  }
  if (parts.length === 0) return undefined;
  next(view.text.slice(from), view.text.length);
  const partAt = (at: number): number => {
    let [low, high] = [0, parts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((here[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const asItStands = (part: number): boolean => part % 2 === 0;
  return {
    text: parts.join(''),
    start(at) {
      const part = partAt(at);
      const within = asItStands(part) ? at - (here[part] ?? 0) : 0;
      return view.start((there[part] ?? 0) + within);
    },
    end(at) {
      const part = partAt(at - 1);
      if (!asItStands(part)) return view.end(there[part + 1] ?? 0);
      return view.end((there[part] ?? 0) + at - (here[part] ?? 0));
    },
  };
}
