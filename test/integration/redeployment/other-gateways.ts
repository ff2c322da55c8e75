import type { CMG } from '../../../src/api/v1alpha1/cmg.generated.ts';
import type { ConditionType, Reason } from '../../../src/api/v1alpha1/conditions.ts';
import { type Condition, findCondition } from '../../../src/runtime/conditions.ts';
import { MERGE_PATCH, waitFor } from '../../cluster/api-client.ts';
import { certificateSecret, cmgManifest, type Manifest, pathOf } from '../../world/gateway-manifests.ts';
import { isReady, PATIENCE_MS } from '../operator/suite.ts';
import type { SiteSuite, Stage } from './site-suite.ts';

/** Another CMG on the site of the stage. */
export interface OtherGateway {
  cmg(): Promise<CMG>;
  patchSpec(spec: object): Promise<void>;
  /** Waits until a condition gives a reason, of the spec as it is. */
  untilReason(type: ConditionType, reason: Reason): Promise<Condition>;
  /** Begins the deletion, as a person does. */
  beginDeletion(): Promise<void>;
  isGone(): Promise<boolean>;
}

export interface OtherGatewayOptions {
  readonly name: string;
  readonly serviceName: string;
  /** Server of its connection point. Absent: it has none, nor a boundary group, and clients are told nothing of it. */
  readonly server?: string;
}

/** Adds a CMG with a gateway of its own to the site. It is there when its gateway serves, and is on the site. */
export async function addGateway(
  suite: SiteSuite,
  { test }: Stage,
  options: OtherGatewayOptions,
): Promise<OtherGateway> {
  const { name, serviceName, server } = options;
  const world = suite.suite.world();
  const { namespace, api } = test;
  const manifest = cmgManifest(world, { namespace, name, serviceName, spec: { siteRef: { name: 'ps1' } } });
  const certificate = await suite.suite.certificateFor({ commonName: serviceName, organization: 'Contoso' });
  await test.apply(certificateSecret(namespace, `${name}-tls`, certificate, world), manifest);
  const gateway = otherGateway(api, pathOf(manifest));
  const isRegistered = async () => suite.registered().includes(serviceName) || undefined;
  await waitFor(`the record of ${serviceName}`, isRegistered, PATIENCE_MS);
  if (server === undefined) {
    await gateway.untilReason('SiteRegistered', 'Succeeded');
    return gateway;
  }
  const refs = { siteRef: { name: 'ps1' }, cmgRef: { name } };
  const onSite = (kind: string, of: object): Manifest => ({
    apiVersion: 'configmgr.io/v1alpha1',
    kind,
    metadata: { name, namespace },
    spec: { ...refs, ...of },
  });
  const boundaryGroup = { name: suite.site().control.boundaryGroups[0]?.name };
  await test.apply(
    onSite('ConnectionPoint', { siteSystem: server }),
    onSite('BoundaryGroupReference', { boundaryGroup }),
  );
  suite.site().control.linkConnectionPoint(server, serviceName);
  const isThere = async () => {
    const { metadata, status } = await gateway.cmg();
    return (isReady(status, metadata.generation) && suite.members().includes(serviceName)) || undefined;
  };
  await waitFor(`${serviceName} to be ready`, isThere, PATIENCE_MS);
  return gateway;
}

function otherGateway(api: Stage['test']['api'], path: string): OtherGateway {
  const cmg = async () => (await api.call('GET', path)) as CMG;
  const patchSpec = async (spec: object) => void (await api.call('PATCH', path, { spec }, MERGE_PATCH));
  return {
    cmg,
    patchSpec,
    untilReason: async (type, reason) => {
      let last: CMG | undefined;
      try {
        return await waitFor(
          `${type} of ${path} to give the reason ${reason}`,
          async () => {
            last = await cmg();
            const condition = findCondition(last.status?.conditions, type);
            const isSo = condition?.reason === reason && condition.observedGeneration === last.metadata.generation;
            return isSo ? condition : undefined;
          },
          PATIENCE_MS,
        );
      } catch (error) {
        throw new Error(`${String(error)}; it says: ${JSON.stringify(last?.status?.conditions, undefined, 1)}`);
      }
    },
    beginDeletion: async () => {
      await patchSpec({ deletionProtection: false });
      await api.call('DELETE', path);
    },
    isGone: async () => (await api.send('GET', path)).status === 404,
  };
}
