import type { Clock } from '../../../src/runtime/clock.ts';
import type { Random } from '../../../src/runtime/random.ts';
import { type Azure, createAzure } from './azure.ts';
import type { SimulatedCloud } from './clouds.ts';
import type { Entra } from './entra.ts';
import type { Application } from './entra-token-endpoint.ts';
import type { Machines } from './world.ts';
import type { WorldState } from './world-state.ts';
import { randomUuid } from './world-state.ts';

/** Ids and the secret with which a simulator begins. */
export interface SimulatorIdentity {
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** New ids, the same ones for the same seed. */
export function createIdentity(random: Random): SimulatorIdentity {
  return {
    tenantId: randomUuid(random),
    subscriptionId: randomUuid(random),
    clientId: randomUuid(random),
    clientSecret: `simulated-${randomUuid(random)}`,
  };
}

/** Holds the present Azure, and puts an empty one in its place when asked to. */
export interface AzureHost {
  azure(): Azure;
  renew(): void;
  /** Calls `follow` with the world now, and with each later one. */
  followWorlds(follow: (world: WorldState) => void): void;
  newApplication(displayName: string): Application;
}

/** What a host needs. */
export interface AzureHostParts {
  readonly cloud: SimulatedCloud;
  readonly identity: SimulatorIdentity;
  readonly clock: Clock;
  readonly random: Random;
  readonly entra: Entra;
  readonly blobEndpoint: (account: string) => string;
  readonly blobExists: (url: string) => boolean;
  readonly machines?: Machines;
}

/** A host with an empty Azure, in which the application of `identity` may do everything. */
export function createAzureHost(parts: AzureHostParts): AzureHost {
  const { identity, clock, random, entra } = parts;
  const followers: ((world: WorldState) => void)[] = [];

  const register = (displayName: string, clientId: string): Application => {
    const application: Application = {
      principal: { appId: clientId, objectId: randomUuid(random), displayName, createdAt: clock.now() },
      secrets: new Set(),
      expiredSecrets: new Set(),
      certificates: new Set(),
      federated: [],
      acceptsAnyAssertion: false,
    };
    entra.applications.set(clientId, application);
    return application;
  };
  const owner = register('cmg-operator', identity.clientId);
  owner.secrets.add(identity.clientSecret);

  const empty = (): Azure => {
    const created = createAzure({ ...parts, ...identity });
    for (const { principal } of entra.applications.values()) {
      created.world.principals.set(principal.objectId, principal);
    }
    created.world.grants.set(owner.principal.objectId, [{ scope: '/', actions: ['*'], notActions: [] }]);
    return created;
  };
  let current = empty();

  return {
    azure: () => current,
    renew: () => {
      current = empty();
      for (const follow of followers) follow(current.world);
    },
    followWorlds: (follow) => {
      followers.push(follow);
      follow(current.world);
    },
    newApplication: (displayName) => {
      const application = register(displayName, randomUuid(random));
      current.world.principals.set(application.principal.objectId, application.principal);
      return application;
    },
  };
}
