import type { X509Certificate } from 'node:crypto';
import type { CMGSpecClientAuthenticationTrustedCertificate } from '../../api/v1alpha1/cmg.generated.ts';
import { readTrustedCertificates, type TrustedCertificateSource } from '../../certificates/trusted-certificates.ts';
import { goOn, halt, SLOW_RETRY_MS, type StepResult } from './finding.ts';
import type { Scope } from './scope.ts';
import { readSecretKeys, textOf } from './secrets.ts';

/**
 * Step 1 too: the authorities of client certificates are read and judged. A gateway that exists goes on with those that it has
 * until they are right.
 */
export async function checkTrustedCertificates(scope: Scope): Promise<StepResult<readonly X509Certificate[]>> {
  const sources: TrustedCertificateSource[] = [];
  for (const reference of scope.cmg.spec.clientAuthentication.trustedCertificates ?? []) {
    const source = await readSource(scope, reference);
    if (source.kind === 'Halt') {
      return source;
    }
    sources.push(source.value);
  }
  const read = readTrustedCertificates(sources, scope.clock.now());
  return read.kind === 'Usable' ? goOn(read.certificates) : refuse(read.reason, read.message);
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
