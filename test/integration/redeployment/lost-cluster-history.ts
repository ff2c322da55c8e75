import { expect, onTestFinished } from 'vitest';
import type { ApiClient } from '../../cluster/api-client.ts';
import { startControlPlane } from '../../cluster/control-plane.ts';
import { installDefinitions } from '../../cluster/definitions.ts';
import { deleteNamespace } from '../../cluster/namespaces.ts';
import { sharedApi } from '../../cluster/shared.ts';
import type { OperatorUnderTest } from '../../world/operator-under-test.ts';
import { passingTime } from '../../world/passing-time.ts';
import type { GatewayTest, TestCluster } from '../operator/suite.ts';
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

/** A redeployment whose cluster may be lost. */
interface Losable {
  /** In the cluster that there is. */
  readonly stage: Stage;
  /** The operator is no more, the cluster is gone with all that was in it, and the manifests of Git go to an empty one. */
  lose(): Promise<void>;
}

/** The cluster is lost in each phase of a redeployment, and each time the next one finds out how far it was. */
export async function loseClusterInEachPhase(suite: SiteSuite): Promise<void> {
  const losable = await beginLosable(suite);
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

async function beginLosable(suite: SiteSuite): Promise<Losable> {
  // Its namespace kube-system has another UID, by which the tags of a gateway tell clusters apart.
  const other = await startControlPlane();
  onTestFinished(other.stop);
  await installDefinitions(other.api);
  let operator: OperatorUnderTest | undefined;
  let stage = await suite.servingGateway({
    spec: { redeployment: { drainFor: '3h' } },
    start: async (test) => {
      operator = await test.startOperator();
      return operator;
    },
  });
  const { objects, test } = stage;
  await test.apply(objects.standby);
  const createNamespace = (api: ApiClient) =>
    api.call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: test.namespace } });
  await createNamespace(other.api);
  const clusters: TestCluster[] = [other, { api: sharedApi(), kubeconfigPath: test.kubeconfigPath }];
  const lose = async () => {
    await operator?.stop();
    await deleteNamespace(stage.test.api, test.namespace);
    await createNamespace(stage.test.api);
    const [next] = clusters.splice(0, 1);
    if (next === undefined) throw new Error('There is no other cluster.');
    clusters.push(next);
    const there = test.inCluster(next);
    await there.apply(...objects.rest, replaced(objects.cmg), objects.point, objects.standby);
    operator = await there.startOperator();
    stage = { ...stage, test: there, time: passingTime(suite.clock, operator) };
  };
  return {
    get stage() {
      return stage;
    },
    lose,
  };
}

/** The manifest of a CMG that asks for the new gateway. */
function replaced(cmg: Stage['objects']['cmg']): Stage['objects']['cmg'] {
  const { azure, ...spec } = cmg.spec as { readonly azure: object };
  return { ...cmg, spec: { ...spec, ...FORTH, azure: { ...azure, ...FORTH.azure } } };
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

/** The deployments that the tags in Azure name. */
function ids({ azure }: GatewayTest): ReadonlySet<string> {
  const named = azure.control
    .state()
    .map(({ tags }) => (tags as Record<string, string> | undefined)?.['configmgr.io_deployment']);
  return new Set(named.filter((id) => id !== undefined));
}

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
