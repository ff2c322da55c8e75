import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/json.ts';
import { createManualClock, type ManualClock } from '../../../src/runtime/manual-clock.ts';
import { objectsAt, textAt } from './json-path.ts';
import { type ArmSimulator, startArmSimulator } from './simulator.ts';
import { codeOf, createTestClient, secretCredential, type TestClient } from './test-client.ts';

const VAULT = 'api-version=2026-02-01';
const DATA = 'api-version=7.4';
const CERTIFICATES_OFFICER = 'a4417e6f-fecd-4de8-b567-7b0420556985';
const SECRETS_USER = '4633458b-17de-408a-b874-0445c86b69e6';

describe('the data plane of a vault', () => {
  let clock: ManualClock;
  let simulator: ArmSimulator;
  let client: TestClient;
  let reader: TestClient;
  let principalId: string;
  let vault: string;
  let latest: string;

  beforeAll(async () => {
    clock = createManualClock();
    simulator = await startArmSimulator({ clock, blobs: false });
    client = createTestClient(simulator);
    reader = createTestClient(simulator, secretCredential(simulator), 'https://vault.azure.net');
    principalId = simulator.control.application().principal.objectId;
  });
  beforeEach(async () => {
    simulator.control.reset();
    const group = `/subscriptions/${simulator.subscriptionId}/resourceGroups/contoso`;
    vault = `${group}/providers/Microsoft.KeyVault/vaults/contoso-kv`;
    await client.send('PUT', group, { location: 'westeurope' });
    await createVault({});
    await clock.advance(60_000);
    for (const value of ['first', 'second']) {
      const answer = await client.send('PUT', `${vault}/secrets/cmg?${VAULT}`, {
        properties: { value, contentType: 'application/x-pkcs12' },
      });
      latest = textAt(answer.body, 'properties.secretUriWithVersion') ?? '';
    }
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await reader[Symbol.asyncDispose]();
    await simulator.close();
  });

  const createVault = (properties: JsonObject) =>
    client.send('PUT', `${vault}?${VAULT}`, {
      location: 'westeurope',
      properties: {
        tenantId: simulator.tenantId,
        sku: { family: 'A', name: 'standard' },
        enableRbacAuthorization: true,
        ...properties,
      },
    });
  const allow = async (role = SECRETS_USER) => {
    const name = `0f0f0f0f${role.slice(8)}`;
    await client.send(
      'PUT',
      `${vault}/providers/Microsoft.Authorization/roleAssignments/${name}?api-version=2022-04-01`,
      {
        properties: {
          roleDefinitionId: `/subscriptions/${simulator.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
          principalId,
          principalType: 'ServicePrincipal',
        },
      },
    );
  };
  const inner = ({ body }: { readonly body: JsonObject }) => textAt(body, 'error.innererror.code');

  it('tells clients without a token, or with one for another service, where to get theirs', async () => {
    for (const answer of [
      await client.send('GET', `/secrets/cmg/?${DATA}`, undefined, { authorization: '' }),
      await client.send('GET', `/secrets/cmg/?${DATA}`),
    ]) {
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe(
        `Bearer authorization="${simulator.url}/${simulator.tenantId}", resource="https://vault.azure.net"`,
      );
    }
  });

  it('gives secrets to who has a role for them, some time after it was assigned', async () => {
    expect(inner(await reader.send('GET', `/secrets/cmg?${DATA}`))).toBe('ForbiddenByRbac');
    await allow();
    expect(inner(await reader.send('GET', `/secrets/cmg?${DATA}`))).toBe('ForbiddenByRbac');
    await clock.advance(5000);
    const answer = await reader.send('GET', `/secrets/cmg?${DATA}`);
    expect(answer).toMatchObject({
      status: 200,
      body: { value: 'second', contentType: 'application/x-pkcs12', id: latest, attributes: { enabled: true } },
    });
    const versions = await reader.send('GET', `/vault/contoso-kv/secrets/cmg/versions?${DATA}`);
    const [first] = objectsAt(versions.body, 'value');
    expect(versions.body.value).toHaveLength(2);
    expect(first?.value).toBeUndefined();
    const old = await reader.send('GET', `${new URL(String(first?.id)).pathname}?${DATA}`);
    expect(old.body.value).toBe('first');
    const all = await reader.send('GET', `/secrets?${DATA}`);
    expect(objectsAt(all.body, 'value').map(({ id }) => id)).toEqual([
      'https://contoso-kv.vault.azure.net/secrets/cmg',
    ]);
  });

  it('is reached by the name of the vault, too', async () => {
    await allow();
    await clock.advance(5000);
    const host = { host: 'contoso-kv.vault.azure.net' };
    expect((await reader.send('GET', `/secrets/cmg?${DATA}`, undefined, host)).body.value).toBe('second');
    const other = { host: 'fabrikam-kv.vault.azure.net' };
    expect((await reader.send('GET', `/secrets/cmg?${DATA}`, undefined, other)).status).toBe(404);
  });

  it('follows access policies where there are no roles', async () => {
    const policy = (secrets: string[]) => [
      { tenantId: simulator.tenantId, objectId: principalId, permissions: { secrets } },
    ];
    await createVault({ enableRbacAuthorization: false, accessPolicies: policy(['list']) });
    expect(inner(await reader.send('GET', `/secrets/cmg?${DATA}`))).toBe('AccessDenied');
    expect((await reader.send('GET', `/secrets?${DATA}`)).status).toBe(200);
    await createVault({ enableRbacAuthorization: false, accessPolicies: policy(['get']) });
    expect((await reader.send('GET', `/secrets/cmg?${DATA}`)).body.value).toBe('second');
  });

  it('does not serve what is missing, disabled, deleted or cut off', async () => {
    await allow();
    await clock.advance(5000);
    expect(codeOf(await reader.send('GET', `/secrets/other?${DATA}`))).toBe('SecretNotFound');
    await client.send('PUT', `${vault}/secrets/off?${VAULT}`, {
      properties: { value: 'x', attributes: { enabled: false } },
    });
    expect(inner(await reader.send('GET', `/secrets/off?${DATA}`))).toBe('SecretDisabled');
    await createVault({ publicNetworkAccess: 'Disabled' });
    expect(inner(await reader.send('GET', `/secrets/cmg?${DATA}`))).toBe('ForbiddenByConnection');
    await client.send('DELETE', `${vault}?${VAULT}`);
    expect((await reader.send('GET', `/secrets/cmg?${DATA}`)).status).toBe(404);
  });

  it('has no certificate where a PFX was stored as a secret', async () => {
    expect(inner(await reader.send('GET', `/certificates/cmg?${DATA}`))).toBe('ForbiddenByRbac');
    await allow(CERTIFICATES_OFFICER);
    await clock.advance(5000);
    expect(codeOf(await reader.send('GET', `/certificates/cmg?${DATA}`))).toBe('CertificateNotFound');
  });
});
