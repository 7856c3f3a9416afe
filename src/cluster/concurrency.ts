// How many requests may run at once: grows while all is well, halves when the server says "too many".

export interface Slots {
  /** Runs the work as soon as there is room, in the order of asking. */
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
        // As TCP does it: doubling each round until the first refusal, one more per round after it.
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
