import type { AzureCredentials } from '../../azure/credentials.ts';
import {
  type CredentialsExpiry,
  EXPIRES_AT_ANNOTATION,
  expiryOfCertificate,
  expiryOfClientSecret,
} from './credentials-expiry.ts';
import { type Finding, goOn, halt, SLOW_RETRY_MS, type StepResult } from './finding.ts';
import type { CommonScope } from './scope.ts';
import { readSecretKeys, type SecretLookup, textOf } from './secrets.ts';

/** Credentials as they are stored, and what is known of their end. */
export interface StoredCredentials {
  readonly credentials: AzureCredentials;
  readonly expiry: CredentialsExpiry;
}

/**
 * Step 2: the credentials for Azure are read. Whether Azure takes them shows when they are used.
 *
 * @param tenantId where to sign in; a gateway that exists stays in the tenant that it was made in
 */
export async function readCredentials(
  scope: CommonScope,
  tenantId: string = scope.cmg.spec.azure.tenantId,
): Promise<StepResult<StoredCredentials>> {
  const { credentials } = scope.cmg.spec.azure;
  switch (credentials.type) {
    case 'WorkloadIdentity':
      return goOn({
        credentials: { type: 'WorkloadIdentity', tenantId, clientId: credentials.workloadIdentity?.clientId ?? '' },
        expiry: { kind: 'Unknown' },
      });
    case 'ClientSecret': {
      const { clientId = '', secretRef } = credentials.clientSecret ?? {};
      const key = secretRef?.key ?? 'client-secret';
      const found = await secretOf(scope, secretRef?.name ?? '', [key], 'spec.azure.credentials.clientSecret');
      return found.kind === 'Halt'
        ? found
        : goOn({
            credentials: { type: 'ClientSecret', tenantId, clientId, clientSecret: textOf(found.value.values[0]) },
            expiry: expiryOfClientSecret(
              found.value.secret.annotations?.[EXPIRES_AT_ANNOTATION],
              `${scope.cmg.metadata.namespace}/${secretRef?.name}`,
            ),
          });
    }
    case 'ClientCertificate': {
      const { clientId = '', secretRef, certificateKey, privateKeyKey } = credentials.clientCertificate ?? {};
      const keys = [certificateKey ?? 'tls.crt', privateKeyKey ?? 'tls.key'];
      const found = await secretOf(scope, secretRef?.name ?? '', keys, 'spec.azure.credentials.clientCertificate');
      return found.kind === 'Halt'
        ? found
        : goOn({
            credentials: {
              type: 'ClientCertificate',
              tenantId,
              clientId,
              certificatePem: found.value.values.map((value) => textOf(value)).join('\n'),
            },
            expiry: expiryOfCertificate(
              textOf(found.value.values[0]),
              `${scope.cmg.metadata.namespace}/${secretRef?.name}`,
            ),
          });
    }
    default:
      return credentials.type satisfies never;
  }
}

async function secretOf(
  { secrets, cmg, signal }: CommonScope,
  name: string,
  keys: readonly string[],
  purpose: string,
): Promise<StepResult<Extract<SecretLookup, { kind: 'Found' }>>> {
  const found = await readSecretKeys(secrets, { namespace: cmg.metadata.namespace, name, keys, purpose }, signal);
  if (found.kind === 'Found') {
    return goOn(found);
  }
  const finding: Finding = {
    type: 'PrerequisitesMet',
    status: 'False',
    reason: 'SecretNotFound',
    message: found.message,
  };
  return halt(SLOW_RETRY_MS, finding);
}
