import type { JsonObject } from '../../../src/json.ts';
import type { OpenPort } from '../gateway/public-addresses.ts';
import type { AzureHost } from './azure-host.ts';
import { type ConsoleGateway, makeConsoleGateway } from './console-gateway.ts';
import { viewOf } from './dispatcher.ts';
import type { Entra } from './entra.ts';
import type { Application } from './entra-token-endpoint.ts';
import type { Answer } from './exchange.ts';
import type { Faults } from './faults.ts';
import type { AcceptedWrite, RequestCounts } from './journal.ts';
import { mergePatch, textAt } from './json-path.ts';
import { nameKey } from './resource-store.ts';
import type { Settings } from './settings.ts';
import type { GlobalName, Principal, StoredResource } from './world.ts';
import type { Grant, Subscription, WorldState } from './world-state.ts';

/** What tests and people do to the simulated Azure from outside. The same is offered over HTTPS, see README.md. */
export interface SimulatorControl {
  readonly faults: Faults;
  readonly settings: Settings;
  /** All that exists, as a GET shows it, groups first. */
  state(): readonly JsonObject[];
  /** One resource or group as a GET shows it. */
  resource(id: string): JsonObject | undefined;
  /** The public address to which a name such as `contoso.westeurope.cloudapp.azure.com` leads. */
  addressOf(deploymentName: string): string | undefined;
  /** Ports of public addresses that are open, and where they are on this machine. Empty where no processes run. */
  openPorts(): readonly OpenPort[];
  readonly counts: RequestCounts;
  /** Accepted writes, oldest first, with the times at which they were done and reported. */
  readonly writes: readonly AcceptedWrite[];
  /** How many operations run. */
  readonly runningOperations: number;
  /** Empties Azure, and takes back settings, rights, rules and counts. Applications and tokens stay. */
  reset(): void;
  /** Moves the clock on. What falls due on the way happens. */
  advance(ms: number): void | Promise<void>;
  /** Adds a subscription to the tenant, in which nothing exists, and returns its id. It is gone after a reset. */
  addSubscription(options?: SubscriptionOptions): string;
  /** Sets how a provider is registered. Default subscription: the one that the simulator begins with. */
  setRegistration(namespace: string, state: 'Registered' | 'NotRegistered', subscriptionId?: string): void;
  setSubscriptionState(state: Subscription['state'], subscriptionId?: string): void;
  /** Replaces what an application may do. Default application: the one that the simulator begins with. */
  setRights(grants: readonly Grant[], clientId?: string): void;
  /** Takes rights away from what an application has. */
  deny(actions: readonly string[], clientId?: string): void;
  /**
   * Sets what a metric is from now on, by `<id>/<metric>` or `<type>/<metric>`: the value, or for what flows (bytes, requests)
   * the rate a second.
   */
  setMetric(key: string, value: number): void;
  /** Registers an application, which has no rights at first. */
  addApplication(displayName: string): Application;
  application(clientId?: string): Application;
  /** Somebody in another tenant takes a name, or gives it back. */
  takeName(name: GlobalName): void;
  releaseName(name: GlobalName): void;
  /** Changes a resource behind everybody's back: `changes` is merged into its document (RFC 7396). */
  mutate(id: string, changes: JsonObject): void;
  /** Removes a resource, and what belongs to it, at once. */
  remove(id: string): void;
  /** Makes a gateway as the Configuration Manager console does, in no time, and returns the id of its scale set or service. */
  addConsoleGateway(gateway: ConsoleGateway): string;
  /** Sends a request as another person would: judged, carried out and answered like any other. `path` with api-version. */
  call(method: string, path: string, body?: JsonObject): Answer;
}

export interface SubscriptionOptions {
  /** Default: a text that says which one it is. */
  readonly displayName?: string;
  /** Whether all resource providers are registered. Default true. */
  readonly registered?: boolean;
}

/** What the control needs of the simulator. */
export interface Controlled {
  readonly host: AzureHost;
  readonly entra: Entra;
  readonly faults: Faults;
  readonly subscriptionId: string;
  readonly clientId: string;
  /** `https://<host>` of the running simulator. */
  origin(): string;
  openPorts(): readonly OpenPort[];
  advance(ms: number): void | Promise<void>;
}

