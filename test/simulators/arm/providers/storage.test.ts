import { beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../../src/json.ts';
import { createInProcessAzure, errorCode, type InProcessAzure } from './in-process-azure.ts';
import * as sample from './sample-bodies.ts';

const { ids } = sample;
const containerId = `${ids.storageAccount}/blobServices/default/containers/packages`;
let azure: InProcessAzure;

beforeEach(() => {
  azure = createInProcessAzure();
});

describe('a storage account', () => {
  test('is answered as 202 with a Location that ends as the account', async () => {
    const answer = azure.call('PUT', ids.storageAccount, sample.storageAccountBody);
    expect(answer).toMatchObject({
      status: 202,
      headers: { 'Retry-After': '17', Location: expect.stringContaining('/asyncoperations/') },
      body: {},
    });
    const location = answer.headers.Location ?? '';
    await azure.clock.advance(26_999);
    expect(azure.call('GET', location).status).toBe(202);
    expect(errorCode(azure.call('PUT', containerId, {}))).toBe('StorageAccountIsNotProvisioned');
    await azure.clock.advance(1);
    const account = azure.show(ids.storageAccount);
    expect(azure.call('GET', location)).toMatchObject({ status: 200, body: account });
    expect(account).toMatchObject({
      id: ids.storageAccount,
      sku: { name: 'Standard_LRS', tier: 'Standard' },
      kind: 'StorageV2',
      properties: {
        allowSharedKeyAccess: false,
        provisioningState: 'Succeeded',
        primaryEndpoints: { blob: 'https://cmgstore.blob.core.windows.net/' },
        primaryLocation: 'westeurope',
        statusOfPrimary: 'available',
        creationTime: '2026-01-01T00:00:00.000Z',
        encryption: { keySource: 'Microsoft.Storage', services: { blob: { enabled: true } } },
        networkAcls: { bypass: 'AzureServices', defaultAction: 'Allow', ipRules: [], virtualNetworkRules: [] },
      },
    });
  });

  test('is written again at once, and keeps what the body leaves out', async () => {
    const before = await azure.create(ids.storageAccount, sample.storageAccountBody);
    expect(azure.call('PUT', ids.storageAccount, sample.storageAccountBody)).toMatchObject({
      status: 200,
      body: before,
    });
    const { location, sku, kind } = sample.storageAccountBody;
    const changed = azure.call('PUT', ids.storageAccount, { location, sku, kind, properties: { accessTier: 'Cool' } });
    expect(changed).toMatchObject({
      status: 200,
      body: { properties: { accessTier: 'Cool', minimumTlsVersion: 'TLS1_2', allowSharedKeyAccess: false } },
    });
    expect(azure.call('PATCH', ids.storageAccount, { tags: { a: 'b' } }).body).toMatchObject({ tags: { a: 'b' } });
  });

  test.each([
    ['kind', { kind: 'BlobStorage' }],
    ['sku', { sku: { name: 'Premium_LRS' } }],
    ['isHnsEnabled', { properties: { isHnsEnabled: true } }],
  ])('cannot change its %s', async (property, change) => {
    await azure.create(ids.storageAccount, sample.storageAccountBody);
    const answer = azure.call('PUT', ids.storageAccount, { ...sample.storageAccountBody, ...change });
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ error: { code: 'StorageAccountPropertyCannotBeUpdated', target: property } });
  });

  test('has a name that nobody else has', async () => {
    azure.world.foreignNames.add('storageaccount/taken');
    const put = (name: string) =>
      azure.call('PUT', ids.storageAccount.replace('cmgstore', name), sample.storageAccountBody);
    expect(put('taken').status).toBe(409);
    expect(errorCode(put('taken'))).toBe('StorageAccountAlreadyTaken');
    expect(put('Capital').status).toBe(400);
    expect(errorCode(put('Capital'))).toBe('AccountNameInvalid');
  });

  test('is deleted at once, and gives its keys only when asked for', async () => {
    const account = await azure.create(ids.storageAccount, sample.storageAccountBody);
    const { keys } = azure.call('POST', `${ids.storageAccount}/listKeys`).body as { keys: { value: string }[] };
    expect(keys).toHaveLength(2);
    for (const { value } of keys) expect(JSON.stringify(account)).not.toContain(value);
    expect(azure.call('DELETE', ids.storageAccount).status).toBe(200);
    expect(azure.call('DELETE', ids.storageAccount).status).toBe(204);
    expect(azure.call('PUT', ids.storageAccount, sample.storageAccountBody).status).toBe(202);
  });
});

describe('a container', () => {
  beforeEach(async () => {
    await azure.create(ids.storageAccount, sample.storageAccountBody);
  });

  test('is made and deleted at once', () => {
    const body: JsonObject = { properties: { publicAccess: 'None' } };
    expect(azure.call('PUT', containerId, body)).toMatchObject({
      status: 201,
      body: {
        id: containerId,
        name: 'packages',
        type: 'Microsoft.Storage/storageAccounts/blobServices/containers',
        properties: { publicAccess: 'None', hasLegalHold: false },
      },
    });
    expect(azure.show(containerId)).toMatchObject({ properties: { publicAccess: 'None', leaseState: 'Available' } });
    expect(azure.call('PUT', containerId, body).status).toBe(200);
    expect(azure.call('DELETE', containerId).status).toBe(200);
    expect(azure.call('GET', containerId).status).toBe(404);
    expect(errorCode(azure.call('GET', containerId))).toBe('ContainerNotFound');
  });

  test.each([
    ['PublicAccessNotPermitted', containerId, { properties: { publicAccess: 'Blob' } }],
    ['ContainerNameInvalid', `${containerId}--x`, {}],
    ['InvalidRequestContent', containerId, { properties: { hasLegalHold: true } }],
  ])('is refused with %s', (code, id, body) => {
    expect(errorCode(azure.call('PUT', id, body))).toBe(code);
  });

  test('has a service that exists with the account and is written at once', () => {
    const service = `${ids.storageAccount}/blobServices/default`;
    expect(azure.show(service)).toMatchObject({
      name: 'default',
      properties: { deleteRetentionPolicy: { enabled: false } },
    });
    const body = { properties: { deleteRetentionPolicy: { enabled: true, days: 7 } } };
    expect(azure.call('PUT', service, body)).toMatchObject({ status: 200, body });
  });
});
