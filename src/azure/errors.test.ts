import { describe, expect, it } from 'vitest';
import { seededRandom } from '../runtime/random.ts';
import {
  type ArmError,
  classify,
  type ErrorClass,
  errorFromAnswer,
  errorFromNetwork,
  redact,
  retryDelay,
  retryDelayAfter,
} from './errors.ts';

const NOW = Date.UTC(2026, 10, 1);

function answer(status: number, body: unknown, headers: Record<string, string> = {}): ArmError {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return errorFromAnswer({ status, header: (name) => headers[name.toLowerCase()], body: text }, NOW);
}

describe('reading an error body', () => {
  it('takes the usual form', () => {
    const error = answer(
      409,
      { error: { code: 'ScopeLocked', message: 'The scope is locked.', target: 'rg-cmg' } },
      { 'x-ms-correlation-request-id': 'c0ffee' },
    );
    expect(error).toMatchObject({
      status: 409,
      code: 'ScopeLocked',
      message: 'The scope is locked.',
      target: 'rg-cmg',
      class: 'NeedsAdministrator',
      correlationId: 'c0ffee',
      answeredByAzure: true,
    });
  });

  it('takes the error at the top level', () => {
    expect(answer(400, { code: 'InvalidParameter', message: 'osProfile is missing.' })).toMatchObject({
      code: 'InvalidParameter',
      message: 'osProfile is missing.',
      class: 'Invalid',
    });
  });

  it('goes down to the deepest code that says something', () => {
    const error = answer(409, {
      error: {
        code: 'DeploymentFailed',
        message: 'At least one resource deployment operation failed.',
        details: [
          {
            code: 'Conflict',
            message: JSON.stringify({
              error: {
                code: 'StorageAccountAlreadyTaken',
                message: 'The storage account named contoso is already taken.',
              },
            }),
          },
        ],
      },
    });
    expect(error).toMatchObject({
      code: 'StorageAccountAlreadyTaken',
      message: 'The storage account named contoso is already taken.',
      class: 'NameTaken',
    });
    expect(error.details.map(({ code }) => code)).toEqual([
      'DeploymentFailed',
      'Conflict',
      'StorageAccountAlreadyTaken',
    ]);
  });

  it('keeps a generic code when there is no other', () => {
    expect(answer(409, { error: { code: 'Conflict', message: 'Try later.' } })).toMatchObject({
      code: 'Conflict',
      class: 'Busy',
    });
  });

  it('finds the namespace to register', () => {
    const error = answer(409, {
      error: {
        code: 'MissingSubscriptionRegistration',
        message: "The subscription is not registered to use namespace 'Microsoft.Compute'.",
        details: [{ code: 'MissingSubscriptionRegistration', target: 'Microsoft.Compute', message: 'Not registered.' }],
      },
    });
    expect(error).toMatchObject({ class: 'ProviderNotRegistered', target: 'Microsoft.Compute' });
  });

  it('reads compute bodies indented with carriage returns', () => {
    const body =
      '{\r\n  "error": {\r\n    "code": "InternalOperationError",\r\n    "message": "An internal\\r\\n error."\r\n  }\r\n}';
    expect(answer(500, body)).toMatchObject({
      code: 'InternalOperationError',
      message: 'An internal error.',
      class: 'Server',
    });
  });

  it('does not take data in a message for an error', () => {
    const message = '{"operationGroup":"HighCostGet30Min","allowedRequestCount":800}';
    const error = answer(429, {
      error: {
        code: 'OperationNotAllowed',
        message: 'Too many requests.',
        details: [{ code: 'TooManyRequests', message }],
      },
    });
    expect(error).toMatchObject({ code: 'TooManyRequests', class: 'Throttled' });
  });

  it.each([
    ['', 'empty'],
    ['<html>Bad gateway</html>', 'HTML'],
    ['null', 'null'],
    ['[]', 'a list'],
    ['{"value":1}', 'another object'],
  ])('copes with a body of %j (%s)', (body) => {
    expect(answer(502, body)).toMatchObject({ code: 'Http502', class: 'Server', answeredByAzure: false });
  });

  it('is not brought down by a body nested without end', () => {
    const body = `${'{"error":{"code":"A","details":['.repeat(3000)}${']}}'.repeat(3000)}`;
    expect(answer(400, body).code).toBe('A');
  });
});

