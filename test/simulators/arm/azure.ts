import type { Clock } from '../../../src/runtime/clock.ts';
import { ArmFault } from './arm-fault.ts';
import { createTypeRegistry, type TypeRegistry } from './context.ts';
import { type Arm, createArm } from './core/index.ts';
import { viewOf } from './dispatcher.ts';
import type { Answer, ArmRequest } from './exchange.ts';
import type { FaultAction } from './faults.ts';
import { createGraphIndex } from './graph-index.ts';
import { createJournal, isWrite, type Journal } from './journal.ts';
import { createOperations, type Operations } from './operations.ts';
import { resourceTypes } from './providers/index.ts';
import { createRateLimits } from './rate-limits.ts';
import { defaultSettings, type Settings } from './settings.ts';
import type { Principal } from './world.ts';
import { createWorld, type WorldState } from './world-state.ts';

/** One simulated Azure without its network and its directory. */
export interface Azure {
  readonly world: WorldState;
  readonly types: TypeRegistry;
  readonly operations: Operations;
  readonly journal: Journal;
  /** Carries out a request of a caller who is known. */
  carryOut(request: ArmRequest, caller: Principal, fault?: FaultAction): Answer;
}

/** What an Azure is made of. */
export interface AzureParts {
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly blobEndpoint: (account: string) => string;
  readonly blobExists: (url: string) => boolean;
  readonly settings?: Settings;
}

/** An Azure with one subscription, all providers registered, and nothing in it. */
export function createAzure(parts: AzureParts): Azure {
  const { clock } = parts;
  const settings = parts.settings ?? defaultSettings();
  const world = createWorld({ ...parts, now: () => clock.now(), settings });
  const types = createTypeRegistry(resourceTypes);
  world.subscriptions.set(parts.subscriptionId, {
    subscriptionId: parts.subscriptionId,
    displayName: 'Simulated subscription',
    state: 'Enabled',
    registrations: new Map(types.namespaces.map((namespace) => [namespace.toLowerCase(), 'Registered'])),
  });
  const operations = createOperations(world, clock);
  const graph = createGraphIndex(
    world,
    (resource) => viewOf(types.get(resource.type), resource, world),
    (type) => types.get(type)?.tracked === true,
  );
  const arm: Arm = createArm(graph);
  const journal = createJournal();
  const rateLimits = createRateLimits();

  const carryOut: Azure['carryOut'] = (request, caller, fault) => {
    const { method, path } = request;
    let remaining: Record<string, string>;
    try {
      remaining = rateLimits.take({
        method,
        path,
        caller: caller.appId,
        now: world.now(),
        enforce: settings.throttling,
      });
    } catch (error) {
      if (error instanceof ArmFault) return { status: error.status, headers: error.headers, body: error.body };
      throw error;
    }
    const begunBefore = operations.journal.length;
    const answer = arm({
      world,
      types,
      operations,
      schedule: (seconds, callback) => clock.schedule(seconds * 1000, callback),
      request,
      caller,
      operationFailure: fault?.kind === 'failOperation' ? fault.error : undefined,
    });
    if (answer.status < 300 && isWrite(method, path)) {
      const accepted = {
        method,
        path,
        status: answer.status,
        callerObjectId: caller.objectId,
        acceptedAt: world.now(),
      };
      journal.accept(accepted, operations.journal[begunBefore]);
    }
    return { ...answer, headers: { ...remaining, ...answer.headers } };
  };
  return { world, types, operations, journal, carryOut };
}
