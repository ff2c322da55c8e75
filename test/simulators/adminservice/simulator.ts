import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../../../src/runtime/clock.ts';
import { createAcceleratedClock } from '../accelerated-clock.ts';
import { createFaultRules } from '../fault-rules.ts';
import { createAuthenticator, type Negotiator, type Rights } from './authentication.ts';
import { boundaryGroupClass, boundaryGroupMemberClass } from './classes/boundary-groups.ts';
import { defaultClientSettingsClass } from './classes/client-settings.ts';
import { contentInfoClass, distributionClass } from './classes/content.ts';
import { deviceClass } from './classes/devices.ts';
import { azureServiceClass } from './classes/services.ts';
import { connectorClass, siteComponentClass, siteRoleClass } from './classes/site-roles.ts';
import { identificationClass, siteClass } from './classes/sites.ts';
import { createControl, type SimulatorControl } from './control.ts';
import { answerControl } from './control-routes.ts';
import type { SiteRequest } from './exchange.ts';
import type { FaultAction } from './faults.ts';
import { createRequestLimit } from './request-limit.ts';
import { type Journal, startServer } from './server.ts';
import type { SimulatedClass } from './simulated-class.ts';
import { createWorld, type SiteWorld, type WorldOptions } from './world.ts';

/** A running simulator of a site's AdminService, on one TLS port. */
export interface AdminServiceSimulator {
  /** `https://127.0.0.1:<port>`; below it `AdminService` and `AdminService_TokenAuth`. */
  readonly url: string;
  /** PEM of the certificate authority that clients have to trust. */
  readonly caPem: string;
  /** What the route for bearer tokens takes, until another one is set. */
  readonly token: string;
  readonly control: SimulatorControl;
  /** The simulated time: that of clients, of what the site does, and of `Date` headers. */
  readonly clock: Clock;
  close(): Promise<void>;
}

export interface AdminServiceSimulatorOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** How many times as fast as the machine's clock simulated time runs. Default 1. Not with `clock`. */
  readonly speed?: number;
  /** A clock to share with others instead. With `advance`, the control can move it. */
  readonly clock?: Clock & { advance?(ms: number): void | Promise<void> };
  /** Default: one standalone primary site. */
  readonly layout?: WorldOptions['layout'];
  /** Whether a gateway runs and can be reached in Azure. Default: as its record says. */
  readonly gatewayServes?: WorldOptions['gatewayServes'];
  /** Names for the certificate beside the local ones. */
  readonly hostNames?: readonly string[];
  /** Begins to accept SPNEGO tokens on a new connection. Default: nobody gets in by Negotiate. */
  readonly newNegotiator?: () => Negotiator;
}

/** How often clients are looked at, beside each time that something changes or is read. */
const TICK_MS = 5 * 60_000;

/** Starts a simulator. */
export async function startAdminServiceSimulator(
  options: AdminServiceSimulatorOptions = {},
): Promise<AdminServiceSimulator> {
  const own = createAcceleratedClock(systemClock, options.speed ?? 1);
  const clock = options.clock ?? own;
  const world = createWorld({
    clock,
    layout: options.layout ?? 'Standalone',
    gatewayServes: options.gatewayServes ?? (() => true),
  });
  const token = randomBytes(24).toString('base64url');
  const authenticator = createAuthenticator(token);
  const faults = createFaultRules<FaultAction>();
  const limit = createRequestLimit(() => world.settings.requestsPerSecond);
  const journal = createJournal();
  let rights: Rights = 'Full';
  const control = createControl({
    world,
    faults,
    authenticator,
    journal,
    highestRequestRate: () => limit.highest,
    setRights: (changed) => {
      rights = changed;
    },
    advance: (ms) => {
      if (clock.advance === undefined) throw new Error('The clock of this simulator cannot be moved.');
      return clock.advance(ms);
    },
  });
  const server = await startServer(
    options.port ?? 0,
    {
      world,
      classes: () => classesOf(world),
      faults,
      limit,
      authenticator,
      rightsOf: () => rights,
      newNegotiator: options.newNegotiator,
      control: (request) => answerControl(control, request),
      carriedOut: journal.add,
    },
    options.hostNames ?? [],
  );
  const stopTicking = tick(world);
  const close = async () => {
    stopTicking();
    await server.close();
    // One that is shared goes on for the others.
    own.stop();
  };
  return { url: `https://127.0.0.1:${server.port}`, caPem: server.caPem, token, control, clock, close };
}

function classesOf(world: SiteWorld): readonly SimulatedClass[] {
  return [
    identificationClass(world),
    siteClass(world),
    azureServiceClass(world),
    siteRoleClass(world),
    siteComponentClass(world),
    ...(world.settings.connectorClass === 'Shown' ? [connectorClass(world)] : []),
    boundaryGroupClass(world),
    boundaryGroupMemberClass(world),
    defaultClientSettingsClass(world),
    deviceClass(world),
    contentInfoClass(world),
    distributionClass(world),
  ];
}

function createJournal(): Journal & { add(request: SiteRequest): void } {
  const writes: { readonly method: string; readonly path: string; readonly text: string }[] = [];
  let reads = 0;
  return {
    get reads() {
      return reads;
    },
    writes,
    add: ({ method, path, text }) => {
      if (method === 'GET') reads += 1;
      else writes.push({ method, path: decodeURIComponent(path), text });
    },
  };
}

/** Lets clients live while nobody looks. Returns the end of it. */
function tick({ clock, settle }: SiteWorld): () => void {
  let cancel = () => {};
  const next = () => {
    settle();
    cancel = clock.schedule(TICK_MS, next);
  };
  next();
  return () => cancel();
}
