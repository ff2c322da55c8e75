import { X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g;

/**
 * Every certificate in a PEM text, in the order in which they stand there. Other blocks are passed over, and so are line
 * ends, indentation and blank lines, which people add by copying.
 *
 * @throws when a block is no certificate
 */
export function certificatesOf(pem: string): X509Certificate[] {
  return [...pem.matchAll(CERTIFICATE)].map(([, base64 = '']) => new X509Certificate(Buffer.from(base64, 'base64')));
}
