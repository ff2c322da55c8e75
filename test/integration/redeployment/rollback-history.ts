import { expect } from 'vitest';
import { CONNECTION_POINT_SERVER, STANDBY_SERVER } from '../../world/site-manifests.ts';
import {
  BACK,
  DAY,
  deletedGroups,
  deploymentOf,
  FORTH,
  gatewaysOf,
  groups,
  HOUR,
  MINUTE,
  NEW,
  NEW_GROUP,
  OLD,
  OLD_GROUP,
  OLD_SCALE_SET,
  phases,
  reach,
  type SiteSuite,
  type Stage,
  scaleSets,
  setBack,
  waitOut,
} from './site-suite.ts';

const idOf = async ({ test }: Stage, serviceName: string) => deploymentOf(await test.cmg(), serviceName)?.id;

/** Writes to a group, but for those that tell in the tags of the gateway's identity what is wanted. */
const writesTo = ({ test }: Stage, group: string) =>
  test.azure.control.writes
    .map(({ method, path }) => `${method} ${path}`)
    .filter((write) => write.includes(`/${group}/`) && !/^PUT .*\/userAssignedIdentities\/[^/]+$/.test(write));

/** How long after a change of the spec the wait may be taken to have begun. */
const SOON = 10 * MINUTE;

const begin = async (suite: SiteSuite): Promise<Stage> => {
  const stage = await suite.servingGateway({ spec: { redeployment: { drainFor: '3h' } } });
  await stage.test.apply(stage.objects.standby);
  return stage;
};

/** A redeployment is set back in one phase after the other, as long as the gateway that it began with is there. */
export async function setBackBeforeDeletion(suite: SiteSuite): Promise<void> {
  const stage = await begin(suite);
  await whileBuilt(suite, stage);
  await whileBothServe(suite, stage);
  await whileDraining(suite, stage);
  expect(suite.site().control.cutOffClients).toEqual([]);
}

/** A redeployment is set back when there is no way back, and then its replacement retires behind a gateway built anew. */
export async function setBackInDeletion(suite: SiteSuite): Promise<void> {
  const stage = await begin(suite);
  await whileDeleted(suite, stage);
  const { test, time, fleet } = stage;
  expect(await waitOut(suite, stage, NEW)).toBeGreaterThan(DAY - SOON);
  await reach(suite, stage, 'the replacement to be gone', (cmg) => cmg.status?.redeployment === undefined);
  await expectOldOnly(suite, stage);
  await time.pass(HOUR);
  expect(suite.registered()).toEqual([OLD]);
  expect(deletedGroups(test)).toEqual([OLD_GROUP, NEW_GROUP]);
  expect(suite.site().control.cutOffClients).toEqual([]);
  expect(gatewaysOf(fleet)).toEqual([OLD]);
}

async function expectOldOnly({ members, links }: SiteSuite, { test }: Stage): Promise<void> {
  expect(phases(await test.untilReady())).toEqual({ [OLD]: 'Active' });
  expect([scaleSets(test), groups(test)]).toEqual([[OLD_SCALE_SET], [OLD_GROUP]]);
  expect([members(), links()]).toEqual([[OLD], { [CONNECTION_POINT_SERVER]: OLD }]);
}

/** The new one goes at once, and nothing happens to the one that serves. */
async function whileBuilt(suite: SiteSuite, stage: Stage): Promise<void> {
  const { test } = stage;
  const first = await idOf(stage, OLD);
  const untouched = writesTo(stage, OLD_GROUP);
  await test.patchSpec(FORTH);
  await test.until('the new gateway to be begun', () => groups(test).includes(NEW_GROUP));
  expect(phases(await test.cmg())).toEqual({ [OLD]: 'Active', [NEW]: 'Provisioning' });
  await setBack(stage, BACK);
  const backAt = suite.clock.now();
  await reach(suite, stage, 'the new gateway to be gone', (cmg) => cmg.status?.redeployment === undefined);
  expect(suite.clock.now() - backAt).toBeLessThan(HOUR);
  await expectOldOnly(suite, stage);
  expect(await idOf(stage, OLD)).toBe(first);
  expect(writesTo(stage, OLD_GROUP)).toEqual(untouched);
}

