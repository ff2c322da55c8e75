import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CMG } from '../../../src/api/v1alpha1/cmg.generated.ts';
import type { ConnectionPoint } from '../../../src/api/v1alpha1/connectionpoint.generated.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { findCondition } from '../../../src/runtime/conditions.ts';
import { waitFor } from '../../cluster/api-client.ts';
import { createAcceleratedClock } from '../../simulators/accelerated-clock.ts';
import { CONTENT_TYPE } from '../../simulators/adminservice/content-library.ts';
import type { Fleet } from '../../simulators/adminservice/fleet.ts';
import { type AdminServiceSimulator, startAdminServiceSimulator } from '../../simulators/adminservice/simulator.ts';
import { linkOf, ROLE } from '../../simulators/adminservice/site-systems.ts';
import { STATE } from '../../simulators/adminservice/world.ts';
import { certificateSecret, type Manifest, pathOf } from '../../world/gateway-manifests.ts';
import { isGatewayReached } from '../../world/gateway-names.ts';
import { type PassingTime, passingTime } from '../../world/passing-time.ts';
import { CONNECTION_POINT_SERVER, STANDBY_SERVER, siteManifests } from '../../world/site-manifests.ts';
import { conditionOf, type GatewayTest, NAME, operatorSuite, PATIENCE_MS, SERVICE_NAME } from '../operator/suite.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SPEED = 100;
const OLD = SERVICE_NAME;
const NEW = 'fabrikam.contoso.com';

const WAITS = { stepMs: 30 * MINUTE, longestMs: 36 * HOUR };
/** As often as a redeployment is looked at. */
const CHANGES = { stepMs: 2 * MINUTE, longestMs: 3 * HOUR };

/** Nobody is off for longer than the wait: who is may find nothing when the old gateway is gone. */
const FLEET = { size: 1000, shares: { commuters: 0.2, alwaysIntranet: 0.15, oftenOff: 0 } };

const clock = createAcceleratedClock(systemClock, SPEED);
const suite = operatorSuite({ gateways: true, clock });

let site: AdminServiceSimulator;
beforeAll(async () => {
  site = await startAdminServiceSimulator({
    clock,
    gatewayServes: (serviceName) => isGatewayReached(suite.world().azure, serviceName),
  });
});
afterAll(() => site.close());
beforeEach(() => {
  const { control } = site;
  for (const server of Object.keys(links())) control.removeConnectionPoint(server);
  for (const { members } of control.boundaryGroups) members.clear();
  for (const { serviceName } of control.services) control.deleteService(serviceName);
});

/** What the connection points of the site are linked to, by their servers. */
function links(): Readonly<Record<string, string>> {
  const points = site.control.roles.filter(({ roleName }) => roleName === ROLE.connectionPoint);
  return Object.fromEntries(points.map((role) => [role.server, linkOf(role)]));
}

/** Service names of the gateways in the boundary group. */
function members(): readonly string[] {
  const paths = [...(site.control.boundaryGroups[0]?.members.keys() ?? [])];
  return paths.map((path) => site.control.services.find(({ nalPath }) => nalPath === path)?.serviceName ?? path);
}

const registered = () => site.control.services.map(({ serviceName }) => serviceName);

const phases = ({ status }: CMG) =>
  Object.fromEntries((status?.deployments ?? []).map(({ serviceName, phase }) => [serviceName, phase]));

const reason = ({ status }: CMG, type: string) => findCondition(status?.conditions, type)?.reason;

/** Names of the scale sets that there are. */
const scaleSets = (test: GatewayTest) =>
  test.resources('Microsoft.Compute/virtualMachineScaleSets').map(({ name }) => String(name));

/** How often Azure and the site have been written. */
const writes = ({ azure }: GatewayTest) => ({
  azure: azure.control.writes.length,
  site: site.control.journal.writes.length,
});

