import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BoundaryGroupReference } from '../../../src/api/v1alpha1/boundarygroupreference.generated.ts';
import type { ConnectionPoint } from '../../../src/api/v1alpha1/connectionpoint.generated.ts';
import type { Site } from '../../../src/api/v1alpha1/site.generated.ts';
import { findCondition } from '../../../src/runtime/conditions.ts';
import { computeKstatus } from '../../../src/runtime/kstatus.ts';
import { MERGE_PATCH, waitFor } from '../../cluster/api-client.ts';
import { type AdminServiceSimulator, startAdminServiceSimulator } from '../../simulators/adminservice/simulator.ts';
import { type Manifest, pathOf, secret } from '../../world/gateway-manifests.ts';
import { CONNECTION_POINT_SERVER, siteManifests } from '../../world/site-manifests.ts';
import { type GatewayTest, NAME, operatorSuite, PATIENCE_MS, SERVICE_NAME } from './suite.ts';

const suite = operatorSuite();
const SPEED = 200;
const MANAGEMENT_POINT = 'mp1.ps1.corp.contoso.com';

let site: AdminServiceSimulator;
beforeAll(async () => {
  site = await startAdminServiceSimulator({ speed: SPEED });
});
afterAll(() => site.close());
beforeEach(() => {
  site.control.faults.clear();
  site.control.rotateToken(site.token);
});

type SiteKind = Site | ConnectionPoint | BoundaryGroupReference;

const manifestsFor = ({ namespace }: GatewayTest, spec: Readonly<Record<string, unknown>> = {}) =>
  siteManifests(site, { namespace, cmg: NAME, spec });

function members(): readonly string[] {
  return [...(site.control.boundaryGroups[0]?.members.keys() ?? [])];
}

/** Waits for an object to be as asked; tells its conditions when it does not come to that. */
async function until<T extends SiteKind>(
  { api }: GatewayTest,
  manifest: Manifest,
  what: string,
  condition: (object: T) => boolean | undefined,
): Promise<T> {
  let last: T | undefined;
  try {
    return await waitFor(
      what,
      async () => {
        last = (await api.call('GET', pathOf(manifest))) as T;
        return condition(last) === true ? last : undefined;
      },
      PATIENCE_MS,
    );
  } catch (error) {
    throw new Error(`${String(error)}; it says: ${JSON.stringify(last?.status, undefined, 1)}`);
  }
}

function untilReason<T extends SiteKind>(
  test: GatewayTest,
  manifest: Manifest,
  type: string,
  reason: string,
): Promise<T> {
  return until<T>(test, manifest, `${manifest.kind} to give ${reason}`, ({ metadata, status }) => {
    const found = findCondition(status?.conditions, type);
    return found?.reason === reason && found.observedGeneration === metadata.generation;
  });
}

const untilReady = <T extends SiteKind>(test: GatewayTest, manifest: Manifest) =>
  untilReason<T>(test, manifest, 'Ready', 'Succeeded');

async function untilGone({ api }: GatewayTest, manifest: Manifest): Promise<void> {
  await waitFor(
    `${manifest.kind} to be gone`,
    async () => (await api.send('GET', pathOf(manifest))).status === 404 || undefined,
    PATIENCE_MS,
  );
}

const remove = ({ api }: GatewayTest, manifest: Manifest) => api.call('DELETE', pathOf(manifest));
const patch = ({ api }: GatewayTest, manifest: Manifest, body: object) =>
  api.call('PATCH', pathOf(manifest), body, MERGE_PATCH);

