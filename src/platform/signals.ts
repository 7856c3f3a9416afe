// SIGINT and SIGTERM as one AbortSignal: a cancelled run has 7.5 s to say what it leaves behind.

/** The first signal aborts; a second one ends the process at once, as people expect of Ctrl-C. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // The runner sends SIGTERM after SIGINT by itself; only a repeated SIGINT is impatience.
      if (controller.signal.aborted && signal === 'SIGINT') process.exit(130);
      controller.abort();
    });
  }
  return controller.signal;
}
