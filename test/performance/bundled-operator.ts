import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { bundle, NODE_ENVIRONMENT, NODE_FLAGS } from '../../scripts/build.ts';
import { sleep, systemClock } from '../../src/runtime/clock.ts';
import { startSupervised } from '../cluster/supervised-process.ts';

/** The operator as it is shipped: one bundled file in a process of its own, with the same flags. */
export interface BundledOperator {
  /** Seconds from the start of the process until `/readyz` answered 200, which is when the caches are complete. */
  readonly startSeconds: number;
  /** Of its HTTP server on 127.0.0.1. */
  readonly port: number;
  /** Highest resident memory so far, in MiB, as Linux counts it (`VmHWM`). */
  peakRssMiB(): number;
  stop(): Promise<void>;
}

const READY_LIMIT_MS = 30_000;
const LOOK_EVERY_MS = 10;

/** Makes the bundle once for all starts. */
export async function buildOperator(directory: string): Promise<string> {
  const outfile = join(directory, 'cmg-operator.mjs');
  await bundle({ entry: join(import.meta.dirname, '../../src/main.ts'), outfile });
  return outfile;
}

export async function startBundledOperator(options: {
  readonly file: string;
  readonly directory: string;
  readonly kubeconfigPath: string;
  readonly azureUrl: string;
  /** PEM of the authorities that the operator has to trust. */
  readonly trusted: string;
  readonly flags?: readonly string[];
}): Promise<BundledOperator> {
  const { directory, azureUrl } = options;
  const trusted = join(directory, 'trusted.pem');
  writeFileSync(trusted, options.trusted);
  const cloudFile = join(directory, 'clouds.json');
  const endpoints = { resourceManagerEndpoint: azureUrl, authorityHost: azureUrl };
  writeFileSync(cloudFile, JSON.stringify({ AzurePublicCloud: endpoints }));
  const port = await freePort();
  const started = performance.now();
  const operator = startSupervised(
    process.execPath,
    [
      ...NODE_FLAGS,
      options.file,
      ...['--installation-id', 'bench', '--leader-elect', 'false', '--log-level', 'warn'],
      ...['--kubeconfig', options.kubeconfigPath, '--azure-cloud-file', cloudFile],
      // No processes stand behind the VMs: a hundred of them would be what is measured.
      ...['--gateway-probe', 'AzureOnly', '--http-bind-address', `127.0.0.1:${port}`, ...(options.flags ?? [])],
    ],
    {
      env: { ...process.env, ...NODE_ENVIRONMENT, NODE_EXTRA_CA_CERTS: trusted },
      output: openSync(join(directory, 'operator.log'), 'a'),
    },
  );
  while (!(await isReady(port))) {
    if (performance.now() - started > READY_LIMIT_MS) {
      await operator.kill();
      throw new Error(`The operator is not ready: ${readFileSync(join(directory, 'operator.log'), 'utf8')}`);
    }
    await sleep(systemClock, LOOK_EVERY_MS);
  }
  return {
    port,
    startSeconds: (performance.now() - started) / 1000,
    peakRssMiB: () => {
      const status = readFileSync(`/proc/${operator.pid}/status`, 'utf8');
      return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
    },
    stop: () => operator.kill(),
  };
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') {
    throw new Error('No free port.');
  }
  return address.port;
}
