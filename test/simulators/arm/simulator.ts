import type { HttpClient } from '@azure/core-rest-pipeline';
import { type Clock, systemClock } from '../../../src/runtime/clock.ts';
import { seededRandom } from '../../../src/runtime/random.ts';
import { createAcceleratedClock } from '../accelerated-clock.ts';
import { type Gateways, startGateways } from '../gateway/gateways.ts';
import type { Azure } from './azure.ts';
import { type AzureHost, createAzureHost, createIdentity } from './azure-host.ts';
import { type BlobFront, createBlobFront } from './blobs/front.ts';
import { createMemoryBlobFront } from './blobs/memory.ts';
import { CLOUDS, type SimulatedCloud, type SimulatedCloudName } from './clouds.ts';
import { createControl, type SimulatorControl } from './control.ts';
import { answerControl } from './control-routes.ts';
import { answerDirectory } from './directory.ts';
import { createEntra, type Entra } from './entra.ts';
import type { Answer, ArmRequest } from './exchange.ts';
import { createFaults, type FaultAction, type Faults } from './faults.ts';
import { createInProcessClient } from './in-process-client.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { recordingOfRun } from './recording-of-run.ts';
import { type Handlers, startHttpsServer } from './server.ts';
import { answerVaultData } from './vault-data.ts';
import type { Principal } from './world.ts';
import type { WorldState } from './world-state.ts';

/** A running simulator of Azure: Resource Manager, Entra ID, Resource Graph and blob storage, on one TLS port. */
export interface ArmSimulator {
  /** `https://127.0.0.1:<port>`: Resource Manager and the authority host alike. */
  readonly url: string;
  /** PEM of the certificate authority that clients have to trust. */
  readonly caPem: string;
  readonly cloud: SimulatedCloud;
  readonly tenantId: string;
  readonly subscriptionId: string;
  /** The application that may do everything, until the control says otherwise. */
  readonly clientId: string;
  readonly clientSecret: string;
  readonly control: SimulatorControl;
  /**
   * Carries requests to Resource Manager and Entra without a connection, for clients of Azure's SDK in this process: much
   * faster than TLS, and with the same answers and faults. Requests for blobs take the port.
   */
  readonly httpClient: HttpClient;
  /** The insides of VMs. Without `gateways: true`, nothing can be reached and no process runs. */
  readonly gateways: Pick<Gateways, 'endpoint' | 'openPorts' | 'processes'>;
  /** The simulated time: that of operations and of `Date` headers. */
  readonly clock: Clock;
  /** Stops the server and all that it started, and finishes the recording. */
  close(): Promise<void>;
}

export interface ArmSimulatorOptions {
  /** Which cloud is simulated: its regions, DNS suffixes and audiences. Default: the public one. */
  readonly cloud?: SimulatedCloudName;
  /** Default: a free one. */
  readonly port?: number;
  /** How many times as fast as the machine's clock simulated time runs. Default 1. Not with `clock`. */
  readonly speed?: number;
  /** A clock to share with others instead. With `advance`, the control can move it. */
  readonly clock?: Clock & { advance?(ms: number): void | Promise<void> };
  /** File to record all exchanges in. */
  readonly record?: string;
  /** Seed of ids and names. Default 1: each run has the same ones. */
  readonly seed?: number;
  /** Whether there is blob storage: Azurite, a second process; `memory` keeps whole blobs in this one. Default true. */
  readonly blobs?: boolean | 'memory';
  /**
   * Whether real processes run behind VMs, as test/simulators/gateway describes: extensions end as their commands do,
   * probes really connect, and gateways can be connected to. Needs blobs. Default false.
   */
  readonly gateways?: boolean;
}

