import { type ArmClient, createArmClient } from '../../azure/arm-client.ts';
import type { ArmRequestObserver } from '../../azure/arm-policies.ts';
import type { ArmClientOptions } from '../../azure/arm-transport.ts';
import { type CloudName, type CloudOverrides, resolveCloud } from '../../azure/clouds.ts';
import { type ArmCredential, type AzureCredentials, createCredentialCache } from '../../azure/credentials.ts';
import { createServerTime, type ServerTime } from '../../azure/server-time.ts';
import { createSharedReads, type SharedReads } from '../../azure/shared-reads.ts';
import { createThrottling } from '../../azure/throttling.ts';
import type { Clock } from '../../runtime/clock.ts';

/** Azure as one gateway uses it: as one identity, in one subscription. */
export interface AzureSession {
  readonly arm: ArmClient;
  readonly credential: ArmCredential;
}

/** The operator's way to Azure. Tokens, pauses and rarely changing answers are shared by all gateways. */
export interface AzureAccess {
  connect(environment: CloudName, subscriptionId: string, credentials: AzureCredentials): AzureSession;
  /** As an identity that has been used before. */
  connectAs(environment: CloudName, subscriptionId: string, credential: ArmCredential): AzureSession;
  readonly sharedReads: SharedReads;
  /** The time as Azure's answers tell it. */
  readonly serverTime: Pick<ServerTime, 'now'>;
  /** Throws when this process may not write (any more). */
  readonly fence: () => void;
}

export interface AzureAccessOptions {
  readonly clock: Clock;
  readonly cloudOverrides: CloudOverrides;
  readonly userAgent: string;
  readonly fence: () => void;
  readonly onRequest?: ArmRequestObserver;
  /** Told when Azure asks for a pause, by how many milliseconds it lengthens the one that runs. */
  readonly onPause?: (addedMs: number) => void;
  /** What carries the requests to Resource Manager and for tokens. Default: HTTPS. */
  readonly httpClient?: ArmClientOptions['httpClient'];
}

export function createAzureAccess(options: AzureAccessOptions): AzureAccess {
  const { clock, fence } = options;
  const credentialCache = createCredentialCache(clock, options.httpClient);
  const serverTime = createServerTime(clock);
  const throttling = createThrottling(clock, options.onPause);
  /** Clients live as long as the credential that they use; a rotated secret gets new ones. */
  const clientsByCredential = new WeakMap<ArmCredential, Map<string, ArmClient>>();
  const connectAs: AzureAccess['connectAs'] = (environment, subscriptionId, credential) => {
    const clients = clientsByCredential.get(credential) ?? new Map<string, ArmClient>();
    clientsByCredential.set(credential, clients);
    const arm =
      clients.get(subscriptionId) ??
      createArmClient({
        cloud: resolveCloud(environment, options.cloudOverrides),
        credential,
        subscriptionId,
        clock,
        throttling,
        fence,
        onDate: serverTime.answered,
        userAgent: options.userAgent,
        httpClient: options.httpClient,
        ...(options.onRequest === undefined ? {} : { onRequest: options.onRequest }),
      });
    clients.set(subscriptionId, arm);
    return { arm, credential };
  };
  return {
    fence,
    sharedReads: createSharedReads(clock),
    serverTime,
    connect: (environment, subscriptionId, credentials) => {
      const cloud = resolveCloud(environment, options.cloudOverrides);
      return connectAs(environment, subscriptionId, credentialCache.get(cloud, credentials));
    },
    connectAs,
  };
}
