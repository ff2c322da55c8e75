import type { JsonObject } from '../../src/json.ts';
import { textAt } from '../simulators/arm/json-path.ts';
import * as sample from '../simulators/arm/providers/sample-bodies.ts';
import { type ArmSimulator, startArmSimulator } from '../simulators/arm/simulator.ts';

/** What the process tells when its gateways are there, as one line of JSON. */
export interface SimulatedFleet {
  readonly url: string;
  readonly caPem: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Ids of the scale sets. */
  readonly scaleSets: readonly string[];
}

const API_VERSIONS: Readonly<Record<string, string>> = {
  identity: '2024-11-30',
  network: '2025-03-01',
  vault: '2026-02-01',
  storage: '2025-06-01',
  roles: '2022-04-01',
  compute: '2024-11-01',
};

/** Makes the resources of one gateway as a person would, by requests that are judged; `number` tells it from others. */
export function makeGateway(azure: ArmSimulator, number: number, instances: number): string {
  const own = <T>(value: T): T =>
    JSON.parse(
      JSON.stringify(value)
        .replaceAll(sample.SUBSCRIPTION, azure.subscriptionId)
        .replaceAll(sample.TENANT, azure.tenantId)
        .replaceAll('cmg-rg', `cmg-rg-${number}`)
        .replaceAll('cmg-kv', `cmg-kv-${number}`)
        .replaceAll('cmgstore', `cmgstore${number}`)
        .replaceAll('contosocmg', `contosocmg${number}`),
    );
  const put = (id: string, version: string, body: JsonObject): JsonObject => {
    const answer = azure.control.call('PUT', `${own(id)}?api-version=${API_VERSIONS[version] ?? version}`, own(body));
    const made = azure.control.resource(own(id));
    if (made === undefined || textAt(made, 'properties.provisioningState') === 'Failed') {
      throw new Error(`PUT ${own(id)}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return made;
  };
  const { ids } = sample;
  put(sample.GROUP, '2025-04-01', { location: 'westeurope' });
  const identity = put(ids.identity, 'identity', sample.identityBody);
  put(ids.networkSecurityGroup, 'network', sample.networkSecurityGroupBody);
  put(ids.virtualNetwork, 'network', sample.virtualNetworkBody);
  put(ids.publicIPAddress, 'network', sample.publicIPAddressBody);
  put(ids.loadBalancer, 'network', sample.loadBalancerBody);
  put(ids.vault, 'vault', sample.vaultBody);
  const secret = put(`${ids.vault}/secrets/cert`, 'vault', sample.vaultSecretBody);
  put(ids.storageAccount, 'storage', sample.storageAccountBody);
  put(`${ids.storageAccount}/blobServices/default/containers/packages`, 'storage', { properties: {} });
  const role = `${String(number).padStart(8, '0')}-1111-4222-8333-444444444444`;
  const principal = textAt(identity, 'properties.principalId') ?? '';
  put(
    `${ids.vault}/providers/Microsoft.Authorization/roleAssignments/${role}`,
    'roles',
    sample.roleAssignmentBody(principal),
  );
  // Named as the sample's own, as every name is made this gateway's on the way.
  const certificateUrl = textAt(secret, 'properties.secretUriWithVersion')?.replace(`cmg-kv-${number}`, 'cmg-kv') ?? '';
  put(ids.scaleSet, 'compute', sample.scaleSetBody(certificateUrl, instances));
  return own(ids.scaleSet);
}

/** A process of its own, so that its memory is that of the simulator: argument is the number of gateways. */
async function main(count: number): Promise<void> {
  const azure = await startArmSimulator({ blobs: false });
  azure.control.settings.durationFactor = 0;
  const scaleSets = Array.from({ length: count }, (_, number) => makeGateway(azure, number, 2));
  const { url, caPem, tenantId, clientId, clientSecret } = azure;
  console.log(JSON.stringify({ url, caPem, tenantId, clientId, clientSecret, scaleSets } satisfies SimulatedFleet));
}

if (import.meta.main) await main(Number(process.argv[2]));
