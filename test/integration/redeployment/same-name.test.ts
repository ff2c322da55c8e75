import { expect, it } from 'vitest';
import { CONSENT_ANNOTATIONS } from '../../../src/redeployment/consent-command.ts';
import { CONNECTION_POINT_SERVER, STANDBY_SERVER } from '../../world/site-manifests.ts';
import { isReady } from '../operator/suite.ts';
import { addGateway } from './other-gateways.ts';
import {
  CHANGES,
  deletedGroups,
  deploymentOf,
  gatewaysOf,
  groups,
  HOUR,
  installAsAsked,
  made,
  NEW,
  NEW_SCALE_SET,
  OLD,
  OLD_GROUP,
  OLD_SCALE_SET,
  phases,
  scaleSets,
  siteSuite,
} from './site-suite.ts';

const suite = siteSuite();
const { clock, links, registered } = suite;
const OTHER = 'other';
const NORTH_GROUP = 'cmg-north';

it('a gateway is replaced under its own name, and only clients that know no other are without one, and only by consent', async () => {
  const stage = await suite.servingGateway();
  const { test, time, objects, fleet } = stage;
  const { control } = suite.site();
  await addGateway(suite, stage, { name: OTHER, serviceName: NEW, server: STANDBY_SERVER });
  // Clients ask once a day which gateways there are: half of them know both by now.
  await time.pass(12 * HOUR);
  expect(gatewaysOf(fleet)).toEqual([NEW, OLD]);

  const first = deploymentOf(await test.cmg(), OLD)?.id ?? '';
  const before = made(test);
  await test.patchSpec({ azure: { region: 'northeurope', resourceGroup: { name: NORTH_GROUP } } });
  const { message } = await test.untilReason('Redeploying', 'NoOtherActiveCMG');
  expect(message).toContain(`${CONSENT_ANNOTATIONS.AllowClientOutage}=${first}`);
  await time.pass(2 * HOUR);
  expect(deletedGroups(test)).toEqual([]);
  expect(made(test)).toEqual(before);
  expect(control.cutOffClients).toEqual([]);

  const consentedAt = clock.now();
  await test.annotate({ [CONSENT_ANNOTATIONS.AllowClientOutage]: first });
  const isReplaced = async () => {
    await installAsAsked(suite, test, objects);
    const { metadata, status } = await test.cmg();
    return groups(test).includes(NORTH_GROUP) && isReady(status, metadata.generation);
  };
  await time.passUntil('the next gateway to serve', isReplaced, CHANGES);
  const servesAgainAt = clock.now();
  const over = await test.cmg();
  expect(phases(over)).toEqual({ [OLD]: 'Active' });
  expect(deploymentOf(over, OLD)).toMatchObject({ identity: { region: 'northeurope' } });
  expect(deploymentOf(over, OLD)?.id).not.toBe(first);
  expect(over.status?.redeployment).toBeUndefined();
  expect(deletedGroups(test)).toEqual([OLD_GROUP]);
  expect(scaleSets(test).toSorted()).toEqual([NEW_SCALE_SET, OLD_SCALE_SET]);
  expect(groups(test).toSorted()).toEqual([NORTH_GROUP, `cmg-${OTHER}`]);
  expect(links()).toEqual({ [CONNECTION_POINT_SERVER]: OLD, [STANDBY_SERVER]: NEW });
  expect(registered().toSorted()).toEqual([NEW, OLD]);

  // Each of them polls once an hour.
  await time.pass(2 * HOUR);
  const { cutOffClients } = control;
  expect(cutOffClients.length).toBeGreaterThan(0);
  for (const { knows, since } of cutOffClients) {
    expect(knows).toEqual([OLD]);
    expect(since).toBeGreaterThan(consentedAt);
    expect(since).toBeLessThan(servesAgainAt);
  }
  expect(control.fleet.cutOffNow).toBe(0);
  expect(gatewaysOf(fleet)).toEqual([NEW, OLD]);
});
