// What this process waits for now: a test that is cut off says it.

export interface Wait {
  readonly what: string;
  /** What was seen last; empty where there was nothing. */
  readonly last: () => string;
}

const waits = new Map<Wait, number>();

/** Counts as waiting until what comes back is called. */
export function waiting(wait: Wait): () => void {
  waits.set(wait, Date.now());
  return () => void waits.delete(wait);
}

/** What is still waited for is no longer said: it belongs to a file that has ended. */
export function forgetWaits(): void {
  waits.clear();
}

/** One entry for each wait, oldest first, with what it saw last. */
export function currentWaits(): readonly string[] {
  return [...waits].map(([{ what, last }, since]) => {
    const seconds = Math.round((Date.now() - since) / 1000);
    const seen = last();
    return `${what}, for ${seconds} s${seen === '' ? '' : `; last:\n${seen.replace(/^/gm, '  ')}`}`;
  });
}
