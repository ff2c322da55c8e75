import { createHash } from 'node:crypto';
import { readBlob } from '../../azure/blobs.ts';
import type { ObservedResources } from '../../azure/desired-resource.ts';
import { ArmError } from '../../azure/errors.ts';
import { PACKAGES_CONTAINER } from '../../gateway/ids.ts';
import { type KeptSettings, settingsHashOf, settingsIn } from '../../gateway/kept-gateway.ts';
import { blobEndpoint } from '../../gateway/outputs.ts';
import { settingsFileName } from '../../gateway/setup-files.ts';
import type { AzureSession } from './azure-access.ts';
import type { Scope } from './scope.ts';

/** More than a hundred certificates of authorities, in bytes. */
const LARGEST_SETTINGS = 1024 ** 2;

/**
 * Reads the settings that the VMs of a gateway were given last, once for each file. What cannot be read is tried again after
 * the drift interval.
 */
export async function readKeptSettings(
  { memory, clock, driftIntervalMs, signal }: Scope,
  { credential }: AzureSession,
  observed: ObservedResources,
): Promise<void> {
  const [sha256, endpoint] = [settingsHashOf(observed), blobEndpoint(observed)];
  const last = memory.keptSettings;
  const holds =
    last?.sha256 === sha256 && (last?.kept !== undefined || clock.now() - (last?.at ?? 0) < driftIntervalMs);
  if (sha256 === undefined || endpoint === undefined || holds) {
    return;
  }
  memory.keptSettings = { sha256, kept: undefined, at: clock.now() };
  try {
    const content = await readBlob({
      blobEndpoint: endpoint,
      container: PACKAGES_CONTAINER,
      blobName: settingsFileName(sha256),
      credential,
      maxBytes: LARGEST_SETTINGS,
      signal,
    });
    const isWhole = content !== undefined && createHash('sha256').update(content).digest('hex') === sha256;
    const settings = isWhole ? settingsIn(content) : undefined;
    const kept: KeptSettings | undefined = settings === undefined ? undefined : { sha256, settings };
    memory.keptSettings = { sha256, kept, at: clock.now() };
  } catch (error) {
    if (!(error instanceof ArmError)) {
      throw error;
    }
  }
}
