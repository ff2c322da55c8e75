import { createHash } from 'node:crypto';
import type { GatewayDeployment } from './deployment.ts';
import { PACKAGES_CONTAINER } from './ids.ts';

/** Name of the blob that holds a service package. Another package has another hash and so another name. */
export function packageBlobName(sha256: string): string {
  return `${sha256}.zip`;
}

/** Name of the blob that holds settings with this SHA-256. */
export function settingsFileName(sha256: string): string {
  return `settings-${sha256}.json`;
}

/** The settings of a deployment as a file. */
export interface SettingsFile {
  /** `settings-<hash>.json`: other settings have another name. */
  readonly name: string;
  readonly content: Uint8Array;
  /** SHA-256 of the content in lower-case hexadecimal digits. */
  readonly sha256: string;
}

/**
 * They are a file because cmd.exe, which starts the setup, takes at most 8,191 characters: a few certificates of
 * authorities are more.
 */
export function settingsFile(deployment: GatewayDeployment): SettingsFile {
  const content = Buffer.from(JSON.stringify(deployment.vmModel.settings(deployment)));
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { name: settingsFileName(sha256), content, sha256 };
}

/** Address of a file of the setup in the storage account, as the VMs read it. */
export function setupFileUrl(blobEndpoint: string, name: string): string {
  return `${blobEndpoint.replace(/\/$/, '')}/${PACKAGES_CONTAINER}/${name}`;
}
