import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { CMG, CMGStatusDeployment } from '../../../src/api/v1alpha1/cmg.generated.ts';
import type { ConnectionPoint } from '../../../src/api/v1alpha1/connectionpoint.generated.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { findCondition } from '../../../src/runtime/conditions.ts';
import { waitFor } from '../../cluster/api-client.ts';
import { type AcceleratedClock, createAcceleratedClock } from '../../simulators/accelerated-clock.ts';
import type { Fleet } from '../../simulators/adminservice/fleet.ts';
import { type AdminServiceSimulator, startAdminServiceSimulator } from '../../simulators/adminservice/simulator.ts';
import { linkOf, ROLE } from '../../simulators/adminservice/site-systems.ts';
import { certificateSecret, type Manifest, pathOf } from '../../world/gateway-manifests.ts';
import { isGatewayReached } from '../../world/gateway-names.ts';
import { type PassingTime, passingTime, type TimeTraveller } from '../../world/passing-time.ts';
import { CONNECTION_POINT_SERVER, STANDBY_SERVER, siteManifests } from '../../world/site-manifests.ts';
import { type GatewayTest, NAME, operatorSuite, PATIENCE_MS, SERVICE_NAME, type Suite } from '../operator/suite.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Service name of the first gateway, and of the one that takes its place. */
export const OLD = SERVICE_NAME;
export const NEW = 'fabrikam.contoso.com';
export const OLD_SCALE_SET = 'granitefalls';
export const NEW_SCALE_SET = 'fabrikam';
export const OLD_GROUP = `cmg-${NAME}`;
export const NEW_GROUP = 'cmg-fabrikam';

export const WAITS = { stepMs: 30 * MINUTE, longestMs: 36 * HOUR };
/** As often as a redeployment is looked at. */
export const CHANGES = { stepMs: 2 * MINUTE, longestMs: 4 * HOUR };

/** Nobody is off for longer than the wait: who is may find nothing when the old gateway is gone. */
const FLEET = { size: 1000, shares: { commuters: 0.2, alwaysIntranet: 0.15, oftenOff: 0 } };

const SPEED = 100;

/** The simulated world with a site, which the tests of one file share. */
export interface SiteSuite {
  readonly suite: Suite;
  readonly clock: AcceleratedClock;
  readonly site: () => AdminServiceSimulator;
  /** What the connection points of the site are linked to, by their servers. */
  links(): Readonly<Record<string, string>>;
  /** Service names of the gateways in the boundary group. */
  members(): readonly string[];
  /** Service names that the site has a record of. */
  registered(): readonly string[];
  /** A gateway that serves the clients of the site, with the Secret of a certificate for another one. */
  servingGateway(options?: ServingOptions): Promise<Stage>;
}

export interface ServingOptions {
  /** Merged over the spec of the gateway. */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** Starts the operator. Default: one that lives until the test ends. */
  readonly start?: (test: GatewayTest) => Promise<TimeTraveller>;
}

/** A gateway on a site, with its clients. */
export interface Stage {
  readonly test: GatewayTest;
  readonly time: PassingTime;
  readonly objects: StageObjects;
  readonly fleet: Fleet;
}

/** What stands in Git. */
export interface StageObjects {
  /** All but the standby and the CMG. */
  readonly rest: readonly Manifest[];
  readonly cmg: Manifest;
  readonly point: Manifest;
  readonly standby: Manifest;
  /** The Secret of the first gateway's certificate. */
  readonly certificate: Manifest;
}

