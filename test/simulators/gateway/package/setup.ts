import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { parseArgs } from 'node:util';
import { certificateInStore, startService } from './machine.ts';
import { readSettings, type Settings } from './settings.ts';

/** The setup of the reference package: checks what it is told, step by step, and leaves a service behind that serves. */

/** Steps in their order, with the exit code of each that fails. */
const EXIT_CODES = { settings: 10, certificate: 11, 'client-authentication': 12, listen: 13 } as const;

type Step = keyof typeof EXIT_CODES;

function report(step: Step, state: 'Succeeded' | 'Failed', message: string): void {
  const status = `${JSON.stringify({ step, state, message: message.slice(0, 1000) })}\n`;
  writeFileSync(join(import.meta.dirname, 'status.json'), status);
}

/** Carries a step out; ends the setup when it fails. */
async function take<T>(step: Step, message: string, work: () => T | Promise<T>): Promise<T> {
  try {
    const result = await work();
    report(step, 'Succeeded', message);
    console.log(`${step}: ${message}`);
    return result;
  } catch (error) {
    report(step, 'Failed', (error as Error).message);
    console.error(`${step}: ${(error as Error).message}`);
    process.exit(EXIT_CODES[step]);
  }
}

function checkCertificate({ certificateThumbprintSha256 }: Settings): void {
  const pfx = certificateInStore(certificateThumbprintSha256);
  try {
    createSecureContext({ pfx, passphrase: '' });
  } catch {
    throw new Error(`The certificate ${certificateThumbprintSha256} has no key that TLS can use.`);
  }
}

function checkAuthorities({ clientAuthentication }: Settings): void {
  for (const [index, certificate] of clientAuthentication.trustedCertificates.entries()) {
    try {
      new X509Certificate(Buffer.from(certificate, 'base64'));
    } catch {
      throw new Error(`clientAuthentication.trustedCertificates[${index}] is no certificate in DER.`);
    }
  }
}

const { values } = parseArgs({ options: { SettingsFile: { type: 'string' } } });
const settingsFile = resolve(values.SettingsFile ?? 'settings.json');
const settings = await take('settings', 'The settings are complete.', () => readSettings(settingsFile));
await take('certificate', 'The server certificate is there, with its key.', () => checkCertificate(settings));
await take('client-authentication', 'The authorities of clients can be read.', () => checkAuthorities(settings));
await take('listen', 'The gateway listens.', () =>
  startService({
    name: 'cmg',
    program: join(import.meta.dirname, 'gateway.mjs'),
    args: [settingsFile],
    ports: [settings.ports.clients, settings.ports.connectionPoints],
  }),
);
