// The server's clock, read from its Date headers: a runner's own may be minutes off.

export interface ServerClock {
  /** Records one answer: its Date header, and the local times of request and answer. */
  observe(date: string | undefined, asked: number, came: number): void;
  /** The server's time for a local time. Never runs backwards. */
  at(local: number): number;
}

/**
 * A Date has whole seconds, so an answer only says: the server was between D and D + 1 s at some
 * moment between question and answer. Every answer narrows the offset; the middle is our estimate.
 */
export function serverClock(): ServerClock {
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  let latest = Number.NEGATIVE_INFINITY;
  return {
    observe(date, asked, came) {
      const seconds = date === undefined ? Number.NaN : Date.parse(date);
      if (Number.isNaN(seconds)) return;
      const from = seconds - came;
      const to = seconds + 1000 - asked;
      low = Math.max(low, from);
      high = Math.min(high, to);
      // One of the clocks was set: earlier answers no longer count.
      if (low > high) [low, high] = [from, to];
    },
    at(local) {
      const offset = Number.isFinite(low) ? (low + high) / 2 : 0;
      latest = Math.max(latest, local + offset);
      return latest;
    },
  };
}
