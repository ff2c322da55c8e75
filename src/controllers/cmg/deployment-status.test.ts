import { describe, expect, it } from 'vitest';
import type { CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import type { Operation } from '../../azure/operations.ts';
import { planResources, type ResourceState } from '../../azure/resource-plan.ts';
import { contoso, observedOutputs } from '../../gateway/deployment.test-world.ts';
import { gatewayGraph } from '../../gateway/graph.ts';
import { type DeploymentFacts, deploymentStatus } from './deployment-status.ts';

const record: CMGStatusDeployment = {
  id: '0f1e2d3c',
  identity: {
    environment: 'AzurePublicCloud',
    tenantId: contoso.tenantId,
    subscriptionId: contoso.subscriptionId,
    region: contoso.region,
    resourceGroup: contoso.resourceGroup.name,
    serviceName: contoso.serviceName,
  },
  phase: 'Provisioning',
  serviceName: contoso.serviceName,
  createdAt: '2026-01-01T00:00:00Z',
};

const graph = gatewayGraph(contoso, new Map());

function operation(method: Operation['method']): Operation {
  return {
    kind: 'Location',
    url: 'https://management.azure.com/operations/1?signature=secret',
    method,
    resourceId: '',
    apiVersion: '2025-01-01',
    startedAt: '2026-01-01T00:00:07.1234567Z',
  };
}

function statusOf(
  known: Readonly<Record<string, ResourceState>>,
  operations: DeploymentFacts['operations'] = new Map(),
  change: Partial<DeploymentFacts> = {},
  before = record,
) {
  const states = new Map(Object.entries(known));
  const plan = planResources(graph, states, new Set());
  const observed = { graph, states, operations, resources: new Map(), plan };
  const facts = { phase: 'Provisioning' as const, observed, operations, fqdn: undefined, address: undefined };
  return deploymentStatus(before, { ...facts, wanted: 2, ready: 1, ...change });
}

const stateOf = (status: CMGStatusDeployment, name: string) =>
  status.resources?.find((resource) => resource.name === name)?.provisioningState;

describe('the status of a deployment', () => {
  it('keeps identity and beginning, and has what is known now', () => {
    const status = statusOf({}, new Map(), { phase: 'Active', fqdn: 'a.cloudapp.azure.com', address: '203.0.113.7' });
    expect(status).toMatchObject({
      ...record,
      phase: 'Active',
      fqdn: 'a.cloudapp.azure.com',
      address: '203.0.113.7',
      instances: { wanted: 2, ready: 1 },
    });
  });

  it('keeps an address that is not known at the moment', () => {
    const known = { fqdn: 'a.cloudapp.azure.com', address: '203.0.113.7' };
    expect(statusOf({}, new Map(), {}, { ...record, ...known })).toMatchObject(known);
  });

  it('keeps what was said of resources that are not read at the moment, also of those whose id is not known then', () => {
    const complete = gatewayGraph(contoso, observedOutputs(contoso));
    const resources = complete.map(({ key, id }) => ({ name: key, id, provisioningState: 'Succeeded' }));
    const unread = Object.fromEntries(graph.map(({ key }) => [key, { kind: 'Unobserved' } as const]));
    expect(graph.length).toBeLessThan(complete.length);
    expect(statusOf(unread, new Map(), {}, { ...record, resources }).resources).toEqual(resources);
    const { resources: partly } = statusOf(
      { ...unread, vault: { kind: 'Absent' } },
      new Map(),
      {},
      { ...record, resources },
    );
    expect(partly).toEqual(
      resources.map((each) => (each.name === 'vault' ? { ...each, provisioningState: 'Absent' } : each)),
    );
  });

  it('says nothing of a resource by what another one was that had its name', () => {
    const before = [{ name: 'vault', id: '/subscriptions/other', provisioningState: 'Succeeded' }];
    const status = statusOf({ vault: { kind: 'Unobserved' } }, new Map(), {}, { ...record, resources: before });
    expect(stateOf(status, 'vault')).toBeUndefined();
  });

  it('names every resource of the graph with its id, in order', () => {
    expect(statusOf({}).resources?.map(({ name, id }) => ({ name, id }))).toEqual(
      graph.map(({ key, id }) => ({ name: key, id })),
    );
  });

  it.each<
    readonly [
      what: string,
      state: ResourceState | undefined,
      running: Operation['method'] | undefined,
      word: string | undefined,
    ]
  >([
    [
      "Azure's own word",
      { kind: 'Present', resource: { properties: { provisioningState: 'Canceled' } } },
      undefined,
      'Canceled',
    ],
    ['Succeeded where there is no word', { kind: 'Present', resource: {} }, undefined, 'Succeeded'],
    ['Absent where there is nothing', { kind: 'Absent' }, undefined, 'Absent'],
    ['nothing of what was not read', { kind: 'Unobserved' }, undefined, undefined],
    ['nothing of what was never looked at', undefined, undefined, undefined],
    ['Updating while it is written', { kind: 'Absent' }, 'PUT', 'Updating'],
    ['Updating while VMs are upgraded', { kind: 'Present', resource: {} }, 'POST', 'Updating'],
    ['Deleting while it goes', { kind: 'Present', resource: {} }, 'DELETE', 'Deleting'],
  ])('says %s', (_what, state, running, word) => {
    const operations = running === undefined ? new Map() : new Map([['vault', operation(running)]]);
    expect(stateOf(statusOf(state === undefined ? {} : { vault: state }, operations), 'vault')).toBe(word);
  });

  it('shows an operation by verb and beginning, and never its address', () => {
    const status = statusOf({}, new Map([['vault', operation('PUT')]]));
    expect(status.resources?.find(({ name }) => name === 'vault')?.operation).toEqual({
      verb: 'PUT',
      startedAt: '2026-01-01T00:00:07Z',
    });
    expect(JSON.stringify(status)).not.toContain('signature');
  });
});
