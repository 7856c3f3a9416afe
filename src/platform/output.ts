// A program's output, split into lines and bounded.
import { StringDecoder } from 'node:string_decoder';

/** Characters. A kustomization of 10,000 objects has 20 MB; a scan's report is written to a file. */
const mostOutput = 64 * 2 ** 20;
/** Kept if the output is only streamed: the end, where a program says why it failed. */
const keptWords = 2 ** 20;
/**
 * The largest object is a text of 1.5 MB, and BuildKit sends a log in pieces of a few KB. @actions/exec is
 * quadratic in the length of a line.
 */
const longestLine = 4 * 2 ** 20;

export interface Collecting {
  readonly onLine?: ((line: string) => void) | undefined;
  /** Keep everything, instead of only the end. */
  readonly whole: boolean;
  /** Called with the limit if the output exceeds it. */
  overflow(limit: string): void;
}

/** Collects text and splits it into lines; a character may arrive in two pieces. */
export function collector({ onLine, whole, overflow }: Collecting) {
  const decoder = new StringDecoder('utf8');
  let pieces: string[] = [];
  let size = 0;
  let open: string[] = [];
  let openSize = 0;
  const keep = (piece: string) => {
    pieces.push(piece);
    size += piece.length;
    if (whole || size < 2 * keptWords) return;
    pieces = [pieces.join('').slice(-keptWords)];
    size = keptWords;
  };
  const emit = (lines: string) => {
    for (const line of lines.split(/\r?\n/)) onLine?.(line.replace(/\r$/, ''));
  };
  const excess = (piece: string, end: number): string | undefined => {
    if (whole && size + piece.length > mostOutput) return '64 MiB';
    return end < 0 && openSize + piece.length > longestLine ? '4 MiB in one line' : undefined;
  };
  const close = (until: string) => {
    if (onLine) emit(open.join('') + until);
    open = [];
    openSize = 0;
  };
  const take = (piece: string) => {
    const end = piece.lastIndexOf('\n');
    const limit = excess(piece, end);
    if (limit !== undefined) return overflow(limit);
    keep(piece);
    if (end >= 0) close(piece.slice(0, end));
    const rest = piece.slice(end + 1);
    openSize += rest.length;
    if (onLine) open.push(rest);
  };
  return {
    add: (data: Buffer) => take(decoder.write(data)),
    end: () => {
      take(decoder.end());
      const last = open.join('');
      if (last) onLine?.(last);
      return pieces.join('');
    },
  };
}