describe('what is never shown', () => {
  it('removes queries, tokens and secrets from messages', () => {
    const token = `eyJ0eXAiOiJKV1Qi.${'a'.repeat(20)}.${'b'.repeat(20)}`;
    const shown = redact(
      `GET https://management.azure.com/x/operations/1?api-version=1&t=6&c=MII&s=sig failed; Bearer abc.def; ${token}; client_secret=hunter2`,
    );
    expect(shown).toBe(
      'GET https://management.azure.com/x/operations/1 failed; Bearer [token]; [token]; client_secret=[redacted]',
    );
  });

  it('applies to details and cuts what is too long', () => {
    const error = answer(400, {
      error: { code: 'A', message: 'x'.repeat(5000), details: [{ code: 'B', message: 'see https://host/p?sig=1' }] },
    });
    expect(error.details.map(({ message }) => message.length <= 1501)).toEqual([true, true]);
    expect(error.message).toBe('see https://host/p');
  });
});

describe('Retry-After', () => {
  it.each([
    [{ 'retry-after': '17' }, 17_000],
    [{ 'retry-after': 'Sun, 01 Nov 2026 00:01:00 GMT' }, 60_000],
    [{ 'retry-after': 'Sat, 31 Oct 2026 23:00:00 GMT' }, 0],
    [{ 'x-ms-retry-after-ms': '250', 'retry-after': '9' }, 250],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('%j', (headers, expected) => {
    expect(answer(409, '', headers as Record<string, string>).retryAfterMs).toBe(expected);
  });
});

describe('classify', () => {
  const cases: [ErrorClass, number, string, string?][] = [
    ['Throttled', 429, 'SubscriptionRequestsThrottled'],
    ['Throttled', 429, 'OperationNotAllowed', 'The server rejected the request because too many were sent.'],
    ['Throttled', 429, 'Http429'],
    ['Busy', 429, 'RetryableError'],
    ['Busy', 429, 'ReferencedResourceNotProvisioned'],
    ['Busy', 409, 'AnotherOperationInProgress'],
    ['Busy', 412, 'PreconditionFailed'],
    ['Busy', 409, 'OperationNotAllowed', 'The operation is not allowed while an upgrade is in progress.'],
    ['Busy', 409, 'SomethingNew'],
    ['Propagation', 400, 'PrincipalNotFound'],
    ['Propagation', 404, 'ParentResourceNotFound'],
    ['Propagation', 403, 'AuthorizationPermissionMismatch'],
    ['Server', 0, 'ENOTFOUND'],
    ['Throttled', 200, 'TooManyRequests'],
    ['ProviderNotRegistered', 409, 'MissingSubscriptionRegistration'],
    [
      'ProviderNotRegistered',
      404,
      'NoRegisteredProviderFound',
      'No registered resource provider found for location x.',
    ],
    [
      'Invalid',
      400,
      'NoRegisteredProviderFound',
      "No registered resource provider found for location x and API version '1'.",
    ],
    ['Server', 500, 'InternalServerError'],
    ['Server', 200, 'InternalServerError'],
    ['Server', 408, 'Http408'],
    ['Server', 503, 'ServiceUnavailable'],
    ['Server', 0, 'ECONNREFUSED'],
    [
      'Capacity',
      409,
      'OperationNotAllowed',
      'Operation could not be completed as it results in exceeding approved quota.',
    ],
    ['Capacity', 200, 'AllocationFailed'],
    ['Capacity', 409, 'SkuNotAvailable'],
    ['NeedsAdministrator', 403, 'AuthorizationFailed'],
    ['NeedsAdministrator', 403, 'RequestDisallowedByPolicy'],
    ['NeedsAdministrator', 404, 'SubscriptionNotFound'],
    ['NeedsAdministrator', 401, 'AADSTS7000215'],
    ['NeedsAdministrator', 403, 'Http403'],
    ['NameTaken', 400, 'DnsRecordInUse'],
    ['NameTaken', 409, 'VaultAlreadyExists'],
    ['Immutable', 409, 'PropertyChangeNotAllowed'],
    ['Immutable', 409, 'InvalidResourceLocation'],
    ['Immutable', 400, 'CannotChangeSomething'],
    ['Invalid', 400, 'LinkedInvalidPropertyId'],
    ['Invalid', 409, 'OperationNotAllowed', 'There is no ongoing Rolling Upgrade to cancel.'],
    ['NotFound', 404, 'ResourceNotFound'],
    ['NotFound', 404, 'Http404'],
  ];
  it.each(cases)('%s: %i %s %s', (expected, status, code, message = '') => {
    expect(classify({ status, code, message })).toBe(expected);
  });

  it('takes 503 with Retry-After for throttling', () => {
    expect(classify({ status: 503, code: 'ServiceUnavailable', message: '', retryAfterMs: 5000 })).toBe('Throttled');
  });

  it('waits for a name to become known only where it may be new', () => {
    expect(classify({ status: 0, code: 'ENOTFOUND', message: '' }, { isNewHost: true })).toBe('Propagation');
    expect(classify({ status: 0, code: 'ECONNREFUSED', message: '' }, { isNewHost: true })).toBe('Server');
  });
});

describe('retry delays', () => {
  it('double up to the limit of the class', () => {
    const middle = () => 0.5;
    expect([1, 2, 3, 9].map((attempt) => retryDelay('Server', attempt, middle))).toEqual([2000, 4000, 8000, 180_000]);
    expect(retryDelay('Busy', 40, middle)).toBe(30_000);
  });

  it('are short for ten minutes where a right may be on its way, and long after that', () => {
    const rights = { class: 'NeedsAdministrator', code: 'AuthorizationFailed', retryAfterMs: undefined } as const;
    const known = { class: 'Propagation', code: 'PrincipalNotFound', retryAfterMs: undefined } as const;
    for (const error of [rights, known]) {
      let elapsed = 0;
      let attempt = 1;
      for (; retryDelayAfter(error, attempt, () => 0.5) < 60_000; attempt += 1) {
        elapsed += retryDelayAfter(error, attempt, () => 0.5);
      }
      expect(elapsed).toBeGreaterThan(9 * 60_000);
      expect(elapsed).toBeLessThan(11 * 60_000);
      expect(retryDelayAfter(error, attempt, () => 0.5)).toBe(3_600_000);
    }
    const lock = { ...rights, code: 'ScopeLocked' };
    expect(retryDelayAfter(lock, 1, () => 0.5)).toBe(3_600_000);
  });

  it('never come before what Azure asks for', () => {
    const random = seededRandom(7);
    for (let attempt = 1; attempt < 200; attempt += 1) {
      const delay = retryDelayAfter({ class: 'Throttled', retryAfterMs: 17_000 }, attempt, random);
      expect(delay).toBeGreaterThanOrEqual(17_000);
      expect(delay).toBeLessThanOrEqual(17_000 * 1.2);
    }
  });
});

describe('errorFromNetwork', () => {
  it('takes the code of the innermost cause', () => {
    const cause = Object.assign(new Error('getaddrinfo ENOTFOUND vault'), { code: 'ENOTFOUND' });
    const error = new Error('failed', { cause });
    expect(errorFromNetwork(error, 'arm')).toMatchObject({ status: 0, code: 'ENOTFOUND', class: 'Server' });
    expect(errorFromNetwork(error, 'account', { isNewHost: true })).toMatchObject({ class: 'Propagation' });
  });
});