/** What a status says while nothing happens: all but when gateways were last seen to be advertised. */
async function resting(test: GatewayTest) {
  const { status } = await test.cmg();
  const deployments = status?.deployments?.map((each) => ({
    ...each,
    advertised: { ...each.advertised, seenAt: undefined },
  }));
  return { ...status, deployments };
}

/** Which gateways clients on the internet talk through. */
function gatewaysOf(fleet: Fleet): readonly string[] {
  const clients = Array.from({ length: fleet.size }, (_, place) => fleet.at(place));
  const through = clients.flatMap(({ isOnInternet, gateway }) =>
    isOnInternet && gateway !== undefined ? [gateway] : [],
  );
  return [...new Set(through)].toSorted();
}

interface Stage {
  readonly test: GatewayTest;
  readonly time: PassingTime;
  readonly standby: Manifest;
  /** The Secret of the first gateway's certificate. */
  readonly certificate: Manifest;
  readonly fleet: Fleet;
}

/** A gateway that serves the clients of a site, with the Secret of a certificate for another one. */
async function servingGateway(): Promise<Stage> {
  const test = await suite.begin({ withoutOperator: true });
  const time = passingTime(clock, await test.startOperator());
  const onSite = siteManifests(site, { namespace: test.namespace, cmg: NAME, spec: { allowUnproven: true } });
  const { cmg, certificate, credentials } = await test.manifests({ siteRef: { name: 'ps1' } });
  const other = await suite.certificateFor({ commonName: NEW, organization: 'Contoso' });
  const second = certificateSecret(test.namespace, 'fabrikam-tls', other, suite.world());
  const { token, site: siteObject, point, standby, group } = onSite;
  await test.apply(token, siteObject, certificate, second, credentials, cmg, point, group);
  await waitFor('the record of the gateway', async () => registered().includes(OLD) || undefined, PATIENCE_MS);
  site.control.linkConnectionPoint(CONNECTION_POINT_SERVER, OLD);
  await test.untilReady();
  if (certificate === undefined) throw new Error('The first gateway has no certificate.');
  return { test, time, standby, certificate, fleet: site.control.startFleet(FLEET) };
}

/** Asks for a gateway in another region and under another name, and does by hand what the operator asks for. */
async function replace({ test, time, standby }: Stage): Promise<CMG> {
  await test.patchSpec({
    serviceName: NEW,
    azure: { region: 'northeurope', resourceGroup: { name: 'cmg-fabrikam' } },
    serverCertificate: { secretRef: { name: 'fabrikam-tls' } },
  });
  const { message } = await test.untilReason('Redeploying', 'NoStandbyConnectionPoint');
  expect(message).toContain('Add a ConnectionPoint with the role Standby');
  expect(scaleSets(test)).toEqual(['granitefalls']);
  await test.apply(standby);
  await test.until('the second gateway', ({ status }) => status?.deployments?.length === 2);
  const asksForRole = async () => {
    const { status } = (await test.api.call('GET', pathOf(standby))) as ConnectionPoint;
    return status?.manualSteps?.some(({ cmdlet }) => cmdlet?.includes(NEW)) === true || undefined;
  };
  await waitFor('the standby to ask for its role', asksForRole, PATIENCE_MS);
  expect(links()).toEqual({ [CONNECTION_POINT_SERVER]: OLD });
  site.control.linkConnectionPoint(STANDBY_SERVER, NEW);
  await time.passUntil(
    'the new gateway to be advertised',
    async () => phases(await test.cmg())[OLD] === 'Superseded',
    CHANGES,
  );
  return test.cmg();
}

const CONTENT = [
  { packageId: 'PS100001', name: '7-Zip', type: CONTENT_TYPE.application },
  { packageId: 'PS100002', name: 'Tools', type: CONTENT_TYPE.package },
];

/** Distributes to the gateway what clients load from gateways. */
function distributeTo(serviceName: string): void {
  site.control.distributeContent(serviceName, ...CONTENT.map(({ packageId }) => packageId));
}

