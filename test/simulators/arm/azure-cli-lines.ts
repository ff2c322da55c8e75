import type { ArmSimulator } from './simulator.ts';

/**
 * Lines for a shell that point the Azure CLI at a simulator and sign in, in a configuration directory of its own: the user's
 * own clouds and accounts stay as they are.
 *
 * @param caFile file with the simulator's certificate authority
 */
export function azureCliLines(
  { url, clientId, clientSecret, tenantId }: Pick<ArmSimulator, 'url' | 'clientId' | 'clientSecret' | 'tenantId'>,
  caFile: string,
): readonly string[] {
  return [
    `export AZURE_CONFIG_DIR=$(mktemp -d) REQUESTS_CA_BUNDLE=${caFile} NO_PROXY=127.0.0.1`,
    // With discovery, the CLI asks the public cloud whether it knows this one.
    'export AZURE_CORE_INSTANCE_DISCOVERY=false AZURE_CORE_COLLECT_TELEMETRY=no',
    `az cloud register -n Simulator --endpoint-resource-manager ${url}`,
    'az cloud set -n Simulator',
    `az login --service-principal -u ${clientId} -p ${clientSecret} --tenant ${tenantId}`,
  ];
}