export function siteSuite(): SiteSuite {
  const clock = createAcceleratedClock(systemClock, SPEED);
  const suite = operatorSuite({ gateways: true, clock });
  let site: AdminServiceSimulator;
  beforeAll(async () => {
    site = await startAdminServiceSimulator({
      clock,
      gatewayServes: (serviceName) => isGatewayReached(suite.world().azure, serviceName),
    });
  });
  afterAll(() => site.close());
  const links = () => {
    const points = site.control.roles.filter(({ roleName }) => roleName === ROLE.connectionPoint);
    return Object.fromEntries(points.map((role) => [role.server, linkOf(role)]));
  };
  beforeEach(() => {
    const { control } = site;
    control.faults.clear();
    for (const server of Object.keys(links())) control.removeConnectionPoint(server);
    for (const { members } of control.boundaryGroups) members.clear();
    for (const { serviceName } of control.services) control.deleteService(serviceName);
  });
  const registered = () => site.control.services.map(({ serviceName }) => serviceName);
  return {
    suite,
    clock,
    site: () => site,
    links,
    members: () => {
      const paths = [...(site.control.boundaryGroups[0]?.members.keys() ?? [])];
      return paths.map((path) => site.control.services.find(({ nalPath }) => nalPath === path)?.serviceName ?? path);
    },
    registered,
    servingGateway: async ({ spec = {}, start = (test: GatewayTest) => test.startOperator() } = {}) => {
      const test = await suite.begin({ withoutOperator: true });
      const time = telling(passingTime(clock, await start(test)), test);
      const objects = await stageObjects(test, suite, site, spec);
      await test.apply(...objects.rest, objects.cmg, objects.point);
      await waitFor('the record of the gateway', async () => registered().includes(OLD) || undefined, PATIENCE_MS);
      site.control.linkConnectionPoint(CONNECTION_POINT_SERVER, OLD);
      await test.untilReady();
      return { test, time, objects, fleet: site.control.startFleet(FLEET) };
    },
  };
}

async function stageObjects(
  test: GatewayTest,
  suite: Suite,
  simulator: AdminServiceSimulator,
  spec: Readonly<Record<string, unknown>>,
): Promise<StageObjects> {
  const onSite = siteManifests(simulator, { namespace: test.namespace, cmg: NAME, spec: { allowUnproven: true } });
  const { cmg, certificate, credentials } = await test.manifests({ siteRef: { name: 'ps1' }, ...spec });
  if (certificate === undefined) throw new Error('The first gateway has no certificate.');
  const other = await suite.certificateFor({ commonName: NEW, organization: 'Contoso' });
  const second = certificateSecret(test.namespace, 'fabrikam-tls', other, suite.world());
  const { token, site, point, standby, group } = onSite;
  return { rest: [token, site, certificate, second, credentials, group], cmg, point, standby, certificate };
}

/** What the spec says of the gateway that is to take the place of the first one, in another region and under another name. */
export const FORTH = {
  serviceName: NEW,
  azure: { region: 'northeurope', resourceGroup: { name: NEW_GROUP } },
  serverCertificate: { secretRef: { name: 'fabrikam-tls' } },
};

/** And of the first one. */
export const BACK = {
  serviceName: OLD,
  azure: { region: 'westeurope', resourceGroup: { name: OLD_GROUP } },
  serverCertificate: { secretRef: { name: `${NAME}-tls` } },
};

export const phases = ({ status }: CMG) =>
  Object.fromEntries((status?.deployments ?? []).map(({ serviceName, phase }) => [serviceName, phase]));

export const deploymentOf = ({ status }: CMG, serviceName: string): CMGStatusDeployment | undefined =>
  status?.deployments?.find((each) => each.serviceName === serviceName);

export const reason = ({ status }: CMG, type: string) => findCondition(status?.conditions, type)?.reason;

/** Names of the scale sets that there are. */
export const scaleSets = (test: GatewayTest) =>
  test.resources('Microsoft.Compute/virtualMachineScaleSets').map(({ name }) => String(name));

/** Names of the resource groups that there are. */
export const groups = (test: GatewayTest) =>
  test.resources('Microsoft.Resources/resourceGroups').map(({ name }) => String(name));

/** Which gateways clients on the internet talk through. */
export function gatewaysOf(fleet: Fleet): readonly string[] {
  const clients = Array.from({ length: fleet.size }, (_, place) => fleet.at(place));
  const through = clients.flatMap(({ isOnInternet, gateway }) =>
    isOnInternet && gateway !== undefined ? [gateway] : [],
  );
  return [...new Set(through)].toSorted();
}

