import { textAt, withoutNulls } from '../json-path.ts';
import type { Outcome, ResourceType, WriteRequest } from '../provider.ts';
import { refuseBadBody, withNormalisedLocation } from './requests.ts';

const TYPE = 'Microsoft.ManagedIdentity/userAssignedIdentities';

/** The provider spells `resourcegroups` so, in bodies and in `Location`. */
function spelled(id: string): string {
  return id.replace(/\/resourcegroups\//i, '/resourcegroups/');
}

function put(request: WriteRequest): Outcome {
  const { world, id, name, current } = request;
  refuseBadBody('identity', 'identity', request, request.body, current?.document);
  const body = withoutNulls(withNormalisedLocation(request));
  const document = {
    id,
    name,
    type: TYPE,
    location: body.location,
    tags: body.tags ?? {},
    properties: current?.document.properties ?? {
      tenantId: world.tenantId,
      ...newPrincipal(request),
    },
  };
  world.store({ id, type: TYPE, document });
  // Created identities name themselves in Location: it is no operation.
  return current === undefined ? { status: 201, headers: { Location: spelled(id) } } : { status: 200 };
}

function newPrincipal({ world, name }: WriteRequest): { readonly principalId: string; readonly clientId: string } {
  const principalId = world.uuid();
  const clientId = world.uuid();
  world.principals.set(principalId, {
    objectId: principalId,
    appId: clientId,
    displayName: name,
    createdAt: world.now(),
  });
  return { principalId, clientId };
}

function patch(request: WriteRequest): Outcome {
  const { world, id, current, body } = request;
  refuseBadBody('identity', 'identityUpdate', request, body, current?.document);
  if (current !== undefined) {
    world.store({ id, type: TYPE, document: { ...current.document, tags: body.tags ?? current.document.tags } });
  }
  return { status: 200 };
}

/** `Microsoft.ManagedIdentity/userAssignedIdentities`: each is a service principal of the tenant. */
export const userAssignedIdentities: ResourceType = {
  type: TYPE,
  apiVersions: ['2025-05-31-preview', '2024-11-30', '2023-01-31'],
  tracked: true,
  provisioningState: false,
  view: ({ id, document }) => ({ ...document, id: spelled(id) }),
  put,
  patch,
  delete: ({ world, id, current }) => {
    const principalId = textAt(current?.document, 'properties.principalId');
    if (principalId !== undefined) world.principals.delete(principalId);
    world.remove(id);
    return { status: 200 };
  },
  removedWithGroup: ({ document }, world) => {
    world.principals.delete(textAt(document, 'properties.principalId') ?? '');
  },
};
