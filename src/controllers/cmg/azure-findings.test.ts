import { describe, expect, it } from 'vitest';
import type { ResourceKey } from '../../azure/desired-resource.ts';
import { ArmError, type ErrorClass } from '../../azure/errors.ts';
import type { Operation } from '../../azure/operations.ts';
import { planResources, type ResourceState } from '../../azure/resource-plan.ts';
import { contoso, observedOutputs } from '../../gateway/deployment.test-world.ts';
import { gatewayGraph } from '../../gateway/graph.ts';
import { isJsonObject, type JsonObject } from '../../json.ts';
import {
  type AzureFindingsInput,
  azureFindings,
  describeDifferences,
  type Occasion,
  titleOf,
} from './azure-findings.ts';
import type { Failure } from './memory.ts';
import { createGatewayMemories } from './memory.ts';
import { type ObservedGateway, VMS } from './resources.ts';

const outputs = observedOutputs(contoso);
const graph = gatewayGraph(contoso, outputs);

/** Every resource as declared, with what Azure adds to it. */
function asDeclared(): Map<ResourceKey, JsonObject> {
  return new Map(
    graph.map(({ key, desired }) => {
      const body = desired(outputs) ?? {};
      const added = outputs.get(key) ?? {};
      const properties = { ...propertiesOf(body), ...propertiesOf(added), provisioningState: 'Succeeded' };
      return [key, { ...body, ...added, properties }];
    }),
  );
}

function propertiesOf({ properties }: JsonObject): JsonObject {
  return isJsonObject(properties) ? properties : {};
}

/** The gateway as seen in Azure; resources that `change` takes away are missing. */
function seen(
  change: (resources: Map<ResourceKey, JsonObject>) => void = () => {},
  running: readonly ResourceKey[] = [],
) {
  const resources = asDeclared();
  change(resources);
  const states = new Map(
    graph.map(({ key }): [ResourceKey, ResourceState] => {
      const resource = resources.get(key);
      return [key, resource === undefined ? { kind: 'Absent' } : { kind: 'Present', resource }];
    }),
  );
  const operations = new Map(running.map((key) => [key, operationOn(key)]));
  const plan = planResources(graph, states, new Set(running));
  return { graph, states, operations, resources, plan } satisfies ObservedGateway;
}

function operationOn(key: ResourceKey): Operation {
  return {
    kind: 'Location',
    url: 'https://management.azure.com/operations/1?signature=secret',
    method: 'PUT',
    resourceId: graph.find((resource) => resource.key === key)?.id ?? '',
    apiVersion: '2025-01-01',
    startedAt: '2026-01-01T00:00:00Z',
  };
}

const withoutRule = seen((resources) => {
  const group = resources.get('networkSecurityGroup') ?? {};
  const rules = propertiesOf(group).securityRules;
  const left = Array.isArray(rules) ? rules.slice(1) : [];
  resources.set('networkSecurityGroup', { ...group, properties: { ...propertiesOf(group), securityRules: left } });
});

function failure(errorClass: ErrorClass, change: Partial<Failure> & { code?: string; status?: number } = {}): Failure {
  const { code = 'Some', status = 400, ...rest } = change;
  const error = new ArmError({ status, code, class: errorClass, message: 'It failed.', answeredByAzure: true });
  return { during: 'Write', error, attempt: 1, notBefore: 0, ...rest };
}

function find(
  observed: ObservedGateway,
  failures: Readonly<Record<ResourceKey, Failure>> = {},
  change: Partial<Pick<AzureFindingsInput, 'occasion' | 'slow' | 'packageProblem' | 'standsUnseen'>> = {},
) {
  const memory = createGatewayMemories().of('uid', 1);
  for (const [key, value] of Object.entries(failures)) {
    memory.failures.set(key, value);
  }
  const found = azureFindings({ observed, memory, occasion: 'Provisioning', slow: false, ...change });
  return new Map(found.map((finding) => [finding.type, finding]));
}

