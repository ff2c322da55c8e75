import type { ObservedResources } from '../azure/desired-resource.ts';
import { valueAt } from '../json.ts';

/** Follows `path` into the observed resource `key`; `undefined` where it is not there or no text. */
function text(observed: ObservedResources, key: string, ...path: readonly string[]): string | undefined {
  const value = valueAt(observed.get(key), ...path);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Object id of the gateway's managed identity, by which roles are assigned to it. */
export const identityPrincipalId = (observed: ObservedResources) =>
  text(observed, 'identity', 'properties', 'principalId');

/** Client id of the gateway's managed identity, by which software in a VM chooses it. */
export const identityClientId = (observed: ObservedResources) => text(observed, 'identity', 'properties', 'clientId');

/** Address of the present version of the certificate in the vault. */
export const certificateUrl = (observed: ObservedResources) =>
  text(observed, 'certificate', 'properties', 'secretUriWithVersion');

/** Where the storage account takes blobs, ending in a slash. */
export const blobEndpoint = (observed: ObservedResources) =>
  text(observed, 'storageAccount', 'properties', 'primaryEndpoints', 'blob');

/** The DNS name that Azure gives the gateway: the target of the service name's CNAME. */
export const gatewayFqdn = (observed: ObservedResources) =>
  text(observed, 'publicIpAddress', 'properties', 'dnsSettings', 'fqdn');

/** The public IP address. */
export const gatewayAddress = (observed: ObservedResources) =>
  text(observed, 'publicIpAddress', 'properties', 'ipAddress');
