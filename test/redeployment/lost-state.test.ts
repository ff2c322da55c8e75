import { describe, expect, it } from 'vitest';
import type { IssuedCertificate } from '../certificate-authority.ts';
import { GATEWAY } from '../faults/stage.ts';
import {
  anotherCluster,
  type Change,
  DAY,
  HOUR,
  type Lives,
  MINUTE,
  named,
  placedIn,
  type RedeploymentStage,
  timeOnly,
} from './stage.ts';
import { beginEachWithStage } from './suite.ts';

let lives: Lives;
let stage: RedeploymentStage;
let fabrikam: IssuedCertificate | undefined;
beginEachWithStage(async (...begun) => {
  [stage, lives] = begun;
  fabrikam ??= await lives.world.authority.issue({ commonName: 'fabrikam.contoso.com' });
});

const forth = named('fabrikam.contoso.com');
const inGroup =
  (name: string): Change =>
  (spec) => ({
    ...spec,
    azure: { ...spec.azure, resourceGroup: { ...spec.azure.resourceGroup, name } },
  });

/** Each gateway has a certificate for its own name, in a Secret of its own. */
const otherCertificate: Change = (spec) => ({
  ...spec,
  serverCertificate: { format: 'TLS', secretRef: { name: 'fabrikam-tls' }, revision: '' },
});
function setCertificates(): void {
  stage.setCertificate(GATEWAY, lives.renewed);
  if (fabrikam !== undefined) stage.setCertificate('fabrikam', fabrikam);
}

/** How far a redeployment has come when the cluster is lost. */
const MOMENTS: Readonly<Record<string, () => Promise<void>>> = {
  'the new one is begun': () => stage.runUntil(() => stage.groups().includes('rg-fabrikam'), HOUR),
  'the new one is half built': () => stage.runUntil(() => stage.gateways().length === 2, HOUR),
  'both serve': async () => {
    await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
    await stage.letPass(20 * HOUR);
  },
  'the old one is about to go': async () => {
    await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
    await stage.letPass(DAY - HOUR);
    await stage.runUntil(() => stage.phases().includes('contoso Deleting'), 2 * HOUR);
  },
  'the old one is half gone': async () => {
    await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
    await stage.letPass(DAY - HOUR);
    await stage.runUntil(() => stage.writes('DELETE').length > 0, 2 * HOUR);
  },
};

/** The manifests as they stand in Git, in an empty cluster. */
function lose(changes: readonly Change[]): void {
  stage.operator.kill();
  stage = anotherCluster(lives, { clusterUid: 'c2' });
  stage.change(...changes);
}

/** Scale sets and groups that were made, each time that one was. */
const made = () =>
  lives.world.azure.control.writes
    .filter(({ method, path, status }) => method === 'PUT' && status === 201 && MAIN.test(path))
    .map(({ path }) => path);
const MAIN = /\/(virtualMachineScaleSets|resourceGroups)\/[^/]+$/;
const ids = () =>
  new Set(
    lives.world.azure.control
      .state()
      .map(({ tags }) => (tags as Record<string, string> | undefined)?.['configmgr.io_deployment']),
  );

