// How many requests may run at once: grows while all succeed, halves when the server is overloaded.

export interface Slots {
  /** Runs the work as soon as a slot is free, first come, first served. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** The server is overloaded. `now` in milliseconds: at most one halving per second. */
  halve(now: number): void;
}

export interface SlotOptions {
  readonly start: number;
  readonly most: number;
}

export function slots({ start, most }: SlotOptions): Slots {
  let limit = start;
  let running = 0;
  let halved = Number.NEGATIVE_INFINITY;
  let refused = false;
  const waiting: (() => void)[] = [];
  const admit = (): void => {
    while (running < Math.floor(limit)) {
      const next = waiting.shift();
      if (!next) return;
      running += 1;
      next();
    }
  };
  return {
    async run(work) {
      const admitted = new Promise<void>((resolve) => waiting.push(resolve));
      admit();
      await admitted;
      try {
        const result = await work();
        // As in TCP: doubles each round until the first rejection, then grows by one per round.
        limit = Math.min(most, limit + (refused ? 1 / limit : 1));
        return result;
      } finally {
        running -= 1;
        admit();
      }
    },
    halve(now) {
      if (now - halved < 1000) return;
      halved = now;
      refused = true;
      limit = Math.max(1, limit / 2);
    },
  };
}
