import { readFileSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { runOperator } from '../../src/operator.ts';
import { beginPass, type ClientPass, countDevice, finishPass, judgeGate } from '../../src/redeployment/client-gate.ts';
import { sleep, systemClock } from '../../src/runtime/clock.ts';
import { createAdminService } from '../../src/site/admin-service/admin-service.ts';
import { bearerAuthentication } from '../../src/site/authentication.ts';
import { createSite } from '../../src/site/create-site.ts';
import type { SimulatedSite } from './simulated-site.ts';

/** What the process tells when it has read all clients, as one line of JSON. */
export interface PassFigures {
  readonly devices: number;
  readonly seconds: number;
  readonly idleRssMiB: number;
  readonly peakRssMiB: number;
  readonly eventLoopP99Ms: number;
}

const HOUR_MS = 3_600_000;
/** How long the gateway has been there, so that clients may be expected to know it. */
const ADVERTISED_FOR_MS = 30 * HOUR_MS;
const IGNORE_INACTIVE_FOR_MS = 336 * HOUR_MS;
/** How long the process is left alone before its memory is that of an idle operator. */
const IDLE_MS = 5000;
const MIB = 1024 ** 2;

/** A process with all of the operator's code, which reads the clients of a site once. Argument is the file that says where. */
async function main(siteFile: string): Promise<void> {
  const { url, caPem, token, serviceName }: SimulatedSite = JSON.parse(readFileSync(siteFile, 'utf8'));
  const adminService = createAdminService({
    url,
    caBundle: caPem,
    authentication: bearerAuthentication(async () => token, systemClock),
    clock: systemClock,
    userAgent: `bench/${runOperator.name}`,
  });
  const { facts, driver } = adminService;
  const site = createSite({ facts, drivers: [driver], allowUnproven: false, clock: systemClock });
  const { signal } = new AbortController();
  await site.identity({ signal });
  await sleep(systemClock, IDLE_MS);

  const idleRssMiB = process.memoryUsage.rss() / MIB;
  // Linux counts the highest resident memory anew from here.
  writeFileSync('/proc/self/clear_refs', '5');
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const startedAt = performance.now();
  let pass: ClientPass | undefined;
  const answer = await site.readDevices(
    (rows, date) => {
      if (date === undefined) throw new Error('An answer has no Date.');
      for (const row of rows) pass = countDevice(pass ?? begin(serviceName, date), row, date);
    },
    { signal },
  );
  const seconds = (performance.now() - startedAt) / 1000;
  delay.disable();
  if (answer.kind !== 'Answered' || answer.value.kind !== 'Complete' || pass === undefined) {
    throw new Error(`The pass is not complete: ${JSON.stringify(answer)}`);
  }
  requireOpen(finishPass(pass));
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  const figures: PassFigures = {
    devices: pass.devices,
    seconds,
    idleRssMiB,
    peakRssMiB: Number(peak) / 1024,
    eventLoopP99Ms: delay.percentile(99) / 1e6,
  };
  console.log(JSON.stringify(figures));
  await adminService.close();
}

function begin(serviceName: string, date: number): ClientPass {
  const advertisedSince = date - ADVERTISED_FOR_MS;
  return beginPass({ serviceName, advertisedSince, ignoreInactiveFor: IGNORE_INACTIVE_FOR_MS }, date);
}

/** The clients talk through the gateway, so anything but an open gate means that they were not counted as they are. */
function requireOpen(pass: ClientPass): void {
  const { serviceName, advertisedSince } = pass.question;
  const judgement = judgeGate(pass, {
    serviceName,
    advertisedSince,
    requiredPercent: 95,
    notBefore: pass.begunAt,
    devicesAtBeginning: pass.devices,
  });
  if (judgement.kind !== 'Open') throw new Error(`The gate is shut: ${JSON.stringify(judgement)}`);
}

await main(process.argv[2] ?? '');
