import { describe, expect, it } from 'vitest';
import type { CMG } from '../../../src/api/v1alpha1/cmg.generated.ts';
import type { ConnectionPoint } from '../../../src/api/v1alpha1/connectionpoint.generated.ts';
import { waitFor } from '../../cluster/api-client.ts';
import { CONTENT_TYPE } from '../../simulators/adminservice/content-library.ts';
import { STATE } from '../../simulators/adminservice/world.ts';
import { pathOf } from '../../world/gateway-manifests.ts';
import { CONNECTION_POINT_SERVER, STANDBY_SERVER } from '../../world/site-manifests.ts';
import { conditionOf, type GatewayTest, PATIENCE_MS } from '../operator/suite.ts';
import {
  CHANGES,
  DAY,
  FORTH,
  gatewaysOf,
  HOUR,
  MINUTE,
  NEW,
  OLD,
  phases,
  reason,
  type Stage,
  scaleSets,
  siteSuite,
  WAITS,
} from './site-suite.ts';

const suite = siteSuite();
const { clock, links, members, registered, servingGateway } = suite;

/** How often Azure and the site have been written. */
const writes = ({ azure }: GatewayTest) => ({
  azure: azure.control.writes.length,
  site: suite.site().control.journal.writes.length,
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

/** Asks for a gateway in another region and under another name, and does by hand what the operator asks for. */
async function replace({ test, time, objects: { standby } }: Stage): Promise<CMG> {
  await test.patchSpec(FORTH);
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
  suite.site().control.linkConnectionPoint(STANDBY_SERVER, NEW);
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
  suite.site().control.distributeContent(serviceName, ...CONTENT.map(({ packageId }) => packageId));
}

/** When the newest of the gateways was advertised. */
function advertisedSince({ status }: CMG, serviceName: string): number {
  return Date.parse(status?.deployments?.find((each) => each.serviceName === serviceName)?.advertised?.since ?? '');
}

describe('a gateway with a site', () => {
  it('is replaced by one in another region and under another name, and no client is cut off', async () => {
    const stage = await servingGateway();
    const { test, time, fleet } = stage;
    const { certificate } = stage.objects;
    const { control } = suite.site();
    control.addContent(...CONTENT);
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
    expect([...control.contentAt(NEW).values()]).toEqual([0, 0]);
    expect((await test.cmg()).status?.manualSteps).toEqual([]);
    expect(clock.now() - since).toBeGreaterThan(DAY);
    const isOver = async () => {
      // The site stops telling clients of a gateway before it goes.
      const isTold = control.services.some((each) => each.serviceName === OLD && each.state === STATE.ready);
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
    expect(control.cutOffClients).toEqual([]);
    expect(gatewaysOf(fleet)).toEqual([NEW]);
  });
});
