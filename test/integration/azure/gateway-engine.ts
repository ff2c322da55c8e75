import { type ArmClient, type ArmClientOptions, createArmClient } from '../../../src/azure/arm-client.ts';
import { type Cloud, resolveCloud } from '../../../src/azure/clouds.ts';
import { createCredential } from '../../../src/azure/credentials.ts';
import type { DesiredResource, ObservedResources, ResourceKey } from '../../../src/azure/desired-resource.ts';
import { firstPollDelay, type Operation, poll } from '../../../src/azure/operations.ts';
import { planResources, type ResourcePlan, type ResourceState } from '../../../src/azure/resource-plan.ts';
import { createThrottling } from '../../../src/azure/throttling.ts';
import type { GatewayDeployment } from '../../../src/gateway/deployment.ts';
import { VM_MODELS } from '../../../src/gateway/vm-models.ts';
import type { JsonObject } from '../../../src/json.ts';
import type { ManualClock } from '../../../src/runtime/manual-clock.ts';
import type { ArmSimulator } from '../../simulators/arm/simulator.ts';

/** Where the simulator is, as an environment of Azure. */
export function simulatedCloud({ url }: ArmSimulator): Cloud {
  return resolveCloud('AzurePublicCloud', {
    AzurePublicCloud: { resourceManagerEndpoint: url, authorityHost: url },
  });
}

/** A client with the simulator's own credentials, which may do everything. */
export function connect(azure: ArmSimulator, clock: ManualClock, options: Partial<ArmClientOptions> = {}): ArmClient {
  const cloud = simulatedCloud(azure);
  const { tenantId, clientId, clientSecret, subscriptionId } = azure;
  return createArmClient({
    cloud,
    credential: createCredential(cloud, { type: 'ClientSecret', tenantId, clientId, clientSecret }, clock),
    subscriptionId,
    clock,
    throttling: createThrottling(clock),
    userAgent: 'cmg-operator/test',
    ...options,
  });
}

/** A gateway as a spec would describe it. */
export function deploymentOf(azure: ArmSimulator, operatorPrincipalId: string): GatewayDeployment {
  return {
    id: 'd1',
    owner: { installationId: 'test', namespace: 'default', name: 'contoso', clusterUid: 'c' },
    tenantId: azure.tenantId,
    subscriptionId: azure.subscriptionId,
    region: 'westeurope',
    resourceGroup: { name: 'rg-contoso', mode: 'Create' },
    serviceName: 'contoso.contoso.com',
    prefix: 'contoso',
    vmSku: 'Standard_D4ads_v6',
    vmModel: VM_MODELS[0],
    instances: 1,
    contentEnabled: true,
    clientAuthentication: { trustedCertificates: [], verifyRevocation: true },
    minimumTlsVersion: '1.2',
    entra: undefined,
    authorityHost: azure.url,
    servicePackage: { sha256: 'a'.repeat(64) },
    certificate: {
      sha256Fingerprint: 'b'.repeat(64),
      chainSha256: 'c'.repeat(64),
      pkcs12: async () => 'bm90IGEgcmVhbCBwZng=',
    },
    operatorPrincipalId,
    adminPassword: () => 'Made-up-1234567890',
  };
}

type Graph = (observed: ObservedResources) => readonly DesiredResource[];

/** Reads every resource of the graph. */
export async function observe(client: ArmClient, graph: Graph, known: ObservedResources = new Map()) {
  const resources = graph(known);
  const states = new Map<ResourceKey, ResourceState>();
  await Promise.all(
    resources.map(async ({ key, id, apiVersion }) => {
      const result = await client.get(id, apiVersion);
      states.set(
        key,
        result.kind === 'Absent'
          ? { kind: 'Absent' }
          : { kind: 'Present', resource: result.resource, etag: result.etag },
      );
    }),
  );
  return states;
}

/** What of the states exists, as the graph wants it. */
export function observedIn(states: ReadonlyMap<ResourceKey, ResourceState>): Map<ResourceKey, JsonObject> {
  const observed = new Map<ResourceKey, JsonObject>();
  for (const [key, state] of states) {
    if (state.kind === 'Present') {
      observed.set(key, state.resource);
    }
  }
  return observed;
}

/** What the engine would do now. */
export async function look(client: ArmClient, graph: Graph): Promise<ResourcePlan> {
  // Some resources are named by what others turn out to be, so the graph is looked at twice.
  const known = observedIn(await observe(client, graph));
  return planResources(graph(known), await observe(client, graph, known), new Set());
}

/** Where Azure is at work and names no operation, as for a new vault. */
const UNTIL_NEXT_LOOK_MS = 5000;

/** Bounds the rounds of a test that does not come to its end. */
const MOST_ROUNDS = 200;

/**
 * Observes, plans, writes and polls until the graph is as declared. Time moves by what Azure asks to wait.
 *
 * @throws the error of the first operation that fails
 */
export async function converge(client: ArmClient, graph: Graph, clock: ManualClock): Promise<void> {
  const running = new Map<ResourceKey, { operation: Operation; pollAt: number }>();
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    await settle(client, running, clock);
    const known = observedIn(await observe(client, graph));
    const resources = graph(known);
    const plan = planResources(resources, await observe(client, graph, known), new Set(running.keys()));
    if (plan.converged && running.size === 0) {
      return;
    }
    await Promise.all(
      plan.actions.map(async (action) => {
        const { key, id, apiVersion } = action.resource;
        const ifMatch = action.kind === 'Update' ? action.ifMatch : undefined;
        const body = (await action.resource.withSecrets?.(action.body)) ?? action.body;
        const { operation } = await client.put(id, apiVersion, body, { ifMatch });
        if (operation !== undefined) {
          running.set(key, { operation, pollAt: clock.now() + firstPollDelay(operation) });
        }
      }),
    );
    const polls = [...running.values()].map(({ pollAt }) => pollAt - clock.now());
    await clock.advance(Math.max(polls.length > 0 ? Math.min(...polls) : UNTIL_NEXT_LOOK_MS, 1));
  }
  throw new Error(`Not converged after ${MOST_ROUNDS} rounds.`);
}

async function settle(
  client: ArmClient,
  running: Map<ResourceKey, { operation: Operation; pollAt: number }>,
  clock: ManualClock,
): Promise<void> {
  for (const [key, { operation, pollAt }] of running) {
    if (pollAt > clock.now()) {
      continue;
    }
    const result = await poll(client, operation);
    if (result.kind === 'Running') {
      running.set(key, { operation, pollAt: clock.now() + result.retryAfterMs });
    } else if (result.kind === 'Failed') {
      throw result.error;
    } else {
      running.delete(key);
    }
  }
}
