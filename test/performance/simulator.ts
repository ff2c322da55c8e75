import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { sleep, systemClock } from '../../src/runtime/clock.ts';
import { createCertificateAuthority } from '../certificate-authority.ts';
import { startSupervised } from '../cluster/supervised-process.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../cluster/temporary-directory.ts';
import { startArmSimulator } from '../simulators/arm/simulator.ts';
import { packageArchive } from '../simulators/gateway/package-archive.ts';
import { makeSampleGateway } from '../simulators/gateway/sample-gateway.ts';
import type { Figures } from './main.ts';
import type { SimulatedFleet } from './simulated-fleet.ts';

const GATEWAYS = 500;
const READS = 5000;
const READ_VERSION = '2024-11-01';
const LIMIT_MS = 120_000;

/** Benchmark `simulator`: one gateway at full speed, and a fleet of them in a process of its own. */
export async function measureSimulator(tell: (what: string) => void, signal: AbortSignal): Promise<Figures> {
  tell('One gateway with two VMs at full speed …');
  const gatewaySeconds = await measureGateway();
  tell(`${GATEWAYS} gateways with two VMs each, then ${READS} reads one after the other …`);
  return { gatewaySeconds, ...(await measureFleet(signal)) };
}

/**
 * From the first request until both VMs serve, in a simulator without delays, with the real processes behind them. What is
 * made once for many gateways is made before: certificate, service package, blob storage.
 */
async function measureGateway(): Promise<number> {
  const authority = await createCertificateAuthority();
  const certificate = await authority.issue({ commonName: 'contoso.contoso.com' });
  const archive = await packageArchive();
  const azure = await startArmSimulator({ gateways: true });
  try {
    const from = performance.now();
    const gateway = await makeSampleGateway(azure, { certificate, package: archive, changes: { instances: 2 } });
    const serves = () => [443, 10_124, 10_125].every((port) => azure.gateways.endpoint(gateway.address, port));
    while (!serves()) {
      if (performance.now() - from > LIMIT_MS) throw new Error('The VMs do not serve.');
      await sleep(systemClock, 1);
    }
    return (performance.now() - from) / 1000;
  } finally {
    await azure.close();
  }
}

async function measureFleet(signal: AbortSignal): Promise<Figures> {
  const directory = makeTemporaryDirectory();
  const outputFile = join(directory, 'fleet.json');
  const output = openSync(outputFile, 'w');
  const program = join(import.meta.dirname, 'simulated-fleet.ts');
  const fleet = startSupervised(process.execPath, [program, String(GATEWAYS)], { output });
  closeSync(output);
  try {
    const from = performance.now();
    while (!readFileSync(outputFile, 'utf8').endsWith('\n')) {
      signal.throwIfAborted();
      if (fleet.exit() !== undefined || performance.now() - from > LIMIT_MS) {
        throw new Error(`The fleet was not made: ${readFileSync(outputFile, 'utf8')}`);
      }
      await sleep(systemClock, 50);
    }
    const fleetSeconds = (performance.now() - from) / 1000;
    const getMedianMs = await medianRead(JSON.parse(readFileSync(outputFile, 'utf8')));
    const status = readFileSync(`/proc/${fleet.pid}/status`, 'utf8');
    return { fleetSeconds, getMedianMs, rssMiB: Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024 };
  } finally {
    await fleet.kill();
    removeTemporaryDirectory(directory);
  }
}

/** Half of the reads of a scale set, over TLS on one connection, take no longer than so many milliseconds. */
async function medianRead(fleet: SimulatedFleet): Promise<number> {
  const { url, caPem, tenantId, clientId, clientSecret, scaleSets } = fleet;
  const dispatcher = new Agent({ connect: { ca: caPem } });
  try {
    const form = {
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      scope: 'https://management.azure.com/.default',
    };
    const token = await request(`${url}/${tenantId}/oauth2/v2.0/token`, {
      method: 'POST',
      dispatcher,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    });
    const { access_token } = (await token.body.json()) as { readonly access_token: string };
    const times: number[] = [];
    for (let read = 0; read < READS; read += 1) {
      const from = performance.now();
      const answer = await request(`${url}${scaleSets[read % scaleSets.length]}?api-version=${READ_VERSION}`, {
        dispatcher,
        headers: { authorization: `Bearer ${access_token}` },
      });
      await answer.body.text();
      if (answer.statusCode !== 200) throw new Error(`A read was answered with ${answer.statusCode}.`);
      times.push(performance.now() - from);
    }
    return times.toSorted((left, right) => left - right)[READS / 2] ?? Number.NaN;
  } finally {
    await dispatcher.close();
  }
}
