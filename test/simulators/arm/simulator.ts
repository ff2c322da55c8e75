import { type Clock, systemClock } from '../../../src/runtime/clock.ts';
import { type Random, seededRandom } from '../../../src/runtime/random.ts';
import { createAcceleratedClock } from '../accelerated-clock.ts';
import { type Azure, createAzure } from './azure.ts';
import { type BlobFront, createBlobFront } from './blobs/front.ts';
import { createControl, type SimulatorControl } from './control.ts';
import { answerControl } from './control-routes.ts';
import { answerDirectory } from './directory.ts';
import { type Application, createEntra, type Entra, RESOURCE_MANAGER_AUDIENCES } from './entra.ts';
import type { Answer, ArmRequest } from './exchange.ts';
import { createFaults, type FaultAction } from './faults.ts';
import { createRecorder } from './recorder.ts';
import { startHttpsServer } from './server.ts';

/** A running simulator of Azure: Resource Manager, Entra ID, Resource Graph and blob storage, on one TLS port. */
export interface ArmSimulator {
  /** `https://127.0.0.1:<port>`: Resource Manager and the authority host alike. */
  readonly url: string;
  /** PEM of the certificate authority that clients have to trust. */
  readonly caPem: string;
  readonly tenantId: string;
  readonly subscriptionId: string;
  /** The application that may do everything, until the control says otherwise. */
  readonly clientId: string;
  readonly clientSecret: string;
  readonly control: SimulatorControl;
  /** The simulated time: that of operations and of `Date` headers. */
  readonly clock: Clock;
  /** Stops the server and all that it started, and finishes the recording. */
  close(): Promise<void>;
}

export interface ArmSimulatorOptions {
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
  /** Whether blob storage (Azurite, a second process) is started. Default true. */
  readonly blobs?: boolean;
}

/** Starts a simulator. */
export async function startArmSimulator(options: ArmSimulatorOptions = {}): Promise<ArmSimulator> {
  const clock = options.clock ?? createAcceleratedClock(systemClock, options.speed ?? 1);
  const random = seededRandom(options.seed ?? 1);
  const identity = createIdentity(random);
  const entra = await createEntra(identity.tenantId);
  const faults = createFaults();
  const recorder = options.record === undefined ? undefined : createRecorder(options.record);
  const current: { azure?: Azure; blobs?: BlobFront; control?: SimulatorControl; url: string } = { url: '' };

  const newApplication = (displayName: string, clientId = uuid(random)): Application => {
    const principal = { appId: clientId, objectId: uuid(random), displayName, createdAt: clock.now() };
    const application: Application = {
      principal,
      secrets: new Set(),
      certificates: new Set(),
      federated: [],
      acceptsAnyAssertion: false,
    };
    entra.applications.set(clientId, application);
    current.azure?.world.principals.set(principal.objectId, principal);
    return application;
  };
  const owner = newApplication('cmg-operator', identity.clientId);
  owner.secrets.add(identity.clientSecret);

  const renew = (): void => {
    const azure = createAzure({
      ...identity,
      clock,
      random,
      blobEndpoint: (account) => `${current.url}/blob/${account}/`,
      blobExists: (url) => current.blobs?.exists(url) ?? true,
    });
    for (const { principal } of entra.applications.values()) azure.world.principals.set(principal.objectId, principal);
    azure.world.grants.set(owner.principal.objectId, [{ scope: '/', actions: ['*'], notActions: [] }]);
    current.azure = azure;
    current.blobs?.follow(azure.world);
  };
  renew();

  const azure = (): Azure => {
    if (current.azure === undefined) throw new Error('The simulator has not started.');
    return current.azure;
  };
  const server = await startHttpsServer(options.port ?? 0, (url) => {
    current.url = url;
    const control = createControl({
      azure,
      renew,
      entra,
      faults,
      subscriptionId: identity.subscriptionId,
      clientId: identity.clientId,
      url,
      advance: (ms) => {
        if (clock.advance === undefined) throw new Error('The clock of this simulator cannot be moved.');
        return clock.advance(ms);
      },
      newApplication,
    });
    current.control = control;
    return {
      clock,
      faults,
      control: (request) => answerControl(control, request),
      answer: (request, fault) => answer(azure(), entra, request, fault),
      isBlobPath: (path) => /^\/+blob\//i.test(path),
      streamBlob: async (incoming, response) => {
        azure().journal.count(incoming.method ?? 'GET', incoming.url ?? '');
        if (current.blobs === undefined) response.writeHead(503).end();
        else await current.blobs.stream(incoming, response);
      },
      answered: (exchange) => {
        azure().journal.count(exchange.request.method, exchange.request.path);
        recorder?.record(exchange);
      },
    };
  });
  if (options.blobs !== false) {
    try {
      current.blobs = await createBlobFront({ entra, certificate: server.certificate, caPem: server.caPem });
      current.blobs.follow(azure().world);
    } catch (error) {
      await server.close();
      throw error;
    }
  }
  if (current.control === undefined) throw new Error('The server started without a control.');
  return {
    ...identity,
    url: current.url,
    caPem: server.caPem,
    control: current.control,
    clock,
    close: async () => {
      await server.close();
      await current.blobs?.close();
      await recorder?.close();
      if ('stop' in clock && typeof clock.stop === 'function') clock.stop();
    },
  };
}

function answer(azure: Azure, entra: Entra, request: ArmRequest, fault: FaultAction | undefined): Answer {
  const open = entra.answer(request) ?? answerDirectory(azure.world, request);
  if (open !== undefined) return open;
  const caller = entra.authenticate(request.headers.authorization, RESOURCE_MANAGER_AUDIENCES);
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

function createIdentity(random: Random) {
  return {
    tenantId: uuid(random),
    subscriptionId: uuid(random),
    clientId: uuid(random),
    clientSecret: `simulated-${uuid(random)}`,
  };
}

function uuid(random: Random): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16));
  hex[12] = '4';
  hex[16] = '8';
  return hex.join('').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
