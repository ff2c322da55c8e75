import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, type JsonObject } from '../../src/json.ts';
import type { Logger } from '../../src/runtime/logger.ts';
import { installAdmissionPolicies } from '../cluster/admission-policies.ts';
import { type ApiClient, connectionOf, createApiClient } from '../cluster/api-client.ts';
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts';
import { installDefinitions } from '../cluster/definitions.ts';
import { formatSeconds } from '../cluster/progress.ts';
import { startAdminServiceSimulator } from '../simulators/adminservice/simulator.ts';
import { startSimulatedDns } from '../simulators/dns/simulated-dns.ts';
import { gatewayDial } from '../world/gateway-dial.ts';
import { gatewayManifests, type Manifest } from '../world/gateway-manifests.ts';
import { startOperatorUnderTest } from '../world/operator-under-test.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../world/simulated-world.ts';
import { type ClientOptions, connectAsClient } from './client.ts';
import { watchFleet } from './fleet.ts';
import { invitation } from './invitation.ts';
import type { Screen } from './screen.ts';
import { connectSite } from './site.ts';
import { apply, isReady, StepFailed, watchUntil } from './steps.ts';

export interface DemoOptions {
  /** Whether it stays up at the end until the signal. */
  readonly keep: boolean;
  readonly record?: string | undefined;
  readonly speed: number;
  readonly screen: Screen;
  readonly logger: Logger;
  /** For files that others read while it runs. */
  readonly directory: string;
  readonly logFile: string;
  readonly signal: AbortSignal;
}

const NAMESPACE = 'default';
const SERVICE_NAME = 'granitefalls.contoso.com';
const FQDN = 'granitefalls.westeurope.cloudapp.azure.com';

/** The operator looks for drift this often by the demo's fast clock. */
const DRIFT_INTERVAL = '2m';

/** Longest time for each step by the machine's clock. */
const PROVISIONING_LIMIT_MS = 180_000;
const CHANGE_LIMIT_MS = 90_000;