describe('a site that takes no unproven writes', () => {
  it('gets a gateway by steps of a person, in whatever order the objects are created', async () => {
    const test = await suite.begin();
    const { token, site: siteManifest, point, group } = manifestsFor(test);
    const { cmg, certificate, credentials } = await test.manifests({ siteRef: { name: 'ps1' } });

    await test.apply(group, point);
    await untilReason(test, group, 'ReferencesResolved', 'CmgNotFound');
    await test.apply(certificate, credentials, cmg);
    await untilReason(test, point, 'ReferencesResolved', 'SiteNotFound');
    await test.apply(siteManifest);
    await untilReason(test, siteManifest, 'Reachable', 'SiteSignInFailed');
    await test.apply(token);
    const reached = await untilReady<Site>(test, siteManifest);
    expect(reached.metadata.finalizers).toEqual(['configmgr.io/in-use']);
    expect(reached.status).toMatchObject({ version: '5.00.9141.1000', type: 'StandalonePrimary' });

    const missing = await test.untilReason('SiteRegistered', 'NotRegisteredOnSite');
    expect(missing.message).toContain('allowUnproven');
    const stalled = await test.until(
      'the CMG to list its steps',
      ({ status }) => (status?.manualSteps ?? []).length > 0,
    );
    expect(findCondition(stalled.status?.conditions, 'Stalled')?.status).toBe('True');
    await untilReason(test, point, 'Linked', 'WaitingForGateway');

    site.control.addService({ serviceName: SERVICE_NAME });
    const pointStep = await untilReason<ConnectionPoint>(test, point, 'Linked', 'ManualStepRequired');
    expect(pointStep.status?.manualSteps?.[0]?.cmdlet).toContain('Add-CMCloudManagementGatewayConnectionPoint');
    site.control.linkConnectionPoint(CONNECTION_POINT_SERVER, SERVICE_NAME);
    const groupStep = await untilReason<BoundaryGroupReference>(test, group, 'Associated', 'ManualStepRequired');
    expect(groupStep.status?.manualSteps?.[0]?.cmdlet).toContain('Set-CMBoundaryGroup');
    const nalPath = site.control.services[0]?.nalPath ?? '';
    site.control.boundaryGroups[0]?.members.set(nalPath, 0);

    const linked = await untilReady<ConnectionPoint>(test, point);
    expect(linked.status).toMatchObject({
      serviceName: SERVICE_NAME,
      connected: 'True',
      ports: [443],
      region: 'West Europe',
    });
    const associated = await untilReady<BoundaryGroupReference>(test, group);
    expect(associated.status?.manualSteps).toEqual([]);
    const ready = await test.untilReady();
    expect(ready.status?.manualSteps).toEqual([]);
    expect(ready.status?.connectionPorts).toEqual([443]);
    expect(ready.status?.clientAuthentication?.map(({ method }) => method)).toEqual(['SiteToken']);
    for (const object of [reached, linked, associated, ready]) {
      expect(computeKstatus(object as never)).toMatchObject({ state: 'Current' });
    }
    expect(site.control.journal.writes).toEqual([]);

    // Deleting objects that the operator had installed what they stand for is a step for a person too.
    await remove(test, siteManifest);
    const inUse = await untilReason<Site>(test, siteManifest, 'InSync', 'InUse');
    expect(findCondition(inUse.status?.conditions, 'InSync')?.message).toContain('BoundaryGroupReference branch');
    await patch(test, group, { spec: { deletionPolicy: 'Retain' } });
    await remove(test, group);
    await patch(test, point, { spec: { deletionPolicy: 'Retain' } });
    await remove(test, point);
    await Promise.all([untilGone(test, group), untilGone(test, point)]);
    expect(members()).toContain(nalPath);
    await test.deleteCmg();
    await untilGone(test, siteManifest);
    const events = await test.events();
    expect(events.find(({ reason }) => reason === 'LeftOnSite')?.note).toContain('Remove-CMCloudManagementGateway');
    expect(site.control.journal.writes).toEqual([]);
    site.control.deleteService(SERVICE_NAME);
    site.control.removeConnectionPoint(CONNECTION_POINT_SERVER);
    site.control.boundaryGroups[0]?.members.clear();
  });
});

