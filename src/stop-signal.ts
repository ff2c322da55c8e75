/**
 * Aborted when the process is told to stop, by SIGTERM or SIGINT. The first process of a container is not ended by a signal
 * that it has no handler for, so this module, which needs no other, comes before all that takes time to load.
 */
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => stop.abort(new Error(`Received ${signal}.`)));
}

export const stopSignal: AbortSignal = stop.signal;