/** The control of a simulator. */
export function createControl(controlled: Controlled): SimulatorControl {
  const { host, entra, faults } = controlled;
  const world = (): WorldState => host.azure().world;
  const view = (resource: StoredResource) => viewOf(host.azure().types.get(resource.type), resource, world());
  const application = (clientId = controlled.clientId): Application => {
    const found = entra.applications.get(clientId.toLowerCase());
    if (found === undefined) throw new Error(`No application ${clientId} is registered.`);
    return found;
  };
  const subscription = (subscriptionId = controlled.subscriptionId) => {
    const found = world().subscriptions.get(subscriptionId.toLowerCase());
    if (found === undefined) throw new Error(`There is no subscription ${subscriptionId}.`);
    return found;
  };
  const existing = (id: string): StoredResource => {
    const found = world().get(id);
    if (found === undefined) throw new Error(`No resource ${id} exists.`);
    return found;
  };
  const grantsOf = (clientId?: string) => world().grants.get(application(clientId).principal.objectId) ?? [];

  return {
    faults,
    get settings() {
      return world().settings;
    },
    state: () => [...world().resources.all()].map(view),
    resource: (id) => {
      const found = world().get(id);
      return found === undefined ? undefined : view(found);
    },
    openPorts: controlled.openPorts,
    addressOf: (deploymentName) => addressIn(world(), deploymentName),
    get counts() {
      return host.azure().journal.counts;
    },
    get writes() {
      return host.azure().journal.writes;
    },
    get runningOperations() {
      return host.azure().operations.running;
    },
    reset: () => {
      faults.clear();
      host.renew();
    },
    advance: controlled.advance,
    addSubscription: ({ displayName, registered = true } = {}) => {
      const number = world().subscriptions.size + 1;
      const subscriptionId = world().uuid();
      const name = displayName ?? `Simulated subscription ${number}`;
      host.azure().addSubscription({ subscriptionId, displayName: name, registered });
      return subscriptionId;
    },
    setRegistration: (namespace, state, subscriptionId) => {
      subscription(subscriptionId).registrations.set(namespace.toLowerCase(), state);
    },
    setSubscriptionState: (state, subscriptionId) => {
      subscription(subscriptionId).state = state;
    },
    setRights: (grants, clientId) => {
      world().grants.set(application(clientId).principal.objectId, grants);
    },
    deny: (actions, clientId) => {
      const fewer = grantsOf(clientId).map((grant) => ({ ...grant, notActions: [...grant.notActions, ...actions] }));
      world().grants.set(application(clientId).principal.objectId, fewer);
    },
    setMetric: (key, value) => {
      const { metrics } = world().settings;
      const name = key.toLowerCase();
      metrics.set(name, [...(metrics.get(name) ?? []), { from: world().now(), value }]);
    },
    addApplication: host.newApplication,
    application,
    takeName: (name) => void world().foreignNames.add(nameKey(name)),
    releaseName: (name) => void world().foreignNames.delete(nameKey(name)),
    mutate: (id, changes) => {
      const { type, document } = existing(id);
      world().store({ id, type, document: mergePatch(document, changes) });
    },
    remove: (id) => world().remove(existing(id).id),
    addConsoleGateway: (gateway) =>
      makeConsoleGateway(
        {
          world: world(),
          subscriptionId: controlled.subscriptionId,
          call: (method, path, body) => callAsSomebody(controlled, method, path, body),
        },
        gateway,
      ),
    call: (method, path, body) => callAsSomebody(controlled, method, path, body),
  };
}

function addressIn(world: WorldState, deploymentName: string): string | undefined {
  const [name = '', location = '', ...suffix] = deploymentName.toLowerCase().split('.');
  if (suffix.join('.') !== world.endpoints.publicDnsSuffix) return undefined;
  const holder = world.nameHolder({ kind: 'dnsLabel', name, location });
  return holder?.kind === 'Resource' ? textAt(world.get(holder.id)?.document, 'properties.ipAddress') : undefined;
}

/** A person with all rights, who is not the operator. */
const SOMEBODY: Principal = {
  objectId: '5c0de000-0000-4000-8000-00000000beef',
  appId: '5c0de000-0000-4000-8000-00000000feed',
  displayName: 'somebody at the portal',
  createdAt: 0,
};

function callAsSomebody(controlled: Controlled, method: string, path: string, body: JsonObject | undefined): Answer {
  const azure = controlled.host.azure();
  azure.world.grants.set(SOMEBODY.objectId, [{ scope: '/', actions: ['*'], notActions: [] }]);
  const origin = controlled.origin();
  const url = new URL(path, origin);
  return azure.carryOut(
    {
      method,
      path: url.pathname,
      query: url.searchParams,
      headers: {},
      origin,
      text: body === undefined ? '' : JSON.stringify(body),
    },
    SOMEBODY,
  );
}
