import type { Clock } from '../../../src/runtime/clock.ts';
import { type ContentLibrary, createContentLibrary } from './content-library.ts';
import { createFleet, type Fleet, type FleetOptions } from './fleet.ts';
import { defaultSettings, type Settings } from './settings.ts';
import { type SiteSystems, startingSiteSystems } from './site-systems.ts';

export interface SimulatedSite {
  readonly siteCode: string;
  readonly siteName: string;
  /** 1 secondary, 2 primary, 4 central administration. */
  readonly type: 1 | 2 | 4;
  /** Code of the site above, or empty. */
  readonly reportsTo: string;
  readonly serverName: string;
}

/** Values of `SMS_AzureService.State` that are known. */
export const STATE = { ready: 0, provisioning: 1, starting: 4, stopping: 5, stopped: 6, deleting: 99 } as const;

/** The site's record of a gateway. */
export interface Service {
  readonly id: number;
  readonly serviceName: string;
  readonly nalPath: string;
  readonly siteCode: string;
  description: string;
  deploymentName: string;
  region: string;
  subscriptionId: string;
  resourceGroup: string;
  thumbprint: string;
  instances: number;
  state: number;
  /** When the state was entered, in milliseconds since the epoch. */
  since: number;
}

export interface SimulatedBoundaryGroup {
  readonly id: number;
  readonly name: string;
  flags: number;
  /** Connection (0 fast, 1 slow) by NAL path. */
  readonly members: Map<string, 0 | 1>;
}

/** A Configuration Manager hierarchy as its SMS Provider shows it. */
export interface SiteWorld {
  readonly clock: Clock;
  readonly settings: Settings;
  /** The site of this provider first. */
  readonly sites: readonly SimulatedSite[];
  readonly version: string;
  readonly services: Map<number, Service>;
  readonly systems: SiteSystems;
  readonly boundaryGroups: Map<number, SimulatedBoundaryGroup>;
  /** Packages and applications, and where they are. */
  readonly content: ContentLibrary;
  /** The default client settings. */
  readonly clientSettings: { allowCmg: boolean };
  fleet: Fleet;
  /** The number for the next service or group. */
  nextId(): number;
  /** Lets clients do what is due, before something changes that they meet. */
  settle(): void;
  serviceCalled(name: string): Service | undefined;
  /** Whether clients that connect to the gateway reach a management point. */
  serves(serviceName: string): boolean;
  startFleet(options: Pick<FleetOptions, 'size' | 'shares' | 'foreignShare'>): Fleet;
}

export interface WorldOptions {
  readonly clock: Clock;
  /** `Hierarchy`: a central administration site with two primaries. */
  readonly layout: 'Standalone' | 'Hierarchy';
  /** Whether the gateway runs and can be reached, where something else knows that. */
  readonly gatewayServes: (serviceName: string) => boolean;
}

const FIRST_ID = 16_777_217;

export function createWorld({ clock, layout, gatewayServes }: WorldOptions): SiteWorld {
  let lastId = FIRST_ID - 1;
  const sites = layout === 'Standalone' ? STANDALONE : HIERARCHY;
  const world: SiteWorld = {
    clock,
    settings: defaultSettings(),
    sites,
    version: '5.00.9141.1000',
    services: new Map(),
    systems: startingSiteSystems(sites),
    boundaryGroups: new Map(),
    content: createContentLibrary(clock),
    clientSettings: { allowCmg: true },
    fleet: emptyFleet(clock.now()),
    nextId: () => {
      lastId += 1;
      return lastId;
    },
    settle: () => world.fleet.advanceTo(clock.now()),
    serviceCalled: (name) => {
      const wanted = name.toLowerCase();
      return [...world.services.values()].find((service) => service.serviceName.toLowerCase() === wanted);
    },
    serves: (serviceName) => isServing(world, serviceName) && gatewayServes(serviceName),
    startFleet: (options) => {
      world.fleet = createFleet({
        ...options,
        startedAt: clock.now(),
        surroundings: {
          advertised: () => [...world.services.values()].map(({ serviceName }) => serviceName).filter(world.serves),
          serves: world.serves,
        },
      });
      return world.fleet;
    },
  };
  for (const name of ['Headquarters', 'Branches']) {
    const id = world.nextId();
    world.boundaryGroups.set(id, { id, name, flags: 0x2, members: new Map() });
  }
  return world;
}

/** Whether the site says that the gateway runs and one of its connection points is up. */
function isServing(world: SiteWorld, serviceName: string): boolean {
  const service = world.serviceCalled(serviceName);
  return (
    service?.state === STATE.ready && world.systems.linkedTo(serviceName).some((point) => isConnected(world, point))
  );
}

/** Whether a connection point has had the time to connect to a gateway that runs. */
export function isConnected(
  world: SiteWorld,
  point: { readonly serviceName: string; readonly linkedAt: number },
): boolean {
  const service = world.serviceCalled(point.serviceName);
  if (service?.state !== STATE.ready) return false;
  const waited = world.clock.now() - Math.max(point.linkedAt, service.since);
  return waited >= world.settings.connectSeconds * 1000;
}

function emptyFleet(startedAt: number): Fleet {
  return createFleet({ size: 0, startedAt, surroundings: { advertised: () => [], serves: () => false } });
}

/** How boundary groups name a server of a site. */
export function nalPathOf(siteCode: string, server: string): string {
  return `["Display=\\\\${server}\\"]MSWNET:["SMS_SITE=${siteCode}"]\\\\${server}\\`;
}

const STANDALONE: readonly SimulatedSite[] = [
  { siteCode: 'PS1', siteName: 'Contoso', type: 2, reportsTo: '', serverName: 'ps1.corp.contoso.com' },
];

const HIERARCHY: readonly SimulatedSite[] = [
  { siteCode: 'CAS', siteName: 'Contoso', type: 4, reportsTo: '', serverName: 'cas.corp.contoso.com' },
  { siteCode: 'PS1', siteName: 'Contoso Europe', type: 2, reportsTo: 'CAS', serverName: 'ps1.corp.contoso.com' },
  { siteCode: 'PS2', siteName: 'Contoso Americas', type: 2, reportsTo: 'CAS', serverName: 'ps2.corp.contoso.com' },
];
