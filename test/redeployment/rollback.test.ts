import { describe, expect, it } from 'vitest';
import { GATEWAY } from '../faults/stage.ts';
import { type Change, DAY, HOUR, type Lives, MINUTE, named, type RedeploymentStage, timeOnly } from './stage.ts';
import { beginEachWithStage } from './suite.ts';

let lives: Lives;
let stage: RedeploymentStage;
beginEachWithStage((...begun) => {
  [stage, lives] = begun;
});

const back = named('contoso.contoso.com');
const forth = named('fabrikam.contoso.com');
const ownGroup: Change = (spec) => ({
  ...spec,
  azure: {
    ...spec.azure,
    resourceGroup: { ...spec.azure.resourceGroup, name: `rg-${spec.serviceName.split('.')[0]}` },
  },
});
const drainFor =
  (drainFor: string): Change =>
  (spec) => ({ ...spec, redeployment: { ...spec.redeployment, drainFor } });

/** The Secret of the certificate. */
const certificateOf =
  (name: string): Change =>
  (spec) => ({ ...spec, serverCertificate: { format: 'TLS', secretRef: { name: `${name}-tls` }, revision: '' } });

/** Writes since then that are about a gateway, but for those that tell in the tags of its identity what is wanted. */
const writesTo = (name: string, since: number) =>
  stage
    .writes()
    .slice(since)
    .filter((write) => write.includes(`/rg-${name}/`) && !/^PUT .*\/userAssignedIdentities\/[^/]+$/.test(write));

async function begin(...changes: readonly Change[]): Promise<string> {
  await stage.ready(timeOnly, ...changes);
  const id = stage.idOf('contoso.contoso.com');
  stage.change(forth, ownGroup);
  return id;
}

async function settled(): Promise<void> {
  await stage.runUntil(() => stage.isSettled() && stage.deployments().length === 1, 3 * HOUR);
  expect(stage.cmg()?.status?.redeployment).toBeUndefined();
}

describe('the spec is set back', () => {
  it('while the new gateway is built: it goes at once, and nothing happens to the one that serves', async () => {
    const id = await begin();
    const since = stage.writes().length;
    await stage.runUntil(() => stage.groups().includes('rg-fabrikam'), HOUR);
    expect(stage.phases()).toEqual(['contoso Active', 'fabrikam Provisioning']);
    stage.change(back, ownGroup);
    const begun = lives.clock.now();
    await stage.runUntil(() => stage.deployments().length === 1, HOUR);
    expect(lives.clock.now() - begun).toBeLessThan(30 * MINUTE);
    expect(stage.groups()).toEqual(['rg-contoso']);
    expect(stage.idOf('contoso.contoso.com')).toBe(id);
    await settled();
    expect(writesTo('contoso', since)).toEqual([]);
  });

  it('before it is known that its group was made: the group goes all the same', async () => {
    await begin();
    lives.world.azure.control.faults.add({
      match: { method: 'PUT', urlPattern: '/resourceGroups/rg-fabrikam\\?' },
      action: { kind: 'applyThenDrop' },
      onMet: () => stage.operator.kill(),
    });
    await stage.runUntil(() => stage.groups().includes('rg-fabrikam'), HOUR);
    stage.change(back, ownGroup);
    await settled();
    expect(stage.groups()).toEqual(['rg-contoso']);
  });

  it('while both serve: the new one is kept for the wait, as clients may have learnt of it', async () => {
    const id = await begin();
    await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
    const since = stage.writes().length;
    stage.change(back, ownGroup);
    await stage.runUntil(() => stage.phases().includes('fabrikam Superseded'), HOUR);
    expect(stage.cmg()?.status?.activeDeployment).toBe(id);
    await stage.letPass(DAY - HOUR);
    expect(stage.gateways()).toEqual(['contoso westeurope', 'fabrikam westeurope']);
    expect(stage.writes('DELETE')).toEqual([]);
    await stage.letPass(2 * HOUR);
    await settled();
    expect(stage.gateways()).toEqual(['contoso westeurope']);
    expect(writesTo('contoso', since)).toEqual([]);
  });

  it('to Observe while both serve: both are left as they are and not forgotten, and Manage goes on', async () => {
    const policy =
      (managementPolicy: 'Manage' | 'Observe'): Change =>
      (spec) => ({ ...spec, managementPolicy });
    await begin();
    await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
    const [since, ids] = [stage.writes().length, stage.deployments().map(({ id }) => id)];
    stage.change(back, ownGroup, policy('Observe'));
    await stage.letPass(3 * HOUR);
    expect(stage.writes().slice(since)).toEqual([]);
    expect(stage.deployments().map(({ id }) => id)).toEqual(ids);
    expect(stage.cmg()?.status?.redeployment).toBeUndefined();
    expect(stage.reason('Redeploying')).toBeUndefined();
    stage.change(forth, ownGroup, policy('Manage'));
    await stage.runUntil(() => stage.phases().includes('contoso Superseded'), HOUR);
    expect(stage.deployments().map(({ id }) => id)).toEqual(ids);
    expect(stage.gateways()).toHaveLength(2);
  });

  it('while the old one drains: it is started again and takes its place', async () => {
    stage.change(timeOnly, drainFor('3h'));
    stage.setCertificate(GATEWAY, lives.renewed);
    stage.setCertificate('wildcard', lives.certificate);
    await stage.runUntil(stage.isSettled);
    const id = stage.idOf('contoso.contoso.com');
    stage.change(forth, ownGroup, certificateOf('wildcard'));
    const isStopped = () => stage.writes('POST').some((write) => /rg-contoso\/.*\/deallocate$/.test(write));
    await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
    await stage.letPass(DAY - HOUR);
    expect(isStopped()).toBe(false);
    await stage.runUntil(() => stage.deployments()[0]?.stoppedAt !== undefined, 2 * HOUR);
    expect(isStopped()).toBe(true);
    expect(stage.phases()).toEqual(['contoso Draining', 'fabrikam Active']);
    await stage.letPass(2 * HOUR);
    expect(stage.gateways()).toHaveLength(2);

    stage.change(back, ownGroup, certificateOf(GATEWAY));
    await stage.runUntil(() => stage.phases().includes('contoso Active'), HOUR);
    await stage.runUntil(() => stage.writes('POST').some((write) => /rg-contoso\/.*\/start$/.test(write)), HOUR);
    await stage.runUntil(() => stage.phases().includes('fabrikam Superseded'), HOUR);
    expect(stage.idOf('contoso.contoso.com')).toBe(id);
    expect(stage.deployments()[0]).toMatchObject({ instances: { wanted: 1, ready: 1 } });
    expect(stage.writes('DELETE')).toEqual([]);
    // What was stopped begins to wait anew, and then the other one goes, after it has been stopped in its turn.
    await stage.letPass(DAY + 5 * HOUR);
    await settled();
    expect(stage.gateways()).toEqual(['contoso westeurope']);
  });

  it('while the old one is being deleted: it is built anew, beside the one that serves', async () => {
    const id = await begin();
    await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
    await stage.letPass(DAY - HOUR);
    await stage.runUntil(() => stage.phases().includes('contoso Deleting'), 2 * HOUR);
    await stage.runUntil(() => stage.writes('DELETE').length > 0, HOUR);
    stage.change(back, ownGroup);
    await stage.runUntil(() => stage.phases().includes('fabrikam Superseded'), 3 * HOUR);
    expect(stage.gateways()).toEqual(['contoso westeurope', 'fabrikam westeurope']);
    expect(stage.idOf('contoso.contoso.com')).not.toBe(id);
    expect(stage.writes('DELETE')).toHaveLength(1);
    await stage.letPass(DAY);
    await settled();
    expect(stage.gateways()).toEqual(['contoso westeurope']);
  });
});

