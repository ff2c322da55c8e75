import { beforeEach, describe, expect, test } from 'vitest';
import { textAt } from '../json-path.ts';
import { createInProcessAzure, errorCode, type InProcessAzure } from './in-process-azure.ts';
import * as sample from './sample-bodies.ts';

const { ids } = sample;
const secretId = `${ids.vault}/secrets/cert`;
let azure: InProcessAzure;

beforeEach(() => {
  azure = createInProcessAzure();
});

describe('a vault', () => {
  test('is answered as 200 RegisteringDns without any header of an operation, for 30 seconds', async () => {
    const answer = azure.call('PUT', ids.vault, sample.vaultBody);
    expect(answer).toMatchObject({ status: 200, body: { properties: { provisioningState: 'RegisteringDns' } } });
    expect(Object.keys(answer.headers).join(' ')).not.toMatch(/location|retry-after|asyncoperation/i);
    await azure.clock.advance(29_999);
    expect(textAt(azure.show(ids.vault), 'properties.provisioningState')).toBe('RegisteringDns');
    await azure.clock.advance(1);
    expect(azure.show(ids.vault)).toMatchObject({
      id: ids.vault,
      name: 'cmg-kv',
      type: 'Microsoft.KeyVault/vaults',
      location: 'westeurope',
      properties: {
        ...sample.vaultBody.properties,
        provisioningState: 'Succeeded',
        vaultUri: 'https://cmg-kv.vault.azure.net/',
        enableSoftDelete: true,
        enabledForDiskEncryption: false,
        accessPolicies: [],
        networkAcls: { bypass: 'AzureServices', defaultAction: 'Allow', ipRules: [], virtualNetworkRules: [] },
      },
    });
    const again = azure.call('PUT', ids.vault, sample.vaultBody);
    expect(again).toMatchObject({ status: 200, body: { properties: { provisioningState: 'Succeeded' } } });
  });

  test.each([
    ['2026-02-01', true],
    ['2023-07-01', false],
  ])('that does not say how it authorizes has roles by default from 2026-02-01: %s, %s', (version, expected) => {
    const body = sample.withValue(
      sample.withValue(sample.vaultBody, ['properties', 'enableRbacAuthorization'], undefined),
      ['properties', 'accessPolicies'],
      [],
    );
    const answer = azure.call('PUT', `${ids.vault}?api-version=${version}`, body);
    expect(answer.body).toMatchObject({ properties: { enableRbacAuthorization: expected } });
  });

  test('without roles needs its access policies', () => {
    const body = sample.withValue(sample.vaultBody, ['properties', 'enableRbacAuthorization'], false);
    expect(errorCode(azure.call('PUT', ids.vault, body))).toBe('BadRequest');
  });

  test.each([
    ['softDeleteRetentionInDays', 90],
    ['tenantId', '00000000-0000-4000-8000-000000000000'],
  ])('cannot change its %s', async (property, value) => {
    await azure.create(ids.vault, sample.vaultBody);
    const answer = azure.call('PUT', ids.vault, sample.withValue(sample.vaultBody, ['properties', property], value));
    expect(answer.status).toBe(400);
    expect(errorCode(answer)).toBe('BadRequest');
  });

  test('keeps purge protection once it is on', async () => {
    await azure.create(ids.vault, sample.withValue(sample.vaultBody, ['properties', 'enablePurgeProtection'], true));
    const after = await azure.create(ids.vault, sample.vaultBody);
    expect(after).toMatchObject({ properties: { enablePurgeProtection: true } });
  });

  test('has a name that nobody else has', () => {
    azure.world.foreignNames.add('vault/cmg-kv');
    const answer = azure.call('PUT', ids.vault, sample.vaultBody);
    expect(answer.status).toBe(409);
    expect(errorCode(answer)).toBe('VaultAlreadyExists');
    expect(errorCode(azure.call('PUT', ids.vault.replace('cmg-kv', '1cmg'), sample.vaultBody))).toBe(
      'VaultNameNotValid',
    );
  });

  test('once deleted holds its name until it is recovered, with what was in it', async () => {
    await azure.create(ids.vault, sample.vaultBody);
    const secret = await azure.create(secretId, sample.vaultSecretBody);
    expect(azure.call('DELETE', ids.vault).status).toBe(200);
    expect(azure.call('GET', ids.vault).status).toBe(404);
    expect(azure.world.deletedVaults.get('cmg-kv')).toMatchObject({
      location: 'westeurope',
      subscriptionId: sample.SUBSCRIPTION,
      purgeProtected: false,
      scheduledPurgeAt: azure.clock.now() + 7 * 86_400_000,
    });

    const taken = azure.call('PUT', ids.vault, sample.vaultBody);
    expect(taken.status).toBe(409);
    expect(errorCode(taken)).toBe('ConflictError');
    const recover = sample.withValue(sample.vaultBody, ['properties', 'createMode'], 'recover');
    expect(errorCode(azure.call('PUT', ids.vault, { ...recover, location: 'northeurope' }))).toBe(
      'SoftDeletedVaultDoesNotExist',
    );
    expect(azure.call('PUT', ids.vault, recover).status).toBe(200);
    expect(azure.show(secretId)).toEqual(secret);
    expect(azure.world.deletedVaults.size).toBe(0);
  });

  test('cannot be recovered when it was never deleted', () => {
    const recover = sample.withValue(sample.vaultBody, ['properties', 'createMode'], 'recover');
    expect(errorCode(azure.call('PUT', ids.vault, recover))).toBe('SoftDeletedVaultDoesNotExist');
  });
});

describe('a secret', () => {
  beforeEach(async () => {
    await azure.create(ids.vault, sample.vaultBody);
  });

  test('is never shown, and each PUT makes a new version', () => {
    const first = azure.call('PUT', secretId, sample.vaultSecretBody);
    expect(first).toMatchObject({
      status: 201,
      body: {
        id: secretId,
        name: 'cert',
        type: 'Microsoft.KeyVault/vaults/secrets',
        properties: {
          contentType: 'application/x-pkcs12',
          attributes: { enabled: true, created: azure.clock.now() / 1000 },
          secretUri: 'https://cmg-kv.vault.azure.net/secrets/cert',
          secretUriWithVersion: expect.stringMatching(/\/secrets\/cert\/[0-9a-f]{32}$/),
        },
      },
    });
    const second = azure.call('PUT', secretId, sample.vaultSecretBody);
    expect(second.status).toBe(200);
    expect(textAt(second.body, 'properties.secretUriWithVersion')).not.toBe(
      textAt(first.body, 'properties.secretUriWithVersion'),
    );
    expect(JSON.stringify([first, second, azure.show(secretId)])).not.toContain(
      sample.vaultSecretBody.properties.value,
    );
  });

  test('needs a value and a vault', () => {
    expect(errorCode(azure.call('PUT', secretId, { properties: {} }))).toBe('BadRequest');
    expect(azure.call('PUT', secretId.replace('cmg-kv', 'other'), sample.vaultSecretBody).status).toBe(404);
  });
});
