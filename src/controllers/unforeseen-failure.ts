import { redactText } from '../observability/redaction.ts';
import { isTransient } from '../runtime/api-error.ts';
import type { ReconcileContext } from '../runtime/controller.ts';
import { TimeoutError } from '../runtime/timeout.ts';

/** A failure that nobody foresaw, as the status shows it. */
export interface UnforeseenFailure {
  readonly message: string;
  /** Ends the writing of the status. That of the reconcile has ended already where it took too long. */
  readonly signal: AbortSignal;
}

/** How long the status may take to be written of a reconcile that was broken off. */
const LAST_WRITE_MS = 10_000;

/**
 * What the status is to say of a failure. `undefined` where it is not to be shown: the API server did not answer, and would
 * not take a status either, or this process ends.
 *
 * @param slowest what takes longest in a reconcile of this kind, as a sentence
 */
export function unforeseenFailure(
  error: unknown,
  { signal }: Pick<ReconcileContext, 'signal'>,
  slowest: string,
): UnforeseenFailure | undefined {
  const isLate = signal.aborted && signal.reason instanceof TimeoutError;
  if (isTransient(error) || (signal.aborted && !isLate)) {
    return undefined;
  }
  if (isLate) {
    const message = `The operator had to break off, as it took too long, and tries again. ${slowest}`;
    return { message, signal: AbortSignal.timeout(LAST_WRITE_MS) };
  }
  const what = redactText(error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 500);
  const message = `The operator failed unexpectedly, and tries again with growing pauses. ${what} Its log has more.`;
  return { message, signal };
}
