import { startAdminServiceSimulator } from '../simulators/adminservice/simulator.ts';

/** What the process tells when its clients are there, as one line of JSON. */
export interface SimulatedSite {
  readonly url: string;
  readonly caPem: string;
  readonly token: string;
  readonly serviceName: string;
}

/** A process of its own, as a site is: argument is the number of clients. */
async function main(clients: number): Promise<void> {
  const site = await startAdminServiceSimulator();
  const serviceName = 'granitefalls.contoso.com';
  site.control.addServingGateway({ serviceName }, 'cp1.ps1.corp.contoso.com');
  site.control.startFleet({ size: clients });
  const { url, caPem, token } = site;
  console.log(JSON.stringify({ url, caPem, token, serviceName } satisfies SimulatedSite));
}

if (import.meta.main) await main(Number(process.argv[2]));
