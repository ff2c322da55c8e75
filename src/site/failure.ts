import type { Reported, SiteFailure } from './answer.ts';

/** A failure on its way to the caller, who gets it as a value. */
export class SiteFailureError extends Error {
  override readonly name = 'SiteFailureError';
  readonly failure: SiteFailure;

  constructor(failure: SiteFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Runs an operation, and returns as a value that it failed. What is no failure of the site rejects on. */
export async function failureAsValue<T>(operation: () => Promise<T>): Promise<T | SiteFailure> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof SiteFailureError) return error.failure;
    throw error;
  }
}

/** An answer that is not as an AdminService gives it. */
export function invalidAnswer(message: string, reported: Partial<Reported> = {}): SiteFailureError {
  return new SiteFailureError({ kind: 'InvalidAnswer', status: 200, ...reported, message });
}
