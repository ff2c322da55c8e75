import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ScriptedServer, startScriptedServer } from '../../test/scripted-https-server.ts';
import { createManualClock, type ManualClock } from '../runtime/manual-clock.ts';
import { type ArmClient, createArmClient } from './arm-client.ts';
import { resolveCloud } from './clouds.ts';
import { computeUsages, skuAvailability } from './compute-skus.ts';
import { listGroupContents } from './group-contents.ts';
import {
  deletedVault,
  dnsLabelAvailability,
  storageAccountNameAvailability,
  vaultNameAvailability,
} from './name-availability.ts';
import { allows, readPermissions } from './permissions.ts';
import { providerState, registerProvider } from './provider-registration.ts';
import { graphString, queryResourceGraph } from './resource-graph.ts';
import { createSharedReads, type SharedReads } from './shared-reads.ts';
import { readLocations, readSubscription } from './subscriptions.ts';
import { createThrottling } from './throttling.ts';

const SUBSCRIPTION = '/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590';

let server: ScriptedServer;
/** Bodies of 200 answers, by path; what is not listed is a 404 of Azure. */
let bodies: Record<string, object | ((request: { readonly url: string; readonly body: string }) => object)>;
let client: ArmClient;
let clock: ManualClock;
let reads: SharedReads;

beforeAll(async () => {
  server = await startScriptedServer((request) => {
    const path = new URL(request.url, server.origin).pathname.replace('//', '/');
    const body = bodies[path];
    return body === undefined
      ? { status: 404, body: { error: { code: 'ResourceNotFound', message: `${path} is not scripted.` } } }
      : { status: 200, body: typeof body === 'function' ? body(request) : body };
  });
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  bodies = {};
  clock = createManualClock();
  reads = createSharedReads(clock);
  client = createArmClient({
    cloud: resolveCloud('AzurePublicCloud', { AzurePublicCloud: { resourceManagerEndpoint: server.origin } }),
    credential: {
      principal: 'tenant/client',
      tokens: { getToken: async () => ({ token: 'token', expiresOnTimestamp: Date.now() + 3_600_000 }) },
    },
    subscriptionId: SUBSCRIPTION.split('/')[2] ?? '',
    clock,
    throttling: createThrottling(clock),
    userAgent: 'test',
  });
});

describe('providers', () => {
  const path = `${SUBSCRIPTION}/providers/Microsoft.Network`;

  it('are read anew until they are registered', async () => {
    const seen: string[] = [];
    for (const registrationState of ['NotRegistered', 'Registering', 'Registered', 'NotRegistered']) {
      bodies[path] = { namespace: 'Microsoft.Network', registrationState };
      seen.push(await providerState(client, reads, 'Microsoft.Network'));
    }
    expect(seen).toEqual(['NotRegistered', 'Registering', 'Registered', 'Registered']);
  });

  it('are registered without waiting', async () => {
    bodies[`${path}/register`] = { registrationState: 'Registering' };
    expect(await registerProvider(client, 'Microsoft.Network')).toBe('Registering');
  });
});

describe('names', () => {
  it('of storage accounts and vaults', async () => {
    bodies[`${SUBSCRIPTION}/providers/Microsoft.Storage/checkNameAvailability`] = ({ body }) => {
      const { name } = JSON.parse(body);
      return name === 'free'
        ? { nameAvailable: true }
        : {
            nameAvailable: false,
            reason: name === 'A!' ? 'AccountNameInvalid' : 'AlreadyExists',
            message: `About ${name}.`,
          };
    };
    bodies[`${SUBSCRIPTION}/providers/Microsoft.KeyVault/checkNameAvailability`] = {
      nameAvailable: false,
      reason: 'AlreadyExists',
    };
    expect(await storageAccountNameAvailability(client, 'free')).toEqual({ kind: 'Available' });
    expect(await storageAccountNameAvailability(client, 'taken')).toEqual({ kind: 'Taken', message: 'About taken.' });
    expect(await storageAccountNameAvailability(client, 'A!')).toEqual({ kind: 'Invalid', message: 'About A!.' });
    expect(await vaultNameAvailability(client, 'contoso')).toMatchObject({
      kind: 'Taken',
      message: expect.stringContaining('contoso'),
    });
  });

  it('of public IP addresses, in a region', async () => {
    bodies[`${SUBSCRIPTION}/providers/Microsoft.Network/locations/westeurope/CheckDnsNameAvailability`] = ({
      url,
    }) => ({
      available: new URL(url, server.origin).searchParams.get('domainNameLabel') === 'free',
    });
    expect(await dnsLabelAvailability(client, 'West Europe', 'free')).toEqual({ kind: 'Available' });
    expect(await dnsLabelAvailability(client, 'West Europe', 'taken')).toMatchObject({ kind: 'Taken' });
    expect(await dnsLabelAvailability(client, 'atlantis', 'free')).toMatchObject({ kind: 'Invalid' });
  });

  it('held by deleted vaults', async () => {
    expect(await deletedVault(client, 'westeurope', 'contoso')).toBeUndefined();
    bodies[`${SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/contoso`] = {
      properties: { vaultId: '/v', scheduledPurgeDate: '2026-12-01T00:00:00Z' },
    };
    expect(await deletedVault(client, 'West Europe', 'contoso')).toEqual({
      vaultId: '/v',
      scheduledPurgeDate: '2026-12-01T00:00:00Z',
      purgeProtected: false,
    });
  });
});

