import type { ConnectionPoint } from '../../src/api/v1alpha1/connectionpoint.generated.ts';
import { findCondition } from '../../src/runtime/conditions.ts';
import { type ApiClient, waitFor } from '../cluster/api-client.ts';
import type { AdminServiceSimulator } from '../simulators/adminservice/simulator.ts';
import { linkOf, ROLE } from '../simulators/adminservice/site-systems.ts';
import { type Manifest, pathOf } from '../world/gateway-manifests.ts';
import { CONNECTION_POINT_SERVER, siteManifests } from '../world/site-manifests.ts';
import type { PlaceOnSite } from './redeployment-lines.ts';
import type { DemoOptions } from './run.ts';
import { apply, isReady, watchUntil } from './steps.ts';

export interface DemoSite {
  readonly site: AdminServiceSimulator;
  /** The CMG without a site. */
  readonly manifest: Manifest;
  readonly serviceName: string;
  readonly limitMs: number;
}

/** What is declared of the gateway once it has its part on a site. */
export interface OnSite {
  /** The CMG. */
  readonly declared: Manifest;
  /** A connection point for the time in which there is a second gateway. It is not applied yet. */
  readonly standby: Manifest;
}

/** A management point of the simulated site. */
const MANAGEMENT_POINT = 'mp1.ps1.corp.contoso.com';

/**
 * Gives the gateway its part on a site: what the operator may do there it does, and what it may not it asks for; the demo
 * takes that step as an administrator would.
 */
export async function connectSite(
  { screen, signal }: Pick<DemoOptions, 'screen' | 'signal'>,
  api: ApiClient,
  { site, manifest, serviceName, limitMs }: DemoSite,
): Promise<OnSite> {
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
  const step = await manualStep(api, objects.point, { signal, limitMs, about: serviceName });
  site.control.linkConnectionPoint(CONNECTION_POINT_SERVER, serviceName);
  const expected = `the connection point is connected, the boundary group references the gateway, and ${MANAGEMENT_POINT} takes the traffic of gateways`;
  const areReady = async () => (await isObjectReady(api, objects.group)) && (await isObjectReady(api, objects.site));
  await watchUntil({ api, manifest, screen, signal, limitMs, expected }, async (cmg) =>
    isReady(cmg) && (await areReady()) ? expected : undefined,
  );
  screen.done(`${expected}. One step was for a person: ${step}`);
  return { declared: connected, standby: objects.standby };
}

/** The line that the operator asks an administrator to run for a connection point. */
export async function manualStep(
  api: ApiClient,
  point: Manifest,
  { signal, limitMs, about }: { readonly signal: AbortSignal; readonly limitMs: number; readonly about: string },
): Promise<string> {
  return waitFor(
    `the operator to ask for the connection point of ${about}`,
    async () => {
      signal.throwIfAborted();
      const { status } = (await api.call('GET', pathOf(point))) as ConnectionPoint;
      return status?.manualSteps?.find(({ cmdlet }) => cmdlet?.includes(about))?.cmdlet;
    },
    limitMs,
  );
}

async function isObjectReady(api: ApiClient, manifest: Manifest): Promise<boolean> {
  const { status } = (await api.call('GET', pathOf(manifest))) as ConnectionPoint;
  return findCondition(status?.conditions, 'Ready')?.status === 'True';
}

/** Where a gateway has its part on the simulated site. */
export function placeOnSite(
  { roles, services, boundaryGroups }: Pick<AdminServiceSimulator['control'], 'roles' | 'services' | 'boundaryGroups'>,
  serviceName: string,
): PlaceOnSite {
  const path = services.find((service) => service.serviceName === serviceName)?.nalPath;
  return {
    servers: roles
      .filter((role) => role.roleName === ROLE.connectionPoint && linkOf(role) === serviceName)
      .map(({ server }) => server),
    groups: boundaryGroups.filter(({ members }) => path !== undefined && members.has(path)).map(({ name }) => name),
  };
}
