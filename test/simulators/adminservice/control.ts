import type { Authenticator, Rights } from './authentication.ts';
import { addService, deleteService, type ServiceInit, setState } from './classes/services.ts';
import type { SimulatedContent } from './content-library.ts';
import { SiteFault } from './exchange.ts';
import type { Faults } from './faults.ts';
import type { CutOffClient, Fleet, FleetOptions } from './fleet.ts';
import type { Journal } from './server.ts';
import type { Settings } from './settings.ts';
import { LINK_PROPERTY, linkOf, newRole, property, ROLE, type SiteRole } from './site-systems.ts';
import { type Service, type SimulatedBoundaryGroup, type SiteWorld, STATE } from './world.ts';

/** What tests and people do to the simulated site from outside. The same is offered over HTTPS, see README.md. */
export interface SimulatorControl {
  readonly faults: Faults;
  readonly settings: Settings;
  /** Requests that were carried out. */
  readonly journal: Journal;
  /** Most requests that one address sent in one second of the machine's time. */
  readonly highestRequestRate: number;
  readonly services: readonly Service[];
  readonly roles: readonly SiteRole[];
  readonly boundaryGroups: readonly SimulatedBoundaryGroup[];
  /** Adds the record of a gateway, as the console would. It is ready after a while. */
  addService(init: ServiceInit): Service;
  /** Adds a gateway that has been there for a while, with a connection point that is up. */
  addServingGateway(init: ServiceInit, server: string): Service;
  /** Puts the record of a gateway into a state, known or not, such as 7. */
  setServiceState(serviceName: string, state: number): void;
  deleteService(serviceName: string): void;
  /** Installs a connection point on a server, or links the one that is there. */
  linkConnectionPoint(server: string, serviceName: string): void;
  removeConnectionPoint(server: string): void;
  /** Starts a fleet of clients in the place of the one there was; they know the gateways that serve now. */
  startFleet(options: Pick<FleetOptions, 'size' | 'shares' | 'foreignShare'>): Fleet;
  readonly fleet: Fleet;
  /** Clients that could reach nothing that they know at some time, the first first. */
  readonly cutOffClients: readonly CutOffClient[];
  /** Puts content into the library of the site. */
  addContent(...items: readonly SimulatedContent[]): void;
  /** Distributes packages to a gateway, as a person does in the console. They are installed after a while. */
  distributeContent(serviceName: string, ...packageIds: readonly string[]): void;
  /** How the distribution of a package to a gateway stands from now on. */
  setDistributionState(serviceName: string, packageId: string, state: number): void;
  /** Takes a package from a gateway. */
  removeContent(serviceName: string, packageId: string): void;
  /** State of each package on a gateway. */
  contentAt(serviceName: string): ReadonlyMap<string, number>;
  /** What the accounts may do. */
  setRights(rights: Rights): void;
  /** Takes this bearer token and no other from now on. */
  rotateToken(token: string): void;
  setAllowCmg(allow: boolean): void;
  /** Moves the clock on. What falls due on the way happens. */
  advance(ms: number): void | Promise<void>;
}

const A_WHILE_MS = 3_600_000;

export interface Controlled {
  readonly world: SiteWorld;
  readonly faults: Faults;
  readonly authenticator: Authenticator;
  readonly journal: Journal;
  highestRequestRate(): number;
  setRights(rights: Rights): void;
  advance(ms: number): void | Promise<void>;
}

export function createControl(controlled: Controlled): SimulatorControl {
  const { world, faults, authenticator, journal } = controlled;
  const existing = (serviceName: string): Service => {
    const found = world.serviceCalled(serviceName);
    if (found === undefined) throw new SiteFault(404, `No gateway is called ${serviceName}.`);
    return found;
  };
  return {
    faults,
    journal,
    get settings() {
      return world.settings;
    },
    get highestRequestRate() {
      return controlled.highestRequestRate();
    },
    get services() {
      return [...world.services.values()];
    },
    get roles() {
      return world.systems.roles;
    },
    get boundaryGroups() {
      return [...world.boundaryGroups.values()];
    },
    addService: (init) => addService(world, init),
    addServingGateway: (init, server) => {
      const service = addService(world, init);
      link(world, server, service);
      const longAgo = world.clock.now() - A_WHILE_MS;
      service.state = STATE.ready;
      service.since = longAgo;
      for (const { role } of world.systems.linkedTo(init.serviceName)) role.linkedAt = longAgo;
      return service;
    },
    setServiceState: (serviceName, state) => setState(world, existing(serviceName), state),
    deleteService: (serviceName) => deleteService(world, existing(serviceName)),
    linkConnectionPoint: (server, serviceName) => link(world, server, existing(serviceName)),
    removeConnectionPoint: (server) => unlink(world, server),
    startFleet: world.startFleet,
    get fleet() {
      world.settle();
      return world.fleet;
    },
    get cutOffClients() {
      world.settle();
      return world.fleet.cutOff;
    },
    addContent: (...items) => items.forEach(world.content.add),
    distributeContent: (serviceName, ...packageIds) => {
      for (const packageId of packageIds) distribute(world, existing(serviceName), packageId);
    },
    setDistributionState: (serviceName, packageId, state) =>
      world.content.setState(existing(serviceName).nalPath, packageId, state),
    removeContent: (serviceName, packageId) => world.content.remove(existing(serviceName).nalPath, packageId),
    contentAt: (serviceName) => world.content.at(existing(serviceName).nalPath),
    setRights: controlled.setRights,
    rotateToken: authenticator.rotate,
    setAllowCmg: (allow) => {
      world.clientSettings.allowCmg = allow;
    },
    advance: controlled.advance,
  };
}

function link(world: SiteWorld, server: string, { serviceName }: Service): void {
  const system = world.systems.roleOn(server, ROLE.siteSystem);
  if (system === undefined) throw new SiteFault(404, `${server} is no site system.`);
  world.settle();
  const point = world.systems.roleOn(server, ROLE.connectionPoint);
  if (point !== undefined && linkOf(point) === serviceName) return;
  const role = point ?? newRole(system.server, system.siteCode, ROLE.connectionPoint, 2, []);
  role.props = [
    property('Server Name', 0, system.server),
    property(LINK_PROPERTY, 0, serviceName),
    property('Undocumented Setting', 3, 'keep', 'me'),
  ];
  role.linkedAt = world.clock.now();
  if (point === undefined) world.systems.roles.push(role);
}

function distribute({ content, settings }: SiteWorld, { serviceName, nalPath }: Service, packageId: string): void {
  if (!content.items.has(packageId)) throw new SiteFault(404, `There is no content ${packageId}.`);
  if (!content.distribute(nalPath, packageId, settings.distributeSeconds)) {
    throw new SiteFault(409, `${packageId} is distributed to ${serviceName} already.`);
  }
}

function unlink(world: SiteWorld, server: string): void {
  const point = world.systems.roleOn(server, ROLE.connectionPoint);
  if (point === undefined) throw new SiteFault(404, `${server} has no connection point.`);
  world.settle();
  world.systems.roles.splice(world.systems.roles.indexOf(point), 1);
}
