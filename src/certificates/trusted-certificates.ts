import type { X509Certificate } from 'node:crypto';
import { nameOf } from './chain.ts';
import { certificatesOf } from './pem.ts';

/** A value that holds certificates of authorities, and how messages call it. */
export interface TrustedCertificateSource {
  readonly name: string;
  readonly pem: string;
}

/** What the authorities of client certificates came to. `message` says what is wrong and what to do. */
export type TrustedCertificates =
  | {
      readonly kind: 'Usable';
      /** Each once, in the order in which they were named. */
      readonly certificates: readonly X509Certificate[];
    }
  | { readonly kind: 'Unusable'; readonly reason: 'TrustedCertificatesInvalid'; readonly message: string };

/** More would make a gateway slow to start, and no organization needs as many. */
const MOST_CERTIFICATES = 64;

/**
 * Reads the certificates of authorities whose clients a gateway trusts. All of a chain has to be there, up to its root: a
 * missing one makes the gateway refuse every client below it ("Client authentication certificates", Microsoft's page on
 * setting up a gateway).
 *
 * @param now milliseconds since the Unix epoch
 */
export function readTrustedCertificates(
  sources: readonly TrustedCertificateSource[],
  now: number,
): TrustedCertificates {
  const found = new Map<string, Found>();
  for (const { name, pem } of sources) {
    const certificates = parsed(pem);
    if (certificates === undefined || certificates.length === 0) {
      return unusable(
        `The trusted certificate "${name}" holds ${certificates === undefined ? 'what is no certificate' : 'no certificate in PEM'}. Store the certificates of the authority in PEM, each between BEGIN CERTIFICATE and END CERTIFICATE.`,
      );
    }
    for (const certificate of certificates) {
      const { fingerprint256 } = certificate;
      if (!found.has(fingerprint256)) found.set(fingerprint256, { name, certificate });
    }
  }
  const all = [...found.values()];
  if (all.length > MOST_CERTIFICATES) {
    return unusable(
      `The trusted certificates are ${all.length}, and a gateway takes ${MOST_CERTIFICATES}. Name only authorities that issue certificates to your clients.`,
    );
  }
  const problems = all.flatMap((one) => problemsOf(one, all, now));
  return problems.length > 0
    ? unusable(problems.join(' '))
    : { kind: 'Usable', certificates: all.map(({ certificate }) => certificate) };
}

interface Found {
  readonly name: string;
  readonly certificate: X509Certificate;
}

function parsed(pem: string): readonly X509Certificate[] | undefined {
  try {
    return certificatesOf(pem);
  } catch {
    return undefined;
  }
}

function problemsOf({ name, certificate }: Found, all: readonly Found[], now: number): readonly string[] {
  const called = `"${nameOf(certificate.subject)}" in the trusted certificate "${name}"`;
  if (!certificate.ca) {
    return [`${called} is no certificate of an authority. Name the authority that issued it, not the client.`];
  }
  if (now >= certificate.validToDate.getTime()) {
    return [`${called} expired on ${certificate.validToDate.toISOString().slice(0, 10)}. Replace it, or take it out.`];
  }
  return all.some((other) => issued(other.certificate, certificate))
    ? []
    : [
        `${called} was issued by "${nameOf(certificate.issuer)}", which is not among the trusted certificates. Add it: the gateway needs the whole chain up to the root.`,
      ];
}

/** Also true of a root and itself. */
function issued(issuer: X509Certificate, subject: X509Certificate): boolean {
  return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}

function unusable(message: string): TrustedCertificates {
  return { kind: 'Unusable', reason: 'TrustedCertificatesInvalid', message };
}
