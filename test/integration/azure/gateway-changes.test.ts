import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ArmClient } from '../../../src/azure/arm-client.ts';
import { createCredential, principalId } from '../../../src/azure/credentials.ts';
import type { ObservedResources } from '../../../src/azure/desired-resource.ts';
import { firstPollDelay, poll } from '../../../src/azure/operations.ts';
import { API_VERSIONS } from '../../../src/gateway/api-versions.ts';
import type { GatewayDeployment } from '../../../src/gateway/deployment.ts';
import { gatewayGraph } from '../../../src/gateway/graph.ts';
import { resourceIds } from '../../../src/gateway/ids.ts';
import { nextRolloutStep, readInstances } from '../../../src/gateway/instances.ts';
import { SETTINGS_TAG } from '../../../src/gateway/tags.ts';
import { createManualClock, type ManualClock } from '../../../src/runtime/manual-clock.ts';
import { type ArmSimulator, startArmSimulator } from '../../simulators/arm/simulator.ts';
import { trust } from '../../world/trust.ts';
import { connect, converge, deploymentOf, look, simulatedCloud } from './gateway-engine.ts';

let azure: ArmSimulator;
let clock: ManualClock;
let client: ArmClient;
let deployment: GatewayDeployment;

beforeAll(async () => {
  clock = createManualClock();
  azure = await startArmSimulator({ clock, blobs: false });
  trust(azure.caPem);
});
afterAll(() => azure?.close());
beforeEach(async () => {
  azure.control.reset();
  client = connect(azure, clock);
  const { tenantId, clientId, clientSecret } = azure;
  const cloud = simulatedCloud(azure);
  const credential = createCredential(cloud, { type: 'ClientSecret', tenantId, clientId, clientSecret }, clock);
  deployment = { ...deploymentOf(azure, await principalId(cloud, credential)), instances: 3 };
  await converge(client, graphOf(deployment), clock);
});

const graphOf = (wanted: GatewayDeployment) => (observed: ObservedResources) => gatewayGraph(wanted, observed);
/** The properties of one of the resources, as a GET shows them. */
const properties = (key: 'scaleSet' | 'loadBalancer' | 'certificate') =>
  JSON.stringify(azure.control.resource(resourceIds(deployment)[key])?.properties);

/** What the plan for another deployment would write now, as `key: changed path, …`. */
async function changesFor(wanted: GatewayDeployment): Promise<readonly string[]> {
  const { actions } = await look(client, graphOf(wanted));
  return actions.map((action) => {
    const paths = action.kind === 'Update' ? action.differences.map(({ path }) => path) : [];
    return `${action.resource.key}: ${paths.join(', ')}`;
  });
}

async function instances() {
  const { scaleSet } = resourceIds(deployment);
  const items = await client.list(`${scaleSet}/virtualMachines`, API_VERSIONS.compute, {
    query: { $expand: 'instanceView' },
  });
  return readInstances(items);
}

/** Waits, by the simulated clock, until every VM serves. */
async function untilAllServe(): Promise<void> {
  for (let round = 0; round < 200; round += 1) {
    if ((await instances()).every(({ ready }) => ready)) return;
    await clock.advance(15_000);
  }
  throw new Error(`Not all VMs serve: ${JSON.stringify(await instances())}`);
}

async function upgrade(instanceIds: readonly string[]): Promise<void> {
  const { scaleSet } = resourceIds(deployment);
  const { operation } = await client.post(`${scaleSet}/manualupgrade`, API_VERSIONS.compute, { instanceIds });
  for (let wait = operation === undefined ? 0 : firstPollDelay(operation); operation !== undefined; ) {
    await clock.advance(wait);
    const result = await poll(client, operation);
    if (result.kind === 'Failed') throw result.error;
    if (result.kind === 'Succeeded') return;
    wait = result.retryAfterMs;
  }
}

