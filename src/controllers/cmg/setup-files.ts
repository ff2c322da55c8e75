import { PackageHashMismatch, type PackageUpload, uploadPackage } from '../../azure/blobs.ts';
import { ArmError, retryDelay, retryDelayAfter } from '../../azure/errors.ts';
import { openPackage, type PackageCredentials, PackageUnavailable } from '../../azure/package-source.ts';
import type { GatewayDeployment } from '../../gateway/deployment.ts';
import { PACKAGES_CONTAINER } from '../../gateway/ids.ts';
import { packageBlobName, settingsFile, setupFileUrl } from '../../gateway/setup-files.ts';
import { jitter, type Random } from '../../runtime/random.ts';
import type { AzureSession } from './azure-access.ts';
import { type AzureProblem, describeProblem } from './azure-problem.ts';
import type { SetupFilesMemory } from './memory.ts';
import type { Scope } from './scope.ts';
import { fingerprintOf, textOf } from './secrets.ts';

/** The Secret for the download is not as the spec needs it. */
class PackageSecretMissing extends Error {
  override readonly name = 'PackageSecretMissing';
}

/** The package has to be read, and the spec does not say where: with the provisioner Site it need not. */
class PackageNotNamed extends Error {
  override readonly name = 'PackageNotNamed';
}

/** How soon a package with the wrong hash is read again: it has to be downloaded as a whole to know. */
const WRONG_HASH_RETRY_MS = 10 * 60_000;

/**
 * Brings the service package and the settings into the storage account, unless they were seen there within the drift
 * interval, or could not be brought there a moment ago. Called once the account, its container and the operator's role are
 * in place.
 */
export async function ensureSetupFiles(
  scope: Scope,
  session: AzureSession,
  deployment: GatewayDeployment,
  blobEndpoint: string,
): Promise<SetupFilesMemory> {
  const { memory, clock, driftIntervalMs } = scope;
  const files = setupFiles(scope, deployment);
  const key = files.map(({ blobName }) => setupFileUrl(blobEndpoint, blobName)).join(' ');
  const last = memory.setupFiles?.key === key ? memory.setupFiles : undefined;
  if (last?.kind === 'Stored' && clock.now() - last.at < driftIntervalMs) {
    return last;
  }
  const secretFingerprint = await fingerprintOfSecret(scope);
  if (last?.kind === 'Missing' && last.notBefore > clock.now() && last.secretFingerprint === secretFingerprint) {
    return last;
  }
  try {
    for (const file of files) {
      await uploadPackage({
        ...file,
        blobEndpoint,
        container: PACKAGES_CONTAINER,
        credential: session.credential,
        fence: scope.azure.fence,
        signal: scope.signal,
      });
    }
    memory.setupFiles = { kind: 'Stored', key, at: clock.now() };
  } catch (error) {
    const attempt = last?.kind === 'Missing' ? last.attempt + 1 : 1;
    const { problem, pauseMs } = refusal(error, {
      attempt,
      expected: deployment.servicePackage.sha256,
      random: scope.random,
    });
    const notBefore = clock.now() + pauseMs;
    memory.setupFiles = { kind: 'Missing', key, problem, attempt, notBefore, secretFingerprint };
  }
  return memory.setupFiles;
}

type SetupFile = Pick<PackageUpload, 'blobName' | 'sha256' | 'open'>;

/** The settings first: they are there at once, and a package that is missing holds nothing up but itself. */
function setupFiles(scope: Scope, deployment: GatewayDeployment): readonly SetupFile[] {
  const { cmg, signal } = scope;
  const { sha256 } = deployment.servicePackage;
  const settings = settingsFile(deployment);
  const open = async () => {
    const { servicePackage } = cmg.spec;
    if (servicePackage === undefined) {
      throw new PackageNotNamed(
        'The service package is not in the storage account of the gateway any more, and spec.servicePackage does not say where to read it. Set it until that gateway is gone.',
      );
    }
    const credentials = await packageCredentials(scope);
    return (await openPackage({ url: servicePackage.url, credentials, signal })).content;
  };
  return [
    { blobName: settings.name, sha256: settings.sha256, open: async () => asStream(settings.content) },
    { blobName: packageBlobName(sha256), sha256, open },
  ];
}

async function* asStream(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

interface Refusal {
  readonly problem: AzureProblem;
  /** How long to wait before the next try. */
  readonly pauseMs: number;
}

/** @throws whatever is no fault of Azure, of the source of the package, or of its Secret */
function refusal(
  error: unknown,
  { attempt, expected, random }: { readonly attempt: number; readonly expected: string; readonly random: Random },
): Refusal {
  if (error instanceof ArmError) {
    const problem = describeProblem('Uploading the service package and the settings', error, attempt);
    return { problem, pauseMs: retryDelayAfter(error, attempt, random) };
  }
  if (error instanceof PackageSecretMissing) {
    return {
      problem: { reason: 'SecretNotFound', message: error.message, passing: false },
      pauseMs: retryDelay('NotFound', attempt, random),
    };
  }
  if (error instanceof PackageUnavailable) {
    const message = `${error.message} Check spec.servicePackage.url, that the cluster can reach it, and the Secret in credentialsSecretRef.`;
    return {
      problem: { reason: 'PackageUnavailable', message, passing: false },
      pauseMs: retryDelay('NotFound', attempt, random),
    };
  }
  if (error instanceof PackageNotNamed) {
    return {
      problem: { reason: 'PackageUnavailable', message: error.message, passing: false },
      pauseMs: retryDelay('NotFound', attempt, random),
    };
  }
  if (error instanceof PackageHashMismatch) {
    const message = `The service package has the SHA-256 ${error.actual}, but spec.servicePackage.sha256 is ${expected}. It was not used. Check the file at spec.servicePackage.url; if it is the right one, correct the hash.`;
    return {
      problem: { reason: 'PackageHashMismatch', message, passing: false },
      pauseMs: jitter(WRONG_HASH_RETRY_MS, 0.2, random),
    };
  }
  throw error;
}

/** Changes when the Secret of the download does; empty where there is none. */
async function fingerprintOfSecret({ cmg, secrets, signal }: Scope): Promise<string> {
  const reference = cmg.spec.servicePackage?.credentialsSecretRef;
  const values = reference && (await secrets.read(cmg.metadata.namespace, reference.name, signal));
  return values === undefined ? '' : fingerprintOf(values);
}

async function packageCredentials(scope: Scope): Promise<PackageCredentials | undefined> {
  const { cmg, secrets, signal } = scope;
  const reference = cmg.spec.servicePackage?.credentialsSecretRef;
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
