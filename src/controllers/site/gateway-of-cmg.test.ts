import { describe, expect, test } from 'vitest';
import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import { gatewayOfCmg, holdOnSite, isSameGateway, serviceNamesOf } from './gateway-of-cmg.ts';
import { cmgWith, type Decision, NEW, NEW_ID, OLD, OLD_ID } from './hand-over.test-world.ts';
import { deletedCmg, leavingCmg } from './site.test-world.ts';

const decided: Decision = { phase: 'Superseded', served: true, connectionPoints: ['cp01'], inBoundaryGroups: true };
const before = cmgWith({ old: decided, new: {} });

describe('a change of a CMG', () => {
  test.each<[string, CMG]>([
    ['the phase of a deployment', cmgWith({ old: { ...decided, phase: 'Draining' }, new: {} })],
    ['whether it has served', cmgWith({ old: { ...decided, served: false }, new: {} })],
    ['its connection points', cmgWith({ old: { ...decided, connectionPoints: [] }, new: {} })],
    ['whether it is in boundary groups', cmgWith({ old: { ...decided, inBoundaryGroups: false }, new: {} })],
    ['which one is active', cmgWith({ old: decided, new: {} }, NEW_ID)],
    ['a deployment less', cmgWith({ new: {} })],
    ['that it is suspended', { ...before, spec: { ...before.spec, suspend: true } }],
    ['its deletion', deletedCmg(before)],
  ])('matters to what is on its site: %s', (_what, after) => {
    expect(isSameGateway(before, after)).toBe(false);
  });

  test('does not matter when only time has passed', () => {
    const deployments = (before.status?.deployments ?? []).map((record) => ({
      ...record,
      advertised: { since: '2026-01-01T00:00:00Z', seenAt: '2026-01-01T00:10:00Z' },
    }));
    expect(isSameGateway(before, { ...before, status: { ...before.status, deployments } })).toBe(true);
  });
});

test('a CMG is known by the names of all its gateways', () => {
  expect(serviceNamesOf(gatewayOfCmg(before))).toEqual(expect.arrayContaining([OLD, NEW]));
});

test.each<[string, CMG, Readonly<Record<string, boolean>>]>([
  ['one alone, that is not active yet', cmgWith({ old: { phase: 'Provisioning' } }, 'none'), { [OLD_ID]: false }],
  ['one alone, that is active', cmgWith({ old: {} }), { [OLD_ID]: true }],
  ['one of several', cmgWith({ old: {}, new: { phase: 'Provisioning' } }), { [OLD_ID]: true, [NEW_ID]: true }],
  ['what is said', cmgWith({ old: {}, new: { served: false } }), { [OLD_ID]: true, [NEW_ID]: false }],
])('whether clients may have depended on it, where the status does not say: %s', (_what, cmg, served) => {
  const { deployments } = gatewayOfCmg(cmg);
  expect(Object.fromEntries(deployments.map((each) => [each.id, each.served]))).toEqual(served);
});

const inDeletion = (phase: Decision['phase'], other?: Decision['phase']) =>
  deletedCmg(
    cmgWith({ old: phase === undefined ? {} : { phase }, ...(other === undefined ? {} : { new: { phase: other } }) }),
  );
const observed = { managementPolicy: 'Observe' } as const;

describe('a CMG', () => {
  test.each<[string, CMG, ReturnType<typeof gatewayOfCmg>['leaving']]>([
    ['that is not deleted', cmgWith({ old: {} }), 'No'],
    ['whose deletion its controller has not let begin', inDeletion('Active'), 'Awaited'],
    ['whose gateway hands over meanwhile', inDeletion('Draining', 'Active'), 'Awaited'],
    ['of which one that never served goes first', inDeletion('Active', 'Deleting'), 'Awaited'],
    ['whose gateway leaves', leavingCmg(cmgWith({ old: {} })), 'Deleted'],
    [
      'whose gateway was being deleted by an operator that did not say that it leaves',
      inDeletion('Deleting'),
      'Deleted',
    ],
    ['without a gateway', deletedCmg(cmgWith({})), 'Deleted'],
    ['that leaves it in Azure', deletedCmg(cmgWith({ old: {} }), { deletionPolicy: 'Retain' }), 'Retained'],
    ['that is protected', deletedCmg(cmgWith({ old: {} }), { deletionProtection: true }), 'Retained'],
    ['that is only observed', deletedCmg(cmgWith({ old: {} }), observed), 'Retained'],
    ['whose word about leaving is from before', { ...cmgWith({ old: {} }), status: leavingCmg().status ?? {} }, 'No'],
  ])('%s', (_what, cmg, leaving) => {
    expect(gatewayOfCmg(cmg).leaving).toBe(leaving);
  });

  test.each<[string, CMG, boolean]>([
    ['as it is', cmgWith({ old: {} }), false],
    ['suspended', suspended(cmgWith({ old: {} })), true],
    ['suspended and to be deleted', suspended(inDeletion('Active')), true],
    ['suspended and leaving', suspended(leavingCmg()), false],
    ['with several gateways of which it says nothing', cmgWith({ old: {}, new: {} }), true],
    ['with several gateways, and a word about one', cmgWith({ old: { inBoundaryGroups: true }, new: {} }), false],
    ['with one gateway beside one that is deleted', cmgWith({ old: { phase: 'Deleting' }, new: {} }), false],
    ['suspended and retained', suspended(deletedCmg(cmgWith({ old: {} }), { deletionPolicy: 'Retain' })), false],
  ])('%s: whether its site is left as it is', (_what, cmg, isHeld) => {
    expect(holdOnSite(gatewayOfCmg(cmg)) !== undefined).toBe(isHeld);
  });
});

function suspended(cmg: CMG): CMG {
  return { ...cmg, spec: { ...cmg.spec, suspend: true } };
}
