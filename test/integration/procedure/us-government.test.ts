import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { resolveCloud } from '../../../src/azure/clouds.ts';
import { createManualClock, type ManualClock } from '../../../src/runtime/manual-clock.ts';
import type { IssuedCertificate } from '../../certificate-authority.ts';
import { textAt } from '../../simulators/arm/json-path.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../../world/simulated-world.ts';
import { createGatewayRounds, type GatewayRounds } from './gateway-rounds.ts';

const SERVICE_NAME = 'contoso.contoso.com';
const cloud = resolveCloud('AzureUSGovernmentCloud');

let world: SimulatedWorld;
let clock: ManualClock;
let certificate: IssuedCertificate;

beforeAll(async () => {
  clock = createManualClock(Date.now());
  world = await startSimulatedWorld({ clock, cloud: 'AzureUSGovernmentCloud' });
  certificate = await world.authority.issue({ commonName: SERVICE_NAME });
});
afterAll(() => world?.close());
beforeEach(() => world.azure.control.reset());

const gatewayIn = () => createGatewayRounds({ world, clock, certificate, serviceName: SERVICE_NAME });
const isReady = (gateway: GatewayRounds) => gateway.condition('Ready')?.status === 'True';
const resource = (type: string) => {
  const group = `/subscriptions/${world.azure.subscriptionId}/resourceGroups/rg-contoso`;
  return world.azure.control.resource(`${group}/providers/${type}`);
};

describe('a gateway in Azure US Government', () => {
  it('is made, has the names of that cloud, serves, is repaired, and is removed', async () => {
    const gateway = gatewayIn();
    expect(gateway.cmg.spec.azure).toMatchObject({ environment: 'AzureUSGovernmentCloud', region: 'usgovvirginia' });
    await gateway.roundsUntil(() => isReady(gateway));
    expect(gateway.cmg.status?.deployments?.[0]).toMatchObject({
      fqdn: `contoso.usgovvirginia.${cloud.vmDnsSuffix}`,
      identity: { environment: 'AzureUSGovernmentCloud', region: 'usgovvirginia' },
      instances: { wanted: 1, ready: 1 },
    });
    const vault = resource('Microsoft.KeyVault/vaults/contoso');
    expect(textAt(vault, 'properties.vaultUri')).toBe(`https://contoso.${cloud.vaultSuffix}/`);
    const scaleSet = JSON.stringify(resource('Microsoft.Compute/virtualMachineScaleSets/contoso'));
    expect(scaleSet).toContain(`https://contoso.${cloud.vaultSuffix}/secrets/server-certificate/`);
    expect(JSON.stringify(world.azure.control.state())).not.toMatch(/azure\.com|windows\.net|azure\.net|westeurope/);
    expect(world.azure.control.addressOf(`contoso.usgovvirginia.${cloud.vmDnsSuffix}`)).toBe(
      gateway.cmg.status?.deployments?.[0]?.address,
    );

    const id = String(resource('Microsoft.Network/networkSecurityGroups/contoso')?.id);
    world.azure.control.mutate(id, { properties: { securityRules: [] } });
    await gateway.roundsUntil(() => gateway.happenings.some(({ reason }) => reason === 'DriftRepaired'));

    gateway.beginDeletion('CMG');
    while ((await gateway.removalRound()).kind !== 'Gone');
    expect(world.azure.control.state()).toEqual([]);
  });

  it('is refused where the region or the credentials belong to the public cloud', async () => {
    const gateway = gatewayIn();
    gateway.edit((spec) => ({ ...spec, azure: { ...spec.azure, region: 'westeurope' } }));
    await gateway.round();
    expect(gateway.condition('Ready')).toMatchObject({ status: 'False', reason: 'RegionNotFound' });
    expect(world.azure.control.state()).toEqual([]);
  });

  it('is found there when the console made it, classic ones by their own suffix', async () => {
    world.azure.control.settings.graphLagSeconds = 0;
    world.azure.control.addConsoleGateway({ prefix: 'contoso', resourceGroup: 'rg-contoso' });
    const gateway = gatewayIn();
    gateway.edit((spec) => ({ ...spec, managementPolicy: 'Observe' }));
    await gateway.round();
    expect(isReady(gateway)).toBe(true);
    expect(gateway.cmg.status?.deployments?.[0]?.fqdn).toBe(`contoso.usgovvirginia.${cloud.vmDnsSuffix}`);

    world.azure.control.reset();
    world.azure.control.addConsoleGateway({ prefix: 'contoso', resourceGroup: 'rg-contoso', model: 'Classic' });
    gateway.edit((spec) => ({ ...spec, deploymentModel: 'CloudServiceClassic' }));
    await gateway.round();
    expect(gateway.cmg.status?.deployments?.[0]?.fqdn).toBe('contoso.usgovcloudapp.net');
  });
});
