import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ResourceManagementClient } from '@azure/arm-resources';
import { ClientAssertionCredential, ClientCertificateCredential, WorkloadIdentityCredential } from '@azure/identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCertificateAuthority } from '../../certificate-authority.ts';
import { type ArmSimulator, startArmSimulator } from './simulator.ts';
import { codeOf, createTestClient, secretCredential, type TestClient } from './test-client.ts';
import { decodeToken } from './tokens.ts';

const SCOPE = 'https://management.azure.com/.default';

describe('Entra ID', () => {
  let simulator: ArmSimulator;
  let client: TestClient;

  beforeAll(async () => {
    simulator = await startArmSimulator({ speed: 1000, blobs: false });
    client = createTestClient(simulator);
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await simulator.close();
  });

  const options = () => ({
    authorityHost: simulator.url,
    disableInstanceDiscovery: true,
    retryOptions: { maxRetries: 0 },
  });

  it('gives tokens for a secret, with the claims that services look at', async () => {
    const { token, expiresOnTimestamp } = await secretCredential(simulator).getToken(SCOPE);
    const { objectId } = simulator.control.application().principal;
    expect(decodeToken(token)?.claims).toMatchObject({
      iss: `https://sts.windows.net/${simulator.tenantId}/`,
      aud: 'https://management.azure.com',
      appid: simulator.clientId,
      oid: objectId,
      tid: simulator.tenantId,
    });
    expect(expiresOnTimestamp - Date.now()).toBeGreaterThan(3_000_000);
  });

  it.each([
    ['a wrong secret', 'AADSTS7000215', () => secretCredential(simulator, 'wrong')],
    ['an unknown application', 'AADSTS700016', () => secretCredential(simulator, 'wrong', randomUUID())],
  ])('refuses %s with %s', async (_, code, credential) => {
    await expect(credential().getToken(SCOPE)).rejects.toThrow(code);
  });

  it('takes the assertion of a registered certificate, and no other', async () => {
    const authority = await createCertificateAuthority();
    const [own, other] = await Promise.all([
      authority.issue({ commonName: 'operator' }),
      authority.issue({ commonName: 'stranger' }),
    ]);
    simulator.control.application().certificates.add(own.certificatePem);
    const credential = (issued: typeof own, sendCertificateChain: boolean) =>
      new ClientCertificateCredential(
        simulator.tenantId,
        simulator.clientId,
        { certificate: `${issued.privateKeyPem}${issued.certificatePem}` },
        { ...options(), sendCertificateChain },
      );
    for (const sendCertificateChain of [false, true]) {
      expect((await credential(own, sendCertificateChain).getToken(SCOPE)).token).not.toBe('');
      await expect(credential(other, sendCertificateChain).getToken(SCOPE)).rejects.toThrow('AADSTS700027');
    }
    const forged = assertion(
      own,
      createPrivateKey(other.privateKeyPem).export({ type: 'pkcs8', format: 'pem' }) as string,
    );
    const liar = new ClientAssertionCredential(simulator.tenantId, simulator.clientId, async () => forged, options());
    await expect(liar.getToken(SCOPE)).rejects.toThrow('AADSTS700027');
  });

  /** An assertion that names one certificate and is signed with the key of another. */
  function assertion(named: { readonly certificatePem: string }, privateKeyPem: string): string {
    const der = Buffer.from(named.certificatePem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
    const now = Math.floor(Date.now() / 1000);
    return jwt(
      { alg: 'RS256', typ: 'JWT', 'x5t#S256': createHash('sha256').update(der).digest('base64url') },
      {
        iss: simulator.clientId,
        sub: simulator.clientId,
        aud: `${simulator.url}/${simulator.tenantId}/oauth2/v2.0/token`,
        exp: now + 300,
      },
      privateKeyPem,
    );
  }

  it('takes the token of a registered workload, and no other', async () => {
    const keys = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const issuer = 'https://kubernetes.example';
    const subject = 'system:serviceaccount:cmg:operator';
    simulator.control.application().federated.push({ issuer, subject, publicKeyPem: keys.publicKey });
    const folder = await mkdtemp(join(tmpdir(), 'federation-'));
    const signIn = async (claims: object, key = keys.privateKey) => {
      const tokenFilePath = join(folder, randomUUID());
      const exp = Math.floor(Date.now() / 1000) + 600;
      const aud = ['api://AzureADTokenExchange'];
      await writeFile(tokenFilePath, jwt({ alg: 'RS256' }, { iss: issuer, sub: subject, aud, exp, ...claims }, key));
      const { tenantId, clientId } = simulator;
      return new WorkloadIdentityCredential({ tenantId, clientId, tokenFilePath, ...options() }).getToken(SCOPE);
    };
    try {
      expect((await signIn({}))?.token).not.toBe('');
      await expect(signIn({ iss: 'https://else.example' })).rejects.toThrow('AADSTS700211');
      await expect(signIn({ sub: 'system:serviceaccount:cmg:other' })).rejects.toThrow('AADSTS700213');
      await expect(signIn({ aud: 'api://else' })).rejects.toThrow('AADSTS700212');
      await expect(signIn({ exp: 1 })).rejects.toThrow('AADSTS700024');
      const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
        type: 'pkcs8',
        format: 'pem',
      });
      await expect(signIn({}, stranger as string)).rejects.toThrow('AADSTS50013');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is asked for tokens again when Resource Manager finds them expired', async () => {
    const answers = await Promise.all([
      client.send('GET', '/subscriptions', undefined, { authorization: '' }),
      client.send('GET', '/subscriptions', undefined, { authorization: 'Bearer nonsense' }),
      client.send('GET', '/subscriptions', undefined, {
        authorization: `Bearer ${(await client.credential.getToken('https://vault.azure.net/.default')).token}`,
      }),
    ]);
    expect(answers.map(codeOf)).toEqual([
      'InvalidAuthenticationToken',
      'InvalidAuthenticationToken',
      'InvalidAuthenticationTokenAudience',
    ]);
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toContain(
        `authorization_uri="${simulator.url}/${simulator.tenantId}"`,
      );
    }
  });

  it('does not know other tenants', async () => {
    const other = '00000000-0000-4000-8000-000000000000';
    const metadata = await client.send('GET', `/${other}/v2.0/.well-known/openid-configuration`);
    expect(metadata).toMatchObject({ status: 400, body: { error: 'invalid_tenant', error_codes: [90002] } });
    expect(await client.send('POST', `/${other}/oauth2/v2.0/token`)).toMatchObject({
      status: 400,
      body: { error_codes: [90002] },
    });
  });

  /** Ends an operation of the SDK without the time that `Retry-After` asks for: the SDK's clock is the machine's. */
  async function finish(poller: { submitted(): Promise<void>; poll(): Promise<unknown>; readonly isDone: boolean }) {
    await poller.submitted();
    await simulator.control.advance(600_000);
    await poller.poll();
    expect(poller.isDone).toBe(true);
  }

  it('lets @azure/arm-resources work unchanged', async () => {
    const arm = new ResourceManagementClient(secretCredential(simulator), simulator.subscriptionId, {
      endpoint: simulator.url,
      credentials: { scopes: [SCOPE] },
    });
    const group = await arm.resourceGroups.createOrUpdate('sdk', { location: 'West Europe', tags: { a: 'b' } });
    expect(group).toMatchObject({ name: 'sdk', location: 'westeurope', tags: { a: 'b' } });
    const id = `subscriptions/${simulator.subscriptionId}/resourceGroups/sdk/providers/Microsoft.Network/networkSecurityGroups/nsg`;
    await arm.resources.createOrUpdateById(id, '2025-03-01', { location: 'westeurope', properties: {} });
    const names: (string | undefined)[] = [];
    for await (const resource of arm.resources.listByResourceGroup('sdk')) names.push(resource.name);
    expect(names).toEqual(['nsg']);
    await finish(arm.resources.deleteById(id, '2025-03-01'));
    expect(await arm.resources.checkExistenceById(id, '2025-03-01')).toMatchObject({ body: false });
    expect((await arm.resourceGroups.checkExistence('sdk')).body).toBe(true);
    expect((await arm.providers.get('Microsoft.Network')).registrationState).toBe('Registered');
    await arm.tagsOperations.updateAtScope(`subscriptions/${simulator.subscriptionId}/resourceGroups/sdk`, {
      operation: 'Merge',
      properties: { tags: { c: 'd' } },
    });
    expect((await arm.resourceGroups.get('sdk')).tags).toEqual({ a: 'b', c: 'd' });
    await finish(arm.resourceGroups.delete('sdk'));
    expect((await arm.resourceGroups.checkExistence('sdk')).body).toBe(false);
  });

  it('publishes what clients discover clouds and tenants with', async () => {
    const cloud = await client.send('GET', '/metadata/endpoints?api-version=2022-09-01');
    expect(cloud.body).toMatchObject({
      authentication: { loginEndpoint: simulator.url },
      suffixes: { keyVaultDns: 'vault.azure.net' },
    });
    const openId = await client.send('GET', `/${simulator.tenantId}/v2.0/.well-known/openid-configuration`);
    const tokenEndpoint = `${simulator.url}/${simulator.tenantId}/oauth2/v2.0/token`;
    expect(openId.body).toMatchObject({
      issuer: `${simulator.url}/${simulator.tenantId}/v2.0`,
      token_endpoint: tokenEndpoint,
    });
    const keys = await client.send('GET', `/${simulator.tenantId}/discovery/v2.0/keys`);
    const [jwk] = keys.body.keys as unknown as [Parameters<typeof createPublicKey>[0]];
    expect(createPublicKey({ key: jwk as never, format: 'jwk' }).asymmetricKeyType).toBe('rsa');
  });
});

function jwt(header: object, claims: object, privateKeyPem: string): string {
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKeyPem).toString('base64url')}`;
}
