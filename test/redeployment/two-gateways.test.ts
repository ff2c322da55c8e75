import { beforeEach, describe, expect, it } from 'vitest';
import { SECRET } from '../../src/runtime/objects.ts';
import type { IssuedCertificate } from '../certificate-authority.ts';
import { NAMESPACE } from '../faults/stage.ts';
import { certificateSecret, secret } from '../world/gateway-manifests.ts';
import { type Change, DAY, HOUR, type Lives, named, type RedeploymentStage, timeOnly } from './stage.ts';
import { beginEachWithStage } from './suite.ts';

let lives: Lives;
let stage: RedeploymentStage;
beginEachWithStage((...begun) => {
  [stage, lives] = begun;
});

const forth = named('fabrikam.contoso.com');
const inGroup =
  (name: string): Change =>
  (spec) => ({
    ...spec,
    azure: { ...spec.azure, resourceGroup: { ...spec.azure.resourceGroup, name } },
  });
const scaleSets = () => stage.gateways().map((each) => each.split(' ')[0]);

async function superseded(...changes: readonly Change[]): Promise<void> {
  await stage.ready(timeOnly);
  stage.change(forth, ...changes);
  await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
}

async function gone(): Promise<void> {
  stage.remove('contoso');
  await stage.runUntil(() => stage.cmg() === undefined, 3 * HOUR);
  await stage.clock.advance(HOUR);
}

/** Names of the groups, and of what was deleted in them, in the order of the requests. */
const deleted = () =>
  stage.writes('DELETE').map((write) => write.split('/').slice(4).join('/').replace('providers/', ''));

describe('a CMG with two gateways that is deleted', () => {
  it('takes both with it', async () => {
    await superseded(inGroup('rg-fabrikam'));
    await gone();
    expect(lives.world.azure.control.state()).toEqual([]);
    expect(deleted()).toHaveLength(2);
    expect(stage.writes('POST').filter((write) => write.endsWith('/purge'))).toHaveLength(2);
    expect(stage.operator.events.filter(({ reason }) => reason === 'Deleted')).toHaveLength(2);
    // What runs is not written down for nobody.
    expect(stage.kubernetes.objects(SECRET.plural).map(({ metadata }) => metadata.name)).not.toContain(
      'contoso-operations',
    );
  });

  it('leaves both in Azure when its spec says so', async () => {
    await superseded(inGroup('rg-fabrikam'));
    stage.change((spec) => ({ ...spec, deletionPolicy: 'Retain' }));
    await gone();
    expect(scaleSets()).toEqual(['contoso', 'fabrikam']);
    expect(deleted()).toEqual([]);
    const told = stage.operator.events.filter(({ reason }) => reason === 'Retained').map(({ note }) => note);
    expect(told).toEqual([expect.stringContaining(' rg-contoso'), expect.stringContaining(' rg-fabrikam ')]);
  });

  it('takes the group that they share last', async () => {
    await superseded();
    expect(stage.groups()).toEqual(['rg-contoso']);
    await gone();
    expect(lives.world.azure.control.state()).toEqual([]);
    expect(deleted().at(-1)).toBe('rg-contoso');
    expect(deleted().filter((each) => each === 'rg-contoso')).toHaveLength(1);
    expect(new Set(deleted()).size).toBe(deleted().length);
  });
});

describe('two gateways in one group', () => {
  it('are told apart when the older one goes, and the group becomes the other one’s', async () => {
    await superseded();
    await stage.letPass(DAY - HOUR);
    expect(scaleSets()).toEqual(['contoso', 'fabrikam']);
    await stage.runUntil(() => stage.isSettled() && stage.deployments().length === 1, 3 * HOUR);
    expect(scaleSets()).toEqual(['fabrikam']);
    expect(deleted().length).toBeGreaterThan(5);
    expect(deleted().filter((each) => !/\/contoso$/.test(each))).toEqual([]);
    const id = stage.idOf('fabrikam.contoso.com');
    await stage.operator.runFor(2 * HOUR);
    const tagged = lives.world.azure.control.state().map(({ tags }) => tags as Record<string, string> | undefined);
    const ids = tagged.flatMap((tags) => tags?.['configmgr.io_deployment'] ?? []);
    expect(new Set(ids)).toEqual(new Set([id]));
    expect(stage.isSettled()).toBe(true);
    await gone();
    expect(lives.world.azure.control.state()).toEqual([]);
    expect(deleted().at(-1)).toBe('rg-contoso');
  });
});

