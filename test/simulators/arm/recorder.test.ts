import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/json.ts';
import { textAt } from './json-path.ts';
import * as samples from './providers/sample-bodies.ts';
import { type ArmSimulator, startArmSimulator } from './simulator.ts';
import { createTestClient, type TestClient } from './test-client.ts';

/** Microsoft's definitions with a judge of recordings; kept beside the project, not in it. */
const JUDGE = resolve(import.meta.dirname, '../../../../shared/arm-definitions/validate.py');

const VERSIONS: Readonly<Record<string, string>> = {
  'Microsoft.Network': '2025-03-01',
  'Microsoft.Compute': '2024-11-01',
  'Microsoft.Storage': '2025-06-01',
  'Microsoft.KeyVault': '2026-02-01',
  'Microsoft.ManagedIdentity': '2024-11-30',
  'Microsoft.Authorization': '2022-04-01',
};

/** A gateway from nothing, looked at, changed, refused in some things, and deleted. */
async function converse(simulator: ArmSimulator, client: TestClient): Promise<void> {
  const translated = <T extends JsonObject | string>(value: T): T =>
    JSON.parse(
      JSON.stringify(value)
        .replaceAll(samples.SUBSCRIPTION, simulator.subscriptionId)
        .replaceAll(samples.TENANT, simulator.tenantId),
    ) as T;
  const versioned = (id: string) =>
    `${translated(id)}?api-version=${VERSIONS[/.*\/providers\/([^/]+)/.exec(id)?.[1] ?? ''] ?? '2025-04-01'}`;
  const create = (id: string, body: JsonObject) => client.create(versioned(id), translated(body));
  const send = (method: string, id: string, body?: JsonObject) =>
    client.send(method, versioned(id), body === undefined ? undefined : translated(body));
  const { ids, GROUP } = samples;
  const subscription = `/subscriptions/${samples.SUBSCRIPTION}`;

  await send('GET', GROUP);
  await send('GET', subscription);
  await send('GET', `${subscription}/locations`);
  await client.send('GET', `${translated(subscription)}/providers/Microsoft.Network?api-version=2025-04-01`);
  await client.send('POST', `${translated(subscription)}/providers/Microsoft.Network/register?api-version=2025-04-01`);
  await client.send(
    'GET',
    `${translated(subscription)}/providers/Microsoft.Compute/skus?api-version=2021-07-01&$filter=location eq 'westeurope'`,
  );
  await client.send(
    'GET',
    `${translated(subscription)}/providers/Microsoft.Compute/locations/westeurope/usages?api-version=2024-11-01`,
  );
  await send('POST', `${subscription}/providers/Microsoft.Storage/checkNameAvailability`, {
    name: 'cmgstore',
    type: 'Microsoft.Storage/storageAccounts',
  });
  await send('POST', `${subscription}/providers/Microsoft.KeyVault/checkNameAvailability`, {
    name: 'cmg-kv',
    type: 'Microsoft.KeyVault/vaults',
  });
  await client.send(
    'GET',
    `${translated(subscription)}/providers/Microsoft.Network/locations/westeurope/CheckDnsNameAvailability?domainNameLabel=contosocmg&api-version=2025-03-01`,
  );
  await send('GET', `${subscription}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/cmg-kv`);
  await send('PUT', GROUP, { location: 'westeurope', tags: { team: 'sccm' } });
  await send('GET', `${GROUP}/providers/Microsoft.Authorization/permissions`);

  const identity = await create(ids.identity, samples.identityBody);
  await create(ids.networkSecurityGroup, samples.networkSecurityGroupBody);
  await create(ids.virtualNetwork, samples.virtualNetworkBody);
  await create(ids.publicIPAddress, samples.publicIPAddressBody);
  await create(ids.loadBalancer, samples.loadBalancerBody);
  await create(ids.vault, samples.vaultBody);
  const secret = await create(`${ids.vault}/secrets/cert`, samples.vaultSecretBody);
  await create(ids.storageAccount, samples.storageAccountBody);
  await create(`${ids.storageAccount}/blobServices/default/containers/packages`, {
    properties: { publicAccess: 'None' },
  });
  const assignment = `${ids.vault}/providers/Microsoft.Authorization/roleAssignments/0f0f0f0f-1111-4222-8333-444444444444`;
  await create(assignment, samples.roleAssignmentBody(textAt(identity, 'properties.principalId') ?? ''));
  await create(ids.scaleSet, samples.scaleSetBody(textAt(secret, 'properties.secretUriWithVersion') ?? ''));

  await send('GET', `${ids.scaleSet}/virtualMachines`);
  await send('GET', `${ids.scaleSet}/instanceView`);
  const scaled = await send('PATCH', ids.scaleSet, { sku: { name: 'Standard_D2ads_v6', capacity: 2 } });
  await client.send('GET', scaled.headers['azure-asyncoperation'] ?? '');
  await send('DELETE', `${ids.networkSecurityGroup}/securityRules/instances`);
  await send('PUT', `${GROUP}2`, { location: 'atlantis' });
  await client.send('POST', '/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01', {
    subscriptions: [simulator.subscriptionId],
    query: 'resources | project id, type, tags, properties',
    options: { resultFormat: 'objectArray' },
  });
  await client.send('GET', `${translated(GROUP)}/resources?api-version=2025-04-01`);
  await client.send('GET', `${translated(GROUP)}/providers/Microsoft.Resources/tags/default?api-version=2025-04-01`);
  const deletion = await send('DELETE', GROUP);
  while ((await client.send('GET', deletion.headers.location ?? '')).status === 202);
  await client.send(
    'POST',
    `${versioned(`${subscription}/providers/Microsoft.KeyVault`).replace('?', '/locations/westeurope/deletedVaults/cmg-kv/purge?')}`,
  );
}

describe('a recording of a whole conversation', () => {
  let folder: string;
  let file: string;
  let text: string;
  let secrets: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'recording-'));
    file = join(folder, 'recording.jsonl');
    const simulator = await startArmSimulator({ speed: 10_000, blobs: false, record: file });
    const client = createTestClient(simulator);
    try {
      await converse(simulator, client);
      const { token } = await client.credential.getToken('https://management.azure.com/.default');
      secrets = [
        simulator.clientSecret,
        token,
        'bm90IGEgcmVhbCBwZng=',
        'Correct-Horse-7',
        'powershell -File setup.ps1',
      ];
    } finally {
      await client[Symbol.asyncDispose]();
      await simulator.close();
    }
    text = await readFile(file, 'utf8');
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true }));

  it('holds every exchange in the fields that the judge reads', () => {
    const exchanges = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as JsonObject);
    expect(exchanges.length).toBeGreaterThan(40);
    for (const exchange of exchanges) {
      expect(Object.keys(exchange)).toEqual([
        'time',
        'method',
        'url',
        'requestHeaders',
        'requestBody',
        'status',
        'responseHeaders',
        'responseBody',
      ]);
    }
  });

  it('holds no secret and no signature of an operation', () => {
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(7);
      expect(text).not.toContain(secret);
    }
    expect(text).not.toMatch(/[?&][csh]=[^*&"]/);
    expect(text).toContain('Azure-AsyncOperation');
  });

  it.skipIf(!existsSync(JUDGE))(
    "agrees with Microsoft's definitions (left out where they are not beside the project)",
    async () => {
      const judged = await promisify(execFile)('python3', [JUDGE, file]).catch(
        (error: { readonly stdout: string }) => error,
      );
      expect(judged.stdout).toContain(' 0 findings');
    },
  );
});
