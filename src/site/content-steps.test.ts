import { expect, test } from 'vitest';
import { CMDLETS } from './cmdlets.ts';
import { type ContentToDistribute, contentSteps } from './content-steps.ts';
import type { ContentItem, ContentKind } from './facts.ts';

const KINDS: readonly ContentKind[] = [
  'Application',
  'Package',
  'DriverPackage',
  'TaskSequence',
  'DeploymentPackage',
  'OperatingSystemImage',
  'BootImage',
  'OperatingSystemInstaller',
  'Other',
];

const item = (kind: ContentKind, number: number, name = `${kind} ${number}`): ContentItem => ({
  kind,
  packageId: `PS1000${String(number).padStart(2, '0')}`,
  name,
});

function stepsFor(content: Partial<ContentToDistribute>) {
  return contentSteps({
    from: 'old.contoso.com',
    to: 'new.contoso.com',
    unassigned: [],
    failed: [],
    count: 0,
    ...content,
  });
}

test('content is distributed by one line for each kind', () => {
  const unassigned = [item('Package', 1), item('Application', 2, "Sue's app"), item('Package', 3)];
  const steps = stepsFor({ unassigned, count: 3 });
  expect(steps.map(({ cmdlet }) => cmdlet)).toEqual([
    "Start-CMContentDistribution -PackageId 'PS100001','PS100003' -DistributionPointName 'new.contoso.com'",
    "Start-CMContentDistribution -ApplicationName 'Sue''s app' -DistributionPointName 'new.contoso.com'",
  ]);
  expect(steps[0]?.instruction).toBe(
    'Distribute content of old.contoso.com to new.contoso.com: Package 1 (PS100001), Package 3 (PS100003). The operator does not: no request for it is documented.',
  );
});

test('each kind has a parameter that the cmdlet documents, but for those that it does not take', () => {
  const steps = stepsFor({ unassigned: KINDS.map((kind, at) => item(kind, at)), count: KINDS.length });
  expect(steps).toHaveLength(KINDS.length);
  const documented: readonly string[] = CMDLETS['Start-CMContentDistribution'];
  const parameters = steps.flatMap(({ cmdlet = '' }) => /^\S+ -(\w+)/.exec(cmdlet)?.[1] ?? []);
  expect(new Set(parameters).size).toBe(KINDS.length - 1);
  expect(documented).toEqual(expect.arrayContaining(parameters));
  expect(steps.at(-1)?.cmdlet).toBeUndefined();
  expect(steps.at(-1)?.instruction).toContain('use the console');
});

test('of more than can be named it is said where all are', () => {
  const [step] = stepsFor({ unassigned: [item('Package', 1)], count: 4000 });
  expect(step?.instruction).toContain('There are 4000 in all: the tab Content in the properties of old.contoso.com');
});

test('what has failed is to be looked at, and no line distributes it again', () => {
  const [step, ...others] = stepsFor({ failed: [item('BootImage', 7, '')], count: 1 });
  expect(others).toEqual([]);
  expect(step?.cmdlet).toBeUndefined();
  expect(step?.instruction).toContain('The distribution of PS100007 to new.contoso.com has not succeeded.');
});

test('whatever things are called, a status can hold the steps', () => {
  const long = (number: number) => item('Application', number, "'".repeat(256));
  const unassigned = Array.from({ length: 20 }, (_, number) => long(number));
  for (const { instruction, cmdlet } of stepsFor({ unassigned, count: 5000 })) {
    expect(instruction.length).toBeLessThanOrEqual(2048);
    expect(cmdlet?.length ?? 0).toBeLessThanOrEqual(4096);
  }
});