describe('a gateway that is as declared', () => {
  it('is ready and in sync', () => {
    const found = find(seen());
    expect([...found.values()].map(({ type, status, reason }) => ({ type, status, reason }))).toEqual([
      { type: 'AzureReady', status: 'True', reason: 'Succeeded' },
      { type: 'InSync', status: 'True', reason: 'Succeeded' },
    ]);
  });

  it('is not ready while a batch of VMs gets a new model, though nothing differs', () => {
    const observed = { ...seen(), operations: new Map([['scaleSet', operationOn('scaleSet')]]) };
    expect(find(observed, {}, { occasion: 'Updating' }).get('AzureReady')).toMatchObject({
      status: 'False',
      reason: 'Updating',
    });
  });

  it('is not ready while its service package is missing', () => {
    const packageProblem = { reason: 'PackageHashMismatch', message: 'Another hash.', passing: false } as const;
    expect(find(seen(), {}, { packageProblem }).get('AzureReady')).toMatchObject({
      status: 'False',
      reason: 'PackageHashMismatch',
      message: 'Another hash.',
    });
  });

  it('is ready whatever became of a rollout, which is told of the VMs', () => {
    expect(find(seen(), { [VMS]: failure('NeedsAdministrator') }).get('AzureReady')?.status).toBe('True');
  });
});

describe('a gateway that is not as declared', () => {
  it('is being built at first: nothing is out of sync yet', () => {
    const found = find(seen((resources) => resources.clear()));
    expect(found.get('AzureReady')).toMatchObject({
      status: 'False',
      reason: 'Provisioning',
      message: 'Waiting for Azure: resource group.',
    });
    expect(found.get('InSync')).toMatchObject({ status: 'Unknown', reason: 'Pending' });
  });

  it('names what is written now and what Azure is at work on, once each', () => {
    const building = seen(
      (resources) => {
        for (const key of [...resources.keys()].slice(1)) {
          resources.delete(key);
        }
      },
      ['vault'],
    );
    expect(find(building).get('AzureReady')?.message).toBe(
      'Waiting for Azure: managed identity, network security group, public IP address, storage account, key vault.',
    );
  });

  it('warns when that takes long', () => {
    const found = find(
      seen((resources) => resources.delete('scaleSet')),
      {},
      { slow: true },
    );
    expect(found.get('AzureReady')).toMatchObject({
      reason: 'ProvisioningSlow',
      message: expect.stringMatching(/longer than 15 minutes.*Waiting for Azure: scale set\. Look at the activity log/),
    });
  });

  it.each<Occasion>(['Updating', 'RepairingDrift'])('later is out of sync, and says where: %s', (occasion) => {
    const found = find(withoutRule, {}, { occasion });
    expect(found.get('AzureReady')).toMatchObject({ status: 'False', reason: occasion });
    expect(found.get('InSync')).toMatchObject({
      status: 'False',
      reason: occasion,
      message: 'Being set right: network security group: properties.securityRules[https] is missing.',
    });
  });

  it('says no more of what differs while Azure is at work on it', () => {
    const working = seen((resources) => resources.delete('scaleSet'), ['scaleSet']);
    expect(find(working, {}, { occasion: 'RepairingDrift' }).has('InSync')).toBe(false);
  });
});

describe('a failure', () => {
  const broken = seen((resources) => resources.delete('scaleSet'));

  it('that waits for a person is told before all others', () => {
    const found = find(broken, {
      vault: failure('Server', { status: 503 }),
      storageAccount: failure('Busy', { status: 409 }),
      scaleSet: failure('NeedsAdministrator', { status: 403, code: 'AuthorizationFailed' }),
    });
    expect(found.get('AzureReady')).toMatchObject({ status: 'False', reason: 'AuthorizationFailed' });
    expect(found.get('AzureReady')?.message).toMatch(/^Writing the scale set: It failed\. \(AuthorizationFailed\)/);
  });

  it('of reading is told as such', () => {
    const found = find(broken, { scaleSet: failure('NeedsAdministrator', { during: 'Read', status: 403 }) });
    expect(found.get('AzureReady')?.message).toMatch(/^Reading the scale set: /);
  });

  it('is told as the reason for another try once Azure has accepted one', () => {
    const found = find(broken, { scaleSet: failure('Capacity', { retrying: true }) });
    expect(found.get('AzureReady')).toMatchObject({
      reason: 'Provisioning',
      message: expect.stringMatching(
        /^Waiting for Azure: scale set\. It is a new try, .*: Writing the scale set: It failed\./,
      ),
    });
  });

  it.each<readonly [occasion: Occasion, slow: boolean, reason: string]>([
    ['Provisioning', false, 'Provisioning'],
    ['Provisioning', true, 'ProvisioningSlow'],
    ['Updating', false, 'Updating'],
    ['RepairingDrift', false, 'RepairingDrift'],
  ])('that passes by itself is part of the work: %s, slow: %s', (occasion, slow, reason) => {
    const found = find(broken, { scaleSet: failure('Propagation') }, { occasion, slow });
    expect(found.get('AzureReady')).toMatchObject({ status: 'False', reason });
  });

  it.each<readonly [occasion: Occasion, errorClass: ErrorClass, status: string, reason: string]>([
    ['Provisioning', 'Server', 'Unknown', 'AzureUnreachable'],
    ['Updating', 'Server', 'Unknown', 'AzureUnreachable'],
    ['RepairingDrift', 'Throttled', 'Unknown', 'Throttled'],
  ])('of Azure itself says nothing of a gateway that exists: %s, %s', (occasion, errorClass, status, reason) => {
    const found = find(broken, { scaleSet: failure(errorClass, { status: 503 }) }, { occasion });
    expect(found.get('AzureReady')).toMatchObject({ status, reason });
  });

  it('shows no address of a running operation', () => {
    const running = seen((resources) => resources.delete('scaleSet'), ['scaleSet']);
    const told = JSON.stringify([...find(running, { vault: failure('Invalid') }).values()]);
    expect(told).not.toContain('signature');
  });
});

