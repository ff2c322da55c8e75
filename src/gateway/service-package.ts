import { PACKAGES_CONTAINER } from './ids.ts';

/** Name of the blob that holds a service package. Another package has another hash and so another name. */
export function packageBlobName(sha256: string): string {
  return `${sha256}.zip`;
}

/** Address of the package in the storage account, as the VMs read it. */
export function packageUrl(blobEndpoint: string, sha256: string): string {
  return `${blobEndpoint.replace(/\/$/, '')}/${PACKAGES_CONTAINER}/${packageBlobName(sha256)}`;
}
