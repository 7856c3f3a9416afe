// Text from the cluster, made safe for a message: one line, no credentials in URLs, bounded.
import { clip, oneLine, safeLines } from './text.ts';

const userInfo = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@"']+@/gi;

/** Only this much is processed: the rest is never shown. */
const longest = 65_536;
/** Of a log, its end: four times what is requested from the API server. */
const longestLog = 2 ** 20;

/** One line of text for a message, cut to `limit` characters. */
export function plain(text: string, limit = 600): string {
  return clip(oneLine(text.slice(0, longest)).replace(userInfo, '$1***@').trim(), limit);
}

/** The last lines of a log, each plain and at most `limit` characters long; indentation is kept. */
export function plainLog(text: string, lines: number, limit = 400): readonly string[] {
  if (lines <= 0) return [];
  const all = safeLines(text.slice(-longestLog)).slice(-lines);
  return all.map((line) => clip(line.slice(0, longest).replaceAll('\t', '  ').trimEnd(), limit));
}
