import { readFileSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { runOperator } from '../../src/operator.ts';
import { sleep, systemClock } from '../../src/runtime/clock.ts';
import { createAdminService } from '../../src/site/admin-service/admin-service.ts';
import { bearerAuthentication } from '../../src/site/authentication.ts';
import { createSite } from '../../src/site/create-site.ts';
import type { DeviceRow } from '../../src/site/site.ts';
import type { SimulatedSite } from './simulated-site.ts';

/** What the process tells when it has read all clients, as one line of JSON. */
export interface ClientPass {
  readonly devices: number;
  readonly eligible: number;
  readonly refreshed: number;
  readonly seconds: number;
  readonly idleRssMiB: number;
  readonly peakRssMiB: number;
  readonly eventLoopP99Ms: number;
}

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
  const counts = { devices: 0, eligible: 0, refreshed: 0 };
  const answer = await site.readDevices(
    (rows) => {
      for (const row of rows) count(counts, row, serviceName);
    },
    { signal },
  );
  const seconds = (performance.now() - startedAt) / 1000;
  delay.disable();
  if (answer.kind !== 'Answered' || answer.value.kind !== 'Complete' || answer.value.devices !== counts.devices) {
    throw new Error(`The pass is not complete: ${JSON.stringify(answer)}`);
  }
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  const pass: ClientPass = {
    ...counts,
    seconds,
    idleRssMiB,
    peakRssMiB: Number(peak) / 1024,
    eventLoopP99Ms: delay.percentile(99) / 1e6,
  };
  console.log(JSON.stringify(pass));
  await adminService.close();
}

/** What is asked of each client: whether it counts, and whether it has been heard through the gateway. */
function count(
  counts: { devices: number; eligible: number; refreshed: number },
  row: DeviceRow,
  serviceName: string,
): void {
  counts.devices += 1;
  const active = Date.parse(row.LastActiveTime ?? '');
  const policy = Date.parse(row.LastPolicyRequest ?? '');
  if (row.IsClient !== true || row.IsObsolete === true || Number.isNaN(active) || Number.isNaN(policy)) return;
  if (row.CNIsOnInternet !== true && row.IsAlwaysInternet !== true) return;
  counts.eligible += 1;
  if (row.CNAccessMP?.toLowerCase().startsWith(`${serviceName}/`)) counts.refreshed += 1;
}

await main(process.argv[2] ?? '');
