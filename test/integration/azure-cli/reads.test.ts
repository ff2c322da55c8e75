import { beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/json.ts';
import { type GatewayTest, NAME, operatorSuite, valueAt } from '../operator/suite.ts';
import { type AzureCli, signedInCli } from './signed-in.ts';
import { describeWithAzureCli } from './with-azure-cli.ts';

const suite = operatorSuite();
const GROUP = `cmg-${NAME}`;
const GATEWAY = 'granitefalls';
const HERE = `-g ${GROUP} -n ${GATEWAY}`;

/** A command that reads, and what has to be in what it prints. */
interface Read {
  readonly command: string;
  /** Words of the command that hold spaces. */
  readonly values?: readonly string[];
  readonly prints: unknown;
}

/** Elements in any order, among others. */
const including = (...elements: unknown[]) => expect.arrayContaining(elements);
const like = (fields: object) => expect.objectContaining(fields);

describeWithAzureCli('the Azure CLI reads', (program) => {
  let cli: AzureCli;
  beforeAll(async () => {
    cli = await signedInCli(program, suite.world().azure);
  });

  // Patience with a busy machine.
  it('every resource of a gateway, as the simulated Azure has it', { timeout: 600_000 }, async () => {
    const test = await suite.begin();
    const { cmg, certificate, credentials } = await test.manifests();
    await test.apply(certificate, credentials, cmg);
    await test.untilReady();
    await everyPrint(cli, [...readsOfGroup(test), ...readsOfResources(test), ...readsOfScaleSet(test)]);
  });

  it('what a subscription offers', { timeout: 600_000 }, async () => {
    const test = await suite.begin({ withoutOperator: true });
    await everyPrint(cli, readsOfSubscription(test));
  });

  it('that something is missing, and ends as the real Azure makes it end', { timeout: 300_000 }, async () => {
    const test = await suite.begin({ withoutOperator: true });
    test.azure.control.call(
      'PUT',
      `/subscriptions/${test.azure.subscriptionId}/resourceGroups/${GROUP}?api-version=2025-04-01`,
      {
        location: 'westeurope',
      },
    );
    const [set, group] = await Promise.all([cli.run(`vmss show ${HERE}`), cli.run('network nsg show -g none -n none')]);
    expect(set).toMatchObject({ code: 3, stderr: expect.stringContaining('(ResourceNotFound)') });
    expect(group).toMatchObject({ code: 3, stderr: expect.stringContaining('(ResourceGroupNotFound)') });
    expect(await cli.az(`group exists -n none`)).toBe(false);
  });
});

/** Runs all, and compares each with what it has to print. */
async function everyPrint(cli: AzureCli, reads: readonly Read[]): Promise<void> {
  const printed = await Promise.allSettled(reads.map(({ command, values = [] }) => cli.az(command, ...values)));
  const shown = reads.map(({ command }, index) => {
    const result = printed[index];
    return [command, result?.status === 'fulfilled' ? result.value : String(result?.reason)] as const;
  });
  const expected = reads.map(({ command, prints }) => [command, prints] as const);
  expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(expected));
}

function stored(test: GatewayTest, type: string): JsonObject {
  const [resource] = test.resources(type);
  if (resource === undefined) throw new Error(`The gateway has no ${type}.`);
  return resource;
}

const at = (test: GatewayTest, type: string, path: string) => valueAt(stored(test, type), path);

const NETWORK = 'Microsoft.Network/virtualNetworks';
const ADDRESS = 'Microsoft.Network/publicIPAddresses';
const BALANCER = 'Microsoft.Network/loadBalancers';
const RULES = 'Microsoft.Network/networkSecurityGroups';
const VAULT = 'Microsoft.KeyVault/vaults';
const STORAGE = 'Microsoft.Storage/storageAccounts';
const IDENTITY = 'Microsoft.ManagedIdentity/userAssignedIdentities';
const SCALE_SET = 'Microsoft.Compute/virtualMachineScaleSets';
/** What `resource list` names: the tracked ones. */
const TRACKED = [IDENTITY, RULES, ADDRESS, STORAGE, VAULT, NETWORK, BALANCER, SCALE_SET];

function readsOfGroup(test: GatewayTest): readonly Read[] {
  const { subscriptionId } = test.azure;
  const group = stored(test, 'Microsoft.Resources/resourceGroups');
  const { tags } = group;
  const owner = `configmgr.io_owner=test/${test.namespace}/${NAME}`;
  const types = TRACKED.toSorted();
  return [
    { command: `group show -n ${GROUP}`, prints: like({ location: 'westeurope', tags }) },
    { command: `group exists -n ${GROUP}`, prints: true },
    { command: `group list --tag ${owner} --query [].name`, prints: [GROUP] },
    { command: `tag list --resource-id ${group.id}`, prints: like({ properties: { tags } }) },
    { command: `resource list -g ${GROUP} --query sort([].type)`, prints: types },
    { command: `resource list --tag ${owner} --query sort([].type)`, prints: types },
    {
      command: `resource show --ids ${stored(test, NETWORK).id} --query properties.addressSpace`,
      prints: at(test, NETWORK, 'properties.addressSpace'),
    },
    {
      command: 'rest --method post --url /providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01 --body',
      values: [
        JSON.stringify({
          subscriptions: [subscriptionId],
          query: `Resources | where resourceGroup =~ '${GROUP}' | project type`,
        }),
      ],
      prints: like({ totalRecords: TRACKED.length, data: including({ type: VAULT.toLowerCase() }) }),
    },
    {
      command: 'role assignment list --all --query [].[roleDefinitionName,principalName]',
      prints: including(
        ['Key Vault Secrets User', at(test, IDENTITY, 'properties.clientId')],
        ['Storage Blob Data Contributor', test.azure.clientId],
      ),
    },
  ];
}