describe('a cluster that is lost in a redeployment', () => {
  it.each(Object.keys(MOMENTS))('goes on from the tags when %s', async (moment) => {
    stage.change(timeOnly);
    setCertificates();
    await stage.runUntil(stage.isSettled);
    stage.change(forth, inGroup('rg-fabrikam'), otherCertificate);
    await MOMENTS[moment]?.();
    const before = ids();
    lose([timeOnly, forth, inGroup('rg-fabrikam'), otherCertificate]);
    setCertificates();
    const begun = lives.clock.now();
    await stage.runUntil(() => stage.phases().includes('fabrikam Active'), 2 * HOUR);
    if (moment !== 'the old one is half gone') {
      await stage.runUntil(() => stage.phases().includes('contoso Superseded'), HOUR);
      await stage.letPass(begun + DAY - 5 * MINUTE - lives.clock.now());
      expect(stage.gateways()).toEqual(['contoso westeurope', 'fabrikam westeurope']);
    }
    await stage.runUntil(() => stage.isSettled() && stage.deployments().length === 1, 3 * HOUR);
    expect(stage.gateways()).toEqual(['fabrikam westeurope']);
    expect(stage.groups()).toEqual(['rg-fabrikam']);
    // Nothing has been made that there was already.
    for (const id of ids()) expect(before).toContain(id);
    expect(stage.writes('DELETE')).toHaveLength(1);
    expect(new Set(made()).size).toBe(made().length);
    stage.operator.kill();
  });

  it.each([
    ['another region', placedIn('northeurope', 'rg-north'), 'NoOtherActiveCMG'],
    ['the same region, without room for both', inGroup('rg-north'), 'WaitingForPreflight'],
  ] as const)('finds the gateway that holds the names of what is asked for in %s', async (_, elsewhere, reason) => {
    stage.change(timeOnly);
    setCertificates();
    await stage.runUntil(stage.isSettled);
    const before = ids();
    lives.world.azure.control.settings.quotas.set('westeurope/cores', 2);
    lose([timeOnly, elsewhere]);
    setCertificates();
    await stage.runUntil(() => stage.reason('Redeploying') === reason, HOUR);
    await stage.operator.runFor(HOUR);
    expect(stage.phases()).toEqual(['contoso Active']);
    expect(before).toContain(stage.idOf('contoso.contoso.com'));
    expect(stage.gateways()).toEqual(['contoso westeurope']);
    expect(stage.writes('DELETE')).toEqual([]);
    stage.operator.kill();
  });

  it.each([
    ['of somebody else stays', 'rg-hub', 'UseExisting', ['rg-fabrikam', 'rg-hub']],
    ['that the operator made goes', 'rg-own', 'Create', ['rg-fabrikam']],
  ] as const)('knows by its tags that the group of the old gateway %s', async (_, name, mode, left) => {
    const { control, subscriptionId } = lives.world.azure;
    const path = `/subscriptions/${subscriptionId}/resourceGroups/rg-hub?api-version=2025-04-01`;
    const tags = { owner: 'the network team' };
    if (mode === 'UseExisting') control.call('PUT', path, { location: 'westeurope', tags });
    const inItsGroup: Change = (spec) => ({ ...spec, azure: { ...spec.azure, resourceGroup: { name, mode } } });
    const other = mode === 'Create' ? ('UseExisting' as const) : ('Create' as const);
    // What the spec says of its own group would be wrong of this one.
    const inAnother: Change = (spec) => ({
      ...spec,
      azure: { ...spec.azure, resourceGroup: { name: 'rg-fabrikam', mode: other } },
    });
    if (other === 'UseExisting') {
      control.call('PUT', path.replace('rg-hub', 'rg-fabrikam'), { location: 'westeurope', tags });
    }
    await stage.ready(timeOnly, inItsGroup);
    stage.change(forth, inAnother);
    await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
    lose([timeOnly, forth, inAnother]);
    await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
    const resources = stage.deployments().find(({ serviceName }) => serviceName.startsWith('contoso'))?.resources;
    expect(resources?.some((each) => each.name === 'resourceGroup')).toBe(mode === 'Create');
    expect(stage.message('Redeploying')).not.toContain('tags');
    await stage.letPass(DAY);
    await stage.runUntil(() => stage.isSettled() && stage.deployments().length === 1, 3 * HOUR);
    expect(stage.groups()).toEqual(left);
    const kept = control.state().find((each) => each.name === (mode === 'Create' ? 'rg-fabrikam' : 'rg-hub'));
    expect(kept?.tags).toEqual(tags);
    stage.operator.kill();
  });

  it('finds a gateway in another subscription too', async () => {
    const other = lives.world.azure.control.addSubscription();
    const elsewhere: Change = (spec) => ({ ...spec, azure: { ...spec.azure, subscriptionId: other } });
    await stage.ready(timeOnly);
    stage.change(forth, elsewhere);
    await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
    const before = ids();
    lose([timeOnly, forth, elsewhere]);
    await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
    expect(stage.phases()).toEqual(expect.arrayContaining(['contoso Superseded', 'fabrikam Active']));
    await stage.letPass(DAY - 5 * MINUTE);
    expect(stage.gateways()).toHaveLength(2);
    await stage.letPass(HOUR);
    await stage.runUntil(() => stage.isSettled() && stage.deployments().length === 1, 3 * HOUR);
    expect(stage.gateways()).toEqual(['fabrikam westeurope']);
    for (const id of ids()) expect(before).toContain(id);
    stage.operator.kill();
  });
});

it('goes on where the gateways are in groups of somebody else, from which they are removed piece by piece', async () => {
  const { control, subscriptionId } = lives.world.azure;
  for (const name of ['rg-contoso', 'rg-fabrikam']) {
    control.call('PUT', `/subscriptions/${subscriptionId}/resourceGroups/${name}?api-version=2025-04-01`, {
      location: 'westeurope',
    });
  }
  const inForeignGroup =
    (name: string): Change =>
    (spec) => ({ ...spec, azure: { ...spec.azure, resourceGroup: { name, mode: 'UseExisting' } } });
  await stage.ready(timeOnly, inForeignGroup('rg-contoso'));
  stage.change(forth, inForeignGroup('rg-fabrikam'));
  await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
  const before = ids();
  lose([timeOnly, forth, inForeignGroup('rg-fabrikam')]);
  await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
  await stage.letPass(DAY + HOUR);
  await stage.runUntil(() => stage.isSettled() && stage.deployments().length === 1, 3 * HOUR);
  expect(stage.gateways()).toEqual(['fabrikam westeurope']);
  for (const id of ids()) expect(before).toContain(id);
  stage.operator.kill();
});