/** The resource that Azure made, each time that it did. */
export const made = ({ azure }: GatewayTest) =>
  azure.control.writes.filter(({ method, status }) => method === 'PUT' && status === 201).map(({ path }) => path);

/** Deletions of resource groups that Azure accepted. */
export const deletedGroups = ({ azure }: GatewayTest) =>
  azure.control.writes
    .filter(({ method, path }) => method === 'DELETE' && /\/resourceGroups\/[^/]+$/.test(path))
    .map(({ path }) => path.split('/').at(-1));

/**
 * Lets time go by, and does on the site what the operator asks for, until the CMG is as asked. Fails as soon as a client is cut
 * off.
 */
export async function reach(
  suite: SiteSuite,
  stage: Stage,
  what: string,
  condition: (cmg: CMG) => boolean,
): Promise<void> {
  await goOn(suite, stage, what, (cmg) => {
    const cut = suite.site().control.cutOffClients;
    if (cut.length > 0)
      throw new Error(`Before ${what}, ${cut.length} clients were cut off: ${JSON.stringify(cut[0])}`);
    return condition(cmg);
  });
}

/** What was before is wanted again. Until the operator has noted that, no time goes by: what is not noted yet is gone on with. */
export async function setBack({ test }: Pick<Stage, 'test'>, spec: object): Promise<void> {
  await test.patchSpec(spec);
  await test.until(
    'the change to be noted',
    ({ metadata, status }) => status?.planned?.generation === metadata.generation,
  );
}

/** As `reach`, where clients may be cut off by a person's word. */
export async function goOn(
  suite: SiteSuite,
  { test, time, objects }: Stage,
  what: string,
  condition: (cmg: CMG) => boolean,
): Promise<void> {
  const isReached = async () => {
    await installAsAsked(suite, test, objects);
    return condition(await test.cmg());
  };
  await time.passUntil(what, isReached, CHANGES);
}

/** The time of an operator, which tells the status of a CMG that does not come to what is waited for. */
export function telling(time: PassingTime, test: GatewayTest): PassingTime {
  return {
    pass: time.pass,
    passUntil: async (...waitedFor) => {
      try {
        await time.passUntil(...waitedFor);
      } catch (error) {
        const { status } = await test.cmg();
        throw new Error(`${String(error)} The CMG says: ${JSON.stringify(status, undefined, 1)}`);
      }
    },
  };
}

/** Lets time go by until the older of two gateways has been waited for. Returns how long that took, in milliseconds. */
export async function waitOut({ clock }: SiteSuite, { test, time }: Stage, serviceName: string): Promise<number> {
  const begun = clock.now();
  const isOver = async () => phases(await test.cmg())[serviceName] !== 'Superseded';
  await time.passUntil(`${serviceName} to have been waited for`, isOver, WAITS);
  return clock.now() - begun;
}

/** Installs the connection points that the operator asks a person to install, where the site has none on the server. */
export async function installAsAsked({ links, site }: SiteSuite, { api }: GatewayTest, objects: StageObjects) {
  const places = [
    [objects.point, CONNECTION_POINT_SERVER],
    [objects.standby, STANDBY_SERVER],
  ] as const;
  for (const [manifest, server] of places) {
    if (links()[server] !== undefined) continue;
    const { status, body } = await api.send('GET', pathOf(manifest));
    const steps = status === 200 ? ((body as ConnectionPoint).status?.manualSteps ?? []) : [];
    const asked = steps.map(({ cmdlet = '' }) => cmdlet).find((cmdlet) => cmdlet.startsWith('Add-'));
    const service = site().control.services.find(({ serviceName }) => asked?.includes(serviceName));
    if (service !== undefined) site().control.linkConnectionPoint(server, service.serviceName);
  }
}
