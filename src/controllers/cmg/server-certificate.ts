import type { CMG, CMGStatus } from '../../api/v1alpha1/cmg.generated.ts';
import { type CertificateProblem, judgeServerCertificate } from '../../certificates/judge.ts';
import {
  type CertificateSource,
  readServerCertificate,
  type ServerCertificate,
} from '../../certificates/server-certificate.ts';
import { toTimestamp } from '../../runtime/conditions.ts';
import { type Finding, goOn, halt, SLOW_RETRY_MS, type StepResult } from './finding.ts';
import type { Scope } from './scope.ts';
import { type MissingSecret, readSecretKeys, textOf } from './secrets.ts';

/** Step 1: the server certificate is read and judged. Without a usable one nothing else is done. */
export async function checkServerCertificate(scope: Scope): Promise<StepResult<ServerCertificate>> {
  const source = await readSource(scope);
  if ('kind' in source) {
    return halt(SLOW_RETRY_MS, invalid('SecretNotFound', source.message));
  }
  const reading = readServerCertificate(source);
  const { namespace } = scope.cmg.metadata;
  const secret = `${namespace}/${scope.cmg.spec.serverCertificate.secretRef.name}`;
  if (reading.kind === 'Unreadable') {
    return halt(SLOW_RETRY_MS, invalid(reading.reason, `The Secret ${secret} cannot be used. ${reading.message}`));
  }
  const { serviceName } = scope.cmg.spec;
  const { problems: found, warnings } = judgeServerCertificate(reading.certificate, serviceName, scope.clock.now());
  const problems = found.length > 0 ? found : judgeChange(scope.cmg, reading.certificate);
  const [worst] = problems;
  if (worst !== undefined) {
    const messages = problems.map(({ message }) => message).join(' ');
    return halt(SLOW_RETRY_MS, invalid(worst.reason, `The Secret ${secret} cannot be used. ${messages}`));
  }
  const [warning] = warnings;
  return goOn(reading.certificate, {
    type: 'CertificateValid',
    status: 'True',
    reason: warning?.reason ?? 'Succeeded',
    message: warning?.message ?? `The certificate is valid for ${serviceName} until ${day(reading.certificate)}.`,
  });
}

/**
 * A gateway keeps the common name that it was made with, the wildcard included: Configuration Manager takes a renewed
 * certificate only for the same one ("Modify a cloud management gateway"). Status has the last one that was taken.
 */
function judgeChange({ spec, status }: CMG, { commonName = '' }: ServerCertificate): readonly CertificateProblem[] {
  const before = status?.certificate?.commonName;
  const made = status?.deployments?.some(
    ({ phase, serviceName }) => phase === 'Active' && serviceName === spec.serviceName,
  );
  return made !== true || before === undefined || before === commonName
    ? []
    : [
        {
          reason: 'CommonNameChanged',
          message: `The server certificate is for ${commonName}, but the gateway was made with one for ${before} and keeps that name. Store a certificate for ${before}.`,
        },
      ];
}

/** What status shows of a certificate. */
export function certificateStatus(certificate: ServerCertificate): NonNullable<CMGStatus['certificate']> {
  return {
    commonName: certificate.commonName ?? '',
    ...(certificate.organization === undefined ? {} : { organization: certificate.organization }),
    trust: certificate.trust,
    notAfter: toTimestamp(certificate.notAfter),
    sha256Fingerprint: certificate.sha256Fingerprint,
  };
}

async function readSource({ cmg, secrets, signal }: Scope): Promise<CertificateSource | MissingSecret> {
  const { format, secretRef, pfx, tls } = cmg.spec.serverCertificate;
  const from = { namespace: cmg.metadata.namespace, name: secretRef.name, purpose: 'spec.serverCertificate' };
  if (format === 'PFX') {
    const passwordKey = pfx?.passwordKey ?? 'password';
    const keys = [pfx?.key ?? 'pfx', passwordKey];
    const found = await readSecretKeys(secrets, { ...from, keys, mayBeEmpty: [passwordKey] }, signal);
    return found.kind === 'Missing'
      ? found
      : { format, pfx: found.values[0] ?? new Uint8Array(), password: textOf(found.values[1]) };
  }
  const keys = [tls?.certificateKey ?? 'tls.crt', tls?.privateKeyKey ?? 'tls.key'];
  const found = await readSecretKeys(secrets, { ...from, keys }, signal);
  return found.kind === 'Missing'
    ? found
    : {
        format,
        certificatePem: textOf(found.values[0]),
        privateKeyPem: textOf(found.values[1]),
        caPem: textOf(found.secret.get('ca.crt')),
      };
}

function invalid(reason: Finding['reason'], message: string): Finding {
  return { type: 'CertificateValid', status: 'False', reason, message };
}

function day({ notAfter }: ServerCertificate): string {
  return new Date(notAfter).toISOString().slice(0, 10);
}
