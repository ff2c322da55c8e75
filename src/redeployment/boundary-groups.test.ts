import { expect, it } from 'vitest';
import { leaveGroups } from './boundary-groups.ts';
import type { ObservedGroup } from './observed.ts';
import type { DeploymentRecord } from './record.ts';
import { RULES } from './rules.ts';
import type { Situation } from './situation.ts';

const named = (id: string): DeploymentRecord => ({
  id,
  identity: {},
  serviceName: `${id}.contoso.com`,
  served: 'Yes',
  wantedSince: 0,
  wantedOrder: 1,
  stage: { phase: 'Active' },
});

it('a gateway leaves no boundary group in which its successor is not', () => {
  const groups: readonly ObservedGroup[] = [
    { name: 'both', members: ['old.contoso.com', 'New.contoso.com'] },
    { name: 'old alone', members: ['old.contoso.com'] },
    { name: 'new alone', members: ['new.contoso.com'] },
  ];
  const observed = { site: { kind: 'Read', points: [], groups } };
  const situation = { observed, rules: RULES } as unknown as Situation;
  expect(leaveGroups(situation, named('old'), named('new'))).toEqual([
    { kind: 'LeaveGroup', group: 'both', deployment: 'old' },
  ]);
});
