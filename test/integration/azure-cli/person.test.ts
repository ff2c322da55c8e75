import { beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/json.ts';
import { type GatewayTest, NAME, operatorSuite, PATIENCE_MS, valueAt } from '../operator/suite.ts';
import { type AzureCli, signedInCli } from './signed-in.ts';
import { describeWithAzureCli } from './with-azure-cli.ts';

const suite = operatorSuite();
const GROUP = `cmg-${NAME}`;
const GATEWAY = 'granitefalls';
const HERE = `-g ${GROUP} -n ${GATEWAY}`;

const GROUPS = 'Microsoft.Resources/resourceGroups';
const RULES = 'Microsoft.Network/networkSecurityGroups';
const ADDRESS = 'Microsoft.Network/publicIPAddresses';
const BALANCER = 'Microsoft.Network/loadBalancers';
const SCALE_SET = 'Microsoft.Compute/virtualMachineScaleSets';
const STORAGE = 'Microsoft.Storage/storageAccounts';
const VAULT = 'Microsoft.KeyVault/vaults';
const ASSIGNMENT = 'Microsoft.Authorization/roleAssignments';

/** A test takes some seconds; the rest is patience with a busy machine. */
const TIMEOUT = { timeout: 300_000 };

/**
 * What a person does in Azure behind the operator's back, at the CLI as in the portal. The operator compares every five
 * simulated minutes (1.5 s); operations end at once, since the CLI waits in the machine's time and not in the simulated.
 */
describeWithAzureCli('a person at the Azure CLI', (program) => {
  let cli: AzureCli;
  beforeAll(async () => {
    cli = await signedInCli(program, suite.world().azure);
  });

  const readyGateway = async (...flags: readonly string[]): Promise<GatewayTest> => {
    const test = await suite.begin({ flags: ['--drift-interval', '5m', ...flags] });
    const { certificate, credentials, cmg } = await test.manifests();
    await test.apply(certificate, credentials, cmg);
    await test.untilReady();
    // The last write of the operator; a person comes later than in the minute in which it is made.
    await test.untilMarked();
    test.azure.control.settings.durationFactor = 0;
    return test;
  };

  it('adds, changes and deletes rules of the network: ours come back, theirs stay', TIMEOUT, async () => {
    const test = await readyGateway();
    const rule = 'network nsg rule';
    const rules = `-g ${GROUP} --nsg-name ${GATEWAY}`;
    const made = await cli.az(
      `${rule} create ${rules} -n rdp --priority 200 --destination-port-ranges 3389 --source-address-prefixes 192.0.2.1`,
    );
    expect(made).toMatchObject({ name: 'rdp', access: 'Allow', provisioningState: 'Succeeded' });
    await cli.az(`${rule} update ${rules} -n https --access Deny`);
    await untilTold(test, /network security group: properties\.securityRules\[https\]\S*access/);
    await cli.az(`${rule} delete ${rules} -n https`);
    await untilTold(test, /network security group: properties\.securityRules\[https\] is missing/);
    await untilAzure('the rules to be as declared, and rdp to stay', () => rulesOf(test), {
      https: 'Allow',
      instances: 'Allow',
      rdp: 'Allow',
    });
    await cli.az(`${rule} delete ${rules} -n rdp`);
    expect(rulesOf(test)).toEqual({ https: 'Allow', instances: 'Allow' });

    await cli.az(`network lb rule delete -g ${GROUP} --lb-name ${GATEWAY} -n https`);
    await untilTold(test, /load balancer: properties\.loadBalancingRules\[https\] is missing/);
    await untilAzure(
      'the rule of the load balancer',
      () => at(test, BALANCER, 'properties.loadBalancingRules.0.name'),
      'https',
    );
    await test.untilReady();
  });

  it('scales the scale set, changes its size, stops its VMs: all of it is set back', TIMEOUT, async () => {
    const test = await readyGateway();
    const before = profileOf(test);
    const scaled = await cli.az(`vmss scale ${HERE} --new-capacity 3`);
    expect(scaled).toMatchObject({ sku: { name: 'Standard_D4ads_v6' }, provisioningState: 'Succeeded' });
    await untilTold(test, /scale set: sku\.capacity differs/);
    await untilAzure('one VM again', () => at(test, SCALE_SET, 'sku.capacity'), 1);
    expect(profileOf(test)).toEqual(before);

    await cli.az(`vmss update ${HERE} --vm-sku Standard_D8ads_v6`);
    await untilTold(test, /scale set: sku\.name differs/);
    await untilAzure('the declared size', () => at(test, SCALE_SET, 'sku.name'), 'Standard_D4ads_v6');
    // The CLI sends the scale set back without its image and its secrets, which Azure keeps.
    expect(profileOf(test)).toEqual(before);
    await test.untilReady();

    for (const [stop, state] of [
      ['stop', 'stopped'],
      ['deallocate', 'deallocated'],
    ] as const) {
      await cli.az(`vmss ${stop} ${HERE}`);
      await untilTold(test, new RegExp(`it is being set back: VM 0 is ${state}\\.`));
      await test.untilReady();
    }
    await cli.az(`vmss restart ${HERE} --instance-ids 0`);
    await cli.az(`vmss reimage ${HERE} --instance-ids 0`);
    await test.untilReady();
  });

  it(
    'locks the group: the operator says so, and repairs when the lock is gone; the log says who it was',
    TIMEOUT,
    async () => {
      const test = await readyGateway();
      const { control, clock } = test.azure;
      control.settings.activityLogLagSeconds = 0;
      const begun = clock.now();
      const lock = await cli.az(`lock create -g ${GROUP} -n freeze --lock-type ReadOnly`);
      const refused = await cli.run(`network nsg rule delete -g ${GROUP} --nsg-name ${GATEWAY} -n https`);
      expect(refused.stderr).toContain('ScopeLocked');

      control.mutate(String(stored(test, BALANCER).id), { properties: { loadBalancingRules: [] } });
      const { message } = await test.untilReason('AzureReady', 'AuthorizationFailed');
      expect(message).toContain('ScopeLocked');
      await cli.az(`rest --method delete --url ${(lock as JsonObject).id}?api-version=2020-05-01`);
      await test.annotate({ 'configmgr.io/reconcile-requested-at': new Date(clock.now()).toISOString() });
      await test.untilReady();
      expect(at(test, BALANCER, 'properties.loadBalancingRules.0.name')).toBe('https');

      const [from, to] = [begun - 1000, clock.now() + 60_000].map((time) => new Date(time).toISOString());
      const log = await cli.az(
        `monitor activity-log list -g ${GROUP} --start-time ${from} --end-time ${to} --max-events 500`,
      );
      const names = (log as readonly JsonObject[]).map((event) => valueAt(event, 'operationName.value'));
      expect(names).toEqual(
        expect.arrayContaining(['Microsoft.Authorization/locks/write', 'Microsoft.Network/loadBalancers/write']),
      );
      const scaleSet = String(stored(test, SCALE_SET).id);
      const metrics = await cli.az('monitor metrics list --resource', scaleSet, '--metric', 'Network Out Total');
      expect(metrics).toMatchObject({ value: [{ name: { value: 'Network Out Total' }, unit: 'Bytes' }] });
    },
  );

  it('changes tags: theirs stay, ours come back, and a resource without ours is theirs', TIMEOUT, async () => {
    const test = await readyGateway();
    const { id } = stored(test, BALANCER);
    const tags = at(test, BALANCER, 'tags') as Readonly<Record<string, string>>;
    const merged = await cli.az(
      `tag update --resource-id ${id} --operation Merge --tags team=network configmgr.io_deployment=other`,
    );
    expect(merged).toMatchObject({ properties: { tags: { team: 'network', 'configmgr.io_deployment': 'other' } } });
    await untilTold(test, /load balancer: tags\S* differs/);
    await untilAzure('our tag and theirs', () => at(test, BALANCER, 'tags'), { ...tags, team: 'network' });
    await cli.az(`tag update --resource-id ${id} --operation Delete --tags team=network`);
    expect(at(test, BALANCER, 'tags')).toEqual(tags);

    const ofGroup = at(test, GROUPS, 'tags') as Readonly<Record<string, string>>;
    await cli.az(`group update -n ${GROUP} --set tags.team=network`);
    expect(at(test, GROUPS, 'tags')).toEqual({ ...ofGroup, team: 'network' });
    const group = stored(test, GROUPS).id;
    await cli.az(`tag create --resource-id ${group} --tags team=network`);
    await test.untilReason('AzureReady', 'OwnershipLost');
    const pairs = Object.entries(ofGroup).map(([name, value]) => `${name}=${value}`);
    await cli.az(`tag update --resource-id ${group} --operation Merge --tags`, ...pairs);
    await test.untilReady();
    expect(at(test, GROUPS, 'tags')).toEqual({ ...ofGroup, team: 'network' });
  });

  it('opens what is closed, and takes rights away: both come back', TIMEOUT, async () => {
    // What no search shows, role assignments among it, is seen by reading everything.
    const test = await readyGateway('--full-read-interval', '10m');
    await cli.az(`storage account update ${HERE} --allow-blob-public-access true`);
    await untilTold(test, /storage account: properties\.allowBlobPublicAccess differs/);
    await untilAzure('the account to be closed', () => at(test, STORAGE, 'properties.allowBlobPublicAccess'), false);

    await cli.az(`network public-ip update ${HERE} --idle-timeout 20`);
    await untilTold(test, /public IP address: properties\.idleTimeoutInMinutes differs/);

    const before = assignmentsOf(test);
    const [lost] = test.resources(ASSIGNMENT);
    const person = test.azure.control.addApplication('person').principal;
    const created = await cli.az(
      `role assignment create --assignee ${person.appId} --role Reader --scope ${stored(test, GROUPS).id}`,
    );
    expect(created).toMatchObject({ principalId: person.objectId, principalType: 'ServicePrincipal' });
    await cli.az(`role assignment delete --ids ${lost?.id}`);
    await untilTold(test, /role on the (key vault|storage account) is missing/);
    await untilAzure(
      'all assignments',
      () => assignmentsOf(test),
      [...before, valueAt(created as JsonObject, 'name')].toSorted(),
    );
    await cli.az(`role assignment delete --assignee ${person.appId} --role Reader --scope ${stored(test, GROUPS).id}`);
    expect(assignmentsOf(test)).toEqual(before);
    await test.untilReady();
  });

  it('deletes the vault and recovers it', TIMEOUT, async () => {
    const test = await readyGateway();
    const { id } = stored(test, VAULT);
    await cli.az(`keyvault delete ${HERE}`);
    await test.untilReason('PrerequisitesMet', 'VaultSoftDeleted');
    const [listed, shown] = await Promise.all([
      cli.az('keyvault list-deleted --resource-type vault --query [].properties.vaultId'),
      cli.az(`keyvault show-deleted -n ${GATEWAY}`),
    ]);
    expect(listed).toEqual([id]);
    expect(shown).toMatchObject({ name: GATEWAY, properties: { vaultId: id, location: 'westeurope' } });
    await cli.az(`keyvault recover -n ${GATEWAY}`);
    await test.untilReady();
    expect(test.resources(VAULT).map((vault) => vault.id)).toEqual([id]);
    expect(test.resources(`${VAULT}/secrets`)).toHaveLength(1);
  });

  it(
    'deletes the group, and purges the vault as the operator advises: the gateway is built anew',
    TIMEOUT,
    async () => {
      const test = await readyGateway();
      const address = at(test, ADDRESS, 'properties.resourceGuid');
      await cli.az(`group delete -n ${GROUP} --yes`);
      const { message } = await test.untilReason('PrerequisitesMet', 'VaultSoftDeleted');
      const [, advised = ''] = /run: az (.*)$/.exec(message) ?? [];
      expect(advised).toMatch(/^keyvault purge /);
      await cli.az(advised);
      await test.untilReady();
      expect(await cli.az('keyvault list-deleted --resource-type vault')).toEqual([]);
      expect(at(test, ADDRESS, 'properties.resourceGuid')).not.toBe(address);
      expect(at(test, SCALE_SET, 'sku.capacity')).toBe(1);
    },
  );
});

/** Waits until the operator has told of drift in these words. */
async function untilTold(test: GatewayTest, words: RegExp): Promise<void> {
  const told = async () =>
    (await test.events())
      .filter(({ reason }) => reason === 'DriftRepaired')
      .map(({ note }) => note)
      .join('\n');
  await expect.poll(told, { timeout: PATIENCE_MS }).toMatch(words);
}

/** Waits for something in Azure. */
async function untilAzure(what: string, seen: () => unknown, wanted: unknown): Promise<void> {
  await expect.poll(seen, { timeout: PATIENCE_MS, message: what }).toEqual(wanted);
}

function stored(test: GatewayTest, type: string): JsonObject {
  const [resource] = test.resources(type);
  if (resource === undefined) throw new Error(`Azure has no ${type}.`);
  return resource;
}

const at = (test: GatewayTest, type: string, path: string) => valueAt(stored(test, type), path);

const profileOf = (test: GatewayTest) => at(test, SCALE_SET, 'properties.virtualMachineProfile');

/** The rules of the network security group with what they do. */
function rulesOf(test: GatewayTest): Readonly<Record<string, unknown>> {
  const rules = at(test, RULES, 'properties.securityRules') as readonly JsonObject[];
  return Object.fromEntries(rules.map((rule) => [rule.name, valueAt(rule, 'properties.access')]));
}

const assignmentsOf = (test: GatewayTest) =>
  test
    .resources(ASSIGNMENT)
    .map(({ name }) => String(name))
    .toSorted();
