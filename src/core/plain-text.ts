// Text that the cluster said, made fit for a message: one line, no credentials in URLs, not endless.
import { clip, oneLine, safeLines } from './text.ts';

const userInfo = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@"']+@/gi;

/** So much is looked at, so that what nobody sees costs nothing. */
const longest = 65_536;
/** Of a log, its end: four times what is asked of the API server. */
const longestLog = 2 ** 20;

/** One line of text for a message; longer than `limit` characters it is cut. */
export function plain(text: string, limit = 600): string {
  return clip(oneLine(text.slice(0, longest)).replace(userInfo, '$1***@').trim(), limit);
}

/** The last lines of a log, each plain and not longer than `limit`; indentation stays. */
export function plainLog(text: string, lines: number, limit = 400): readonly string[] {
  if (lines <= 0) return [];
  const all = safeLines(text.slice(-longestLog)).slice(-lines);
  return all.map((line) => clip(line.slice(0, longest).replaceAll('\t', '  ').trimEnd(), limit));
}
