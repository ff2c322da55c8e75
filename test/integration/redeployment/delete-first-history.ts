import { expect } from 'vitest';
import type { CMG } from '../../../src/api/v1alpha1/cmg.generated.ts';
import { CONSENT_ANNOTATIONS } from '../../../src/redeployment/consent-command.ts';
import { findCondition } from '../../../src/runtime/conditions.ts';
import { CONNECTION_POINT_SERVER } from '../../world/site-manifests.ts';
import { isReady } from '../operator/suite.ts';
import { expectDeaths, servingWithMortalOperators } from './killed-operator-history.ts';
import { beginLosable, ids } from './losable-cluster.ts';
import {
  BACK,
  deletedGroups,
  gatewaysOf,
  goOn,
  groups,
  HOUR,
  made,
  OLD,
  OLD_GROUP,
  OLD_SCALE_SET,
  phases,
  type SiteSuite,
  type Stage,
  scaleSets,
  setBack,
} from './site-suite.ts';

const NORTH_GROUP = 'cmg-north';
/** The same names in another place, and in that of the first gateway. */
const NORTH = { azure: { region: 'northeurope', resourceGroup: { name: NORTH_GROUP } } };
const HOME = { azure: BACK.azure };

/** For how long clients are without a gateway by a person's word. */
interface Outage {
  readonly consentedAt: number;
  readonly servesAgainAt: number;
}

/** A gateway that goes before the next one is made under its name is wanted back, in each phase of that. */
export async function setBackInDeleteFirst(suite: SiteSuite): Promise<void> {
  const stage = await suite.servingGateway();
  await whileWaiting(suite, stage);
  const outages = [await whileDeleted(suite, stage), await whileBuilt(suite, stage)];
  await expectOne(suite, stage, OLD_GROUP);
  expect(deletedGroups(stage.test)).toEqual([OLD_GROUP, OLD_GROUP, NORTH_GROUP]);
  await expectClients(suite, stage, outages);
}

/** The cluster is lost in each phase of that, and each time the next one goes on with what it finds in Azure. */
export async function loseClusterInDeleteFirst(suite: SiteSuite): Promise<void> {
  const losable = await beginLosable(suite, { asked: NORTH });
  await losable.stage.test.patchSpec(NORTH);
  await losable.stage.test.untilReason('Redeploying', 'NoOtherActiveCMG');

  // While a person is waited for.
  const known = ids(losable.stage.test);
  await losable.lose();
  await losable.stage.test.untilReason('Redeploying', 'NoOtherActiveCMG');
  await losable.stage.time.pass(HOUR);
  expect(ids(losable.stage.test)).toEqual(known);
  expect(deletedGroups(losable.stage.test)).toEqual([]);
  expect(suite.site().control.cutOffClients).toEqual([]);

  // While the old one is being deleted: when all of it has gone, a person purges what Azure keeps of its vault.
  const consentedAt = await consent(suite, losable.stage);
  await untilDeleted(losable.stage, 1);
  await losable.lose();
  await goOn(suite, losable.stage, 'the next gateway to be begun', (cmg) => {
    purgeAsAsked(losable.stage, cmg);
    return areNamesTaken(losable.stage);
  });

  // While the new one is built.
  const next = ids(losable.stage.test);
  expect(next).not.toEqual(known);
  await losable.lose();
  await goOn(suite, losable.stage, 'the next gateway to serve', isServing('northeurope'));
  const outage = { consentedAt, servesAgainAt: suite.clock.now() };
  expect(ids(losable.stage.test)).toEqual(next);

  // When it serves.
  await losable.lose();
  await goOn(suite, losable.stage, 'the next operator to find it', isServing('northeurope'));
  expect(ids(losable.stage.test)).toEqual(next);
  await expectOne(suite, losable.stage, NORTH_GROUP);
  expect(deletedGroups(losable.stage.test)).toEqual([OLD_GROUP]);
  expect(new Set(made(losable.stage.test)).size).toBe(made(losable.stage.test).length);
  await expectClients(suite, losable.stage, [outage]);
}

