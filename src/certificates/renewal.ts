import type { CertificateProblem } from './judge.ts';
import type { ServerCertificate } from './server-certificate.ts';

/** What a gateway keeps of the certificate that it was made with. */
export interface CertificateOfGateway {
  readonly commonName: string;
  readonly organization?: string | undefined;
  readonly trust: ServerCertificate['trust'];
  /** `undefined`: not known. */
  readonly sha256Fingerprint?: string | undefined;
}

/** As X.509 bounds the parts of a subject (RFC 5280, appendix A.1: ub-common-name, ub-organization-name). */
export const LONGEST_NAME = 64;

/** A part of a subject as it is recorded and compared: of one that X.509 does not allow, the beginning. */
export function recordedName(name: string): string {
  return [...name].slice(0, LONGEST_NAME).join('');
}

/**
 * Judges whether a gateway can go from one certificate to another. It keeps its common name, the wildcard included, as
 * Configuration Manager takes a renewed certificate only for the same one; another organization, or a public authority in the
 * place of a private one, takes a new gateway ("Modify a cloud management gateway").
 */
export function judgeRenewal(before: CertificateOfGateway, renewed: ServerCertificate): readonly CertificateProblem[] {
  const [commonName = '', organization] = [renewed.commonName, renewed.organization].map((name) =>
    name === undefined ? undefined : recordedName(name),
  );
  if (before.sha256Fingerprint === renewed.sha256Fingerprint) {
    // Which roots are public may change with the operator; the same certificate is no renewal.
    return [];
  }
  if (recordedName(before.commonName) !== commonName) {
    return [
      {
        reason: 'CommonNameChanged',
        message: `The server certificate is for ${commonName}, but the gateway was made with one for ${before.commonName} and keeps that name. Store a certificate for ${before.commonName}.`,
      },
    ];
  }
  const differences = [
    ...((before.organization === undefined ? undefined : recordedName(before.organization)) === organization
      ? []
      : [`its organization is ${organization ?? 'none'} in place of ${before.organization ?? 'none'}`]),
    ...(before.trust === renewed.trust
      ? []
      : [`its authority is ${AUTHORITY[renewed.trust]} in place of ${AUTHORITY[before.trust]}`]),
  ];
  return differences.length === 0
    ? []
    : [
        {
          reason: 'CertificateNeedsRedeployment',
          message: `The server certificate needs a new gateway: ${differences.join(', and ')}. Store one that is like the one before in this. One that is to differ stands in a Secret of its own, and takes another spec.serviceName or another spec.serverCertificate.revision.`,
        },
      ];
}

const AUTHORITY: Readonly<Record<ServerCertificate['trust'], string>> = {
  Public: 'a public one',
  Private: 'a private one',
};
