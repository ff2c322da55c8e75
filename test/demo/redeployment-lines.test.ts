import { describe, expect, it } from 'vitest';
import type { CMG, CMGStatusDeployment, CMGStatusRedeployment } from '../../src/api/v1alpha1/cmg.generated.ts';
import { createFleet } from '../simulators/adminservice/fleet.ts';
import { EARLIER, LATER } from './gateways.ts';
import { type ClientsNow, clientsOf, describeRedeployment } from './redeployment-lines.ts';

const HOUR_MS = 3_600_000;
const BEGUN = Date.UTC(2026, 10, 28, 6);

const OLD = EARLIER.serviceName;
const NEW = LATER.serviceName;

const CLIENTS: ClientsNow = {
  when: 'hour 3',
  through: new Map([
    [NEW, 23],
    [OLD, 825],
  ]),
  cutOff: 0,
};

interface Told {
  readonly phases: readonly (readonly [string, CMGStatusDeployment['phase']])[];
  readonly redeployment?: Partial<CMGStatusRedeployment>;
  readonly message?: string;
}

function lines({ phases, redeployment, message }: Told, clients = CLIENTS): readonly string[] {
  const deployments = phases.map(([serviceName, phase]) => ({
    serviceName,
    phase,
    identity: { region: serviceName === OLD ? EARLIER.region : LATER.region },
    resources: [{ name: `vault of ${serviceName}`, provisioningState: 'RegisteringDns' }],
  }));
  const condition = { type: 'Redeploying', status: 'True', reason: 'WaitingForClients', message };
  const cmg = {
    spec: { redeployment: { requiredRefreshPercent: 95 } },
    status: { deployments, redeployment, conditions: message === undefined ? [] : [condition] },
  } as unknown as CMG;
  return describeRedeployment({
    cmg,
    clients,
    onSite: (name) => (name === OLD ? { servers: ['cp1.corp.contoso.com'], groups: ['Branches'] } : NOWHERE),
  });
}

const NOWHERE = { servers: [], groups: [] };

describe('a redeployment on the screen', () => {
  it('shows both gateways, what is waited for and how long, the way back, and what clients notice', () => {
    const shown = lines({
      phases: [
        [OLD, 'Superseded'],
        [NEW, 'Active'],
      ],
      redeployment: {
        rollback: 'Free',
        until: '2026-11-29T06:09:12.000Z',
        clients: { eligible: 848, refreshed: 25 },
      },
      message: `Clients are given the time to learn ${NEW}. Of ${OLD}, which serves meanwhile: nothing.`,
    });
    expect(shown).toEqual([
      'bellevue.contoso.com     northeurope Superseded   cp1, Branches',
      'granitefalls.contoso.com westeurope  Active       no connection point, no boundary group',
      'WaitingForClients: Clients are given the time to learn granitefalls.contoso.com.',
      'rollback: Free, the old one serves, until 2026-11-29 06:09 UTC at least',
      'hour 3: 825 clients through bellevue, 23 clients through granitefalls, 0 cut off',
      'last counted by the operator: 25 of 848 know the new one; 95 % have to',
    ]);
  });

  it('shows the resources of the gateway that is being built, and of no other', () => {
    const shown = lines({
      phases: [
        [OLD, 'Active'],
        [NEW, 'Provisioning'],
      ],
      redeployment: { rollback: 'Free' },
    });
    expect(shown.filter((line) => line.includes('vault'))).toEqual([expect.stringContaining(`vault of ${NEW}`)]);
    expect(shown).toContain('rollback: Free, the old one serves');
  });

  it.each([
    ['NeedsWait', 'rollback: NeedsWait, clients would get the whole wait again'],
    ['Rebuild', 'rollback: Rebuild, the old one would be built anew'],
  ] as const)('does not say how long the old one stays when the way back is %s', (rollback, expected) => {
    const shown = lines({ phases: [[OLD, 'Draining']], redeployment: { rollback, until: '2026-11-29T06:09:12.000Z' } });
    expect(shown).toContain(expected);
  });

  it('shows the gateway and its clients alone when the other one is gone', () => {
    const clients = { when: 'an hour later', through: new Map([[NEW, 848]]), cutOff: 0 };
    expect(lines({ phases: [[NEW, 'Active']] }, clients)).toEqual([
      'granitefalls.contoso.com westeurope  Active       no connection point, no boundary group',
      'an hour later: 848 clients through granitefalls, 0 cut off',
    ]);
  });
});

describe('the clients on the screen', () => {
  const fleetOf = (serving: string[]) =>
    createFleet({
      size: 200,
      startedAt: BEGUN,
      surroundings: { advertised: () => serving, serves: (name) => serving.includes(name) },
      shares: { commuters: 0, alwaysIntranet: 0.25, oftenOff: 0 },
    });

  it('are counted by the gateway that they talk through, those on the internet alone', () => {
    const serving = [OLD];
    const fleet = fleetOf(serving);
    const atFirst = clientsOf(fleet, 'at first');
    expect([...atFirst.through.keys()]).toEqual([OLD]);
    expect(atFirst.through.get(OLD)).toBeLessThan(170);
    serving.push(NEW);
    fleet.advanceTo(BEGUN + 26 * HOUR_MS);
    const { through, cutOff } = clientsOf(fleet, 'hour 26');
    expect((through.get(OLD) ?? 0) + (through.get(NEW) ?? 0)).toBe(atFirst.through.get(OLD));
    expect(through.get(NEW)).toBeGreaterThan(50);
    expect(cutOff).toBe(0);
  });

  it('are cut off when the only gateway that they know goes too soon', () => {
    const serving = [OLD];
    const fleet = fleetOf(serving);
    const known = clientsOf(fleet, 'at first').through.get(OLD);
    serving.splice(0, 1, NEW);
    fleet.advanceTo(BEGUN + HOUR_MS);
    expect(clientsOf(fleet, 'hour 1').cutOff).toBe(known);
  });
});