/** Operators die in it, wherever they write. */
export async function killInDeleteFirst(suite: SiteSuite): Promise<void> {
  const { stage, operators } = await servingWithMortalOperators(suite);
  const { test, time } = stage;
  const first = ids(test);
  operators.begin();
  await test.patchSpec(NORTH);
  await goOn(suite, stage, 'a word to be asked for', ({ status }) => consentAskedFor(status) !== undefined);
  const consentedAt = suite.clock.now();
  await test.annotate({ [CONSENT_ANNOTATIONS.AllowClientOutage]: consentAskedFor((await test.cmg()).status) ?? '' });
  await goOn(suite, stage, 'the next gateway to serve', (cmg) => {
    purgeAsAsked(stage, cmg);
    return isServing('northeurope')(cmg);
  });
  const servesAgainAt = suite.clock.now();
  await time.pass(HOUR);
  await operators.end();
  expectDeaths(operators, ['Azure', 'Kubernetes']);

  await expectOne(suite, stage, NORTH_GROUP);
  expect(ids(test)).not.toEqual(first);
  expect(deletedGroups(test)).toEqual([OLD_GROUP]);
  expect(made(test).toSorted()).toEqual([...new Set(made(test))].toSorted());
  await expectClients(suite, stage, [{ consentedAt, servesAgainAt }]);
}

/** Whether there is one gateway, in this region, and it serves. */
function isServing(region: string): (cmg: CMG) => boolean {
  return ({ metadata, status }) =>
    status?.deployments?.length === 1 &&
    status.deployments[0]?.identity.region === region &&
    isReady(status, metadata.generation);
}

/** A person lets the clients of the gateway be without one. */
async function consent(suite: SiteSuite, { test }: Stage): Promise<number> {
  // One of before counts for nothing any more, and has to be taken away first.
  await test.annotate({ [CONSENT_ANNOTATIONS.AllowClientOutage]: null });
  const { status } = await test.until('a word to be asked for', (cmg) => consentAskedFor(cmg.status) !== undefined);
  const consentedAt = suite.clock.now();
  await test.annotate({ [CONSENT_ANNOTATIONS.AllowClientOutage]: consentAskedFor(status) ?? '' });
  return consentedAt;
}

/** The deployment about which a person is asked for a word. */
function consentAskedFor(status: CMG['status']): string | undefined {
  const { reason, message = '' } = findCondition(status?.conditions, 'Redeploying') ?? {};
  const id = status?.deployments?.[0]?.id;
  return reason === 'NoOtherActiveCMG' && message.includes(`${CONSENT_ANNOTATIONS.AllowClientOutage}=${id}`)
    ? id
    : undefined;
}

/** In a step of the clock it would be over. */
const untilDeleted = ({ test }: Stage, times: number) =>
  test.until(
    'the gateway to be deleted',
    (cmg) =>
      phases(cmg)[OLD] === 'Deleting' && deletedGroups(test).filter((group) => group === OLD_GROUP).length === times,
  );

const areNamesTaken = ({ test }: Stage) =>
  groups(test).includes(NORTH_GROUP) && test.resources('Microsoft.Storage/storageAccounts').length > 0;

function purgeAsAsked({ test: { azure } }: Stage, { status }: CMG): void {
  const { message = '' } = findCondition(status?.conditions, 'PrerequisitesMet') ?? {};
  if (!message.includes('purge')) return;
  const { region } = BACK.azure;
  const vault = `/subscriptions/${azure.subscriptionId}/providers/Microsoft.KeyVault/locations/${region}/deletedVaults/${OLD_SCALE_SET}`;
  azure.control.call('POST', `${vault}/purge?api-version=2026-02-01`);
}