/** They change places, and each time the wait begins anew. */
async function whileBothServe(suite: SiteSuite, stage: Stage): Promise<void> {
  const { test, time } = stage;
  await test.patchSpec(FORTH);
  await reach(suite, stage, 'the new gateway to be advertised', (cmg) => phases(cmg)[OLD] === 'Superseded');
  await time.pass(2 * HOUR);
  await setBack(stage, BACK);
  await reach(suite, stage, 'the first gateway to be wanted again', (cmg) => phases(cmg)[NEW] === 'Superseded');
  const back = await test.cmg();
  expect(phases(back)).toEqual({ [OLD]: 'Active', [NEW]: 'Superseded' });
  expect(back.status?.activeDeployment).toBe(deploymentOf(back, OLD)?.id);
  expect(back.status?.redeployment).toMatchObject({ from: NEW, to: OLD, rollback: 'Free' });
  expect(scaleSets(test)).toHaveLength(2);
  expect(suite.members()).toEqual([OLD, NEW]);
  expect(suite.links()).toEqual({ [CONNECTION_POINT_SERVER]: OLD, [STANDBY_SERVER]: NEW });
  await time.pass(HOUR);
  await test.patchSpec(FORTH);
  await reach(suite, stage, 'the new gateway to be wanted again', (cmg) => phases(cmg)[OLD] === 'Superseded');
  expect(await waitOut(suite, stage, OLD)).toBeGreaterThan(DAY - SOON);
}

/** The old one is started, and gets a connection point and its group back. */
async function whileDraining(suite: SiteSuite, stage: Stage): Promise<void> {
  const { test } = stage;
  const first = await idOf(stage, OLD);
  await reach(
    suite,
    stage,
    'the first gateway to be stopped, and the standby to be free',
    (cmg) => deploymentOf(cmg, OLD)?.stoppedAt !== undefined && suite.links()[STANDBY_SERVER] === undefined,
  );
  expect([suite.members(), suite.links()]).toEqual([[NEW], { [CONNECTION_POINT_SERVER]: NEW }]);
  expect(scaleSets(test)).toHaveLength(2);
  await setBack(stage, BACK);
  await reach(suite, stage, 'the first gateway to serve again', (cmg) => phases(cmg)[NEW] === 'Superseded');
  expect(await idOf(stage, OLD)).toBe(first);
  expect(suite.members().toSorted()).toEqual([NEW, OLD]);
  expect(suite.links()).toEqual({ [CONNECTION_POINT_SERVER]: NEW, [STANDBY_SERVER]: OLD });
  expect(deletedGroups(test)).toEqual([NEW_GROUP]);
}

/** The deletion is finished, and the old one is built anew beside the one that serves. */
async function whileDeleted(suite: SiteSuite, stage: Stage): Promise<void> {
  const { test, time } = stage;
  const first = await idOf(stage, OLD);
  await test.patchSpec(FORTH);
  await reach(suite, stage, 'the new gateway to be advertised', (cmg) => phases(cmg)[OLD] === 'Superseded');
  const second = await idOf(stage, NEW);
  expect(await waitOut(suite, stage, OLD)).toBeGreaterThan(DAY - SOON);
  await reach(
    suite,
    stage,
    'the first gateway to be stopped',
    (cmg) => deploymentOf(cmg, OLD)?.stoppedAt !== undefined,
  );
  await time.pass(3 * HOUR - 4 * MINUTE);
  // In a step of the clock it would be over.
  await test.until(
    'the first gateway to be deleted',
    (cmg) => phases(cmg)[OLD] === 'Deleting' && deletedGroups(test).includes(OLD_GROUP),
  );
  await setBack(stage, BACK);
  await reach(suite, stage, 'the first gateway to be built anew', (cmg) => phases(cmg)[NEW] === 'Superseded');
  expect(await idOf(stage, OLD)).not.toBe(first);
  expect(await idOf(stage, NEW)).toBe(second);
  expect(scaleSets(test)).toHaveLength(2);
  expect(suite.links()).toEqual({ [CONNECTION_POINT_SERVER]: NEW, [STANDBY_SERVER]: OLD });
  expect(deletedGroups(test)).toEqual([OLD_GROUP]);
}