describe('a site that takes unproven writes', () => {
  it('is kept as declared through faults of all kinds, and left as it was found', async () => {
    await waitFor('the site to be without gateways', async () => site.control.services.length === 0 || undefined);
    const test = await suite.begin({ flags: ['--drift-interval', '2m'] });
    const clientFacingRoles = [{ server: MANAGEMENT_POINT, role: 'ManagementPoint', allowCmgTraffic: true }];
    const objects = manifestsFor(test, { allowUnproven: true, clientFacingRoles });
    const { token, site: siteManifest, point, group } = objects;
    const { cmg, certificate, credentials } = await test.manifests({ siteRef: { name: 'ps1' } });
    const before = members();
    // The answer to the first write of each kind is lost: it was done all the same.
    site.control.faults.add({
      match: { method: 'POST', urlPattern: 'AddSiteSystem' },
      action: { kind: 'applyThenDrop' },
    });
    site.control.faults.add({
      match: { method: 'POST', urlPattern: 'SMS_AzureService$' },
      action: { kind: 'applyThenDrop' },
    });
    site.control.faults.add({ match: { urlPattern: 'SMS_Identification' }, action: { kind: 'htmlPage' } });
    site.control.faults.add({ match: { urlPattern: 'SMS_Site' }, action: { kind: 'malformedJson' } });
    await test.apply(token, siteManifest, certificate, credentials, cmg, point, group);

    await test.until('the site to have a record of the gateway', () => site.control.services.length === 1);
    await untilReason(test, point, 'Linked', 'ManualStepRequired');
    site.control.linkConnectionPoint(CONNECTION_POINT_SERVER, SERVICE_NAME);
    await Promise.all([untilReady(test, siteManifest), untilReady(test, point), untilReady(test, group)]);
    await test.untilReady();
    const added = members().filter((member) => !before.includes(member));
    expect(added).toEqual([site.control.services[0]?.nalPath]);
    const traffic = site.control.roles.find(
      ({ server, roleName }) => server === MANAGEMENT_POINT && roleName.includes('Management'),
    );
    expect(traffic?.props).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ PropertyName: 'AllowProxyTraffic', Value: 1 }),
        expect.objectContaining({ PropertyName: 'Undocumented Setting', Value: 3, Value1: 'keep', Value2: 'me' }),
      ]),
    );

    // A second object for the same server and the same group does nothing.
    const rival = { ...point, metadata: { ...point.metadata, name: 'rival' } };
    await test.apply(rival);
    await untilReason(test, rival, 'Stalled', 'Conflict');
    await remove(test, rival);
    await untilGone(test, rival);

    // The token expires: nobody concludes anything, and a new one is taken up by itself.
    site.control.rotateToken('another');
    await patch(test, siteManifest, { metadata: { annotations: { 'configmgr.io/reconcile-requested-at': '1' } } });
    await untilReason(test, siteManifest, 'Reachable', 'SiteAccessDenied');
    const unknown = await untilReason<ConnectionPoint>(test, point, 'Ready', 'SiteUnreachable');
    expect(findCondition(unknown.status?.conditions, 'Ready')?.status).toBe('Unknown');
    const writes = site.control.journal.writes.length;
    await test.apply(secret(test.namespace, 'site', 'Opaque', { token: 'another' }));
    await Promise.all([untilReady(test, siteManifest), untilReady(test, point), untilReady(test, group)]);
    await test.untilReady();
    expect(site.control.journal.writes).toHaveLength(writes);

    // What nobody declares is left to people; what is declared is set back.
    const groupOnSite = site.control.boundaryGroups[0];
    if (groupOnSite !== undefined) groupOnSite.flags |= 0x18;
    groupOnSite?.members.delete(added[0] ?? '');
    await waitFor(
      'the group to reference the gateway again',
      async () => members().includes(added[0] ?? '') || undefined,
      PATIENCE_MS,
    );
    expect(groupOnSite?.flags).toBe(0x1a);

    // With the CMG goes what was added for it, before the gateway does.
    await test.beginDeletion();
    await waitFor('the group to be left', async () => !members().includes(added[0] ?? '') || undefined, PATIENCE_MS);
    await test.deleteCmg();
    await waitFor('the record to go', async () => site.control.services.length === 0 || undefined, PATIENCE_MS);
    expect(members()).toEqual(before);
    for (const manifest of [point, group, siteManifest]) await remove(test, manifest);
    await Promise.all([point, group, siteManifest].map((manifest) => untilGone(test, manifest)));
    expect(suite.log()).not.toContain(site.token);
  });
});
