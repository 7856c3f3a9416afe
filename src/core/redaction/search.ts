// Finds needles in a text in one pass, whole or truncated: the time grows with the text alone.

// A line of `{` or `no` would hide half of everything.
export const shortest = 4;
/** A truncated secret is hidden from this length on, if at least half of it is there. */
const shortestPiece = 8;
/** Longer lines are searched for in pieces, so that no text can make a comparison slow. */
const longest = 256;

export interface Needle {
  readonly text: string;
  /** Base64 may be wrapped: the end of a line may cut it. */
  readonly wraps: boolean;
}

/** From (inclusive) and to (exclusive). */
export type Range = readonly [from: number, to: number];

export function needlesOf(text: string, wraps: boolean): readonly Needle[] {
  const count = Math.ceil(text.length / longest);
  const each = Math.ceil(text.length / count);
  return Array.from({ length: count }, (_, at) => ({
    text: text.slice(at * each, (at + 1) * each),
    wraps,
  }));
}

export interface Index {
  /** Under four characters of a text, from there on. */
  put(text: string, at: number, needle: Needle): void;
  at(text: string, at: number): readonly Needle[];
}

const none: readonly Needle[] = [];

/** Needles by the hash of four of their characters. Most positions are ruled out by the first lookup. */
export function index(): Index {
  const seen = new Uint8Array(0x1_0000);
  const needles = new Map<number, Needle[]>();
  return {
    put(text, at, needle) {
      const hash = hashAt(text, at);
      seen[hash & 0xffff] = 1;
      const there = needles.get(hash);
      if (there) there.push(needle);
      else needles.set(hash, [needle]);
    },
    at(text, at) {
      const hash = hashAt(text, at);
      return seen[hash & 0xffff] === 1 ? (needles.get(hash) ?? none) : none;
    },
  };
}

const { imul } = Math;

/** Of four characters. */
function hashAt(text: string, at: number): number {
  const first = imul(text.charCodeAt(at), 0x9e37_79b1);
  const second = imul(first ^ text.charCodeAt(at + 1), 0x85eb_ca6b);
  const third = imul(second ^ text.charCodeAt(at + 2), 0xc2b2_ae35);
  const last = imul(third ^ text.charCodeAt(at + 3), 0x27d4_eb2f);
  return last ^ (last >>> 15);
}

const enough = ({ text }: Needle, length: number): boolean =>
  length >= Math.max(shortestPiece, text.length / 2);

/** Where secrets begin, whole and truncated ones, in order. */
export function beginnings(text: string, heads: Index, alsoCut: boolean): readonly Range[] {
  const end = text.trimEnd().length;
  const ranges: Range[] = [];
  for (let at = 0; at + shortest <= text.length; at += 1) {
    for (const needle of heads.at(text, at)) {
      const length = sharedLength(text, at, needle.text);
      const to = at + length;
      const isCut = alsoCut && enough(needle, length) && (to >= end || endsAt(text, to, needle));
      if (length === needle.text.length || isCut) extend(ranges, [at, to]);
    }
  }
  return ranges;
}

function sharedLength(text: string, at: number, needle: string): number {
  let length = 0;
  while (length < needle.length && text.charCodeAt(at + length) === needle.charCodeAt(length)) {
    length += 1;
  }
  return length;
}

/** Bounds the number of matches if everything matches: each begins after the previous one. */
export function extend(ranges: Range[], [from, to]: Range): void {
  const last = ranges.at(-1);
  if (last === undefined || from > last[1]) ranges.push([from, to]);
  else if (to > last[1]) ranges[ranges.length - 1] = [last[0], to];
}

const lineEnd = /[\r\n]/;

function endsAt(text: string, at: number, { wraps }: Needle): boolean {
  return text.startsWith('…', at) || text.startsWith('...', at) || (wraps && isBreak(text, at));
}

const isBreak = (text: string, at: number): boolean => lineEnd.test(text[at] ?? '');

/** Secrets whose beginning was cut off: at the start of the text, after `…`, of base64 in a line. */
export function endings(text: string, tails: Index): readonly Range[] {
  const ranges: Range[] = [];
  for (let from = 0; from < text.length; ) {
    const stop = nextStart(text, from);
    const to = restAt(text, [from, Math.min(stop, from + longest)], tails);
    if (to !== undefined) ranges.push([from, to]);
    from = stop + 1;
  }
  return ranges;
}

/** The end of the longest tail of a secret that begins here. */
function restAt(text: string, [from, last]: Range, tails: Index): number | undefined {
  const wrapped = from > 0 && isBreak(text, from - 1);
  const isRest = (needle: Needle, to: number): boolean =>
    (needle.wraps || !wrapped) &&
    enough(needle, to - from) &&
    needle.text.endsWith(text.slice(from, to));
  for (let to = last; to >= from + shortestPiece; to -= 1) {
    if (tails.at(text, to - shortest).some((needle) => isRest(needle, to))) return to;
  }
  return undefined;
}

function nextStart(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x0a || code === 0x0d || code === 0x2026) return at;
  }
  return text.length;
}
