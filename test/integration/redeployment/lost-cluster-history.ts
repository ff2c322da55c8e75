import { expect } from 'vitest';
import { beginLosable, ids, type Losable } from './losable-cluster.ts';
import {
  DAY,
  deletedGroups,
  deploymentOf,
  FORTH,
  gatewaysOf,
  groups,
  HOUR,
  MINUTE,
  made,
  NEW,
  NEW_GROUP,
  NEW_SCALE_SET,
  OLD,
  OLD_GROUP,
  OLD_SCALE_SET,
  phases,
  reach,
  type SiteSuite,
  type Stage,
  scaleSets,
  waitOut,
} from './site-suite.ts';

/** The cluster is lost in each phase of a redeployment, and each time the next one finds out how far it was. */
export async function loseClusterInEachPhase(suite: SiteSuite): Promise<void> {
  const losable = await beginLosable(suite, { spec: { redeployment: { drainFor: '3h' } }, asked: FORTH });
  await losable.stage.test.patchSpec(FORTH);
  await losable.stage.test.until('the new one to be begun', () => groups(losable.stage.test).includes(NEW_GROUP));

  // While the new one is built.
  const known = ids(losable.stage.test);
  await losable.lose();
  await reach(suite, losable.stage, 'both to serve', (cmg) => phases(cmg)[OLD] === 'Superseded');
  expect(phases(await losable.stage.test.cmg())).toEqual({ [OLD]: 'Superseded', [NEW]: 'Active' });
  expect(ids(losable.stage.test)).toEqual(known);

  // While both serve: nobody knows any more since when.
  await losable.stage.time.pass(12 * HOUR);
  await loseAndWaitAnew(suite, losable);
  await untilStopped(suite, losable);
  expect(suite.members()).toEqual([NEW]);

  // While the old one drains: that it did is not known, so that it serves again.
  await loseAndWaitAnew(suite, losable);
  expect(ids(losable.stage.test)).toEqual(known);
  expect(deletedGroups(losable.stage.test)).toEqual([]);
  await untilStopped(suite, losable);
  await losable.stage.time.pass(3 * HOUR - 4 * MINUTE);

  // While the old one is being deleted.
  const isDeleted = () => deletedGroups(losable.stage.test).includes(OLD_GROUP);
  await losable.stage.test.until('the old gateway to be deleted', isDeleted);
  await losable.lose();
  await reach(suite, losable.stage, 'the old gateway to be gone', isOver);
  await expectReplaced(suite, losable.stage);
}

/** The cluster is lost, and both gateways serve for the whole wait from then on. */
async function loseAndWaitAnew(suite: SiteSuite, losable: Losable): Promise<void> {
  await losable.lose();
  const lostAt = suite.clock.now();
  const { stage } = losable;
  await reach(suite, stage, 'both to serve again', (cmg) => phases(cmg)[OLD] === 'Superseded');
  expect(phases(await stage.test.cmg())).toEqual({ [OLD]: 'Superseded', [NEW]: 'Active' });
  await waitOut(suite, stage, OLD);
  expect(suite.clock.now() - lostAt).toBeGreaterThan(DAY);
  expect(scaleSets(stage.test).toSorted()).toEqual([NEW_SCALE_SET, OLD_SCALE_SET]);
}

const untilStopped = (suite: SiteSuite, { stage }: Losable) =>
  reach(suite, stage, 'the old gateway to be stopped', (cmg) => deploymentOf(cmg, OLD)?.stoppedAt !== undefined);

const isOver: Parameters<typeof reach>[3] = (cmg) =>
  cmg.status?.redeployment === undefined && phases(cmg)[NEW] === 'Active';

async function expectReplaced({ site, members, links, registered }: SiteSuite, stage: Stage): Promise<void> {
  const { test, time, fleet } = stage;
  expect(phases(await test.untilReady())).toEqual({ [NEW]: 'Active' });
  expect([scaleSets(test), groups(test)]).toEqual([[NEW_SCALE_SET], [NEW_GROUP]]);
  // Nothing was made anew, and nothing deleted twice.
  expect(new Set(made(test)).size).toBe(made(test).length);
  expect(deletedGroups(test)).toEqual([OLD_GROUP]);
  expect(members()).toEqual([NEW]);
  expect(new Set(Object.values(links()))).toEqual(new Set([NEW]));
  await time.pass(HOUR);
  expect(registered()).toEqual([NEW]);
  expect(site().control.cutOffClients).toEqual([]);
  expect(gatewaysOf(fleet)).toEqual([NEW]);
}
