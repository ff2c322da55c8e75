import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCertificateAuthority } from '../../test/certificate-authority.ts';
import { type ScriptedAnswer, type ScriptedServer, startScriptedServer } from '../../test/scripted-https-server.ts';
import { createManualClock } from '../runtime/manual-clock.ts';
import { type Cloud, resolveCloud } from './clouds.ts';
import { type AzureCredentials, createCredential, createCredentialCache, principalId } from './credentials.ts';

const TENANT = '6babcaad-604b-40ac-a9d7-9fd97c0b779f';
const CLIENT = 'aad3dc4d-1f2b-4b1c-9a53-12f0a5a2ee0b';
const SCOPE = 'https://management.azure.com/.default';
const secret: AzureCredentials = {
  type: 'ClientSecret',
  tenantId: TENANT,
  clientId: CLIENT,
  clientSecret: 'hunter2-hunter2',
};
const clock = createManualClock();

let server: ScriptedServer;
let cloud: Cloud;
let discovery: ScriptedAnswer | undefined;
let token: ScriptedAnswer;

function jwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part(claims)}.signature`;
}

function refusal(status: number, error: string, description: string): ScriptedAnswer {
  return {
    status,
    body: { error, error_description: `${description}\r\nTrace ID: 1\r\nTimestamp: 2026-11-01 00:00:00Z` },
  };
}

beforeAll(async () => {
  server = await startScriptedServer(({ url }) => {
    if (!url.includes('openid-configuration')) {
      return token;
    }
    const base = `${server.origin}/${TENANT}`;
    return (
      discovery ?? {
        status: 200,
        body: {
          issuer: `${base}/v2.0`,
          authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
          token_endpoint: `${base}/oauth2/v2.0/token`,
          jwks_uri: `${base}/discovery/v2.0/keys`,
        },
      }
    );
  });
  cloud = resolveCloud('AzurePublicCloud', { AzurePublicCloud: { authorityHost: server.origin } });
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  discovery = undefined;
  token = { status: 200, body: { token_type: 'Bearer', expires_in: 3600, access_token: jwt({ oid: 'object-id' }) } };
});

const tokenRequests = () => server.requests.filter(({ method }) => method === 'POST');
const get = (credentials: AzureCredentials, at = cloud) =>
  createCredential(at, credentials, clock).tokens.getToken(SCOPE);

describe('each kind of credential', () => {
  it('sends a client secret', async () => {
    expect((await get(secret))?.token).toBe(jwt({ oid: 'object-id' }));
    const form = new URLSearchParams(tokenRequests().at(-1)?.body);
    expect(Object.fromEntries(form)).toMatchObject({
      client_id: CLIENT,
      scope: SCOPE,
      client_secret: 'hunter2-hunter2',
    });
  });

  it('signs with a client certificate', async () => {
    const authority = await createCertificateAuthority();
    const { certificatePem, privateKeyPem } = await authority.issue({ commonName: 'operator' });
    await get({
      type: 'ClientCertificate',
      tenantId: TENANT,
      clientId: CLIENT,
      certificatePem: `${certificatePem}${privateKeyPem}`,
    });
    expect(new URLSearchParams(tokenRequests().at(-1)?.body).get('client_assertion')).toMatch(/^eyJ/);
  });

  it("sends the service account's token", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'token-'));
    try {
      const tokenFilePath = join(folder, 'token');
      await writeFile(tokenFilePath, 'service-account-token');
      await get({ type: 'WorkloadIdentity', tenantId: TENANT, clientId: CLIENT, tokenFilePath });
      expect(new URLSearchParams(tokenRequests().at(-1)?.body).get('client_assertion')).toBe('service-account-token');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('why there is no token', () => {
  it.each([
    [401, 'invalid_client', 'AADSTS7000215: Invalid client secret provided.'],
    [401, 'invalid_client', "AADSTS7000222: The provided client secret keys for app 'x' are expired."],
    [
      400,
      'unauthorized_client',
      "AADSTS700016: Application with identifier 'x' was not found in the directory 'Contoso'.",
    ],
  ])('%i %s %s', async (status, error, description) => {
    token = refusal(status, error, description);
    await expect(get(secret)).rejects.toMatchObject({
      name: 'ArmError',
      code: description.split(':')[0],
      message: description,
      class: 'NeedsAdministrator',
    });
  });

  it('the tenant is unknown', async () => {
    discovery = refusal(400, 'invalid_tenant', `AADSTS90002: Tenant '${TENANT}' not found.`);
    await expect(get(secret)).rejects.toMatchObject({ code: 'AADSTS90002', class: 'NeedsAdministrator' });
  });

  it('Entra is not to be reached', async () => {
    const nowhere = resolveCloud('AzurePublicCloud', { AzurePublicCloud: { authorityHost: 'https://localhost:1' } });
    await expect(get(secret, nowhere)).rejects.toMatchObject({ code: 'ECONNREFUSED', class: 'Server' });
  });

  it.each(['discovery', 'token'])('something on the way answers instead (%s)', async (step) => {
    const broken = { status: 502, headers: { 'Content-Type': 'text/html' }, body: '<html>Bad gateway</html>' };
    discovery = step === 'discovery' ? broken : undefined;
    token = broken;
    await expect(get(secret)).rejects.toMatchObject({ status: 502, class: 'Server' });
  });

  it('Entra is busy, also while the library answers from memory', async () => {
    token = {
      status: 429,
      headers: { 'Retry-After': '7' },
      body: { error: 'temporarily_unavailable', error_description: 'AADSTS90033: Wait.' },
    };
    const { tokens } = createCredential(cloud, secret, clock);
    const expected = { class: 'Throttled', code: 'AADSTS90033', retryAfterMs: 7000 };
    await expect(tokens.getToken(SCOPE)).rejects.toMatchObject(expected);
    await expect(tokens.getToken(SCOPE)).rejects.toMatchObject(expected);
  });

  it.each<[string, AzureCredentials, RegExp]>([
    [
      'no certificate',
      { type: 'ClientCertificate', tenantId: TENANT, clientId: CLIENT, certificatePem: 'rubbish' },
      /PEM/,
    ],
    [
      'no token file',
      { type: 'WorkloadIdentity', tenantId: TENANT, clientId: CLIENT, tokenFilePath: '/nowhere/token' },
      /ENOENT/,
    ],
    ['no tenant', { ...secret, tenantId: 'not a tenant' }, /[Tt]enant/],
  ])('the values are unusable: %s', async (_name, credentials, message) => {
    await expect(get(credentials)).rejects.toMatchObject({
      code: 'CredentialUnusable',
      class: 'NeedsAdministrator',
      message: expect.stringMatching(message),
    });
  });

  it('no message holds the secret', async () => {
    token = refusal(401, 'invalid_client', 'AADSTS7000215: Invalid: client_secret=hunter2-hunter2 was sent.');
    const error = await get(secret).catch((reason: unknown) => reason);
    expect(String(error)).toContain('AADSTS7000215');
    expect(`${error} ${JSON.stringify(error)}`).not.toContain('hunter2');
  });
});

describe('the cache', () => {
  it('shares tokens of equal values, and asks anew when one changes', async () => {
    const cache = createCredentialCache(clock);
    const before = tokenRequests().length;
    await cache.get(cloud, secret).tokens.getToken(SCOPE);
    const { clientSecret, clientId, tenantId } = {
      clientSecret: 'hunter2-hunter2',
      clientId: CLIENT,
      tenantId: TENANT,
    };
    await cache.get(cloud, { clientSecret, clientId, tenantId, type: 'ClientSecret' }).tokens.getToken(SCOPE);
    expect(tokenRequests().length - before).toBe(1);
    await cache.get(cloud, { ...secret, clientSecret: 'rotated' }).tokens.getToken(SCOPE);
    expect(tokenRequests().length - before).toBe(2);
  });
});

it('callers at the same time share one request', async () => {
  const before = tokenRequests().length;
  const { tokens } = createCredential(cloud, secret, clock);
  const all = await Promise.all(Array.from({ length: 50 }, () => tokens.getToken(SCOPE)));
  expect(new Set(all.map((each) => each?.token)).size).toBe(1);
  expect(tokenRequests().length - before).toBe(1);
});

describe('principalId', () => {
  it('is the object id in the token', async () => {
    expect(await principalId(cloud, createCredential(cloud, secret, clock))).toBe('object-id');
  });

  it.each([jwt({}), 'opaque'])('says so when the token has none', async (accessToken) => {
    token = { status: 200, body: { token_type: 'Bearer', expires_in: 3600, access_token: accessToken } };
    await expect(principalId(cloud, createCredential(cloud, secret, clock))).rejects.toMatchObject({
      code: 'TokenWithoutObjectId',
    });
  });
});
