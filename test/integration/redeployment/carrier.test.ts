import { expect, it } from 'vitest';
import type { CMG } from '../../../src/api/v1alpha1/cmg.generated.ts';
import type { Site } from '../../../src/api/v1alpha1/site.generated.ts';
import { pathOf } from '../../world/gateway-manifests.ts';
import { CONNECTION_POINT_SERVER, STANDBY_SERVER } from '../../world/site-manifests.ts';
import { isReady, NAME } from '../operator/suite.ts';
import { expectDeaths, servingWithMortalOperators } from './killed-operator-history.ts';
import { addGateway } from './other-gateways.ts';
import {
  CHANGES,
  DAY,
  deletedGroups,
  deploymentOf,
  gatewaysOf,
  groups,
  HOUR,
  made,
  NEW,
  OLD,
  OLD_GROUP,
  phases,
  reach,
  type Stage,
  siteSuite,
  WAITS,
} from './site-suite.ts';

const suite = siteSuite();
const { clock, links, members } = suite;

const CARRIER = 'carrier';
const THIRD = 'third';

/** A spec that keeps the service name. */
const placed = (region: string, group: string) => ({ azure: { region, resourceGroup: { name: group } } });

/** The claim in the status of the Site. */
async function claimOf({ test, objects }: Stage): Promise<NonNullable<Site['status']>['outageClaim']> {
  const site = objects.rest.find(({ kind }) => kind === 'Site');
  if (site === undefined) throw new Error('The stage has no Site.');
  return ((await test.api.call('GET', pathOf(site))) as Site).status?.outageClaim;
}

/** Whether the CMG has a gateway in the other region that serves. */
const isReplaced = ({ metadata, status }: CMG) =>
  status?.deployments?.length === 1 &&
  status.deployments[0]?.identity.region === 'northeurope' &&
  isReady(status, metadata.generation);

it('a gateway is replaced under its own name while another CMG carries its clients, and none of them is cut off', async () => {
  const { stage, operators } = await servingWithMortalOperators(suite);
  const { test, time, fleet } = stage;
  const { control } = suite.site();
  const carrier = await addGateway(suite, stage, { name: CARRIER, serviceName: NEW, server: STANDBY_SERVER });
  const readyAt = clock.now();

  // The other one is too new to carry anybody's clients.
  const before = made(test);
  await test.patchSpec(placed('northeurope', 'cmg-north'));
  const { message } = await test.untilReason('Redeploying', 'NoOtherActiveCMG');
  expect(message).toContain(`/${CARRIER} has not been seen in reach of every client`);
  await time.pass(2 * HOUR);
  expect([await claimOf(stage), deletedGroups(test), made(test)]).toEqual([undefined, [], before]);
  const waiting = await test.cmg();
  expect(waiting.status?.planned?.carriers).toMatchObject([{ name: CARRIER, advertised: {} }]);

  await time.passUntil('a carrier', async () => (await claimOf(stage)) !== undefined, WAITS);
  operators.begin();
  expect(clock.now() - readyAt).toBeGreaterThan(DAY);
  expect(await claimOf(stage)).toMatchObject({ claimant: NAME, carrier: CARRIER });
  expect(gatewaysOf(fleet)).toEqual([NEW, OLD]);

  // The carrier stays as it is.
  await reach(suite, stage, 'the old gateway to go', () => deletedGroups(test).includes(OLD_GROUP));
  await carrier.patchSpec(placed('northeurope', 'cmg-elsewhere'));
  await carrier.untilReason('Redeploying', 'CarriesClientsOf');
  await carrier.patchSpec(placed('westeurope', `cmg-${CARRIER}`));
  await carrier.beginDeletion();
  await carrier.untilReason('AzureReady', 'CarriesClientsOf');
  const carries = () => [links()[STANDBY_SERVER], members().includes(NEW)];
  expect(carries()).toEqual([NEW, true]);
  await reach(suite, stage, 'the next gateway to serve', isReplaced);
  await operators.end();
  expectDeaths(operators, ['Azure', 'Kubernetes']);

  // One at a time.
  const third = await addGateway(suite, stage, { name: THIRD, serviceName: 'lakeside.contoso.com' });
  const mayServe = async () => (await third.cmg()).status?.deployments?.[0]?.served === true;
  await time.passUntil('clients to depend on the third', mayServe, CHANGES);
  await third.patchSpec(placed('northeurope', 'cmg-third-north'));
  await third.untilReason('Redeploying', 'OutageClaimTaken');
  await third.patchSpec(placed('westeurope', `cmg-${THIRD}`));
  await third.beginDeletion();
  expect(await claimOf(stage)).toMatchObject({ claimant: NAME, carrier: CARRIER });

  const isOver = async () => {
    const seen = [groups(test).includes(`cmg-${CARRIER}`), ...carries()];
    const isHeld = (await claimOf(stage)) !== undefined;
    expect(isHeld ? seen : []).toEqual(isHeld ? [true, NEW, true] : []);
    return !isHeld;
  };
  await time.passUntil('the claim to be over', isOver, WAITS);
  const { advertised } = deploymentOf(await test.cmg(), OLD) ?? {};
  expect(clock.now() - Date.parse(advertised?.since ?? '')).toBeGreaterThanOrEqual(DAY);
  expect(control.cutOffClients).toEqual([]);

  // Then the carrier may go.
  await time.passUntil('the carrier to be gone', carrier.isGone, WAITS);
  expect(deletedGroups(test)).toEqual([OLD_GROUP, `cmg-${THIRD}`, `cmg-${CARRIER}`]);
  expect(groups(test)).toEqual(['cmg-north']);
  expect(phases(await test.untilReady())).toEqual({ [OLD]: 'Active' });
  expect([members(), links()[CONNECTION_POINT_SERVER]]).toEqual([[OLD], OLD]);
  expect(new Set(made(test)).size).toBe(made(test).length);
  // Each client polls once an hour.
  await time.pass(HOUR);
  expect(control.cutOffClients).toEqual([]);
  expect(gatewaysOf(fleet)).toEqual([OLD]);
});
