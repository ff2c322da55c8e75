import { expect, test } from 'vitest';
import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { MissingContent } from '../compare-content.ts';
import { stepsForContent } from './content-steps.ts';

const OLD = 'old.contoso.com';

function deployments(phase: CMGStatusDeployment['phase']): readonly CMGStatusDeployment[] {
  const identity = { tenantId: 't', subscriptionId: 's', region: 'r', resourceGroup: 'g', serviceName: OLD } as const;
  const azure = { environment: 'AzurePublicCloud' } as const;
  return [
    { id: 'd1', identity: { ...azure, ...identity }, phase, serviceName: OLD, createdAt: '2026-01-01T00:00:00Z' },
  ];
}

const item = (number: number, state: MissingContent['state']): MissingContent => ({
  packageId: `PS10000${number}`,
  name: `Package ${number}`,
  kind: 'Package',
  state,
});

function steps(phase: CMGStatusDeployment['phase'], first: readonly MissingContent[], missing = first.length) {
  const underWay = first.filter(({ state }) => state === 'Pending').length;
  const standing = { kind: 'Missing', held: 9000, missing, underWay, first } as const;
  return stepsForContent([{ from: OLD, to: 'new.contoso.com', standing }], deployments(phase));
}

test('what nobody has distributed and what is being taken away has a line, and what failed has none', () => {
  const found = steps('Superseded', [item(1, undefined), item(2, 'Failed'), item(3, 'Removing'), item(4, 'Pending')]);
  expect(found.map(({ cmdlet }) => cmdlet)).toEqual([
    "Start-CMContentDistribution -PackageId 'PS100001','PS100003' -DistributionPointName 'new.contoso.com'",
    undefined,
  ]);
  expect(found[1]?.instruction).toContain('The distribution of Package 2 (PS100002) to new.contoso.com');
  expect(found[1]?.instruction).not.toContain('in all');
});

test('of thousands the first are named, and how many there are', () => {
  const [step, ...others] = steps('Superseded', [item(1, undefined), item(2, undefined)], 7000);
  expect(others).toEqual([]);
  expect(step?.instruction).toContain('There are 7000 in all');
});

test('there is nothing to do for what is on its way, nor once the old gateway hands over', () => {
  expect(steps('Superseded', [item(1, 'Pending')])).toEqual([]);
  for (const phase of ['Draining', 'Deleting'] as const) expect(steps(phase, [item(1, undefined)])).toEqual([]);
  expect(
    stepsForContent([{ from: OLD, to: 'n', standing: { kind: 'Complete', held: 3 } }], deployments('Active')),
  ).toEqual([]);
});
