import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A running blob server: Azurite over TLS, which takes bearer tokens as Azure does. */
export interface Azurite extends AsyncDisposable {
  /** Address of an account's blobs, as `primaryEndpoints.blob` states it. */
  blobEndpoint(account: string): string;
}

export interface AzuriteOptions {
  /** PEM; the certificate names `localhost`. */
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly accounts: readonly string[];
}

/** Long enough for a loaded machine; a healthy start takes about two seconds. */
const START_LIMIT_MS = 60_000;

/**
 * Starts Azurite on a free local port with nothing but memory behind it. It checks a token's issuer
 * (`https://sts.windows.net/`), audience (`https://storage.azure.com`) and times, not its signature.
 */
export async function startAzurite(options: AzuriteOptions): Promise<Azurite> {
  const folder = await mkdtemp(join(tmpdir(), 'azurite-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await writeFile(cert, options.certificatePem);
  await writeFile(key, options.privateKeyPem, { mode: 0o600 });
  const main = createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js');
  const flags = ['--inMemoryPersistence', '--disableTelemetry', '--skipApiVersionCheck', '--silent'];
  const child = spawn(
    process.execPath,
    [main, '--blobPort', '0', '--oauth', 'basic', '--cert', cert, '--key', key, ...flags],
    {
      cwd: folder,
      env: { ...process.env, AZURITE_ACCOUNTS: options.accounts.map((name) => `${name}:${accountKey}`).join(';') },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const stop = async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const port = await listeningPort(child);
    return { blobEndpoint: (account) => `https://localhost:${port}/${account}/`, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Azurite wants a key for each account; with tokens nobody uses it. */
const accountKey = Buffer.alloc(64, 'k').toString('base64');

async function listeningPort(child: ChildProcess): Promise<string> {
  const output: string[] = [];
  const collect = (async () => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8');
    }
    child.stderr?.on('data', (text: string) => output.push(text));
    if (child.stdout === null) {
      throw new Error('Azurite has no output');
    }
    for await (const line of createInterface({ input: child.stdout })) {
      output.push(line);
      const port = /successfully listens on https:\/\/[^:]+:(\d+)/.exec(line)?.[1];
      if (port !== undefined) {
        child.stdout.resume();
        return port;
      }
    }
    throw new Error(`Azurite ended before it was ready:\n${output.join('\n')}`);
  })();
  const late = new Promise<never>((_, reject) => {
    setTimeout(
      () => reject(new Error(`Azurite is not ready after a minute:\n${output.join('\n')}`)),
      START_LIMIT_MS,
    ).unref();
  });
  return Promise.race([collect, late]);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
