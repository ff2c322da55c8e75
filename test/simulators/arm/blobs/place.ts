import type { IncomingMessage } from 'node:http';
import { type Entra, STORAGE_AUDIENCES } from '../entra.ts';
import { originOf } from '../exchange.ts';
import type { WorldState } from '../world-state.ts';
import { dataActionFor, mayUseData } from './access.ts';
import { type BlobError, containerNotFound, unauthenticated } from './errors.ts';

/** What the address of a request for a blob names. */
export interface BlobPlace {
  readonly account: string;
  readonly container: string;
  /** Still percent-encoded. */
  readonly blob: string;
}

/** Reads the path of an address. */
export function placeIn(pathname: string): BlobPlace {
  const [account = '', container = '', ...blob] = pathname.replace(/^\/+blob\/+/i, '').split('/');
  return { account: account.toLowerCase(), container: decodeURIComponent(container), blob: blob.join('/') };
}

/** Whether an ARM id is that of a container. */
export function isContainer(id: string): boolean {
  return /\/blobservices\/default\/containers\/[^/]+$/i.test(id) && id.toLowerCase().includes('/microsoft.storage/');
}

/** Why blob storage does not serve the request; `undefined` when it does. */
export function refusalOf(
  world: WorldState,
  entra: Entra,
  incoming: IncomingMessage,
  { account, container }: BlobPlace,
): BlobError | undefined {
  const holder = world.nameHolder({ kind: 'storageAccount', name: account });
  if (holder?.kind !== 'Resource') {
    return { status: 404, code: 'ResourceNotFound', message: `The storage account ${account} does not exist.` };
  }
  const { authorization } = incoming.headers;
  if (authorization !== undefined && /^SharedKey/i.test(authorization)) {
    return {
      status: 403,
      code: 'KeyBasedAuthenticationNotPermitted',
      message: 'Key based authentication is not permitted on this storage account.',
    };
  }
  const caller = entra.authenticate(authorization, STORAGE_AUDIENCES);
  if (caller.kind !== 'Known') return unauthenticated(originOf(incoming), world.tenantId, caller.kind);
  const containerId = `${holder.id}/blobServices/default/containers/${container}`;
  if (!mayUseData(world, caller.principal, dataActionFor(incoming.method ?? 'GET'), containerId)) {
    return {
      status: 403,
      code: 'AuthorizationPermissionMismatch',
      message: 'This request is not authorized to perform this operation using this permission.',
    };
  }
  return world.get(containerId) === undefined ? containerNotFound() : undefined;
}
