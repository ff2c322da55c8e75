import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { serve } from './serve.ts';
import { readSettings } from './settings.ts';

/** The service of the package that takes no notice of the certificate that it is given, and makes one. */

x509.cryptoProvider.set(globalThis.crypto);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
const certificate = await x509.X509CertificateGenerator.createSelfSigned({
  name: 'CN=unexpected.example',
  keys,
  signingAlgorithm: algorithm,
});
const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');

await serve(readSettings(process.argv[2] ?? 'settings.json'), { tls: { cert: certificate.toString('pem'), key } });
