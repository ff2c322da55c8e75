import type { CMG, CMGStatus, CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import { type CertificateProblem, day, judgeServerCertificate } from '../../certificates/judge.ts';
import { judgeRenewal } from '../../certificates/renewal.ts';
import type {
  CertificateReading,
  CertificateSource,
  ServerCertificate,
} from '../../certificates/server-certificate.ts';
import { toTimestamp } from '../../runtime/conditions.ts';
import { type Finding, goOn, halt, SLOW_RETRY_MS, type StepResult } from './finding.ts';
import type { CertificateMemory } from './memory.ts';
import type { Scope } from './scope.ts';
import { fingerprintOf, type MissingSecret, readSecretKeys, textOf } from './secrets.ts';

/** A certificate that the gateway can use. */
export interface UsableCertificate {
  readonly certificate: ServerCertificate;
  /** Certificate, chain and key as PKCS#12 without a password, in base64. Secret, and made anew at each call. */
  readonly pkcs12: () => Promise<string>;
}

/** Step 1: the server certificate is read and judged. Without a usable one nothing else is done. */
export async function checkServerCertificate(scope: Scope): Promise<StepResult<UsableCertificate>> {
  const stored = await readSource(scope);
  if (stored.kind === 'Missing') {
    return halt(SLOW_RETRY_MS, invalid('SecretNotFound', stored.message));
  }
  const reading = await readOnce(scope, stored);
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
  const usable = { certificate: reading.certificate, pkcs12: () => pkcs12Of(stored.source, reading.certificate) };
  return goOn(usable, {
    type: 'CertificateValid',
    status: 'True',
    reason: warning?.reason ?? 'Succeeded',
    message:
      warning?.message ?? `The certificate is valid for ${serviceName} until ${day(reading.certificate.notAfter)}.`,
  });
}

/** Reading takes up to seconds where a PKCS#12 file asks for many rounds of key derivation. */
async function readOnce(
  { memory }: Scope,
  { source, fingerprint }: StoredCertificate,
): Promise<CertificateMemory['reading']> {
  const last = memory.serverCertificate;
  if (last?.fingerprint === fingerprint) {
    return last.reading;
  }
  const reading = withoutKey(await read(source));
  memory.serverCertificate = { fingerprint, reading };
  return reading;
}

/** The libraries for X.509 are loaded at first use, as nothing else needs them and they take long to start. */
async function read(source: CertificateSource): Promise<CertificateReading> {
  const { readServerCertificate } = await import('../../certificates/server-certificate.ts');
  return readServerCertificate(source);
}

function withoutKey(reading: CertificateReading): CertificateMemory['reading'] {
  return reading.kind === 'Unreadable' ? reading : { kind: reading.kind, certificate: reading.certificate };
}

async function pkcs12Of(source: CertificateSource, { chain }: ServerCertificate): Promise<string> {
  const { readPrivateKey } = await import('../../certificates/server-certificate.ts');
  const key = readPrivateKey(source);
  if (key.kind === 'Unreadable') {
    throw new Error(key.message);
  }
  const { writePkcs12 } = await import('../../certificates/pkcs12.ts');
  return (await writePkcs12(chain, key.privateKey)).toString('base64');
}

/**
 * The certificate against the one that the gateway has: its record has the last one that was taken; that of an earlier version
 * of the operator does not, and then the status has it.
 */
function judgeChange({ spec, status }: CMG, certificate: ServerCertificate): readonly CertificateProblem[] {
  const made = status?.deployments?.find(
    ({ serviceName, ...deployment }) => serviceName === spec.serviceName && isMade(deployment),
  );
  const before = made?.certificate ?? status?.certificate;
  return made === undefined || before === undefined ? [] : judgeRenewal(before, certificate);
}

/** Until a gateway is made it takes any certificate. What its tags tell of one, it was made with. */
function isMade({ phase, certificate }: Pick<CMGStatusDeployment, 'phase' | 'certificate'>): boolean {
  return phase === 'Active' || (certificate !== undefined && certificate.sha256Fingerprint === undefined);
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

interface StoredCertificate {
  readonly kind: 'Stored';
  readonly source: CertificateSource;
  readonly fingerprint: string;
}

async function readSource({ cmg, secrets, signal }: Scope): Promise<StoredCertificate | MissingSecret> {
  const { serverCertificate } = cmg.spec;
  const { format, secretRef, pfx, tls } = serverCertificate;
  const passwordKey = pfx?.passwordKey ?? 'password';
  const [keys, mayBeEmpty] =
    format === 'PFX'
      ? [[pfx?.key ?? 'pfx', passwordKey], [passwordKey]]
      : [[tls?.certificateKey ?? 'tls.crt', tls?.privateKeyKey ?? 'tls.key'], []];
  const request = { namespace: cmg.metadata.namespace, name: secretRef.name, purpose: 'spec.serverCertificate' };
  const found = await readSecretKeys(secrets, { ...request, keys, mayBeEmpty }, signal);
  if (found.kind === 'Missing') {
    return found;
  }
  const { values, secret } = found;
  const [content, companion] = values;
  const source: CertificateSource =
    format === 'PFX'
      ? { format, pfx: content ?? new Uint8Array(), password: textOf(companion) }
      : {
          format,
          certificatePem: textOf(content),
          privateKeyPem: textOf(companion),
          caPem: textOf(secret.get('ca.crt')),
        };
  return { kind: 'Stored', source, fingerprint: `${JSON.stringify(serverCertificate)} ${fingerprintOf(secret)}` };
}

function invalid(reason: Finding['reason'], message: string): Finding {
  return { type: 'CertificateValid', status: 'False', reason, message };
}
