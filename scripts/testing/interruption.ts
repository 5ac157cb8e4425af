/** Aborted by SIGINT and SIGTERM. A Ctrl-C comes twice, from the terminal and from npm, so that the second must not end the process. */
export function abortOnSignals(): AbortSignal {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      interruption.abort(new Error(`interrupted by ${signal}`));
    });
  return interruption.signal;
}
