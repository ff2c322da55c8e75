import { PackageHashMismatch, uploadPackage } from '../../azure/blobs.ts';
import { ArmError } from '../../azure/errors.ts';
import { openPackage, type PackageCredentials, PackageUnavailable } from '../../azure/package-source.ts';
import type { GatewayDeployment } from '../../gateway/deployment.ts';
import { PACKAGES_CONTAINER } from '../../gateway/ids.ts';
import { packageBlobName, packageUrl } from '../../gateway/service-package.ts';
import type { AzureSession } from './azure-access.ts';
import { describeProblem } from './azure-problem.ts';
import { type Finding, goOn, halt, SHORT_RETRY_MS, SLOW_RETRY_MS, type StepResult } from './finding.ts';
import type { Scope } from './scope.ts';
import { type MissingSecret, textOf } from './secrets.ts';

/**
 * Brings the service package into the storage account, unless it is known to be there. Called once the account, its
 * container and the operator's role are in place.
 */
export async function ensureServicePackage(
  scope: Scope,
  session: AzureSession,
  deployment: GatewayDeployment,
  blobEndpoint: string,
): Promise<StepResult<undefined>> {
  const { cmg, memory, signal } = scope;
  const { url, sha256 } = cmg.spec.servicePackage;
  const address = packageUrl(blobEndpoint, sha256);
  if (memory.uploadedPackage === address) {
    return goOn(undefined);
  }
  const credentials = await packageCredentials(scope);
  if (credentials !== undefined && 'kind' in credentials) {
    return halt(SLOW_RETRY_MS, notReady('SecretNotFound', credentials.message));
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
      open: async () => (await openPackage({ url, credentials, signal })).content,
    });
    memory.uploadedPackage = address;
    return goOn(undefined);
  } catch (error) {
    return refused(error, url);
  }
}

function refused(error: unknown, url: string): StepResult<undefined> {
  if (error instanceof PackageUnavailable) {
    return halt(
      SLOW_RETRY_MS,
      notReady(
        'PackageUnavailable',
        `${error.message} Check spec.servicePackage.url (${url}), that the cluster can reach it, and the Secret in credentialsSecretRef.`,
      ),
    );
  }
  if (error instanceof PackageHashMismatch) {
    return halt(
      SLOW_RETRY_MS,
      notReady(
        'PackageHashMismatch',
        `The service package at ${url} has the SHA-256 ${error.actual}, but spec.servicePackage.sha256 is ${error.expected}. It was not used. Check the file; if it is the right one, correct the hash.`,
      ),
    );
  }
  if (error instanceof ArmError) {
    const { reason, message, passing } = describeProblem('Uploading the service package', error);
    return halt(error.retryAfterMs ?? (passing ? SHORT_RETRY_MS : SLOW_RETRY_MS), notReady(reason, message));
  }
  throw error;
}

function notReady(reason: Finding['reason'], message: string): Finding {
  return { type: 'AzureReady', status: 'False', reason, message };
}

async function packageCredentials(scope: Scope): Promise<PackageCredentials | MissingSecret | undefined> {
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
  return {
    kind: 'Missing',
    message: `The Secret ${namespace}/${reference.name} for the download of the service package does not exist or lacks the key token, or the keys username and password.`,
  };
}
