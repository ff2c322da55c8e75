import type { ArmErrorBody } from './arm-fault.ts';
import type { ArmRequest } from './exchange.ts';
import type { Operations } from './operations.ts';
import type { ResourceType } from './provider.ts';
import type { Principal } from './world.ts';
import type { WorldState } from './world-state.ts';

/** The types of resources, found whatever the case of their name. */
export interface TypeRegistry {
  readonly all: readonly ResourceType[];
  get(type: string): ResourceType | undefined;
  /** Namespaces that have types, in Azure's spelling. */
  readonly namespaces: readonly string[];
}

/** One request to Azure Resource Manager on its way through the core. */
export interface ArmContext {
  readonly world: WorldState;
  readonly types: TypeRegistry;
  readonly operations: Operations;
  readonly schedule: (seconds: number, callback: () => void) => void;
  readonly request: ArmRequest;
  readonly caller: Principal;
  /** A fault rule wants the operation that this request begins to fail so. */
  readonly operationFailure: ArmErrorBody | undefined;
}

/** A registry of the types of `all`. */
export function createTypeRegistry(all: readonly ResourceType[]): TypeRegistry {
  const byName = new Map(all.map((type) => [type.type.toLowerCase(), type]));
  const namespaces = new Map(all.map(({ type }) => namespaceOf(type)).map((name) => [name.toLowerCase(), name]));
  return { all, get: (type) => byName.get(type.toLowerCase()), namespaces: [...namespaces.values()] };
}

/** `Microsoft.Network` of `Microsoft.Network/loadBalancers`. */
export function namespaceOf(type: string): string {
  return type.slice(0, type.indexOf('/'));
}
