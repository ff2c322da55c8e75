import type { TypeRegistry } from './context.ts';
import { placeOf, providerPath } from './resource-path.ts';

/** What a request does, in the words of roles and of the activity log. */
export interface NamedOperation {
  /** Such as `Microsoft.Compute/virtualMachineScaleSets/reimage/action`. */
  readonly operation: string;
  /** What it is done to: the resource, without the action. */
  readonly resourceId: string;
  /** Such as `Microsoft.Compute/virtualMachineScaleSets`. */
  readonly resourceType: string;
  readonly namespace: string;
}

/** Names the operation of a PUT, PATCH, DELETE or POST, whether it is possible or not. */
export function nameOperation(types: TypeRegistry, method: string, path: string): NamedOperation {
  const parts = providerPath(path);
  if (parts === undefined) {
    const resourceType = `Microsoft.Resources/subscriptions${placeOf(path).resourceGroup === undefined ? '' : '/resourceGroups'}`;
    return {
      operation: `${resourceType}/${verb(method)}`,
      resourceId: path,
      resourceType,
      namespace: 'Microsoft.Resources',
    };
  }
  const { rest } = parts;
  const namespace =
    types.namespaces.find((known) => known.toLowerCase() === parts.namespace.toLowerCase()) ?? parts.namespace;
  const action = rest.length % 2 === 1 ? rest.at(-1) : undefined;
  const asked = [
    namespace,
    ...rest.slice(0, action === undefined ? undefined : -1).filter((_, at) => at % 2 === 0),
  ].join('/');
  const resourceType = types.get(asked)?.type ?? asked;
  return {
    operation: action === undefined ? `${resourceType}/${verb(method)}` : `${resourceType}/${action}/action`,
    resourceId: action === undefined ? path : path.slice(0, path.lastIndexOf('/')),
    resourceType,
    namespace,
  };
}

function verb(method: string): string {
  return method === 'DELETE' ? 'delete' : method === 'POST' ? 'action' : 'write';
}