/** Runs the demo. Whatever it started is stopped again, however it ends. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const cleanups: (() => Promise<unknown>)[] = [];
  try {
    await demonstrate(options, (cleanup) => cleanups.unshift(cleanup));
  } finally {
    for (const cleanup of cleanups) {
      await cleanup();
    }
  }
}

async function demonstrate(options: DemoOptions, later: (cleanup: () => Promise<unknown>) => void): Promise<void> {
  const { screen, signal, speed } = options;
  const controlPlane = await startCluster(options);
  later(() => controlPlane.stop());
  const api = createApiClient(connectionOf(controlPlane.kubeconfig));
  later(() => api.close());

  screen.step('Starting a simulated Azure with real blob storage, and a process for each VM');
  const world = await startSimulatedWorld({
    speed,
    gateways: true,
    ...(options.record === undefined ? {} : { record: options.record }),
  });
  later(() => world.close());
  // Otherwise it would be chance whether the log already tells who deleted a rule when the operator finds it missing.
  world.azure.control.settings.activityLogLagSeconds = 0;
  screen.done(`${world.azure.url}, ${speed} times as fast as real time`);
  signal.throwIfAborted();

  screen.step('Installing the custom resource definitions and admission policies');
  const definitions = await installDefinitions(api);
  await installAdmissionPolicies(api);
  screen.done(definitions.join(', '));

  screen.step('Starting the operator');
  const operator = await startOperatorUnderTest({
    kubeconfigPath: controlPlane.kubeconfigPath,
    world,
    logger: options.logger,
    dial: gatewayDial(world.azure),
    flags: ['--drift-interval', DRIFT_INTERVAL],
  });
  later(() => operator.stop());
  screen.done(`metrics at http://127.0.0.1:${operator.port}/metrics`);

  const dns = await startSimulatedDns(world.azure);
  later(() => dns.close());
  // As the administrator of the domain does, once.
  dns.alias(SERVICE_NAME, FQDN);
  const { gateways } = world.azure;
  const client = { gateways, dns, serviceName: SERVICE_NAME, trusted: world.authority.rootPem };

  const certificate = await world.authority.issue({ commonName: SERVICE_NAME, organization: 'Contoso' });
  const manifests = gatewayManifests(world, {
    namespace: NAMESPACE,
    name: 'granitefalls',
    serviceName: SERVICE_NAME,
    certificate,
  });
  await provision(options, api, manifests);
  await visitGateway(options, client);
  const site = await startAdminServiceSimulator({ clock: world.azure.clock });
  later(() => site.close());
  const declared = await connectSite(options, api, {
    site,
    manifest: manifests.cmg,
    serviceName: SERVICE_NAME,
    limitMs: CHANGE_LIMIT_MS,
  });
  await watchFleet(options, SERVICE_NAME);
  await scale(options, api, world, declared);
  await damage(options, api, { world, client, manifest: declared });
  if (options.keep) {
    const caFile = join(options.directory, 'azure-ca.crt');
    writeFileSync(caFile, world.azure.caPem);
    const clientCaFile = join(options.directory, 'contoso-ca.crt');
    writeFileSync(clientCaFile, world.authority.rootPem);
    const { azure } = world;
    const port = azure.gateways.endpoint(azure.control.addressOf(FQDN) ?? '', 443)?.port;
    const files = { caFile, clientCaFile, logFile: options.logFile };
    screen.print(...invitation({ controlPlane, azure, ...files, dnsPort: dns.port, serviceName: SERVICE_NAME, port }));
    await aborted(signal);
    signal.throwIfAborted();
  }
}

async function startCluster({ screen, signal }: DemoOptions): Promise<ControlPlane> {
  screen.step('Starting etcd and kube-apiserver');
  const controlPlane = await startControlPlane({
    signal,
    progress: (stage, elapsedSeconds) => screen.show([`${stage} (${formatSeconds(elapsedSeconds)})`]),
  });
  screen.show([]);
  screen.done(controlPlane.server);
  return controlPlane;
}

async function provision(
  { screen, signal }: DemoOptions,
  api: ApiClient,
  manifests: ReturnType<typeof gatewayManifests>,
): Promise<void> {
  screen.step('Applying a CMG and watching its gateway come up');
  for (const manifest of [manifests.certificate, manifests.credentials, manifests.cmg]) {
    if (manifest !== undefined) {
      await apply(api, manifest);
    }
  }
  const started = performance.now();
  const expected = 'the CMG is Ready';
  await watchUntil({ api, manifest: manifests.cmg, screen, signal, limitMs: PROVISIONING_LIMIT_MS, expected }, (cmg) =>
    isReady(cmg) ? expected : undefined,
  );
  screen.done(`the CMG is Ready after ${Math.round((performance.now() - started) / 1000)} s`);
}

async function visitGateway({ screen }: DemoOptions, client: ClientOptions): Promise<void> {
  screen.step('Connecting to the gateway as a client on the internet does');
  const { address, certificate, status } = await connectAsClient(client);
  if (certificate === undefined || status !== 401) {
    throw new StepFailed(`The gateway answered ${status ?? 'nothing'}, not 401, to a client without a token.`);
  }
  screen.done(
    `${SERVICE_NAME} is ${address}, presents the certificate ${certificate.slice(0, 16)}…, and answers 401 to a client without a token`,
  );
}

async function scale({ screen, signal }: DemoOptions, api: ApiClient, { azure }: SimulatedWorld, manifest: Manifest) {
  screen.step('Scaling from one VM to two by an apply');
  const spec = manifest.spec as Record<string, unknown>;
  const scaled = { ...manifest, spec: { ...spec, vm: { size: 'Standard', instances: 2 } } };
  await apply(api, scaled);
  const expected = 'two VMs serve';
  const seen = await watchUntil({ api, manifest, screen, signal, limitMs: CHANGE_LIMIT_MS, expected }, (cmg) =>
    isReady(cmg) && cmg.status?.deployments?.[0]?.instances?.ready === 2 && capacityOf(azure) === 2
      ? expected
      : undefined,
  );
  screen.done(`${seen}, and Azure has a scale set of capacity 2`);
}

interface Damage {
  readonly world: SimulatedWorld;
  readonly client: ClientOptions;
  readonly manifest: Manifest;
}

async function damage({ screen, signal }: DemoOptions, api: ApiClient, { world, client, manifest }: Damage) {
  const { azure } = world;
  screen.step("Deleting a network rule behind the operator's back");
  const group = resourceOf(azure, 'Microsoft.Network/networkSecurityGroups');
  azure.control.call('DELETE', `${group.id}/securityRules/https?api-version=2025-03-01`);
  const rules = () => namesOf(resourceOf(azure, 'Microsoft.Network/networkSecurityGroups'));
  const expected = 'the rule https is back';
  let told = '';
  let cutOff = false;
  const seen = await watchUntil({ api, manifest, screen, signal, limitMs: CHANGE_LIMIT_MS, expected }, async (cmg) => {
    // The event stays; the condition may have come and gone between two looks.
    told ||= await driftEvent(api, manifest);
    const { status } = await connectAsClient(client);
    cutOff ||= status === undefined;
    return told !== '' && status === 401 && rules().includes('https') && isReady(cmg) ? expected : undefined;
  });
  screen.done(`${seen}${cutOff ? ', and clients that were cut off get through again' : ''}. The event said: ${told}`);
}

/** What the operator said of the drift that it found; empty as long as it has found none. */
async function driftEvent(api: ApiClient, { metadata }: Manifest): Promise<string> {
  const path = `/apis/events.k8s.io/v1/namespaces/${metadata.namespace}/events?fieldSelector=reason%3DDriftRepaired`;
  const { items } = (await api.call('GET', path)) as {
    items: readonly { note: string; regarding: { name: string } }[];
  };
  return items.find(({ regarding }) => regarding.name === metadata.name)?.note ?? '';
}

/** The one resource of a type in the simulated Azure. */
function resourceOf({ control }: SimulatedWorld['azure'], type: string): JsonObject {
  const found = control.state().find((resource) => String(resource.type).toLowerCase() === type.toLowerCase());
  if (found === undefined) {
    throw new Error(`The simulated Azure has no resource of type ${type}.`);
  }
  return found;
}

function capacityOf(azure: SimulatedWorld['azure']): unknown {
  const { sku } = resourceOf(azure, 'Microsoft.Compute/virtualMachineScaleSets');
  return isJsonObject(sku) ? sku.capacity : undefined;
}

function namesOf({ properties }: JsonObject): readonly string[] {
  const rules = isJsonObject(properties) ? properties.securityRules : undefined;
  return Array.isArray(rules) ? rules.filter(isJsonObject).map(({ name }) => String(name)) : [];
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    }
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
