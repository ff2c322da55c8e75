import { createHash } from 'node:crypto';
import type { HttpClient } from '@azure/core-rest-pipeline';
import {
  type AccessToken,
  ClientCertificateCredential,
  ClientSecretCredential,
  type GetTokenOptions,
  type TokenCredential,
  WorkloadIdentityCredential,
} from '@azure/identity';
import type { Clock } from '../runtime/clock.ts';
import type { Cloud } from './clouds.ts';
import { type TokenRequestWatch, unusableCredential, watchTokenRequests } from './credential-errors.ts';
import { ArmError } from './errors.ts';

interface Application {
  readonly clientId: string;
  readonly tenantId: string;
}

/** How the operator proves who it is to Microsoft Entra ID. */
export type AzureCredentials =
  /** A service account token of the cluster; `tokenFilePath` defaults to the variable AZURE_FEDERATED_TOKEN_FILE. */
  | ({ readonly type: 'WorkloadIdentity'; readonly tokenFilePath?: string } & Application)
  | ({ readonly type: 'ClientSecret'; readonly clientSecret: string } & Application)
  /** PEM text that holds the certificate and its unencrypted private key. */
  | ({ readonly type: 'ClientCertificate'; readonly certificatePem: string } & Application);

/** A source of tokens, and a name for the identity that they stand for. */
export interface ArmCredential {
  /** Rejects with an `ArmError` when Entra refuses or cannot be reached. */
  readonly tokens: TokenCredential;
  /** `<tenant>/<application>`; Azure counts requests by it. Not secret. */
  readonly principal: string;
}

/** Credentials of the process. Those with the same values share their tokens; changed values get new ones. */
export interface CredentialCache {
  get(cloud: Cloud, credentials: AzureCredentials): ArmCredential;
}

/** How many credentials are kept at most; the least recently used goes first. */
const MOST_CREDENTIALS = 500;

/**
 * Makes an empty cache. Values are kept only as a hash, besides what the credential itself holds.
 *
 * @param httpClient what carries the requests for tokens; default: HTTPS
 */
export function createCredentialCache(clock: Clock, httpClient?: HttpClient): CredentialCache {
  const known = new Map<string, ArmCredential>();
  return {
    get: (cloud, credentials) => {
      const key = createHash('sha256')
        .update(JSON.stringify([cloud.authorityHost, sorted(credentials)]))
        .digest('base64');
      const credential = known.get(key) ?? createCredential(cloud, credentials, clock, httpClient);
      known.delete(key);
      known.set(key, credential);
      for (const oldest of known.keys()) {
        if (known.size <= MOST_CREDENTIALS) {
          break;
        }
        known.delete(oldest);
      }
      return credential;
    },
  };
}

function sorted(credentials: AzureCredentials): [string, unknown][] {
  return Object.entries(credentials).sort(([left], [right]) => (left < right ? -1 : 1));
}

/** Makes a credential of exactly the kind asked for. Nothing else, such as the identity of the node, is tried. */
export function createCredential(
  cloud: Cloud,
  credentials: AzureCredentials,
  clock: Clock,
  httpClient?: HttpClient,
): ArmCredential {
  const watch = watchTokenRequests(() => clock.now());
  // Made at its first use, so that unusable values fail where a caller expects it.
  let source: TokenCredential | undefined;
  const request = async (scopes: string | string[], options: GetTokenOptions): Promise<AccessToken | null> => {
    try {
      source ??= createTokenCredential(cloud, credentials, watch, httpClient);
      return await source.getToken(scopes, options);
    } catch (error) {
      throw (
        watch.lastFailure() ??
        (error instanceof Error ? unusableCredential(error, credentials.type, credentials.clientId) : error)
      );
    }
  };
  const running = new Map<string, Promise<AccessToken | null>>();
  return {
    principal: `${credentials.tenantId}/${credentials.clientId}`.toLowerCase(),
    tokens: {
      // The library keeps tokens, but would ask for one as many times as there are callers before the first comes.
      getToken: (scopes: string | string[], { abortSignal: _shared, ...options }: GetTokenOptions = {}) => {
        const key = JSON.stringify([scopes, options.claims, options.tenantId, options.enableCae]);
        const token = running.get(key) ?? request(scopes, options).finally(() => running.delete(key));
        running.set(key, token);
        return token;
      },
    },
  };
}

function createTokenCredential(
  cloud: Cloud,
  credentials: AzureCredentials,
  watch: TokenRequestWatch,
  httpClient: HttpClient | undefined,
): TokenCredential {
  const { tenantId, clientId } = credentials;
  const options = {
    authorityHost: cloud.authorityHost,
    disableInstanceDiscovery: !cloud.knownAuthority,
    retryOptions: { maxRetries: 0 },
    additionalPolicies: [{ policy: watch.policy, position: 'perRetry' as const }],
    ...(httpClient === undefined ? {} : { httpClient }),
  };
  switch (credentials.type) {
    case 'WorkloadIdentity': {
      const { tokenFilePath } = credentials;
      return new WorkloadIdentityCredential({
        ...options,
        tenantId,
        clientId,
        ...(tokenFilePath === undefined ? {} : { tokenFilePath }),
      });
    }
    case 'ClientSecret':
      return new ClientSecretCredential(tenantId, clientId, credentials.clientSecret, options);
    case 'ClientCertificate':
      return new ClientCertificateCredential(tenantId, clientId, { certificate: credentials.certificatePem }, options);
  }
}

/**
 * The object id of the identity in its tenant, which role assignments name: the `oid` claim of its token for Azure
 * Resource Manager.
 *
 * @throws ArmError when no token is given, or it carries no such claim
 */
export async function principalId(cloud: Cloud, credential: ArmCredential): Promise<string> {
  const token = await credential.tokens.getToken(`${cloud.audience}/.default`);
  const claims = claimsOf(token?.token ?? '');
  if (typeof claims?.oid === 'string') {
    return claims.oid;
  }
  throw new ArmError({
    status: 0,
    code: 'TokenWithoutObjectId',
    message: `The token of ${credential.principal} does not name the object id of its principal.`,
    class: 'NeedsAdministrator',
  });
}

/** The claims are read, not trusted: Azure itself checks the signature of each token. */
function claimsOf(token: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