describe('a typo on the first apply', () => {
  it('is corrected at once, without any wait', async () => {
    stage.change(timeOnly, named('contso.contoso.com'), ownGroup);
    await stage.runUntil(() => stage.groups().includes('rg-contso'), HOUR);
    expect(stage.phases()).toEqual(['contso Provisioning']);
    stage.change(back, ownGroup);
    const begun = lives.clock.now();
    await stage.runUntil(() => stage.isSettled() && stage.deployments().length === 1, 2 * HOUR);
    expect(lives.clock.now() - begun).toBeLessThan(HOUR);
    expect(stage.gateways()).toEqual(['contoso westeurope']);
    expect(stage.groups()).toEqual(['rg-contoso']);
  });

  it('in the region is corrected at once too, although the names are the same', async () => {
    stage.change(timeOnly, (spec) => ({ ...spec, azure: { ...spec.azure, region: 'northeurope' } }));
    await stage.runUntil(() => stage.groups().includes('rg-contoso'), HOUR);
    stage.change((spec) => ({ ...spec, azure: { ...spec.azure, region: 'westeurope' } }));
    await stage.runUntil(() => stage.isSettled() && stage.deployments().length === 1, 2 * HOUR);
    expect(stage.gateways()).toEqual(['contoso westeurope']);
    expect(stage.reason('Redeploying')).toBeUndefined();
  });
});

describe('several changes in a row', () => {
  it('end with the last: those that never served go at once, and those that served after their wait', async () => {
    await begin();
    await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
    await stage.letPass(12 * HOUR);
    stage.change(named('tailspin.contoso.com'), ownGroup);
    await stage.runUntil(() => stage.phases().includes('fabrikam Superseded'), 2 * HOUR);
    expect(stage.phases()).toEqual(['contoso Superseded', 'fabrikam Superseded', 'tailspin Active']);
    const begun = lives.clock.now();
    // Clients of the first one have known the second one for a day by now, and it has been replaced in its turn.
    await stage.letPass(DAY - HOUR);
    expect(stage.gateways()).toContain('fabrikam westeurope');
    await stage.runUntil(() => stage.deployments().length === 1, 3 * HOUR);
    expect(lives.clock.now() - begun).toBeGreaterThan(DAY - 15 * MINUTE);
    expect(stage.gateways()).toEqual(['tailspin westeurope']);
    await settled();
  });

  it('may come back to a name that still serves: A, B and then the first name in another region', async () => {
    const id = await begin();
    await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
    stage.change(back, (spec) => ({
      ...spec,
      azure: { ...spec.azure, region: 'northeurope', resourceGroup: { name: 'rg-north', mode: 'Create' } },
    }));
    await stage.operator.runFor(2 * HOUR);
    // The gateway that holds the names retires behind the other one first.
    expect(stage.reason('Redeploying')).toBe('WaitingForEarlierRedeployment');
    expect(stage.gateways()).toEqual(['contoso westeurope', 'fabrikam westeurope']);
    await stage.letPass(DAY - 4 * HOUR);
    expect(stage.idOf('contoso.contoso.com')).toBe(id);
    expect(stage.gateways()).toEqual(['contoso westeurope', 'fabrikam westeurope']);
    await stage.runUntil(() => stage.gateways().includes('contoso northeurope'), 6 * HOUR);
    expect(stage.gateways()).toEqual(['contoso northeurope', 'fabrikam westeurope']);
    await stage.runUntil(() => stage.phases().includes('fabrikam Superseded'), 2 * HOUR);
    await stage.letPass(DAY + 2 * HOUR);
    await settled();
    expect(stage.gateways()).toEqual(['contoso northeurope']);
  });
});
