import { describe, expect, test } from 'vitest';
import type { ActivityEvent } from '../../azure/activity-log.ts';
import { describeAuthors } from './drift-authors.ts';

const GROUP = '/subscriptions/s/resourceGroups/rg';
const NSG = `${GROUP}/providers/Microsoft.Network/networkSecurityGroups/granitefalls`;
const OPERATOR = '0b1f6471-1bf0-4dda-aec3-cb9272f09590';

const event = (change: Partial<ActivityEvent> = {}): ActivityEvent => ({
  resourceId: `${NSG}/securityRules/https`,
  caller: 'alice@contoso.com',
  operation: 'Microsoft.Network/networkSecurityGroups/securityRules/delete',
  at: '2026-11-27T18:00:00.1234567Z',
  ...change,
});

describe('who changed a gateway', () => {
  test('is told with what and when', () => {
    expect(describeAuthors([event()], [NSG.toUpperCase()], OPERATOR)).toBe(
      'alice@contoso.com (Microsoft.Network/networkSecurityGroups/securityRules/delete at 2026-11-27T18:00:00Z)',
    );
  });

  test('is not the operator, and nobody who changed something else', () => {
    const others = [event({ caller: OPERATOR.toUpperCase() }), event({ resourceId: `${NSG}-other` })];
    expect(describeAuthors(others, [NSG], OPERATOR)).toBe('');
  });

  test('is named once, with the last change', () => {
    const later = event({ at: '2026-11-27T19:00:00Z', operation: 'Microsoft.Network/networkSecurityGroups/write' });
    expect(describeAuthors([later, event()], [NSG], OPERATOR)).toBe(
      'alice@contoso.com (Microsoft.Network/networkSecurityGroups/write at 2026-11-27T19:00:00Z)',
    );
  });

  test('is at most three, in few words', () => {
    const many = Array.from({ length: 20 }, (_, index) => event({ caller: `${index}${'x'.repeat(1000)}` }));
    const text = describeAuthors(many, [NSG], OPERATOR);
    expect(text.split('), ')).toHaveLength(3);
    expect(text.length).toBeLessThan(700);
  });
});
