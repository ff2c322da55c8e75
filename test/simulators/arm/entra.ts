import { createHash, createPublicKey, randomUUID, X509Certificate } from 'node:crypto';
import type { JsonObject } from '../../../src/json.ts';
import type { Answer, ArmRequest } from './exchange.ts';
import { createTokenIssuer, type DecodedToken, decodeToken, isSignedBy } from './tokens.ts';
import type { Principal } from './world.ts';

/** A workload whose tokens an application takes as its own. */
export interface FederatedCredential {
  readonly issuer: string;
  readonly subject: string;
  /** PEM of the issuer's public key. Without it, the signature is not checked. */
  readonly publicKeyPem?: string;
}

/** An application registered in the tenant, with its service principal. */
export interface Application {
  readonly principal: Principal;
  readonly secrets: Set<string>;
  /** PEM of certificates (public part) that it may sign assertions with. */
  readonly certificates: Set<string>;
  readonly federated: FederatedCredential[];
  /** Takes any well-formed JWT as a federated assertion. */
  acceptsAnyAssertion: boolean;
}

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
}

export type Authentication =
  | { readonly kind: 'Known'; readonly principal: Principal }
  | { readonly kind: 'Missing' }
  | { readonly kind: 'Refused'; readonly code: string; readonly message: string };

/** Audiences under which Azure Resource Manager takes tokens. */
export const RESOURCE_MANAGER_AUDIENCES: readonly string[] = [
  'https://management.azure.com',
  'https://management.core.windows.net',
  'https://management.usgovcloudapi.net',
];
export const STORAGE_AUDIENCES: readonly string[] = ['https://storage.azure.com'];

