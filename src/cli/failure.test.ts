import { describe, expect, test } from 'vitest';
import { ApiConnectionError, apiErrorOf } from '../runtime/api-error.ts';
import { explained, Failure } from './failure.ts';

const answered = (status: number, body: unknown) =>
  apiErrorOf('GET cmgs.configmgr.io "gateways/a"', status, typeof body === 'string' ? body : JSON.stringify(body));

describe('a failure', () => {
  test.each([
    ['a cluster without the kind', answered(404, '404 page not found'), /does not know the kind CMG/],
    [
      'a namespace that is not there',
      answered(404, { reason: 'NotFound', message: 'no', details: { kind: 'namespaces', name: 'gateways' } }),
      /^There is no namespace gateways\.$/,
    ],
    [
      'somebody who may not',
      answered(403, { reason: 'Forbidden', message: 'may not' }),
      /may not\. It takes the rights/,
    ],
    [
      'somebody unknown',
      answered(401, { reason: 'Unauthorized', message: 'Unauthorized' }),
      /^The API server does not know/,
    ],
    ['a fault of the server', answered(500, { message: 'etcd is away' }), /etcd is away/],
    ['no answer', new ApiConnectionError('no answer from there'), /^no answer from there$/],
  ])('of %s says what to do', (_what, error, message) => {
    const failure = explained(error, 'gateways');
    expect(failure).toBeInstanceOf(Failure);
    expect((failure as Failure).message).toMatch(message);
  });

  test('of the program itself stays what it is', () => {
    const mistake = new TypeError('undefined is not a function');
    expect(explained(mistake, 'gateways')).toBe(mistake);
  });
});
