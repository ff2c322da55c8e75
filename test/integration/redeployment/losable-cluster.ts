import { onTestFinished } from 'vitest';
import type { ApiClient } from '../../cluster/api-client.ts';
import { startControlPlane } from '../../cluster/control-plane.ts';
import { installDefinitions } from '../../cluster/definitions.ts';
import { deleteNamespace } from '../../cluster/namespaces.ts';
import { sharedApi } from '../../cluster/shared.ts';
import type { OperatorUnderTest } from '../../world/operator-under-test.ts';
import { passingTime } from '../../world/passing-time.ts';
import type { GatewayTest, TestCluster } from '../operator/suite.ts';
import { type SiteSuite, type Stage, telling } from './site-suite.ts';

/** A redeployment whose cluster may be lost. */
export interface Losable {
  /** In the cluster that there is. */
  readonly stage: Stage;
  /** The operator is no more, the cluster is gone with all that was in it, and the manifests of Git go to an empty one. */
  lose(): Promise<void>;
}

export interface LosableOptions {
  /** Merged over the spec of the gateway that there is at first. */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** What the manifests of Git ask for in its place, from the first loss on. */
  readonly asked: { readonly azure: object };
}

/** A gateway that serves in a cluster that may be lost. */
export async function beginLosable(suite: SiteSuite, { spec = {}, asked }: LosableOptions): Promise<Losable> {
  // Its namespace kube-system has another UID, by which the tags of a gateway tell clusters apart.
  const other = await startControlPlane();
  onTestFinished(other.stop);
  await installDefinitions(other.api);
  let operator: OperatorUnderTest | undefined;
  let stage = await suite.servingGateway({
    spec,
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
    await there.apply(...objects.rest, replaced(objects.cmg, asked), objects.point, objects.standby);
    operator = await there.startOperator();
    stage = { ...stage, test: there, time: telling(passingTime(suite.clock, operator), there) };
  };
  return {
    get stage() {
      return stage;
    },
    lose,
  };
}

/** The manifest of a CMG with what Git asks for. */
function replaced(cmg: Stage['objects']['cmg'], asked: LosableOptions['asked']): Stage['objects']['cmg'] {
  const { azure, ...spec } = cmg.spec as { readonly azure: object };
  return { ...cmg, spec: { ...spec, ...asked, azure: { ...azure, ...asked.azure } } };
}

/** The deployments that the tags in Azure name. */
export function ids({ azure }: GatewayTest): ReadonlySet<string> {
  const named = azure.control
    .state()
    .map(({ tags }) => (tags as Record<string, string> | undefined)?.['configmgr.io_deployment']);
  return new Set(named.filter((id) => id !== undefined));
}
