import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../src/runtime/logger.ts';
import type { ApiClient } from '../cluster/api-client.ts';
import { type AdminServiceSimulator, startAdminServiceSimulator } from '../simulators/adminservice/simulator.ts';
import { certificateSecret, gatewayManifests, type Manifest } from '../world/gateway-manifests.ts';
import { isGatewayReached } from '../world/gateway-names.ts';
import type { SimulatedWorld } from '../world/simulated-world.ts';
import { type ClientOptions, connectAsClient } from './client.ts';
import { askingFor, type DemoGateway, EARLIER, LATER } from './gateways.ts';
import { invitation } from './invitation.ts';
import { replaceGateway } from './redeployment.ts';
import type { Screen } from './screen.ts';
import { type Setting, startSetting } from './setting.ts';
import { connectSite, type OnSite } from './site.ts';
import { apply, isReady, StepFailed, watchUntil } from './steps.ts';
import { damage, scale } from './upkeep.ts';

export interface DemoOptions {
  /** Whether it stays up at the end until the signal. */
  readonly keep: boolean;
  /** Whether the gateway that stays is the first one, so that none is replaced. */
  readonly brief: boolean;
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
/** The CMG outlives its gateways. */
const NAME = 'granitefalls';

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
  const setting = await startSetting(options, later);
  const { api, world, clock } = setting;
  const gateway = options.brief ? LATER : EARLIER;
  const { serviceName } = gateway;
  const { cmg, credentials } = gatewayManifests(world, { namespace: NAMESPACE, name: NAME, serviceName });
  const manifest = askingFor(cmg, gateway);
  await provision(options, api, manifest, [await certificateOf(world, gateway), credentials]);
  await visitGateway(options, clientOf(setting, gateway));
  const site = await startAdminServiceSimulator({
    clock,
    gatewayServes: (name) => isGatewayReached(world.azure, name),
  });
  later(() => site.close());
  const onSite = await connectSite(options, api, { site, manifest, serviceName, limitMs: CHANGE_LIMIT_MS });
  const declared = options.brief ? onSite.declared : await replace(options, setting, { site, onSite });
  const client = clientOf(setting, LATER);
  await scale(options, api, world, declared);
  await damage(options, api, { world, client, manifest: declared });
  if (options.keep) {
    await invite(options, setting);
  }
}

/** Has the earlier gateway replaced by the later one. Returns the CMG as it is declared from now on. */
async function replace(
  options: DemoOptions,
  setting: Setting,
  { site, onSite }: { readonly site: AdminServiceSimulator; readonly onSite: OnSite },
): Promise<Manifest> {
  const declared = askingFor(onSite.declared, LATER);
  await replaceGateway(options, {
    ...setting,
    site,
    earlier: EARLIER,
    later: LATER,
    declared,
    certificate: await certificateOf(setting.world, LATER),
    standby: onSite.standby,
    limitMs: PROVISIONING_LIMIT_MS,
  });
  await visitGateway(options, clientOf(setting, LATER));
  return declared;
}

async function certificateOf(world: SimulatedWorld, { serviceName, secret }: DemoGateway): Promise<Manifest> {
  const certificate = await world.authority.issue({ commonName: serviceName, organization: 'Contoso' });
  return certificateSecret(NAMESPACE, secret, certificate, world);
}

function clientOf({ world, dns }: Setting, { serviceName }: DemoGateway): ClientOptions {
  return { gateways: world.azure.gateways, dns, serviceName, trusted: world.authority.rootPem };
}

/** Stays up, and tells what to try, until the signal. */
async function invite(
  { screen, signal, directory, logFile }: DemoOptions,
  { controlPlane, world, dns }: Setting,
): Promise<void> {
  const caFile = join(directory, 'azure-ca.crt');
  writeFileSync(caFile, world.azure.caPem);
  const clientCaFile = join(directory, 'contoso-ca.crt');
  writeFileSync(clientCaFile, world.authority.rootPem);
  const { azure } = world;
  const port = azure.gateways.endpoint(azure.control.addressOf(LATER.fqdn) ?? '', 443)?.port;
  const { serviceName } = LATER;
  screen.print(
    ...invitation({ controlPlane, azure, caFile, clientCaFile, logFile, dnsPort: dns.port, serviceName, port }),
  );
  await aborted(signal);
  signal.throwIfAborted();
}

async function provision(
  { screen, signal }: DemoOptions,
  api: ApiClient,
  manifest: Manifest,
  secrets: readonly Manifest[],
): Promise<void> {
  screen.step('Applying a CMG and watching its gateway come up');
  for (const each of [...secrets, manifest]) {
    await apply(api, each);
  }
  const started = performance.now();
  const expected = 'the CMG is Ready';
  await watchUntil({ api, manifest, screen, signal, limitMs: PROVISIONING_LIMIT_MS, expected }, (cmg) =>
    isReady(cmg) ? expected : undefined,
  );
  screen.done(`the CMG is Ready after ${Math.round((performance.now() - started) / 1000)} s`);
}

async function visitGateway({ screen }: DemoOptions, client: ClientOptions): Promise<void> {
  const { serviceName } = client;
  screen.step(`Connecting to ${serviceName} as a client on the internet does`);
  const { address, certificate, status } = await connectAsClient(client);
  if (certificate === undefined || status !== 401) {
    throw new StepFailed(`${serviceName} answered ${status ?? 'nothing'}, not 401, to a client without a token.`);
  }
  screen.done(
    `${serviceName} is ${address}, presents the certificate ${certificate.slice(0, 16)}…, and answers 401 to a client without a token`,
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    }
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