describe('a gateway in a group of somebody else', () => {
  const inForeignGroup: Change = (spec) => ({
    ...spec,
    azure: { ...spec.azure, resourceGroup: { name: 'rg-hub', mode: 'UseExisting' } },
  });
  const inOwnGroup: Change = (spec) => ({
    ...spec,
    azure: { ...spec.azure, resourceGroup: { name: 'rg-own', mode: 'Create' } },
  });
  beforeEach(() => {
    const { control, subscriptionId } = lives.world.azure;
    const path = `/subscriptions/${subscriptionId}/resourceGroups/rg-hub?api-version=2025-04-01`;
    control.call('PUT', path, { location: 'westeurope', tags: { owner: 'the network team' } });
  });

  it.each([
    ['is replaced by one in a group of its own', inForeignGroup, inOwnGroup, ['rg-hub', 'rg-own']],
    ['takes the place of one in a group of its own, which goes', inOwnGroup, inForeignGroup, ['rg-hub']],
  ])('%s', async (_, before, after, groups) => {
    await stage.ready(timeOnly, before);
    stage.change(forth, after);
    await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
    await stage.letPass(HOUR);
    expect(stage.message('Redeploying')).not.toContain('tags');
    expect(stage.deployments().map(({ instances }) => instances?.ready)).toEqual([1, 1]);
    await stage.letPass(DAY - HOUR);
    await stage.runUntil(() => stage.isSettled() && stage.deployments().length === 1, 3 * HOUR);
    expect(stage.groups()).toEqual(groups);
    expect(scaleSets()).toEqual(['fabrikam']);
    const hub = lives.world.azure.control.state().find(({ name }) => name === 'rg-hub');
    expect(hub?.tags).toEqual({ owner: 'the network team' });
  });
});

describe('what the spec names anew', () => {
  const fingerprintIn = (vault: string) => {
    const found = lives.world.azure.control
      .state()
      .find(({ id }) => String(id).endsWith(`/vaults/${vault}/secrets/server-certificate`));
    return (found?.tags as Record<string, string> | undefined)?.['configmgr.io_certificate'];
  };
  const put = (name: string, certificate: IssuedCertificate) =>
    stage.kubernetes.put(SECRET, certificateSecret(NAMESPACE, name, certificate, lives.world));

  it('is not for the old gateway, which goes on with its own certificate and as whom it was made', async () => {
    const { azure, authority } = lives.world;
    const issued = await Promise.all([1, 2, 3].map(() => authority.issue({ commonName: '*.contoso.com' })));
    const [forNew, renewedOld, renewedNew] = issued as [IssuedCertificate, IssuedCertificate, IssuedCertificate];
    const { principal, secrets } = azure.control.addApplication('another operator');
    secrets.add('another-secret');
    azure.control.setRights([{ scope: '/', actions: ['*'], notActions: [] }], principal.appId);
    await stage.ready(timeOnly);
    const first = azure.control.application().principal.objectId;
    put('fabrikam-tls', forNew);
    stage.kubernetes.put(SECRET, secret(NAMESPACE, 'another', 'Opaque', { 'client-secret': 'another-secret' }));
    stage.change(forth, inGroup('rg-fabrikam'), (spec) => ({
      ...spec,
      serverCertificate: { format: 'TLS', secretRef: { name: 'fabrikam-tls' }, revision: '' },
      azure: {
        ...spec.azure,
        credentials: {
          type: 'ClientSecret',
          clientSecret: { clientId: principal.appId, secretRef: { name: 'another', key: 'client-secret' } },
        },
      },
    }));
    await stage.runUntil(() => stage.phases().includes('contoso Superseded'), 2 * HOUR);
    expect(stage.deployments().map(({ serverCertificate }) => serverCertificate?.secretRef.name)).toEqual([
      'contoso-tls',
      'fabrikam-tls',
    ]);
    const [ofOld, ofNew] = [fingerprintIn('contoso'), fingerprintIn('fabrikam')];
    expect(ofOld).not.toBe(ofNew);

    put('contoso-tls', renewedOld);
    await stage.operator.runFor(30 * 60_000);
    const renewed = fingerprintIn('contoso');
    expect(renewed).not.toBe(ofOld);
    expect(fingerprintIn('fabrikam')).toBe(ofNew);

    put('fabrikam-tls', renewedNew);
    await stage.operator.runFor(30 * 60_000);
    expect(fingerprintIn('contoso')).toBe(renewed);
    expect(fingerprintIn('fabrikam')).not.toBe(ofNew);

    await stage.letPass(DAY - HOUR);
    await stage.runUntil(() => stage.deployments().length === 1, 3 * HOUR);
    const callers = (group: string) =>
      new Set(
        azure.control.writes
          .filter(({ path }) => new RegExp(`/resourceGroups/${group}(/|$)`).test(path))
          .map(({ callerObjectId }) => callerObjectId),
      );
    expect(callers('rg-contoso')).toEqual(new Set([first]));
    expect(callers('rg-fabrikam')).toEqual(new Set([principal.objectId]));
  });
});