describe('VM sizes', () => {
  const sku = (name: string, restrictions: object[] = [], more: object = {}) => ({
    resourceType: 'virtualMachines',
    name,
    family: 'standardDSv5Family',
    locations: ['WestEurope'],
    capabilities: [{ name: 'vCPUs', value: '2' }],
    restrictions,
    ...more,
  });

  it('are offered, restricted, or unknown in a region', async () => {
    const restriction = { type: 'Location', values: ['westeurope'], reasonCode: 'NotAvailableForSubscription' };
    bodies[`${SUBSCRIPTION}/providers/Microsoft.Compute/skus`] = {
      value: [
        sku('Standard_D2s_v5', [{ ...restriction, type: 'Zone' }]),
        sku('Standard_D4s_v5', [restriction]),
        sku('Standard_D8s_v5', [], { locations: ['eastus'] }),
        sku('Premium_LRS', [], { resourceType: 'disks' }),
      ],
    };
    const ask = (name: string) => skuAvailability(client, reads, 'West Europe', name);
    expect(await ask('standard_d2s_v5')).toEqual({
      kind: 'Available',
      sku: { name: 'Standard_D2s_v5', family: 'standardDSv5Family', vCpus: 2 },
    });
    expect(await ask('Standard_D4s_v5')).toMatchObject({ kind: 'Restricted', reason: 'NotAvailableForSubscription' });
    expect(await ask('Standard_D8s_v5')).toEqual({ kind: 'NotOffered' });
    expect(await ask('Premium_LRS')).toEqual({ kind: 'NotOffered' });
  });

  it('have a quota', async () => {
    bodies[`${SUBSCRIPTION}/providers/Microsoft.Compute/locations/westeurope/usages`] = {
      value: [{ name: { value: 'standardDSv5Family' }, currentValue: 8, limit: 10 }],
    };
    const usages = await computeUsages(client, 'West Europe');
    expect(usages.get('standarddsv5family')).toEqual({ used: 8, limit: 10 });
  });
});

describe('permissions', () => {
  it('are read for a scope', async () => {
    bodies[`${SUBSCRIPTION}/providers/Microsoft.Authorization/permissions`] = { value: [{ actions: ['*/read'] }] };
    expect(await readPermissions(client, SUBSCRIPTION)).toEqual([{ actions: ['*/read'], notActions: [] }]);
  });

  it.each<[string, boolean]>([
    ['Microsoft.Network/publicIPAddresses/write', true],
    ['microsoft.network/PUBLICIPADDRESSES/write', true],
    ['Microsoft.Network/publicIPAddresses/delete', false],
    ['Microsoft.Compute/virtualMachines/read', true],
    ['Microsoft.Compute/virtualMachines/readX', false],
    ['Microsoft.Authorization/roleAssignments/write', false],
    ['MicrosoftXNetwork/x/write', false],
  ])('allow %s: %s', (action, expected) => {
    const permissions = [
      { actions: ['*/read'], notActions: [] },
      {
        actions: ['Microsoft.Network/*', 'Microsoft.Authorization/*'],
        notActions: ['*/delete', 'Microsoft.Authorization/*/write'],
      },
    ];
    expect(allows(permissions, action)).toBe(expected);
  });

  it('what one assignment takes out, another may allow', () => {
    const all = { actions: ['*'], notActions: [] };
    expect(allows([{ actions: ['*'], notActions: ['*'] }], 'A/b/read')).toBe(false);
    expect(allows([{ actions: ['*'], notActions: ['*'] }, all], 'A/b/read')).toBe(true);
    expect(allows([], 'A/b/read')).toBe(false);
  });
});

describe('the subscription', () => {
  it('shows its state and regions', async () => {
    bodies[SUBSCRIPTION] = { displayName: 'Contoso', tenantId: 't', state: 'Warned' };
    bodies[`${SUBSCRIPTION}/locations`] = { value: [{ name: 'westeurope', displayName: 'West Europe' }] };
    expect(await readSubscription(client)).toEqual({ displayName: 'Contoso', tenantId: 't', state: 'Warned' });
    expect(await readLocations(client, reads)).toEqual(new Set(['westeurope']));
  });
});

describe('Resource Graph', () => {
  it('returns the rows of all pages', async () => {
    const asked: unknown[] = [];
    bodies['/providers/Microsoft.ResourceGraph/resources'] = ({ body }) => {
      const { options } = JSON.parse(body);
      asked.push(options.$skipToken);
      return options.$skipToken === undefined ? { data: [{ id: 'a' }], $skipToken: 'next' } : { data: [{ id: 'b' }] };
    };
    expect(await Array.fromAsync(queryResourceGraph(client, 'resources'))).toEqual([[{ id: 'a' }], [{ id: 'b' }]]);
    expect(asked).toEqual([undefined, 'next']);
  });

  it('takes any text as a literal', () => {
    expect(graphString("a'b\\c\n")).toBe("'a\\'b\\\\c\\n'");
  });
});

it('lists what stands in a group', async () => {
  bodies[`${SUBSCRIPTION}/resourcegroups/rg/resources`] = {
    value: [
      { id: '/x', type: 'Microsoft.Network/publicIPAddresses', tags: { a: 'b' } },
      { id: '/y', type: 'T' },
    ],
  };
  expect(await listGroupContents(client, 'rg')).toEqual([
    { id: '/x', type: 'Microsoft.Network/publicIPAddresses', tags: { a: 'b' } },
    { id: '/y', type: 'T', tags: {} },
  ]);
});