/** Starts the tenant's directory, without applications. */
export async function createEntra(tenantId: string): Promise<Entra> {
  const issuer = await createTokenIssuer();
  const entra: Entra = {
    applications: new Map(),
    tokenLifetimeSeconds: 3599,
    answer: (request) => answer(request),
    authenticate: (authorization, audiences) => {
      if (authorization === undefined) return { kind: 'Missing' };
      const token = /^Bearer\s+(\S+)$/i.exec(authorization)?.[1];
      const result = issuer.check(token ?? '');
      if (result.kind === 'Invalid') {
        return { kind: 'Refused', code: 'InvalidAuthenticationToken', message: 'The access token is invalid.' };
      }
      if (result.kind === 'Expired') {
        return {
          kind: 'Refused',
          code: 'ExpiredAuthenticationToken',
          message: 'The access token expiry UTC time is earlier than current UTC time.',
        };
      }
      const audience = String(result.claims.aud).replace(/\/+$/, '');
      if (!audiences.includes(audience)) {
        const message = `The access token has been obtained for wrong audience or resource '${audience}'. It should exactly match with one of the allowed audiences ${audiences.map((item) => `'${item}/'`).join(',')}.`;
        return { kind: 'Refused', code: 'InvalidAuthenticationTokenAudience', message };
      }
      const application = entra.applications.get(String(result.claims.appid).toLowerCase());
      if (application === undefined) {
        return {
          kind: 'Refused',
          code: 'InvalidAuthenticationToken',
          message: 'The application of the access token is unknown.',
        };
      }
      return { kind: 'Known', principal: application.principal };
    },
    serviceToken: (audience) =>
      accessToken({ objectId: randomUUID(), appId: randomUUID(), displayName: 'simulator', createdAt: 0 }, audience),
  };

  const accessToken = (principal: Principal, audience: string): string => {
    const now = Math.floor(Date.now() / 1000);
    return issuer.issue({
      aud: audience,
      iss: `https://sts.windows.net/${tenantId}/`,
      // As Entra does, a little in the past: clocks of clients differ.
      iat: now - 300,
      nbf: now - 300,
      exp: now + entra.tokenLifetimeSeconds,
      appid: principal.appId,
      appidacr: '1',
      idp: `https://sts.windows.net/${tenantId}/`,
      idtyp: 'app',
      oid: principal.objectId,
      sub: principal.objectId,
      tid: tenantId,
      uti: randomUUID().replaceAll('-', '').slice(0, 22),
      ver: '1.0',
    });
  };

  const answer = (request: ArmRequest): Answer | undefined => {
    const { path, origin } = request;
    if (/^\/metadata\/endpoints$/i.test(path)) return { status: 200, body: cloudMetadata(origin) };
    if (/^\/common\/discovery\/instance$/i.test(path))
      return { status: 200, body: instanceDiscovery(origin, tenantId) };
    const match =
      /^\/([^/]+)(\/v2\.0\/\.well-known\/openid-configuration|\/oauth2\/v2\.0\/token|\/discovery\/v2\.0\/keys)$/i.exec(
        path,
      );
    if (match === null) return undefined;
    const [, tenant = '', endpoint = ''] = match;
    if (tenant.toLowerCase() !== tenantId && tenant !== 'common' && tenant !== 'organizations')
      return unknownTenant(tenant);
    if (endpoint.endsWith('keys')) return { status: 200, body: { keys: [issuer.publicJwk] } };
    if (endpoint.endsWith('openid-configuration')) return { status: 200, body: openIdConfiguration(origin, tenantId) };
    return request.method === 'POST'
      ? token(new URLSearchParams(request.text), `${origin}/${tenant}`)
      : { status: 405 };
  };

  const token = (form: URLSearchParams, authority: string): Answer => {
    const clientId = (form.get('client_id') ?? '').toLowerCase();
    const application = entra.applications.get(clientId);
    if (form.get('grant_type') !== 'client_credentials') {
      return refusal(
        400,
        'unsupported_grant_type',
        70003,
        `The app requested an unsupported grant type '${form.get('grant_type')}'.`,
      );
    }
    if (application === undefined) {
      return refusal(
        400,
        'unauthorized_client',
        700016,
        `Application with identifier '${clientId}' was not found in the directory '${tenantId}'.`,
      );
    }
    const audience = /^(.+?)\/+\.default$/.exec(form.get('scope') ?? '')?.[1];
    if (audience === undefined) {
      return refusal(
        400,
        'invalid_scope',
        1002012,
        `The provided value for scope ${form.get('scope')} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
      );
    }
    const problem = proofProblem(form, application, authority);
    if (problem !== undefined) return problem;
    return {
      status: 200,
      body: {
        token_type: 'Bearer',
        expires_in: entra.tokenLifetimeSeconds,
        ext_expires_in: entra.tokenLifetimeSeconds,
        access_token: accessToken(application.principal, audience),
      },
    };
  };
  return entra;
}

/** Why the client has not proved who it is; `undefined` when it has. */
function proofProblem(form: URLSearchParams, application: Application, authority: string): Answer | undefined {
  const { appId } = application.principal;
  const secret = form.get('client_secret');
  const assertion = form.get('client_assertion');
  if (secret !== null) {
    return application.secrets.has(secret)
      ? undefined
      : refusal(
          401,
          'invalid_client',
          7000215,
          `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${appId}'.`,
        );
  }
  if (assertion === null) {
    return refusal(
      401,
      'invalid_client',
      7000216,
      "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
    );
  }
  const decoded = decodeToken(assertion);
  if (decoded === undefined) return refusal(401, 'invalid_client', 50027, 'JWT token is invalid or malformed.');
  const expired = decoded.claims.exp !== undefined && Number(decoded.claims.exp) * 1000 < Date.now();
  if (expired) {
    return refusal(401, 'invalid_client', 700024, 'Client assertion is not within its valid time range.');
  }
  // An assertion that the client signed itself names it as the issuer; any other comes from a federated workload.
  return decoded.claims.iss === appId || String(decoded.claims.iss).toLowerCase() === appId
    ? certificateProblem(decoded, application, authority)
    : federationProblem(decoded, application);
}

function certificateProblem(token: DecodedToken, application: Application, authority: string): Answer | undefined {
  const signer = [...application.certificates]
    .map((pem) => new X509Certificate(pem))
    .find((certificate) => namesCertificate(token, certificate));
  if (signer === undefined) {
    return refusal(
      401,
      'invalid_client',
      700027,
      `The certificate with identifier used to sign the client assertion is not registered on application '${application.principal.appId}'.`,
    );
  }
  if (!isSignedBy(token, signer.publicKey)) {
    return refusal(401, 'invalid_client', 700027, 'Client assertion failed signature validation.');
  }
  const audience = String(token.claims.aud).toLowerCase();
  if (!audience.startsWith(authority.toLowerCase())) {
    return refusal(
      401,
      'invalid_client',
      700023,
      `Client assertion audience claim does not match Realm issuer. Review the documentation. Audience: '${audience}'.`,
    );
  }
  return undefined;
}

/** By thumbprint (`x5t`, `x5t#S256`) or by the certificate itself (`x5c`). */
function namesCertificate({ header }: DecodedToken, certificate: X509Certificate): boolean {
  const thumbprint = (algorithm: string) => createHash(algorithm).update(certificate.raw).digest();
  const first = Array.isArray(header.x5c) ? header.x5c[0] : header.x5c;
  return (
    sameBytes(header.x5t, thumbprint('sha1')) ||
    sameBytes(header['x5t#S256'], thumbprint('sha256')) ||
    (typeof first === 'string' && Buffer.from(first, 'base64').equals(certificate.raw))
  );
}

function sameBytes(text: unknown, bytes: Buffer): boolean {
  return typeof text === 'string' && Buffer.from(text, 'base64url').equals(bytes);
}

function federationProblem({ claims, ...token }: DecodedToken, application: Application): Answer | undefined {
  if (application.acceptsAnyAssertion) return undefined;
  const { iss, sub, aud } = claims;
  const trusted = application.federated.filter((credential) => credential.issuer === iss);
  if (trusted.length === 0) {
    return refusal(
      401,
      'invalid_client',
      700211,
      `No matching federated identity record found for presented assertion issuer '${iss}'.`,
    );
  }
  const match = trusted.find((credential) => credential.subject === sub);
  if (match === undefined) {
    return refusal(
      401,
      'invalid_client',
      700213,
      `No matching federated identity record found for presented assertion subject '${sub}'.`,
    );
  }
  const audiences = Array.isArray(aud) ? aud : [aud];
  if (!audiences.includes('api://AzureADTokenExchange')) {
    return refusal(
      401,
      'invalid_client',
      700212,
      `No matching federated identity record found for presented assertion audience '${audiences.join(',')}'.`,
    );
  }
  if (match.publicKeyPem !== undefined && !isSignedBy({ claims, ...token }, createPublicKey(match.publicKeyPem))) {
    return refusal(401, 'invalid_client', 50013, 'Assertion failed signature validation.');
  }
  return undefined;
}

function refusal(status: number, error: string, code: number, text: string): Answer {
  const [traceId, correlationId] = [randomUUID(), randomUUID()];
  const timestamp = `${new Date().toISOString().slice(0, 19).replace('T', ' ')}Z`;
  return {
    status,
    body: {
      error,
      error_description: `AADSTS${code}: ${text} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
      error_codes: [code],
      timestamp,
      trace_id: traceId,
      correlation_id: correlationId,
      error_uri: `https://login.microsoftonline.com/error?code=${code}`,
    },
  };
}

function unknownTenant(tenant: string): Answer {
  const text = `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`;
  return refusal(400, 'invalid_tenant', 90002, text);
}

function openIdConfiguration(origin: string, tenantId: string): JsonObject {
  return {
    token_endpoint: `${origin}/${tenantId}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${origin}/${tenantId}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: `${origin}/${tenantId}/v2.0`,
    authorization_endpoint: `${origin}/${tenantId}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${origin}/${tenantId}/oauth2/v2.0/devicecode`,
    end_session_endpoint: `${origin}/${tenantId}/oauth2/v2.0/logout`,
    tenant_region_scope: 'EU',
    cloud_instance_name: new URL(origin).host,
    cloud_graph_host_name: 'graph.windows.net',
    msgraph_host: 'graph.microsoft.com',
  };
}

function instanceDiscovery(origin: string, tenantId: string): JsonObject {
  const { host } = new URL(origin);
  return {
    tenant_discovery_endpoint: `${origin}/${tenantId}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  };
}

/** What a client needs to know of this cloud: one object since api-version 2022-09-01. */
function cloudMetadata(origin: string): JsonObject {
  return {
    name: 'Simulator',
    portal: origin,
    resourceManager: `${origin}/`,
    microsoftGraphResourceId: `${origin}/graph`,
    authentication: {
      loginEndpoint: origin,
      audiences: ['https://management.core.windows.net/', 'https://management.azure.com/'],
      tenant: 'common',
      identityProvider: 'AAD',
    },
    suffixes: { keyVaultDns: 'vault.azure.net', storage: 'core.windows.net' },
  };
}
