import { describe, expect, it } from 'vitest';
import { isStalling, type Reason } from '../../api/v1alpha1/conditions.ts';
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

describe('the reason of a problem', () => {
  it.each<
    readonly [
      errorClass: ErrorClass,
      about: { status?: number; code?: string; message?: string },
      reason: Reason,
      passing: boolean,
    ]
  >([
    ['Throttled', { status: 429 }, 'Throttled', true],
    ['Busy', { status: 409 }, 'Provisioning', true],
    ['Propagation', { code: 'PrincipalNotFound' }, 'Provisioning', true],
    ['NotFound', { status: 404 }, 'Provisioning', true],
    ['Server', { status: 0 }, 'AzureUnreachable', true],
    ['ProviderNotRegistered', { status: 409 }, 'RegisteringProviders', true],
    ['Capacity', { code: 'SkuNotAvailable' }, 'SkuNotAvailable', false],
    ['Capacity', { code: 'QuotaExceeded' }, 'QuotaExceeded', false],
    ['Capacity', { code: 'PublicIPCountLimitReached' }, 'QuotaExceeded', false],
    [
      'Capacity',
      { code: 'OperationNotAllowed', message: 'It exceeds the approved cores quota.' },
      'QuotaExceeded',
      false,
    ],
    ['Capacity', { code: 'AllocationFailed' }, 'NoCapacity', true],
    ['NeedsAdministrator', { code: 'AADSTS7000215', status: 401 }, 'CredentialsInvalid', false],
    ['NeedsAdministrator', { code: 'SubscriptionNotFound', status: 404 }, 'SubscriptionNotFound', false],
    ['NeedsAdministrator', { code: 'AuthorizationFailed', status: 403 }, 'AuthorizationFailed', false],
    ['NeedsAdministrator', { code: 'RequestDisallowedByPolicy', status: 403 }, 'AuthorizationFailed', false],
    ['NameTaken', { code: 'VaultAlreadyExists', status: 409 }, 'NameTaken', false],
    ['Immutable', { code: 'PropertyChangeNotAllowed', status: 409 }, 'RedeploymentRequired', false],
    ['Invalid', { status: 400 }, 'OperationFailed', false],
  ])('of %s %j is %s, passing: %s', (errorClass, { message = 'It failed.', ...about }, reason, passing) => {
    expect(problemOf(message, { ...about, class: errorClass })).toMatchObject({ reason, passing });
  });

  it.each<readonly [ErrorClass, status: number, Reason]>([
    ['Propagation', 400, 'OperationFailed'],
    ['Propagation', 403, 'AuthorizationFailed'],
    ['ProviderNotRegistered', 409, 'ProviderNotRegistered'],
  ])('of %s with status %i that does not pass is %s', (errorClass, status, reason) => {
    const error = new ArmError({ status, code: 'Some', class: errorClass, message: 'It failed.' });
    expect(describeProblem('Writing the vault', error, 31)).toMatchObject({ reason, passing: false });
    expect(describeProblem('Writing the vault', error, 20)).toMatchObject({ passing: true });
  });

  it('waits for no person where the problem passes by itself', () => {
    const classes: readonly ErrorClass[] = ['Throttled', 'Busy', 'Propagation', 'NotFound', 'Server', 'Capacity'];
    for (const errorClass of classes) {
      const { reason, passing } = problemOf('It failed.', { class: errorClass });
      expect(isStalling(reason), errorClass).toBe(!passing);
    }
  });

  it('shows no signature of an address, in whatever Azure says', () => {
    const { message } = problemOf('Cannot read https://x.blob.core.windows.net/p/a.zip?sv=2026&sig=c2VjcmV0 now.');
    expect(message).not.toContain('c2VjcmV0');
  });
});
