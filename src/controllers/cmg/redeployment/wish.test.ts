import { expect, test } from 'vitest';
import { DEFAULT_REDEPLOYMENT } from '../../../../test/world/gateway-manifests.ts';
import { milliseconds, termsOf } from './wish.ts';

test.each([
  ['24h', 86_400_000],
  ['1h30m', 5_400_000],
  ['0s', 0],
  ['1.5h', 5_400_000],
  ['90s', 90_000],
  ['336h', 1_209_600_000],
])('%s is as long as it says', (duration, expected) => {
  expect(milliseconds(duration)).toBe(expected);
});

test('the terms are those of the spec, in milliseconds', () => {
  expect(termsOf(DEFAULT_REDEPLOYMENT)).toEqual({
    minimumWait: 86_400_000,
    requiredRefreshPercent: 95,
    ignoreClientsInactiveFor: 1_209_600_000,
    deadline: 2_592_000_000,
    onDeadline: 'Hold',
    drainFor: 0,
    evidence: 'Site',
  });
});