/** Starts a simulator. */
export async function startArmSimulator(options: ArmSimulatorOptions = {}): Promise<ArmSimulator> {
  const clock = options.clock ?? createAcceleratedClock(systemClock, options.speed ?? 1);
  const random = seededRandom(options.seed ?? 1);
  const identity = createIdentity(random);
  const cloud = CLOUDS[options.cloud ?? 'AzurePublicCloud'];
  const entra = await createEntra(identity.tenantId, cloud, (appId) => identityIn(host.azure().world, appId));
  const faults = createFaults();
  // Known only when the server listens, and asked for only after that.
  let url = '';
  let blobs: BlobFront | undefined;
  let gateways: Gateways | undefined;
  const host = createAzureHost({
    cloud,
    identity,
    clock,
    random,
    entra,
    blobEndpoint: (account) => `${url}/blob/${account}/`,
    blobExists: (blobUrl) => blobs?.exists(blobUrl) ?? true,
    ...(options.gateways === true ? { machines: { isHealthy: (...vm) => gateways?.isHealthy(...vm) ?? false } } : {}),
  });
  const control = createControl({
    ...identity,
    host,
    entra,
    faults,
    origin: () => url,
    openPorts: () => gateways?.openPorts() ?? [],
    advance: (ms) => {
      if (clock.advance === undefined) throw new Error('The clock of this simulator cannot be moved.');
      return clock.advance(ms);
    },
  });
  const recording = options.record ?? recordingOfRun();
  const recorder = recording === undefined ? undefined : createRecorder(recording, () => clock.now());
  const parts = { host, entra, faults, clock, control, recorder, blobs: () => blobs };
  const handlers = handlersOf(parts);
  const server = await startHttpsServer(options.port ?? 0, handlers, [`*.${cloud.vaultSuffix}`]);
  url = `https://127.0.0.1:${server.port}`;
  const close = async () => {
    await gateways?.close();
    await server.close();
    await blobs?.close();
    await recorder?.close();
    if ('stop' in clock && typeof clock.stop === 'function') clock.stop();
  };
  try {
    if (options.blobs !== false) {
      blobs =
        options.blobs === 'memory'
          ? createMemoryBlobFront({ entra })
          : await createBlobFront({ entra, certificate: server.certificate, caPem: server.caPem });
      host.followWorlds(blobs.follow);
    }
    if (options.gateways === true) {
      gateways = await startGateways({ clock, entra, caPem: server.caPem });
      host.followWorlds(gateways.follow);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ...identity,
    cloud,
    url,
    caPem: server.caPem,
    control,
    httpClient: createInProcessClient(handlers),
    gateways: gateways ?? NO_GATEWAYS,
    clock,
    close,
  };
}

const NO_GATEWAYS: ArmSimulator['gateways'] = {
  endpoint: () => undefined,
  openPorts: () => [],
  processes: () => new Map(),
};

/** The managed identity that has an application (client) id. */
function identityIn(world: WorldState, appId: string): Principal | undefined {
  return [...world.principals.values()].find((principal) => principal.appId.toLowerCase() === appId);
}

interface HandlerParts {
  readonly host: AzureHost;
  readonly entra: Entra;
  readonly faults: Faults;
  readonly clock: Clock;
  readonly control: SimulatorControl;
  readonly recorder: Recorder | undefined;
  readonly blobs: () => BlobFront | undefined;
}

function handlersOf({ host, entra, faults, clock, control, recorder, blobs }: HandlerParts): Handlers {
  return {
    clock,
    faults,
    control: (request) => answerControl(control, request),
    answer: (request, fault) => answer(host.azure(), entra, request, fault),
    isBlobPath: (path) => /^\/+blob\//i.test(path),
    streamBlob: async (incoming, response, answered) => {
      host.azure().journal.count(incoming.method ?? 'GET', incoming.url ?? '');
      const front = blobs();
      if (front === undefined) response.writeHead(503).end();
      else await front.stream(incoming, response, answered);
    },
    answered: (exchange) => {
      host.azure().journal.count(exchange.request.method, exchange.request.path);
      recorder?.record(exchange);
    },
  };
}

function answer(azure: Azure, entra: Entra, request: ArmRequest, fault: FaultAction | undefined): Answer {
  const open =
    entra.answer(request) ?? answerDirectory(azure.world, request) ?? answerVaultData(azure.world, entra, request);
  if (open !== undefined) return open;
  const caller = entra.authenticate(request.headers.authorization, azure.world.cloud.audiences);
  switch (caller.kind) {
    case 'Known':
      return azure.carryOut(request, caller.principal, fault);
    case 'Missing':
      return unauthorized(
        azure,
        request,
        'AuthenticationFailed',
        "Authentication failed. The 'Authorization' header is missing.",
      );
    case 'Refused':
      return unauthorized(azure, request, caller.code, caller.message);
    default:
      return caller satisfies never;
  }
}

function unauthorized({ world }: Azure, { origin }: ArmRequest, code: string, message: string): Answer {
  const challenge = `Bearer authorization_uri="${origin}/${world.tenantId}", error="invalid_token", error_description="${message}"`;
  return { status: 401, headers: { 'WWW-Authenticate': challenge }, body: { error: { code, message } } };
}
