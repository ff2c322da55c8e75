import type { Clock } from './clock.ts';

/** An operation took longer than it may. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/**
 * Runs `operation` with a signal that is aborted after `timeoutMs` or with `parent`, whichever comes first. Rejects
 * then at once, with {@link TimeoutError} or the reason of `parent`, whether or not the operation heeds its signal.
 */
export async function withTimeout<T>(
  clock: Clock,
  timeoutMs: number,
  parent: AbortSignal,
  operation: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  parent.throwIfAborted();
  const controller = new AbortController();
  const onParentAbort = () => controller.abort(parent.reason);
  parent.addEventListener('abort', onParentAbort, { once: true });
  const cancel = clock.schedule(timeoutMs, () => controller.abort(new TimeoutError(`Gave up after ${timeoutMs} ms.`)));
  try {
    return await Promise.race([rejectionOf(controller.signal), operation(controller.signal)]);
  } finally {
    cancel();
    parent.removeEventListener('abort', onParentAbort);
  }
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
