import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../../src/json.ts';
import type { SimulatedCloud } from './clouds.ts';
import { cloudMetadata, instanceDiscovery, openIdConfiguration } from './entra-metadata.ts';
import { type Application, answerTokenRequest, unknownTenant } from './entra-token-endpoint.ts';
import type { Answer, ArmRequest } from './exchange.ts';
import { createTokenIssuer, type TokenIssuer } from './tokens.ts';
import type { Principal } from './world.ts';

/** The simulated Microsoft Entra ID of one tenant. */
export interface Entra {
  /** By application (client) id in lower case. */
  readonly applications: Map<string, Application>;
  /** How long tokens hold, in seconds of the machine's clock. */
  tokenLifetimeSeconds: number;
  /** Answers requests to Entra's endpoints and the cloud's metadata; `undefined` for others. */
  answer(request: ArmRequest): Answer | undefined;
  /** Whom a bearer token stands for, if it is good for one of the audiences. */
  authenticate(authorization: string | undefined, audiences: readonly string[]): Authentication;
  /** A token for the simulator's own requests to blob storage. */
  serviceToken(audience: string): string;
  /** A token of a managed identity, as the metadata service of a VM hands it out. */
  identityToken(identity: Principal, audience: string): string;
}

export type Authentication =
  | { readonly kind: 'Known'; readonly principal: Principal }
  | { readonly kind: 'Missing' }
  | { readonly kind: 'Refused'; readonly code: string; readonly message: string };

export const STORAGE_AUDIENCES: readonly string[] = ['https://storage.azure.com'];

/**
 * Starts the tenant's directory, without applications.
 *
 * @param identityOf the managed identity with an application (client) id, in the Azure of now
 */
export async function createEntra(
  tenantId: string,
  cloud: SimulatedCloud,
  identityOf: (appId: string) => Principal | undefined = () => undefined,
): Promise<Entra> {
  const issuer = await createTokenIssuer();
  const applications = new Map<string, Application>();
  const principalOf = (appId: string) => applications.get(appId)?.principal ?? identityOf(appId);
  const entra: Entra = {
    applications,
    tokenLifetimeSeconds: 3599,
    answer: (request) => answer(request),
    authenticate: (authorization, audiences) => authenticate(issuer, principalOf, authorization, audiences),
    serviceToken: (audience) => issue(SIMULATOR_ITSELF, audience),
    identityToken: (identity, audience) => issue(identity, audience),
  };
  const issue = (principal: Principal, audience: string) =>
    issuer.issue(accessClaims(tenantId, principal, audience, entra.tokenLifetimeSeconds));

  const answer = (request: ArmRequest): Answer | undefined => {
    const { path, origin } = request;
    if (/^\/metadata\/endpoints$/i.test(path)) return { status: 200, body: cloudMetadata(origin, cloud) };
    if (/^\/common\/discovery\/instance$/i.test(path)) {
      return { status: 200, body: instanceDiscovery(origin, tenantId) };
    }
    const [, tenant, endpoint] = TENANT_ENDPOINT.exec(path) ?? [];
    if (tenant === undefined) return undefined;
    if (![tenantId, 'common', 'organizations'].includes(tenant.toLowerCase())) return unknownTenant(tenant);
    switch (endpoint?.toLowerCase()) {
      case 'discovery/v2.0/keys':
        return { status: 200, body: { keys: [issuer.publicJwk] } };
      case 'oauth2/v2.0/token': {
        const directory = { tenantId, applications, tokenLifetimeSeconds: entra.tokenLifetimeSeconds, issue };
        return answerTokenRequest(directory, new URLSearchParams(request.text), `${origin}/${tenant}`);
      }
      default:
        return { status: 200, body: openIdConfiguration(origin, tenantId, cloud) };
    }
  };
  return entra;
}

const TENANT_ENDPOINT =
  /^\/([^/]+)\/(v2\.0\/\.well-known\/openid-configuration|oauth2\/v2\.0\/token|discovery\/v2\.0\/keys)$/i;

/** Whose requests to Azurite the simulator's own are. */
const SIMULATOR_ITSELF: Principal = {
  objectId: '51000000-0000-4000-8000-000000000001',
  appId: '51000000-0000-4000-8000-000000000002',
  displayName: 'simulator',
  createdAt: 0,
};

/** The claims of an access token of an application. Times are the machine's: clients check them with its clock. */
function accessClaims(tenantId: string, principal: Principal, audience: string, lifetimeSeconds: number): JsonObject {
  const now = Math.floor(Date.now() / 1000);
  return {
    aud: audience,
    iss: `https://sts.windows.net/${tenantId}/`,
    // As Entra does, a little in the past: clocks of clients differ.
    iat: now - 300,
    nbf: now - 300,
    exp: now + lifetimeSeconds,
    appid: principal.appId,
    appidacr: '1',
    idp: `https://sts.windows.net/${tenantId}/`,
    idtyp: 'app',
    oid: principal.objectId,
    sub: principal.objectId,
    tid: tenantId,
    uti: randomUUID().replaceAll('-', '').slice(0, 22),
    ver: '1.0',
  };
}

function authenticate(
  issuer: TokenIssuer,
  principalOf: (appId: string) => Principal | undefined,
  authorization: string | undefined,
  audiences: readonly string[],
): Authentication {
  if (authorization === undefined) return { kind: 'Missing' };
  const result = issuer.check(/^Bearer\s+(\S+)$/i.exec(authorization)?.[1] ?? '');
  switch (result.kind) {
    case 'Invalid':
      return refused('InvalidAuthenticationToken', 'The access token is invalid.');
    case 'Expired':
      return refused(
        'ExpiredAuthenticationToken',
        'The access token expiry UTC time is earlier than current UTC time.',
      );
    case 'Valid':
      break;
    default:
      return result satisfies never;
  }
  const audience = String(result.claims.aud).replace(/\/+$/, '');
  if (!audiences.includes(audience)) {
    const allowed = audiences.map((item) => `'${item}/'`).join(',');
    return refused(
      'InvalidAuthenticationTokenAudience',
      `The access token has been obtained for wrong audience or resource '${audience}'. It should exactly match with one of the allowed audiences ${allowed}.`,
    );
  }
  const principal = principalOf(String(result.claims.appid).toLowerCase());
  return principal === undefined
    ? refused('InvalidAuthenticationToken', 'The application of the access token is unknown.')
    : { kind: 'Known', principal };
}

function refused(code: string, message: string): Authentication {
  return { kind: 'Refused', code, message };
}
