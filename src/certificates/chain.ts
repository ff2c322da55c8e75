import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';

/** A certificate with those that vouch for it. */
export interface CertificateChain {
  /**
   * From the leaf upwards, each issued by the next. A private root is part of it; a public one is not, as clients have
   * it.
   */
  readonly chain: readonly X509Certificate[];
  /** `Public` when the chain ends in a root that clients trust by themselves. */
  readonly trust: 'Public' | 'Private';
  /** Name of the issuer that is missing; `undefined` when the chain is complete. */
  readonly missingIssuer: string | undefined;
}

let bundledRoots: readonly X509Certificate[] | undefined;

/** The roots that Node carries, which are those of Mozilla. Parsed once, when they are first needed. */
export function publicRoots(): readonly X509Certificate[] {
  bundledRoots ??= rootCertificates.map((pem) => new X509Certificate(pem));
  return bundledRoots;
}

/**
 * The shortest chain from `leaf` to a public root; where there is none, to a self-signed certificate; where there is
 * none either, as far as it goes. Of several certificates of one issuer, the one that is valid longest comes first.
 *
 * @param available certificates in any order, the leaf and strangers among them
 * @param roots the public roots
 */
export function findChain(
  leaf: X509Certificate,
  available: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): CertificateChain {
  const candidates = [...available].sort((left, right) => right.validToDate.getTime() - left.validToDate.getTime());
  const seen = new Set([leaf.fingerprint256]);
  const paths = [[leaf]];
  let closed: X509Certificate[] | undefined;
  let longest = [leaf];
  // Each path is followed by those that it leads to, so that shorter ones are looked at first.
  for (const path of paths) {
    const last = path.at(-1) ?? leaf;
    if (roots.some((root) => root.fingerprint256 === last.fingerprint256)) {
      return { chain: path.length > 1 ? path.slice(0, -1) : path, trust: 'Public', missingIssuer: undefined };
    }
    if (roots.some((root) => issued(root, last))) {
      return { chain: path, trust: 'Public', missingIssuer: undefined };
    }
    if (issued(last, last)) {
      closed ??= path;
      continue;
    }
    longest = path.length > longest.length ? path : longest;
    for (const candidate of candidates) {
      if (!seen.has(candidate.fingerprint256) && issued(candidate, last)) {
        seen.add(candidate.fingerprint256);
        paths.push([...path, candidate]);
      }
    }
  }
  return closed === undefined
    ? { chain: longest, trust: 'Private', missingIssuer: nameOf((longest.at(-1) ?? leaf).issuer) }
    : { chain: closed, trust: 'Private', missingIssuer: undefined };
}

function issued(issuer: X509Certificate, subject: X509Certificate): boolean {
  return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}

/** A name as people write it: Node puts each part on a line. */
export function nameOf(lines: string): string {
  return lines.split('\n').join(', ');
}