/** Nothing has been done. */
async function whileWaiting(suite: SiteSuite, stage: Stage): Promise<void> {
  const { test, time } = stage;
  const before = { made: made(test), ids: ids(test) };
  await test.patchSpec(NORTH);
  await test.untilReason('Redeploying', 'NoOtherActiveCMG');
  await time.pass(HOUR);
  await setBack(stage, HOME);
  await goOn(suite, stage, 'nothing to be waited for', isServing('westeurope'));
  expect((await test.cmg()).status?.redeployment).toBeUndefined();
  expect({ made: made(test), ids: ids(test) }).toEqual(before);
  expect(deletedGroups(test)).toEqual([]);
  expect(suite.site().control.cutOffClients).toEqual([]);
}

/** The deletion is finished, and the first gateway is built anew; nothing is made in the other place. */
async function whileDeleted(suite: SiteSuite, stage: Stage): Promise<Outage> {
  const { test } = stage;
  const first = ids(test);
  await test.patchSpec(NORTH);
  const consentedAt = await consent(suite, stage);
  await untilDeleted(stage, 1);
  await setBack(stage, HOME);
  await goOn(suite, stage, 'the first gateway to be built anew', isServing('westeurope'));
  const servesAgainAt = suite.clock.now();
  expect(ids(test)).not.toEqual(first);
  expect(deletedGroups(test)).toEqual([OLD_GROUP]);
  expect(made(test).filter((path) => path.includes(NORTH_GROUP))).toEqual([]);
  return { consentedAt, servesAgainAt };
}

/**
 * The new one goes, and the first one is built anew when its names are free again. Where the site still links a connection point to the
 * name, the new one may have clients as soon as it serves, and goes by another word only.
 */
async function whileBuilt(suite: SiteSuite, stage: Stage): Promise<Outage> {
  const { test } = stage;
  await test.patchSpec(NORTH);
  const consentedAt = await consent(suite, stage);
  await goOn(suite, stage, 'the next gateway to be begun', () => areNamesTaken(stage));
  expect(phases(await test.cmg())).toEqual({ [OLD]: 'Provisioning' });
  await setBack(stage, HOME);
  const isGoing = () => deletedGroups(test).includes(NORTH_GROUP);
  const waitsForWord = ({ status }: CMG) =>
    findCondition(status?.conditions, 'Redeploying')?.reason === 'NoOtherActiveCMG';
  await goOn(
    suite,
    stage,
    'the next gateway to go, or a word to be asked for',
    (cmg) => isGoing() || waitsForWord(cmg),
  );
  if (!isGoing()) {
    expect((await test.cmg()).status?.deployments).toMatchObject([{ served: true }]);
    await consent(suite, stage);
  }
  await goOn(suite, stage, 'the first gateway to be built anew', isServing('westeurope'));
  return { consentedAt, servesAgainAt: suite.clock.now() };
}

async function expectOne({ members, links, registered }: SiteSuite, { test }: Stage, group: string): Promise<void> {
  expect(phases(await test.untilReady())).toEqual({ [OLD]: 'Active' });
  expect([scaleSets(test), groups(test)]).toEqual([[OLD_SCALE_SET], [group]]);
  expect([members(), links()]).toEqual([[OLD], { [CONNECTION_POINT_SERVER]: OLD }]);
  expect(registered()).toEqual([OLD]);
}

/** Clients were without a gateway only where a person has let them be, and all are back. */
async function expectClients({ site }: SiteSuite, { time, fleet }: Stage, outages: readonly Outage[]): Promise<void> {
  // Each of them polls once an hour.
  await time.pass(2 * HOUR);
  const { cutOffClients } = site().control;
  const during = ({ consentedAt, servesAgainAt }: Outage) =>
    cutOffClients.filter(({ since }) => since > consentedAt && since < servesAgainAt);
  for (const outage of outages) expect(during(outage)).not.toEqual([]);
  expect(cutOffClients.filter((client) => !outages.some((outage) => during(outage).includes(client)))).toEqual([]);
  expect(site().control.fleet.cutOffNow).toBe(0);
  expect(gatewaysOf(fleet)).toEqual([OLD]);
}
