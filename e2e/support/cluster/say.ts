// Lines for the person who waits: what the harness is doing, on standard error.

/** One line. Written past `console`, which test runners decorate. */
export function say(line: string): void {
  process.stderr.write(`cluster: ${line}\n`);
}

/** Repeats what is going on every five seconds until the work is done. */
export async function tell<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = Date.now();
  const seconds = () => Math.round((Date.now() - start) / 1000);
  say(what);
  const timer = setInterval(() => say(`${what}: ${seconds()} s so far`), 5000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
