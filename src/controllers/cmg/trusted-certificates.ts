import type { X509Certificate } from 'node:crypto';
import type { CMGSpecClientAuthenticationTrustedCertificate } from '../../api/v1alpha1/cmg.generated.ts';
import { readTrustedCertificates, type TrustedCertificateSource } from '../../certificates/trusted-certificates.ts';
import { keyOf } from '../../runtime/objects.ts';
import { type Finding, goOn, halt, SLOW_RETRY_MS, type StepResult } from './finding.ts';
import { type ListRemark, remarksOnLists } from './revocation-lists.ts';
import type { Scope } from './scope.ts';
import { readSecretKeys, textOf } from './secrets.ts';

/** The authorities of client certificates, and what is to be said of their revocation lists. */
export interface TrustedAuthorities {
  readonly certificates: readonly X509Certificate[];
  readonly remarks: readonly ListRemark[];
}

/**
 * Step 1 too: the authorities of client certificates are read and judged. A gateway that exists goes on with those that it has
 * until they are right. Their revocation lists are looked at as far as that goes from here.
 */
export async function checkTrustedCertificates(scope: Scope): Promise<StepResult<TrustedAuthorities>> {
  const sources: TrustedCertificateSource[] = [];
  for (const reference of scope.cmg.spec.clientAuthentication.trustedCertificates ?? []) {
    const source = await readSource(scope, reference);
    if (source.kind === 'Halt') {
      return source;
    }
    sources.push(source.value);
  }
  const read = readTrustedCertificates(sources, scope.clock.now());
  if (read.kind === 'Unusable') {
    return refuse(read.reason, read.message);
  }
  const { certificates } = read;
  const remarks = scope.cmg.spec.clientAuthentication.verifyRevocation
    ? await remarksOnLists(certificates, scope.revocationLists, keyOf(scope.cmg))
    : [];
  return goOn({ certificates, remarks });
}

/** The finding on the server certificate with what is to be said of revocation lists. What is worse comes first. */
export function withRemarks(finding: Finding, remarks: readonly ListRemark[]): Finding {
  const problems = remarks.filter(({ kind }) => kind === 'Problem');
  const others = remarks.filter(({ kind }) => kind !== 'Problem');
  const reason = finding.reason === 'Succeeded' && problems.length > 0 ? 'RevocationListUnusable' : finding.reason;
  const message = [finding, ...problems, ...others].map((one) => one.message).join(' ');
  return { ...finding, reason, message };
}

async function readSource(
  { cmg, secrets, configMaps, signal }: Scope,
  { name, type, secret, configMap }: CMGSpecClientAuthenticationTrustedCertificate,
): Promise<StepResult<TrustedCertificateSource>> {
  const [reader, reference, missing] =
    type === 'Secret'
      ? [secrets, secret, 'SecretNotFound' as const]
      : [configMaps, configMap, 'ConfigMapNotFound' as const];
  const request = {
    namespace: cmg.metadata.namespace,
    name: reference?.name ?? '',
    keys: [reference?.key ?? ''],
    purpose: 'spec.clientAuthentication.trustedCertificates',
    kind: type,
  };
  const found = await readSecretKeys(reader, request, signal);
  return found.kind === 'Missing' ? refuse(missing, found.message) : goOn({ name, pem: textOf(found.values[0]) });
}

type Refusal = 'SecretNotFound' | 'ConfigMapNotFound' | 'TrustedCertificatesInvalid';

function refuse(reason: Refusal, message: string): StepResult<never> {
  return halt(SLOW_RETRY_MS, { type: 'CertificateValid', status: 'False', reason, message });
}
