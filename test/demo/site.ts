import type { ConnectionPoint } from '../../src/api/v1alpha1/connectionpoint.generated.ts';
import { findCondition } from '../../src/runtime/conditions.ts';
import { type ApiClient, waitFor } from '../cluster/api-client.ts';
import type { AdminServiceSimulator } from '../simulators/adminservice/simulator.ts';
import { type Manifest, pathOf } from '../world/gateway-manifests.ts';
import { CONNECTION_POINT_SERVER, siteManifests } from '../world/site-manifests.ts';
import type { DemoOptions } from './run.ts';
import { apply, isReady, watchUntil } from './steps.ts';

export interface DemoSite {
  readonly site: AdminServiceSimulator;
  /** The CMG without a site. */
  readonly manifest: Manifest;
  readonly serviceName: string;
  readonly limitMs: number;
}

/** A management point of the simulated site. */
const MANAGEMENT_POINT = 'mp1.ps1.corp.contoso.com';

/**
 * Gives the gateway its part on a site: what the operator may do there it does, and what it may not it asks for; the demo
 * takes that step as an administrator would. Returns the CMG as it is declared from now on.
 */
export async function connectSite(
  { screen, signal }: Pick<DemoOptions, 'screen' | 'signal'>,
  api: ApiClient,
  { site, manifest, serviceName, limitMs }: DemoSite,
): Promise<Manifest> {
  screen.step('Connecting the gateway to a Configuration Manager site');
  const { name, namespace } = manifest.metadata;
  const { token, ...objects } = siteManifests(site, {
    namespace,
    cmg: name,
    spec: {
      // This site is a simulated one, where there is nothing to be lost.
      allowUnproven: true,
      clientFacingRoles: [{ server: MANAGEMENT_POINT, role: 'ManagementPoint', allowCmgTraffic: true }],
      clientSettings: { allowCmg: true },
    },
  });
  const connected = {
    ...manifest,
    spec: { ...(manifest.spec as object), siteRef: { name: objects.site.metadata.name } },
  };
  for (const each of [token, objects.site, connected, objects.point, objects.group]) {
    await apply(api, each);
  }
  const step = await manualStep(api, objects.point, limitMs);
  site.control.linkConnectionPoint(CONNECTION_POINT_SERVER, serviceName);
  const expected = 'the connection point is connected and the boundary group references the gateway';
  await watchUntil({ api, manifest, screen, signal, limitMs, expected }, async (cmg) =>
    isReady(cmg) && (await isObjectReady(api, objects.group)) ? expected : undefined,
  );
  screen.done(`${expected}. One step was for a person: ${step}`);
  return connected;
}

/** The line that the operator asks an administrator to run. */
async function manualStep(api: ApiClient, point: Manifest, limitMs: number): Promise<string> {
  return waitFor(
    'the operator to ask for the connection point',
    async () => {
      const { status } = (await api.call('GET', pathOf(point))) as ConnectionPoint;
      return status?.manualSteps?.[0]?.cmdlet;
    },
    limitMs,
  );
}

async function isObjectReady(api: ApiClient, manifest: Manifest): Promise<boolean> {
  const { status } = (await api.call('GET', pathOf(manifest))) as ConnectionPoint;
  return findCondition(status?.conditions, 'Ready')?.status === 'True';
}
