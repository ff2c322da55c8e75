import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { BlobServiceClient, type RestError } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ArmSimulator, startArmSimulator } from '../simulator.ts';
import { createTestClient, type TestClient } from '../test-client.ts';

describe('blob storage', () => {
  let simulator: ArmSimulator;
  let client: TestClient;
  let endpoint: string;
  let account: string;

  beforeAll(async () => {
    simulator = await startArmSimulator({ speed: 1000 });
    client = createTestClient(simulator);
    const group = `/subscriptions/${simulator.subscriptionId}/resourceGroups/blobs`;
    await client.send('PUT', group, { location: 'westeurope' });
    account = `${group}/providers/Microsoft.Storage/storageAccounts/contosostore`;
    const created = await client.create(`${account}?api-version=2025-06-01`, {
      location: 'westeurope',
      sku: { name: 'Standard_LRS' },
      kind: 'StorageV2',
      properties: { allowSharedKeyAccess: false, minimumTlsVersion: 'TLS1_2', supportsHttpsTrafficOnly: true },
    });
    endpoint = (created.properties as { primaryEndpoints: { blob: string } }).primaryEndpoints.blob;
    await client.send('PUT', `${account}/blobServices/default/containers/packages?api-version=2025-06-01`, {
      properties: {},
    });
  }, 90_000);

  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await simulator.close();
  });

  const blobs = () =>
    new BlobServiceClient(endpoint, client.credential, { retryOptions: { maxTries: 1 } }).getContainerClient(
      'packages',
    );

  const assign = async (role: string, principalId = simulator.control.application().principal.objectId) => {
    const name = simulator.control.application().principal.objectId.replace(/^.{8}/, role.slice(0, 8));
    const id = `${account}/providers/Microsoft.Authorization/roleAssignments/${name}?api-version=2022-04-01`;
    const roleDefinitionId = `/subscriptions/${simulator.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${role}`;
    const answer = await client.send('PUT', id, {
      properties: { roleDefinitionId, principalId, principalType: 'ServicePrincipal' },
    });
    expect(answer.status).toBe(201);
  };

  it('is at the address that the account states', () => {
    expect(endpoint).toBe(`${simulator.url}/blob/contosostore/`);
  });

  it('refuses who has no role for the data, and one whose role has not spread yet', async () => {
    const refused = (error: RestError) => [error.statusCode, error.code];
    const upload = () =>
      blobs()
        .getBlockBlobClient('a')
        .upload('text', 4)
        .then(() => 'uploaded', refused);
    expect(await upload()).toEqual([403, 'AuthorizationPermissionMismatch']);
    simulator.control.settings.roleLagSeconds = 100_000;
    await assign('ba92f5b4-2d11-453d-a403-e99cb0f9b4cb');
    expect(await upload()).toEqual([403, 'AuthorizationPermissionMismatch']);
    await simulator.control.advance(100_000_000);
    expect(await upload()).toBe('uploaded');
  });

  it('streams blobs in and out, and knows which ones exist', async () => {
    const before = simulator.control.counts;
    const content = randomBytes(3 * 1024 ** 2 + 17);
    const blob = blobs().getBlockBlobClient('folder/package 1.zip');
    await blob.uploadStream(Readable.from(content), 1024 ** 2, 2);
    expect((await blob.downloadToBuffer()).equals(content)).toBe(true);
    await blob.delete();
    expect(await blob.exists()).toBe(false);
    const { blobReads, blobWrites, reads, writes } = simulator.control.counts;
    // Four blocks, the list of them, and the deletion.
    expect(blobWrites - before.blobWrites).toBe(6);
    // The size, the download in one piece, and whether there is any left.
    expect(blobReads - before.blobReads).toBe(3);
    expect({ reads, writes }).toEqual({ reads: before.reads, writes: before.writes });
  });

  it('has no container that ARM has not', async () => {
    const service = new BlobServiceClient(endpoint, client.credential, { retryOptions: { maxTries: 1 } });
    const missing = service.getContainerClient('missing').getBlockBlobClient('a').upload('x', 1);
    await expect(missing).rejects.toMatchObject({ statusCode: 404, code: 'ContainerNotFound' });
    const container = `${account}/blobServices/default/containers/short?api-version=2025-06-01`;
    await client.send('PUT', container, { properties: {} });
    const short = service.getContainerClient('short').getBlockBlobClient('a');
    await short.upload('x', 1);
    await client.send('DELETE', container);
    await expect(short.upload('x', 1)).rejects.toMatchObject({ code: 'ContainerNotFound' });
    await client.send('PUT', container, { properties: {} });
    expect(await short.exists()).toBe(false);
  });

  it('takes no key and no token for another service', async () => {
    const withoutToken = new BlobServiceClient(`${endpoint}?`, undefined, { retryOptions: { maxTries: 1 } });
    const anonymous = withoutToken.getContainerClient('packages').getBlockBlobClient('a').download();
    await expect(anonymous).rejects.toMatchObject({ statusCode: 401 });
  });
});
