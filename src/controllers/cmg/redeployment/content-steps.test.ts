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

test('what a gateway held that is gone is distributed, whatever stands now under its name', () => {
  const standing = { kind: 'Missing', held: 60, missing: 40, underWay: 0, first: [item(1, undefined)] } as const;
  const of = (more: { readonly missing: number; readonly first: readonly MissingContent[] }) =>
    stepsForContent([{ from: OLD, to: OLD, gone: 'd0', standing: { ...standing, ...more } }], deployments('Draining'));
  const [step, ...others] = of({ missing: 40, first: [item(1, undefined)] });
  expect(others).toEqual([]);
  expect(step?.cmdlet).toBe(
    "Start-CMContentDistribution -PackageId 'PS100001' -DistributionPointName 'old.contoso.com'",
  );
  expect(step?.instruction).toContain(
    'Distribute what the gateway held that was deleted before it to old.contoso.com: Package 1 (PS100001).',
  );
  expect(step?.instruction).toContain('There are 40 in all; the next are named here');
  expect(of({ missing: 28, first: [] }).map(({ instruction }) => instruction)).toEqual([
    'Distribute to old.contoso.com what the gateway held beside that was deleted before it: 28 packages and applications of which only the number was kept.',
  ]);
});
