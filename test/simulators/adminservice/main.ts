import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { numberFrom, waitForStop } from '../command-line.ts';
import { type AdminServiceSimulator, startAdminServiceSimulator } from './simulator.ts';

const HELP = `Simulates the AdminService of a Configuration Manager site, with a fleet of clients, on one local TLS port.

Usage: npm run simulator:adminservice -- [options]

It takes the bearer token that it prints. Negotiate it does not take when it is started alone.

  --port PORT     port on 127.0.0.1 (default: a free one)
  --speed X       simulated time runs X times as fast as the machine's clock (default: 1)
  --clients N     how many clients the site has (default: 1000)
  --gateway NAME  service name of a gateway that is there from the start, with a connection point
  --hierarchy     a central administration site with two primary sites, instead of one standalone
  --help          this text

Examples:
  npm run simulator:adminservice -- --port 8444 --speed 600
  npm run simulator:adminservice -- --gateway granitefalls.contoso.com --clients 500
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      speed: { type: 'string' },
      clients: { type: 'string' },
      gateway: { type: 'string' },
      hierarchy: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return;
  }
  const stopped = waitForStop();
  const folder = makeTemporaryDirectory();
  try {
    const simulator = await startAdminServiceSimulator({
      ...(values.port === undefined ? {} : { port: numberFrom('--port', values.port, 0, 65_535) }),
      ...(values.speed === undefined ? {} : { speed: numberFrom('--speed', values.speed, 0.001, 1_000_000) }),
      layout: values.hierarchy === true ? 'Hierarchy' : 'Standalone',
    });
    if (values.gateway !== undefined) {
      simulator.control.addServingGateway({ serviceName: values.gateway }, 'cp1.ps1.corp.contoso.com');
    }
    simulator.control.startFleet({ size: numberFrom('--clients', values.clients ?? '1000', 0, 1_000_000) });
    const caFile = join(folder, 'ca.crt');
    await writeFile(caFile, simulator.caPem);
    process.stdout.write(introduction(simulator, caFile));
    await stopped;
    await simulator.close();
  } finally {
    removeTemporaryDirectory(folder);
  }
}

function introduction({ url, token }: AdminServiceSimulator, caFile: string): string {
  return `The simulator is ready. Ctrl-C stops it.

  endpoint      ${url}/AdminService_TokenAuth
  token         ${token}   (good for this simulator only)
  certificate   ${caFile}

To try it:

  curl -s --cacert ${caFile} -H 'Authorization: Bearer ${token}' ${url}/AdminService_TokenAuth/wmi/SMS_Site
  curl -s --cacert ${caFile} ${url}/simulator/state
  curl -s --cacert ${caFile} ${url}/simulator/clients

`;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
