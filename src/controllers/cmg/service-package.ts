import { PackageHashMismatch, uploadPackage } from '../../azure/blobs.ts';
import { ArmError } from '../../azure/errors.ts';
import { openPackage, type PackageCredentials, PackageUnavailable } from '../../azure/package-source.ts';
import type { GatewayDeployment } from '../../gateway/deployment.ts';
import { PACKAGES_CONTAINER } from '../../gateway/ids.ts';
import { packageBlobName, packageUrl } from '../../gateway/service-package.ts';
import type { AzureSession } from './azure-access.ts';
import { type AzureProblem, describeProblem } from './azure-problem.ts';
import { SHORT_RETRY_MS, SLOW_RETRY_MS } from './finding.ts';
import type { Scope } from './scope.ts';
import { textOf } from './secrets.ts';

/** Whether the service package lies in the storage account, and why not. */
export type PackageOutcome =
  | { readonly kind: 'Stored' }
  | { readonly kind: 'Missing'; readonly problem: AzureProblem; readonly retryAfterMs: number };

/** The Secret for the download is not as the spec needs it. */
class PackageSecretMissing extends Error {
  override readonly name = 'PackageSecretMissing';
}

/**
 * Brings the service package into the storage account, unless it was seen there within the drift interval. Called once
 * the account, its container and the operator's role are in place.
 */
export async function ensureServicePackage(
  scope: Scope,
  session: AzureSession,
  deployment: GatewayDeployment,
  blobEndpoint: string,
): Promise<PackageOutcome> {
  const { cmg, memory, clock, driftIntervalMs, signal } = scope;
  const { url, sha256 } = cmg.spec.servicePackage;
  const address = packageUrl(blobEndpoint, sha256);
  const seen = memory.uploadedPackage;
  if (seen?.address === address && clock.now() - seen.at < driftIntervalMs) {
    return { kind: 'Stored' };
  }
  try {
    await uploadPackage({
      blobEndpoint,
      container: PACKAGES_CONTAINER,
      blobName: packageBlobName(deployment.servicePackage.sha256),
      credential: session.credential,
      sha256,
      fence: scope.azure.fence,
      signal,
      open: async () => (await openPackage({ url, credentials: await packageCredentials(scope), signal })).content,
    });
    memory.uploadedPackage = { address, at: clock.now() };
    return { kind: 'Stored' };
  } catch (error) {
    return refused(error, cmg.spec.servicePackage.sha256);
  }
}

function refused(error: unknown, expected: string): PackageOutcome {
  if (error instanceof ArmError) {
    const problem = describeProblem('Uploading the service package', error);
    const retryAfterMs = error.retryAfterMs ?? (problem.passing ? SHORT_RETRY_MS : SLOW_RETRY_MS);
    return { kind: 'Missing', problem, retryAfterMs };
  }
  const missing = (reason: AzureProblem['reason'], message: string): PackageOutcome => ({
    kind: 'Missing',
    problem: { reason, message, passing: false },
    retryAfterMs: SLOW_RETRY_MS,
  });
  if (error instanceof PackageSecretMissing) {
    return missing('SecretNotFound', error.message);
  }
  if (error instanceof PackageUnavailable) {
    return missing(
      'PackageUnavailable',
      `${error.message} Check spec.servicePackage.url, that the cluster can reach it, and the Secret in credentialsSecretRef.`,
    );
  }
  if (error instanceof PackageHashMismatch) {
    return missing(
      'PackageHashMismatch',
      `The service package has the SHA-256 ${error.actual}, but spec.servicePackage.sha256 is ${expected}. It was not used. Check the file at spec.servicePackage.url; if it is the right one, correct the hash.`,
    );
  }
  throw error;
}

async function packageCredentials(scope: Scope): Promise<PackageCredentials | undefined> {
  const { cmg, secrets, signal } = scope;
  const reference = cmg.spec.servicePackage.credentialsSecretRef;
  if (reference === undefined) {
    return undefined;
  }
  const { namespace } = cmg.metadata;
  const values = await secrets.read(namespace, reference.name, signal);
  const token = textOf(values?.get('token'));
  const username = textOf(values?.get('username'));
  const password = textOf(values?.get('password'));
  if (token !== '') {
    return { type: 'Bearer', token };
  }
  if (username !== '' && password !== '') {
    return { type: 'Basic', username, password };
  }
  throw new PackageSecretMissing(
    `The Secret ${namespace}/${reference.name} for the download of the service package does not exist or lacks the key token, or the keys username and password.`,
  );
}
