import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { numberFrom, waitForStop } from '../command-line.ts';
import { type SimulatedDns, startSimulatedDns } from '../dns/simulated-dns.ts';
import { azureCliLines } from './azure-cli-lines.ts';
import { CLOUDS, type SimulatedCloudName } from './clouds.ts';
import { type ArmSimulator, startArmSimulator } from './simulator.ts';

const HELP = `Simulates Azure Resource Manager, Entra ID, Resource Graph and blob storage on one local TLS port.

Usage: npm run simulator:arm -- [options]

  --port PORT     port on 127.0.0.1 (default: a free one)
  --speed X       simulated time runs X times as fast as the machine's clock (default: 1)
  --record FILE   write every exchange to FILE, one JSON object a line, secrets masked
  --seed N        seed of ids and secrets; the same seed gives the same ones (default: 1)
  --cloud NAME    AzurePublicCloud or AzureUSGovernmentCloud (default: the public one)
  --gateways      with real processes behind VMs, and a DNS resolver (test/simulators/gateway)
  --no-blobs      without blob storage (starts about two seconds faster)
  --help          this text

Examples:
  npm run simulator:arm -- --port 8443 --speed 10
  npm run simulator:arm -- --record conversation.jsonl --no-blobs
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      speed: { type: 'string' },
      record: { type: 'string' },
      seed: { type: 'string' },
      cloud: { type: 'string' },
      gateways: { type: 'boolean' },
      'no-blobs': { type: 'boolean' },
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
    const simulator = await startArmSimulator({
      ...(values.port === undefined ? {} : { port: numberFrom('--port', values.port, 0, 65_535) }),
      ...(values.speed === undefined ? {} : { speed: numberFrom('--speed', values.speed, 0.001, 1_000_000) }),
      ...(values.seed === undefined ? {} : { seed: numberFrom('--seed', values.seed, 0, 2 ** 32 - 1) }),
      ...(values.cloud === undefined ? {} : { cloud: cloudCalled(values.cloud) }),
      ...(values.record === undefined ? {} : { record: values.record }),
      blobs: values['no-blobs'] !== true,
      gateways: values.gateways === true,
    });
    const names = values.gateways === true ? await startSimulatedDns(simulator) : undefined;
    const caFile = join(folder, 'ca.crt');
    await writeFile(caFile, simulator.caPem);
    process.stdout.write(introduction(simulator, caFile));
    if (names !== undefined) process.stdout.write(wayToGateways(simulator, names, caFile));
    await stopped;
    await names?.close();
    await simulator.close();
  } finally {
    removeTemporaryDirectory(folder);
  }
}

function cloudCalled(name: string): SimulatedCloudName {
  const cloud = Object.values(CLOUDS).find((known) => known.name === name);
  if (cloud !== undefined) return cloud.name;
  throw new Error(`--cloud must be one of ${Object.keys(CLOUDS).join(', ')}, not ${name}.`);
}

function introduction(simulator: ArmSimulator, caFile: string): string {
  const { url, tenantId, subscriptionId, clientId, clientSecret } = simulator;
  return `The simulator is ready. Ctrl-C stops it.

  endpoint        ${url}   (Resource Manager and login)
  tenant          ${tenantId}
  subscription    ${subscriptionId}
  client id       ${clientId}
  client secret   ${clientSecret}   (good for this simulator only)
  certificate     ${caFile}

To try it:

  TOKEN=$(curl -s --cacert ${caFile} ${url}/${tenantId}/oauth2/v2.0/token \\
    -d grant_type=client_credentials -d client_id=${clientId} -d client_secret=${clientSecret} \\
    -d scope=${simulator.cloud.audiences[0]}/.default | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  curl -s --cacert ${caFile} -H "Authorization: Bearer $TOKEN" -X PUT -H 'Content-Type: application/json' \\
    -d '{"location":"westeurope"}' '${url}/subscriptions/${subscriptionId}/resourceGroups/try?api-version=2025-04-01'
  curl -s --cacert ${caFile} ${url}/simulator/state

With the Azure CLI:

${azureCliLines(simulator, caFile)
  .map((line) => `  ${line}`)
  .join('\n')}

`;
}

function wayToGateways({ url }: ArmSimulator, { port }: SimulatedDns, caFile: string): string {
  return `Gateways run. Where open ports of public addresses are on this machine, and what a name leads to:

  curl -s --cacert ${caFile} ${url}/simulator/ports
  dig @127.0.0.1 -p ${port} contoso.westeurope.cloudapp.azure.com
  curl -k --connect-to NAME:443:127.0.0.1:LOCAL_PORT https://NAME/CCM_Proxy_MutualAuth/1

`;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
