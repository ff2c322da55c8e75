import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import * as x509 from '@peculiar/x509';
import type { Decision } from './serve.ts';
import type { Settings } from './settings.ts';

x509.cryptoProvider.set(globalThis.crypto);

const CRL_LIMIT_MS = 5000;

/** Lets in whose certificate hangs on a trusted root and is not revoked. */
export async function admitCertificate(
  { trustedCertificates, verifyRevocation }: Settings['clientAuthentication'],
  socket: TLSSocket,
): Promise<Decision> {
  const client = socket.getPeerX509Certificate();
  if (client === undefined) return refused('A client certificate is missing.');
  if (trustedCertificates.length === 0) return refused('This gateway trusts no authority of client certificates.');
  if (!socket.authorized) return refused(`The client certificate is not trusted: ${socket.authorizationError}.`);
  if (verifyRevocation) {
    const authorities = trustedCertificates.map((der) => new X509Certificate(Buffer.from(der, 'base64')));
    const problem = await revocationProblem(client, [...sentWith(client), ...authorities]);
    if (problem !== undefined) return refused(problem);
  }
  return { kind: 'Admitted', as: client.subject.replaceAll('\n', ', ') };
}

function refused(why: string): Decision {
  return { kind: 'Refused', why };
}

/** The certificates above the client's that the client sent along. */
function sentWith(client: X509Certificate): X509Certificate[] {
  const above: X509Certificate[] = [];
  for (let next = client.issuerCertificate; next !== undefined && above.length < 10; next = next.issuerCertificate) {
    above.push(next);
  }
  return above;
}

/**
 * Why a certificate of the chain counts as revoked; roots answer for themselves. As Windows does, one whose list cannot be
 * had counts as revoked. Nothing is kept: each connection asks anew, so that a revocation holds from the next one on.
 */
async function revocationProblem(
  leaf: X509Certificate,
  known: readonly X509Certificate[],
): Promise<string | undefined> {
  for (let subject = leaf; !isSelfSigned(subject); ) {
    const issuer = known.find((candidate) => subject.checkIssued(candidate) && subject.verify(candidate.publicKey));
    if (issuer === undefined) return `The issuer of ${nameOf(subject)} is unknown.`;
    const problem = await listProblem(subject, issuer);
    if (problem !== undefined) return problem;
    subject = issuer;
  }
  return undefined;
}

async function listProblem(subject: X509Certificate, issuer: X509Certificate): Promise<string | undefined> {
  const certificate = new x509.X509Certificate(subject.raw);
  const url = addressOfList(certificate);
  if (url === undefined) return `${nameOf(subject)} names no revocation list.`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(CRL_LIMIT_MS) });
    if (!response.ok)
      return `The revocation list of ${nameOf(subject)} cannot be had: ${url} answers ${response.status}.`;
    const list = new x509.X509Crl(await response.arrayBuffer());
    const signed = await list.verify({ publicKey: new x509.X509Certificate(issuer.raw) });
    if (!signed) return `The revocation list at ${url} is not signed by ${nameOf(issuer)}.`;
    if (list.nextUpdate !== undefined && list.nextUpdate < new Date())
      return `The revocation list at ${url} is out of date.`;
    return list.findRevoked(certificate) === null ? undefined : `${nameOf(subject)} is revoked.`;
  } catch (error) {
    return `The revocation list of ${nameOf(subject)} cannot be had: ${url}: ${(error as Error).message}.`;
  }
}

function addressOfList(certificate: x509.X509Certificate): string | undefined {
  const points = certificate.getExtension(x509.CRLDistributionPointsExtension)?.distributionPoints ?? [];
  return points
    .flatMap(({ distributionPoint }) => distributionPoint?.fullName ?? [])
    .map(({ uniformResourceIdentifier }) => uniformResourceIdentifier)
    .find((url) => url !== undefined && /^http:/i.test(url));
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate);
}

function nameOf({ subject }: X509Certificate): string {
  return subject.replaceAll('\n', ', ');
}