describe('the description of differences', () => {
  it('is empty when there are none', () => {
    expect(describeDifferences(seen())).toBe('');
  });

  it('names what is missing, what has failed and what differs, without any value', () => {
    const observed = seen((resources) => {
      resources.delete('operatorStorageRole');
      const [vault = {}, address = {}] = [resources.get('vault'), resources.get('publicIpAddress')];
      resources.set('vault', { ...vault, properties: { ...propertiesOf(vault), publicNetworkAccess: 'Disabled' } });
      resources.set('publicIpAddress', {
        ...address,
        properties: { ...propertiesOf(address), provisioningState: 'Failed' },
      });
    });
    expect(describeDifferences(observed)).toBe(
      "public IP address has failed; key vault: properties.publicNetworkAccess differs; operator's role on the storage account is missing",
    );
  });

  it('ends after some', () => {
    const observed = seen((resources) => {
      for (const key of ['identity', 'networkSecurityGroup', 'publicIpAddress', 'storageAccount', 'vault']) {
        const resource = resources.get(key) ?? {};
        resources.set(key, { ...resource, tags: {} });
      }
    });
    expect(describeDifferences(observed).split('; ')).toHaveLength(6);
    expect(describeDifferences(observed)).toMatch(/; and more$/);
  });
});

it('every resource of the graph has a name for people', () => {
  expect(graph.map(({ key }) => key).filter((key) => titleOf(key) === key && key !== 'certificate')).toEqual([]);
});

describe('a look that Azure throttles', () => {
  const throttled = failure('Throttled', { during: 'Read', status: 429 });
  const unread = (key: ResourceKey, observed: ObservedGateway): ObservedGateway => {
    const states = new Map(observed.states).set(key, { kind: 'Unobserved' });
    return { ...observed, states, plan: planResources(graph, states, new Set(observed.operations.keys())) };
  };
  const unreadVault = unread('vault', seen());
  const standing = { occasion: 'RepairingDrift', standsUnseen: true } as const;

  it('says nothing while what was said before stands, and then that it is throttled', () => {
    expect([...find(unreadVault, { vault: throttled }, standing).keys()]).toEqual([]);
    expect(find(unreadVault, { vault: throttled }, { occasion: 'RepairingDrift' }).get('AzureReady')).toMatchObject({
      status: 'Unknown',
      reason: 'Throttled',
    });
  });

  it('hides no drift', () => {
    const found = find(unread('vault', withoutRule), { vault: throttled }, standing);
    expect(found.get('AzureReady')).toMatchObject({ status: 'False', reason: 'RepairingDrift' });
    expect(found.get('InSync')).toMatchObject({ status: 'False', reason: 'RepairingDrift' });
  });

  it('hides no work of Azure', () => {
    const working = unread('vault', { ...seen(), operations: new Map([['scaleSet', operationOn('scaleSet')]]) });
    expect(find(working, { vault: throttled }, standing).get('AzureReady')).toMatchObject({ status: 'False' });
  });

  it.each<readonly [what: string, other: Failure, reason: string]>([
    ['a refused write', failure('Throttled', { status: 429 }), 'Throttled'],
    ['a refused reading', failure('NeedsAdministrator', { during: 'Read', status: 403 }), 'AuthorizationFailed'],
    ['that Azure does not answer', failure('Server', { during: 'Read', status: 503 }), 'AzureUnreachable'],
  ])('does not hide %s', (_what, other, reason) => {
    const found = find(unreadVault, { vault: throttled, storageAccount: other }, standing);
    expect(found.get('AzureReady')?.reason).toBe(reason);
    expect(found.get('AzureReady')?.message).toContain('the storage account');
  });
});
