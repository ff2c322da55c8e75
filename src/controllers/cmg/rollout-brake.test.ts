import { describe, expect, it } from 'vitest';
import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import { createRolloutBrake } from './rollout-brake.ts';

const SPEC = { suspend: false, managementPolicy: 'Manage', serverCertificate: {}, servicePackage: {} };

function gateway(name: string, site?: string, startedAt?: string): CMG {
  const rollout = startedAt === undefined ? {} : { deployments: [{ rollout: { startedAt } }] };
  return {
    metadata: { namespace: 'gateways', name, uid: name },
    spec: { ...SPEC, ...(site === undefined ? {} : { siteRef: { name: site } }) },
    status: rollout,
  } as unknown as CMG;
}

const brakeOver = (...cmgs: readonly CMG[]) => createRolloutBrake({ list: () => cmgs }, 1);

describe('the brake of rollouts', () => {
  it.each([
    ['of its own site', 'ps1', 'ps1', ['gateways/one']],
    ['of another site', 'ps1', 'ps2', []],
    ['without a site, of a gateway with one', undefined, 'ps2', []],
    ['without a site, of another without one', undefined, undefined, ['gateways/one']],
  ])('holds a gateway for the rollout of one %s', (_, first, second, holders) => {
    const [one, two] = [gateway('one', first), gateway('two', second)];
    const brake = brakeOver(one, two);
    expect(brake.take(one)).toEqual({ kind: 'Taken' });
    expect(brake.take(two)).toEqual(holders.length === 0 ? { kind: 'Taken' } : { kind: 'None', holders });
    brake.release(one);
    expect(brake.take(two)).toEqual({ kind: 'Taken' });
  });

  it('knows after a restart from the status who has its turn', () => {
    const [running, waiting] = [gateway('running', 'ps1', '2026-01-01T00:00:00Z'), gateway('waiting', 'ps1')];
    const brake = brakeOver(waiting, running);
    expect(brake.take(waiting)).toEqual({ kind: 'None', holders: ['gateways/running'] });
    expect(brake.take(running)).toEqual({ kind: 'Taken' });
  });

  it.each([{ suspend: true }, { managementPolicy: 'Observe' }])(
    'is not held by a gateway that nobody works on: %o',
    (spec) => {
      const left = gateway('left', 'ps1', '2026-01-01T00:00:00Z');
      const brake = brakeOver({ ...left, spec: { ...left.spec, ...spec } as CMG['spec'] });
      expect(brake.take(gateway('next', 'ps1'))).toEqual({ kind: 'Taken' });
    },
  );
});