function readsOfResources(test: GatewayTest): readonly Read[] {
  const idOf = (type: string) => stored(test, type).id;
  const principal = at(test, IDENTITY, 'properties.principalId');
  return [
    { command: `identity show ${HERE}`, prints: like({ id: idOf(IDENTITY), principalId: principal }) },
    { command: `identity list -g ${GROUP} --query [].id`, prints: [idOf(IDENTITY)] },
    { command: `network nsg show ${HERE} --query sort(securityRules[].name)`, prints: ['https', 'instances'] },
    {
      command: `network nsg rule show -g ${GROUP} --nsg-name ${GATEWAY} -n https`,
      prints: like({ access: 'Allow', direction: 'Inbound', destinationPortRange: '443', protocol: 'Tcp' }),
    },
    {
      command: `network vnet show ${HERE}`,
      prints: like({ id: idOf(NETWORK), subnets: [like({ networkSecurityGroup: like({ id: idOf(RULES) }) })] }),
    },
    {
      command: `network public-ip show ${HERE}`,
      prints: like({
        ipAddress: at(test, ADDRESS, 'properties.ipAddress'),
        sku: { name: 'Standard', tier: 'Regional' },
      }),
    },
    {
      command: `network lb show ${HERE}`,
      prints: like({ frontendIPConfigurations: [like({ publicIPAddress: like({ id: idOf(ADDRESS) }) })] }),
    },
    { command: `network lb rule list -g ${GROUP} --lb-name ${GATEWAY} --query [].frontendPort`, prints: [443] },
    { command: `network lb probe list -g ${GROUP} --lb-name ${GATEWAY} --query [].port`, prints: [443] },
    {
      command: `keyvault show ${HERE}`,
      prints: like({ id: idOf(VAULT), properties: like({ enableRbacAuthorization: true }) }),
    },
    // Without the group, the vault is looked up among all resources.
    { command: `keyvault show -n ${GATEWAY} --query id`, prints: idOf(VAULT) },
    { command: `keyvault list -g ${GROUP} --query [].id`, prints: [idOf(VAULT)] },
    { command: 'keyvault list-deleted', prints: [] },
    {
      command: `storage account show ${HERE}`,
      prints: like({ id: idOf(STORAGE), allowSharedKeyAccess: false, allowBlobPublicAccess: false }),
    },
    { command: `storage account show -n ${GATEWAY} --query id`, prints: idOf(STORAGE) },
    { command: `storage container-rm list --storage-account ${GATEWAY} --query length(@)`, prints: 2 },
    { command: `storage account check-name -n ${GATEWAY}`, prints: like({ nameAvailable: false }) },
  ];
}

function readsOfScaleSet(test: GatewayTest): readonly Read[] {
  const { id, sku } = stored(test, SCALE_SET);
  const running = [like({ code: 'ProvisioningState/succeeded' }), like({ code: 'PowerState/running' })];
  return [
    { command: `vmss show ${HERE}`, prints: like({ id, sku }) },
    { command: `vmss list -g ${GROUP} --query [].id`, prints: [id] },
    {
      command: `vmss list-instances ${HERE} --expand instanceView`,
      prints: [like({ instanceId: '0', latestModelApplied: true, instanceView: like({ statuses: running }) })],
    },
    {
      command: `vmss get-instance-view ${HERE} --query virtualMachine.statusesSummary`,
      prints: including(like({ code: 'ProvisioningState/succeeded', count: 1 })),
    },
    { command: `vmss get-instance-view ${HERE} --instance-id 0`, prints: like({ statuses: running }) },
    {
      command: `vmss get-instance-view ${HERE} --instance-id * --query [].statuses[1].code`,
      prints: ['PowerState/running'],
    },
    { command: `vmss extension list -g ${GROUP} --vmss-name ${GATEWAY} --query [].name`, prints: ['setup'] },
  ];
}

function readsOfSubscription(test: GatewayTest): readonly Read[] {
  const { subscriptionId, tenantId } = test.azure;
  return [
    {
      command: 'account show',
      prints: like({ id: subscriptionId, tenantId, state: 'Enabled', environmentName: 'Simulator' }),
    },
    { command: 'account list-locations --query [].name', prints: including('westeurope', 'northeurope') },
    {
      command: 'provider show -n Microsoft.Compute',
      prints: like({
        registrationState: 'Registered',
        resourceTypes: including(like({ resourceType: 'virtualMachineScaleSets' })),
      }),
    },
    { command: 'provider list --query [].namespace', prints: including('Microsoft.KeyVault', 'Microsoft.Network') },
    {
      command: 'vm list-skus -l westeurope --size Standard_D4ads_v6',
      prints: [like({ name: 'Standard_D4ads_v6', locations: ['westeurope'], restrictions: [] })],
    },
    { command: 'vm list-usage -l westeurope', prints: including(like({ name: like({ value: 'cores' }) })) },
    {
      command: 'role definition list --query [].name --name',
      values: ['Key Vault Secrets User'],
      prints: ['4633458b-17de-408a-b874-0445c86b69e6'],
    },
  ];
}
