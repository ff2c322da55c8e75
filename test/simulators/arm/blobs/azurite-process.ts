import { closeSync, openSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { IssuedCertificate } from '../../../certificate-authority.ts';
import { type SupervisedProcess, startSupervised } from '../../../cluster/supervised-process.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../../cluster/temporary-directory.ts';

/** The blob server of Azurite, which ends with this process even if that is killed. */
export interface AzuriteProcess {
  /** `https://127.0.0.1:<port>` */
  readonly origin: string;
  close(): Promise<void>;
}

/** The one account that it has. */
export const AZURITE_ACCOUNT = 'simulator';

/** A healthy start takes about two seconds. */
const START_LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 25;

/**
 * Starts Azurite on a free local port, over TLS, with nothing but memory behind it. It checks issuer, audience and times
 * of bearer tokens, not their signature.
 */
export async function startAzuriteProcess(certificate: IssuedCertificate): Promise<AzuriteProcess> {
  const folder = makeTemporaryDirectory();
  const [cert, key, log] = ['cert.pem', 'key.pem', 'log'].map((name) => join(folder, name)) as [string, string, string];
  await writeFile(cert, certificate.chainPem);
  await writeFile(key, certificate.privateKeyPem, { mode: 0o600 });
  const main = createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js');
  const flags = ['--inMemoryPersistence', '--disableTelemetry', '--skipApiVersionCheck', '--silent'];
  const output = openSync(log, 'w');
  const child = startSupervised(
    process.execPath,
    [main, '--blobHost', '127.0.0.1', '--blobPort', '0', '--oauth', 'basic', '--cert', cert, '--key', key, ...flags],
    // With tokens nobody uses the account's key.
    {
      cwd: folder,
      env: { ...process.env, AZURITE_ACCOUNTS: `${AZURITE_ACCOUNT}:${Buffer.alloc(64, 'k').toString('base64')}` },
      output,
    },
  );
  closeSync(output);
  const close = async () => {
    await child.kill();
    removeTemporaryDirectory(folder);
  };
  try {
    return { origin: `https://127.0.0.1:${await listeningPort(child, log)}`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listeningPort(child: SupervisedProcess, log: string): Promise<string> {
  for (const deadline = performance.now() + START_LIMIT_MS; performance.now() < deadline; await pause(LOOK_EVERY_MS)) {
    const text = readFileSync(log, 'utf8');
    const port = /successfully listens on https:\/\/[^:]+:(\d+)/.exec(text)?.[1];
    if (port !== undefined) return port;
    if (child.exit() !== undefined) throw new Error(`Azurite ended before it was ready:\n${text}`);
  }
  throw new Error(`Azurite is not ready after a minute:\n${readFileSync(log, 'utf8')}`);
}
