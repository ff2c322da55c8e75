import { describe, expect, it } from 'vitest';
import { ArmError, type ErrorClass } from '../../azure/errors.ts';
import { describeProblem } from './azure-problem.ts';

const problemOf = (message: string, init: { status?: number; code?: string; class?: ErrorClass } = {}) =>
  describeProblem(
    'Writing the scale set',
    new ArmError({ status: 400, code: 'Some', class: 'Invalid', answeredByAzure: true, ...init, message }),
  );

describe('the message of a problem', () => {
  it('has the innermost cause, its code and what to do', () => {
    expect(problemOf('The size is unknown.').message).toMatch(
      /^Writing the scale set: The size is unknown\. \(Some\) Azure refuses this/,
    );
  });

  it.each([
    'It failed. Tracking ID: %s',
    "It failed (CorrelationId: '%s').",
    'It failed. RequestId:%s',
    'It failed, activity id: %s.',
  ])('is the same for each try: %s', (pattern) => {
    const first = problemOf(pattern.replace('%s', '11111111-2222-3333-4444-555555555555')).message;
    expect(first).toBe(problemOf(pattern.replace('%s', '99999999-8888-7777-6666-555555555555')).message);
    expect(first).toMatch(/: It failed\.+ \(Some\)/);
  });

  it('keeps ids that say something', () => {
    const text =
      "The client '11111111-2222-3333-4444-555555555555' with object id '99999999-8888-7777-6666-555555555555'";
    expect(problemOf(`${text} may not do this.`).message).toContain(text);
  });

  it('does not count the seconds of a throttled subscription', () => {
    const throttled = { status: 429, code: 'SubscriptionRequestsThrottled', class: 'Throttled' } as const;
    expect(problemOf("Try again after '17' seconds.", throttled)).toEqual(
      problemOf("Try again after '3' seconds.", throttled),
    );
  });

  it('tells an operation that failed from a failing Azure', () => {
    const failed = { code: 'VMExtensionProvisioningError', class: 'Server' } as const;
    expect(problemOf('Exit code 1.', { ...failed, status: 200 }).reason).toBe('OperationFailed');
    expect(problemOf('Exit code 1.', { ...failed, status: 500 }).reason).toBe('AzureUnreachable');
  });
});
