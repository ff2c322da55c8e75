import { expect } from 'vitest';
import { seededRandom } from '../../../src/runtime/random.ts';
import { CONNECTION_POINT_SERVER } from '../../world/site-manifests.ts';
import { type MortalOperators, startMortalOperators } from './mortal-operators.ts';
import {
  DAY,
  deletedGroups,
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
  phases,
  reach,
  type SiteSuite,
  type Stage,
  scaleSets,
  waitOut,
} from './site-suite.ts';

const SEED = Number(process.env.REDEPLOYMENT_SEED ?? Date.now() % 10_000);

/** A gateway that serves, and operators that follow each other when one of its writes kills one. */
export async function servingWithMortalOperators(
  suite: SiteSuite,
): Promise<{ readonly stage: Stage; readonly operators: MortalOperators }> {
  let operators: MortalOperators | undefined;
  const stage = await suite.servingGateway({
    start: async (test) => {
      operators = await startMortalOperators({ test, site: suite.site(), random: seededRandom(SEED) });
      return operators;
    },
  });
  if (operators === undefined) throw new Error('No operator was started.');
  console.log(`REDEPLOYMENT_SEED=${SEED} repeats at which further writes to a place operators die.`);
  return { stage, operators };
}

/** Operators die in a redeployment, wherever they write, and each is followed by one that knows nothing of it. */
export async function killAtWrites(suite: SiteSuite): Promise<void> {
  const { stage, operators } = await servingWithMortalOperators(suite);
  const { test, time, objects } = stage;
  const { journal } = suite.site().control;
  await test.apply(objects.standby);
  const writtenToSite = journal.writes.length;
  operators.begin();
  await test.patchSpec(FORTH);
  await reach(suite, stage, 'the new gateway to be advertised', (cmg) => phases(cmg)[OLD] === 'Superseded');
  expect(scaleSets(test)).toHaveLength(2);
  expect(await waitOut(suite, stage, OLD)).toBeGreaterThan(DAY - 10 * MINUTE);
  await reach(suite, stage, 'the old gateway to be gone', (cmg) => cmg.status?.redeployment === undefined);
  await time.pass(HOUR);
  await operators.end();
  expectDeaths(operators, ['Azure', 'site', 'Kubernetes']);

  await expectReplaced(suite, stage);
  // Nothing is made or deleted twice.
  expect(made(test).toSorted()).toEqual([...new Set(made(test))].toSorted());
  expect(deletedGroups(test)).toEqual([OLD_GROUP]);
  const records = journal.writes.slice(writtenToSite).filter(({ path }) => path.includes('/SMS_AzureService'));
  expect(records.map(({ method }) => method)).toEqual(['POST', 'DELETE']);
}

/** Operators died at writes to each of these, before them and after them. */
export function expectDeaths({ deaths, writes }: MortalOperators, written: readonly string[]): void {
  console.log(`${deaths.length} operators died at ${writes} writes`);
  const kinds = deaths.map((death) => death.split(' ', 2).join(' '));
  expect(kinds).toEqual(expect.arrayContaining(written.flatMap((what) => [`before ${what}`, `after ${what}`])));
}

async function expectReplaced({ site, members, links, registered }: SiteSuite, { test, fleet }: Stage): Promise<void> {
  expect(phases(await test.untilReady())).toEqual({ [NEW]: 'Active' });
  expect([scaleSets(test), groups(test)]).toEqual([[NEW_SCALE_SET], [NEW_GROUP]]);
  expect([members(), links()]).toEqual([[NEW], { [CONNECTION_POINT_SERVER]: NEW }]);
  expect(registered()).toEqual([NEW]);
  expect(site().control.cutOffClients).toEqual([]);
  expect(gatewaysOf(fleet)).toEqual([NEW]);
}