describe('a change of a gateway', () => {
  const extension = 'properties.virtualMachineProfile.extensionProfile.extensions[setup].properties.forceUpdateTag';
  const certificateUrl = 'properties.virtualMachineProfile.osProfile.secrets[0].vaultCertificates[0].certificateUrl';

  it('to another service package reaches the model, and nothing else', async () => {
    const wanted = { ...deployment, servicePackage: { sha256: 'c'.repeat(64) } };
    expect(await changesFor(wanted)).toEqual([`scaleSet: tags.${SETTINGS_TAG}, ${extension}`]);
    await converge(client, graphOf(wanted), clock);
    expect(await changesFor(wanted)).toEqual([]);
  });

  it('to a renewed certificate goes to the vault first, and then with its new address into the model', async () => {
    const renewed = {
      sha256Fingerprint: 'd'.repeat(64),
      chainSha256: 'e'.repeat(64),
      pkcs12: async () => 'YW5vdGhlcg==',
    };
    const wanted = { ...deployment, certificate: renewed };
    expect(await changesFor(wanted)).toEqual(['certificate: tags.configmgr.io_certificate']);
    await converge(client, graphOf(wanted), clock);
    const { secretUriWithVersion } = JSON.parse(properties('certificate') ?? '{}');
    expect(secretUriWithVersion).toMatch(/^https:/);
    expect(properties('scaleSet')).toContain(secretUriWithVersion);
    expect(await changesFor(wanted)).toEqual([]);
  });

  it('to another certificate address alone is seen too, as when somebody wrote the secret', async () => {
    const { certificate } = resourceIds(deployment);
    const tags = azure.control.resource(certificate)?.tags;
    azure.control.call('PUT', `${certificate}?api-version=${API_VERSIONS.keyVault}`, {
      ...(tags === undefined ? {} : { tags }),
      properties: { contentType: 'application/x-pkcs12', value: 'YW5vdGhlcg==' },
    });
    expect(await changesFor(deployment)).toEqual([`scaleSet: ${certificateUrl}`]);
  });

  it('to another VM size', async () => {
    expect(await changesFor({ ...deployment, vmSku: 'Standard_D8ads_v6' })).toEqual(['scaleSet: sku.name']);
  });

  it('to no content leaves what is stored, and tells the VMs', async () => {
    const wanted = { ...deployment, contentEnabled: false };
    expect(await changesFor(wanted)).toEqual([`scaleSet: tags.${SETTINGS_TAG}, ${extension}`]);
    await converge(client, graphOf(wanted), clock);
    expect(azure.control.resource(resourceIds(deployment).contentContainer)).toBeDefined();
  });

  it('to one VM takes the ports away, and keeps the model', async () => {
    const wanted = { ...deployment, instances: 1 };
    const before = properties('scaleSet');
    expect(properties('loadBalancer')).toContain('10124');
    await converge(client, graphOf(wanted), clock);
    expect(properties('scaleSet')).toBe(before);
    expect(await instances()).toHaveLength(1);
    expect(properties('loadBalancer')).not.toContain('10124');
  });
});

it('an extension that a policy adds is no difference, and stays through a change of the model', async () => {
  const { scaleSet } = resourceIds(deployment);
  azure.control.call('PUT', `${scaleSet}/extensions/AzureMonitorWindowsAgent?api-version=${API_VERSIONS.compute}`, {
    properties: {
      publisher: 'Microsoft.Azure.Monitor',
      type: 'AzureMonitorWindowsAgent',
      typeHandlerVersion: '1.0',
      autoUpgradeMinorVersion: true,
    },
  });
  await clock.advance(10 * 60_000);
  expect(properties('scaleSet')).toContain('AzureMonitorWindowsAgent');
  expect(await changesFor(deployment)).toEqual([]);
  await converge(client, graphOf({ ...deployment, servicePackage: { sha256: 'c'.repeat(64) } }), clock);
  expect(properties('scaleSet')).toContain('AzureMonitorWindowsAgent');
});

it('a new model reaches all VMs in batches, with VMs that serve at each moment', async () => {
  await untilAllServe();
  await converge(client, graphOf({ ...deployment, servicePackage: { sha256: 'c'.repeat(64) } }), clock);
  const batches: string[][] = [];
  for (let round = 0; round < 20; round += 1) {
    const seen = await instances();
    expect(seen.filter(({ ready }) => ready).length).toBeGreaterThanOrEqual(2);
    const step = nextRolloutStep(seen);
    if (step.kind === 'Done') break;
    if (step.kind === 'Upgrade') {
      batches.push([...step.instanceIds]);
      await upgrade(step.instanceIds);
    }
    await untilAllServe();
  }
  expect(batches).toHaveLength(3);
  expect((await instances()).every(({ ready, runsLatestModel }) => ready && runsLatestModel)).toBe(true);
});