/** When the newest of the gateways was advertised. */
function advertisedSince({ status }: CMG, serviceName: string): number {
  return Date.parse(status?.deployments?.find((each) => each.serviceName === serviceName)?.advertised?.since ?? '');
}

describe('a gateway with a site', () => {
  it('is replaced by one in another region and under another name, and no client is cut off', async () => {
    const stage = await servingGateway();
    const { test, time, certificate, fleet } = stage;
    site.control.addContent(...CONTENT);
    distributeTo(OLD);
    const superseded = await replace(stage);
    expect(phases(superseded)).toEqual({ [OLD]: 'Superseded', [NEW]: 'Active' });
    expect(reason(superseded, 'Ready')).toBe('Succeeded');
    expect(reason(superseded, 'Redeploying')).toBe('WaitingForClients');
    expect(superseded.status?.redeployment).toMatchObject({ from: OLD, to: NEW, rollback: 'Free' });
    expect(members()).toEqual([OLD, NEW]);
    expect(links()).toEqual({ [CONNECTION_POINT_SERVER]: OLD, [STANDBY_SERVER]: NEW });

    const compared = await test.until(
      'the content to be compared',
      ({ status }) => status?.redeployment?.content !== undefined,
    );
    expect(compared.status?.redeployment?.content).toEqual({ held: 2, missing: 2 });
    expect(conditionOf(compared, 'Redeploying').message).toContain(
      `${NEW} lacks 2 of the 2 packages and applications that ${OLD} holds: 7-Zip, Tools.`,
    );
    expect(compared.status?.manualSteps?.map(({ cmdlet }) => cmdlet)).toEqual([
      `Start-CMContentDistribution -ApplicationName '7-Zip' -DistributionPointName '${NEW}'`,
      `Start-CMContentDistribution -PackageId 'PS100002' -DistributionPointName '${NEW}'`,
    ]);

    await time.pass(6 * HOUR);
    const waiting = { ...(await resting(test)), ...writes(test) };
    await time.pass(2 * HOUR);
    expect({ ...(await resting(test)), ...writes(test) }).toEqual(waiting);

    const redeploying = async () => conditionOf(await test.cmg(), 'Redeploying').message;
    await test.api.call('DELETE', pathOf(certificate));
    await time.pass(CHANGES.stepMs);
    expect(await redeploying()).toContain(`Of ${OLD}, which serves meanwhile: The Secret`);
    await test.apply(certificate);
    await time.pass(CHANGES.stepMs);
    expect(await redeploying()).not.toContain('meanwhile');
    expect(reason(await test.cmg(), 'Ready')).toBe('Succeeded');

    const since = advertisedSince(superseded, NEW);
    await time.pass(since + DAY - clock.now() - MINUTE);
    const dayAfter = await test.cmg();
    expect(phases(dayAfter)).toEqual({ [OLD]: 'Superseded', [NEW]: 'Active' });
    expect(reason(dayAfter, 'Ready')).toBe('Succeeded');
    expect(advertisedSince(dayAfter, NEW)).toBe(since);
    expect(scaleSets(test)).toHaveLength(2);

    await time.passUntil(
      'clients to have learnt',
      async () => reason(await test.cmg(), 'Redeploying') === 'ContentNotDistributed',
      WAITS,
    );
    await time.pass(HOUR);
    const held = await test.cmg();
    expect(phases(held)).toEqual({ [OLD]: 'Superseded', [NEW]: 'Active' });
    expect(reason(held, 'Stalled')).toBe('ContentNotDistributed');
    expect(scaleSets(test)).toHaveLength(2);
    distributeTo(NEW);
    await time.passUntil('content to have arrived', async () => phases(await test.cmg())[OLD] !== 'Superseded', WAITS);
    expect([...site.control.contentAt(NEW).values()]).toEqual([0, 0]);
    expect((await test.cmg()).status?.manualSteps).toEqual([]);
    expect(clock.now() - since).toBeGreaterThan(DAY);
    const isOver = async () => {
      // The site stops telling clients of a gateway before it goes.
      const isTold = site.control.services.some((each) => each.serviceName === OLD && each.state === STATE.ready);
      expect(isTold && !scaleSets(test).includes('granitefalls')).toBe(false);
      return (await test.cmg()).status?.redeployment === undefined;
    };
    await time.passUntil('the old gateway to be gone', isOver, CHANGES);
    const over = await test.cmg();
    expect(phases(over)).toEqual({ [NEW]: 'Active' });
    expect(over.status?.activeDeployment).toBe(over.status?.deployments?.[0]?.id);
    expect(scaleSets(test)).toEqual(['fabrikam']);
    expect([members(), links()]).toEqual([[NEW], { [CONNECTION_POINT_SERVER]: NEW }]);
    const told = (await test.events()).map(({ reason }) => reason);
    expect(told).toEqual(
      expect.arrayContaining(
        ['Provisioning', 'Active', 'Superseded', 'Draining', 'Deleting', 'Gone'].map((phase) => `Deployment${phase}`),
      ),
    );
    expect(told).toContain('NoStandbyConnectionPoint');
    expect(told).not.toContain('DriftRepaired');

    await time.pass(HOUR);
    expect(registered()).toEqual([NEW]);
    const quiet = writes(test);
    const { metadata } = await test.cmg();
    await time.pass(2 * HOUR);
    expect(writes(test)).toEqual(quiet);
    expect((await test.cmg()).metadata.resourceVersion).toBe(metadata.resourceVersion);
    expect(site.control.cutOffClients).toEqual([]);
    expect(gatewaysOf(fleet)).toEqual([NEW]);
  });

  it('goes on serving when the spec is set back, and its replacement retires behind it after the whole wait', async () => {
    const stage = await servingGateway();
    const { test, time, fleet } = stage;
    const superseded = await replace(stage);
    await time.pass(2 * HOUR);
    await test.patchSpec({
      serviceName: OLD,
      azure: { region: 'westeurope', resourceGroup: { name: `cmg-${NAME}` } },
      serverCertificate: { secretRef: { name: `${NAME}-tls` } },
    });
    const back = await test.until(
      'the old gateway to be the wanted one',
      (cmg) => phases(cmg)[OLD] === 'Active' && phases(cmg)[NEW] === 'Superseded',
    );
    const backAt = clock.now();
    expect(reason(await test.untilReady(), 'Redeploying')).toBe('WaitingForClients');
    expect(back.status?.activeDeployment).toBe(superseded.status?.deployments?.[0]?.id);
    expect(back.status?.redeployment).toMatchObject({ from: NEW, to: OLD, rollback: 'Free' });
    expect(members()).toEqual([OLD, NEW]);
    expect(links()).toEqual({ [CONNECTION_POINT_SERVER]: OLD, [STANDBY_SERVER]: NEW });

    await time.pass(DAY - 30 * MINUTE);
    expect(phases(await test.cmg())).toEqual({ [OLD]: 'Active', [NEW]: 'Superseded' });
    expect(scaleSets(test)).toHaveLength(2);
    await time.passUntil('the wait to be over', async () => phases(await test.cmg())[NEW] !== 'Superseded', WAITS);
    expect(clock.now() - backAt).toBeGreaterThan(DAY - MINUTE);
    const isOver = async () => (await test.cmg()).status?.redeployment === undefined;
    await time.passUntil('the new gateway to be gone', isOver, CHANGES);
    const over = await test.untilReady();
    expect(phases(over)).toEqual({ [OLD]: 'Active' });
    expect(over.status?.activeDeployment).toBe(back.status?.activeDeployment);
    expect(scaleSets(test)).toEqual(['granitefalls']);
    expect([members(), links()]).toEqual([[OLD], { [CONNECTION_POINT_SERVER]: OLD }]);
    await time.pass(HOUR);
    expect(registered()).toEqual([OLD]);
    expect(site.control.cutOffClients).toEqual([]);
    expect(gatewaysOf(fleet)).toEqual([OLD]);
  });
});
