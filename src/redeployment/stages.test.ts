import { expect, test } from 'vitest';
import type { Observed, ObservedPoint } from './observed.ts';
import type { DeploymentRecord, Stage } from './record.ts';
import { RULES } from './rules.ts';
import type { Situation } from './situation.ts';
import { isDetached } from './stages.ts';
import { gatherFacts } from './words.ts';

const GOES: Stage = { phase: 'Deleting', because: 'DeleteFirst' };

const deployment = (id: string, stage: Stage): DeploymentRecord => ({
  id,
  identity: {},
  serviceName: `${id}.contoso.com`,
  served: 'Yes',
  wantedSince: 0,
  wantedOrder: 0,
  stage,
});

function isFree(
  deployments: readonly DeploymentRecord[],
  points: readonly ObservedPoint[],
  members: readonly string[],
) {
  const [record] = deployments;
  if (record === undefined) throw new Error('There is no deployment.');
  const observed = {
    deployments: [],
    site: { kind: 'Read', points, groups: [{ name: 'branch', members }] },
  } as unknown as Observed;
  const facts = gatherFacts(deployments, observed);
  const records = { deployments, lapsed: [] };
  return isDetached({ observed, records, facts, rules: RULES } as unknown as Situation, record);
}

const linked = (name: string, rest: Partial<ObservedPoint> = {}): ObservedPoint => ({
  name,
  role: 'Primary',
  linkedTo: 'old.contoso.com',
  connected: 'Yes',
  ...rest,
});

test('a gateway that goes waits for the points that the operator uninstalls, and for its groups', () => {
  expect(isFree([deployment('old', GOES)], [], [])).toBe(true);
  expect(isFree([deployment('old', GOES)], [linked('cp1')], [])).toBe(false);
  expect(isFree([deployment('old', GOES)], [], ['old.contoso.com'])).toBe(false);
});

test('a point that others installed leaves only for another gateway: without one, nothing waits for it', () => {
  const foreign = linked('cp1', { isForeign: true });
  const next = deployment('new', { phase: 'Active' });
  expect(isFree([deployment('old', GOES)], [foreign], [])).toBe(true);
  expect(isFree([deployment('old', GOES), deployment('new', GOES)], [foreign], [])).toBe(true);
  expect(isFree([deployment('old', GOES), next], [foreign], [])).toBe(false);
  expect(isFree([deployment('old', GOES)], [foreign, linked('cp2')], [])).toBe(false);
  expect(isFree([deployment('old', GOES)], [foreign], ['old.contoso.com'])).toBe(false);
});
