// First, as @peculiar/x509 needs it to be there.
import 'reflect-metadata';
import { webcrypto, type X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { nameOf } from './chain.ts';

/** Where a certificate says that its authority publishes what it has revoked. */
export type ListAddresses =
  /** It answers for itself: nobody looks whether a root is revoked. */
  | { readonly kind: 'NotNeeded' }
  | { readonly kind: 'None' }
  /** Only in ways that gateways cannot take, such as ldap, which leads into the organization's own network. */
  | { readonly kind: 'OutOfReach'; readonly addresses: readonly string[] }
  | { readonly kind: 'Http'; readonly addresses: readonly string[] };

/**
 * Reads the distribution points for revocation lists. Windows fetches lists over http; not over https, as the check of that
 * certificate would need a list in turn.
 */
export function listAddressesOf(certificate: X509Certificate): ListAddresses {
  if (certificate.checkIssued(certificate)) {
    return { kind: 'NotNeeded' };
  }
  const addresses = uniformResourceIdentifiers(certificate);
  const http = addresses.filter((address) => /^http:\/\//i.test(address) && URL.canParse(address));
  if (http.length > 0) {
    return { kind: 'Http', addresses: http };
  }
  return addresses.length === 0 ? { kind: 'None' } : { kind: 'OutOfReach', addresses };
}

function uniformResourceIdentifiers({ raw }: X509Certificate): readonly string[] {
  try {
    const points =
      new x509.X509Certificate(raw).getExtension(x509.CRLDistributionPointsExtension)?.distributionPoints ?? [];
    return points
      .flatMap(({ distributionPoint }) => distributionPoint?.fullName ?? [])
      .flatMap(({ uniformResourceIdentifier }) => uniformResourceIdentifier ?? []);
  } catch {
    return [];
  }
}

/** As many as a list of 128 KiB can hold, which is read within a third of a second; the library stops at fewer. */
const MOST_NODES = 65_536;

/** For which certificate a list is judged. */
export interface ListSubject {
  readonly certificate: X509Certificate;
  readonly issuer: X509Certificate;
}

/**
 * What is wrong with a revocation list, as the end of a sentence about it; `undefined`: it is current, signed by the issuer,
 * and does not name the certificate.
 *
 * @param content as it was fetched, in DER or PEM
 * @param now milliseconds since the Unix epoch
 */
export async function revocationListProblem(
  content: Uint8Array,
  subject: ListSubject,
  now: number,
): Promise<string | undefined> {
  try {
    return await problemOf(
      new x509.X509Crl(new Uint8Array(content), { berOptions: { maxNodes: MOST_NODES } }),
      subject,
      now,
    );
  } catch {
    return 'is no revocation list';
  }
}

async function problemOf(
  list: x509.X509Crl,
  { certificate, issuer }: ListSubject,
  now: number,
): Promise<string | undefined> {
  const publicKey = new x509.X509Certificate(issuer.raw);
  if (!(await list.verify({ publicKey }, webcrypto as unknown as Parameters<typeof list.verify>[1]))) {
    return `is not signed by "${nameOf(issuer.subject)}"`;
  }
  if (list.nextUpdate !== undefined && now >= list.nextUpdate.getTime()) {
    return `is out of date since ${list.nextUpdate.toISOString()}`;
  }
  return list.findRevoked(certificate.serialNumber) === null ? undefined : 'names it as revoked';
}
