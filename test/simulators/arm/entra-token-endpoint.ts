import { createHash, createPublicKey, randomUUID, X509Certificate } from 'node:crypto';
import type { Answer } from './exchange.ts';
import { type DecodedToken, decodeToken, isSignedBy } from './tokens.ts';
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
  /** Secrets that it has had, and whose time is over. */
  readonly expiredSecrets: Set<string>;
  /** PEM of certificates (public part) that it may sign assertions with. */
  readonly certificates: Set<string>;
  readonly federated: FederatedCredential[];
  /** Takes any well-formed JWT as a federated assertion. */
  acceptsAnyAssertion: boolean;
}

/** What the token endpoint knows. */
export interface TokenDirectory {
  readonly tenantId: string;
  /** By application (client) id in lower case. */
  readonly applications: ReadonlyMap<string, Application>;
  readonly tokenLifetimeSeconds: number;
  issue(principal: Principal, audience: string): string;
}

/**
 * Answers a request for a token by the client credentials grant.
 *
 * @param authority `<origin>/<tenant>` as the client called it
 */
export function answerTokenRequest(directory: TokenDirectory, form: URLSearchParams, authority: string): Answer {
  const clientId = (form.get('client_id') ?? '').toLowerCase();
  const application = directory.applications.get(clientId);
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
      `Application with identifier '${clientId}' was not found in the directory '${directory.tenantId}'.`,
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
      expires_in: directory.tokenLifetimeSeconds,
      ext_expires_in: directory.tokenLifetimeSeconds,
      access_token: directory.issue(application.principal, audience),
    },
  };
}

/** Why the client has not proved who it is; `undefined` when it has. */
function proofProblem(form: URLSearchParams, application: Application, authority: string): Answer | undefined {
  const { appId } = application.principal;
  const secret = form.get('client_secret');
  const assertion = form.get('client_assertion');
  if (secret !== null && application.expiredSecrets.has(secret)) {
    return refusal(
      401,
      'invalid_client',
      7000222,
      `The provided client secret keys for app '${appId}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.`,
    );
  }
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
  // As tokens, in the machine's time.
  if (signer.validToDate.getTime() < Date.now()) {
    return refusal(
      401,
      'invalid_client',
      700027,
      `The certificate with identifier used to sign the client assertion is expired on application. [Reason - The key used is expired., Thumbprint of key used by client: '${signer.fingerprint.replaceAll(':', '')}', Found key 'Start=${signer.validFrom}, End=${signer.validTo}'].`,
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

/** What is answered for a tenant that does not exist. */
export function unknownTenant(tenant: string): Answer {
  const text = `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`;
  return refusal(400, 'invalid_tenant', 90002, text);
}
