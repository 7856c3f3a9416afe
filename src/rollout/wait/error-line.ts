// Finds the log line that says why a program died.
import type { LogExcerpt } from '../../core/errors.ts';
import { clip } from '../../core/text.ts';

// The gravest words first; a stack's own lines ("at …") and "0 errors" say nothing.
const words: readonly RegExp[] = [
  /\b(panic|fatal|uncaught|unhandled)\b/i,
  /\b(exec format error|permission denied|no such file|not found|address already in use)\b/i,
  /\b(E?CONNREFUSED|ENOTFOUND|ETIMEDOUT|EACCES|connection refused|no such host)\b/,
  /(\b|[a-z])(error|exception)\b/i,
  /\b(cannot|could not|unable to|failed|missing|required|invalid)\b/i,
];
const quiet =
  /^\s*(at |File ")|\b(0|no) (errors?|failed)\b|["']?level["']?[=:]\s*["']?(info|debug)/i;
const longest = 200;

/** The most significant line; of the newest excerpt that has one, the last of its rank. */
export function errorLine(logs: readonly LogExcerpt[]): string | undefined {
  const lines = logs.flatMap((each) => each.lines).filter((line) => !quiet.test(line));
  for (const pattern of words) {
    const line = lines.findLast((each) => pattern.test(each));
    if (line !== undefined) return clip(line.trim(), longest);
  }
  return undefined;
}
