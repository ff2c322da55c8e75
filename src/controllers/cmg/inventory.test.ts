import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connect, deploymentOf, simulatedCloud } from '../../../test/integration/azure/gateway-engine.ts';
import { type ArmSimulator, startArmSimulator } from '../../../test/simulators/arm/simulator.ts';
import { createCredential } from '../../azure/credentials.ts';
import type { DesiredResource } from '../../azure/desired-resource.ts';
import type { GatewayDeployment } from '../../gateway/deployment.ts';
import { resourceIds } from '../../gateway/ids.ts';
import { markOf } from '../../gateway/mark.ts';
import { identity } from '../../gateway/resources/identity.ts';
import { networkSecurityGroup } from '../../gateway/resources/network.ts';
import { resourceGroup } from '../../gateway/resources/resource-group.ts';
import { ownershipTags } from '../../gateway/tags.ts';
import type { ObservedMark } from '../../redeployment/observed.ts';
import type { DeploymentMark, DeploymentRecord } from '../../redeployment/record.ts';
import { createManualClock, type ManualClock } from '../../runtime/manual-clock.ts';
import { type SoughtInventory, takeInventory } from './inventory.ts';

let azure: ArmSimulator;
let clock: ManualClock;
let second: string;

beforeAll(async () => {
  clock = createManualClock();
  azure = await startArmSimulator({ clock, blobs: false });
});
afterAll(() => azure.close());
beforeEach(() => {
  azure.control.reset();
  azure.control.settings.durationFactor = 0;
  azure.control.settings.graphLagSeconds = 0;
  second = azure.control.addSubscription({ displayName: 'Second' });
});

const SERVICE_NAME = 'Contoso.contoso.com';

/** A deployment with what the planner remembers of it, as it is handed to the graph of its resources. */
function deployment(id: string, prefix: string, subscriptionId: string): GatewayDeployment & { mark: DeploymentMark } {
  const base = deploymentOf(azure, 'operator');
  const serviceName = `${prefix}.contoso.com`;
  const record: DeploymentRecord = {
    id,
    identity: { subscriptionId, resourceGroup: `rg-${prefix}`, region: 'westeurope', serviceName },
    serviceName,
    served: 'No',
    wantedSince: Date.UTC(2026, 10, 28),
    wantedOrder: 2,
    stage: { phase: 'Provisioning' },
  };
  return {
    ...base,
    id,
    subscriptionId,
    resourceGroup: { name: `rg-${prefix}`, mode: 'Create' },
    serviceName,
    prefix,
    mark: record,
  };
}

/** Writes resources as they are declared, without the operator's way to it. */
async function make(...resources: readonly DesiredResource[]) {
  for (const { id, apiVersion, desired } of resources) {
    const { status, body } = azure.control.call('PUT', `${id}?api-version=${apiVersion}`, desired(new Map()));
    expect({ id, status, ...(status < 300 ? {} : { body }) }).toEqual({ id, status: expect.toSatisfy((s) => s < 300) });
  }
}

const makeAll = (wanted: GatewayDeployment) =>
  make(resourceGroup(wanted), identity(wanted), networkSecurityGroup(wanted));

function look(changes: Partial<SoughtInventory> = {}) {
  const { tenantId, clientId, clientSecret, httpClient } = azure;
  const cloud = simulatedCloud(azure);
  const credentials = { type: 'ClientSecret', tenantId, clientId, clientSecret } as const;
  return takeInventory({
    arm: connect(azure, clock, { httpClient, credential: createCredential(cloud, credentials, clock, httpClient) }),
    owner: deploymentOf(azure, 'operator').owner,
    serviceName: SERVICE_NAME,
    subscriptions: [azure.subscriptionId],
    signal: new AbortController().signal,
    ...changes,
  });
}

const RATE_LIMITED = { kind: 'answer', status: 429, code: 'RateLimiting', message: 'Slower.' } as const;

describe('an inventory', () => {
  it('has the deployments in all subscriptions, with what their tags say, and no others', async () => {
    const first = deployment('d1', 'contoso', azure.subscriptionId);
    const other = deployment('d2', 'fabrikam', second);
    await makeAll(first);
    await makeAll(other);
    await makeAll({ ...deployment('d3', 'lakehouse', second), owner: { ...first.owner, name: 'contoso-2' } });
    const scaleSet = azure.control.addConsoleGateway({ prefix: 'contoso', resourceGroup: 'rg-contoso' });
    azure.control.mutate(scaleSet, { tags: ownershipTags(first) });
    const { deployments, inventory } = await look();
    expect(inventory).toBe('Complete');
    expect(deployments).toEqual([
      {
        id: 'd1',
        resource: expect.objectContaining({ id: resourceIds(first).identity, location: 'westeurope' }),
        isAnchor: true,
        mark: planned(first.mark),
      },
      {
        id: 'd2',
        resource: expect.objectContaining({ id: resourceIds(other).identity }),
        isAnchor: true,
        mark: planned(other.mark),
      },
    ]);
  });

  it('has a deployment whose identity is gone, as one that has served, by what is left of it', async () => {
    const wanted = deployment('d1', 'contoso', second);
    await makeAll(wanted);
    azure.control.remove(resourceIds(wanted).identity);
    const { deployments } = await look();
    expect(deployments).toMatchObject([
      {
        id: 'd1',
        resource: { id: resourceIds(wanted).networkSecurityGroup },
        isAnchor: false,
        mark: { served: 'Yes', wantedOrder: 0, serviceName: SERVICE_NAME },
      },
    ]);
    azure.control.remove(resourceIds(wanted).networkSecurityGroup);
    expect((await look()).deployments).toMatchObject([
      { resource: { type: 'microsoft.resources/subscriptions/resourcegroups' } },
    ]);
  });

  it('believes the one that has served of two identities with the tags of a deployment', async () => {
    const wanted = deployment('d1', 'contoso', azure.subscriptionId);
    await makeAll({ ...wanted, mark: { ...wanted.mark, served: 'Yes' } });
    const copy = { ...deployment('d1', 'aaa', azure.subscriptionId) };
    await makeAll(copy);
    expect((await look()).deployments).toMatchObject([
      { resource: { id: resourceIds(wanted).identity }, mark: { served: 'Yes' } },
    ]);
  });

  it('leaves out what names no deployment', async () => {
    const wanted = deployment('d1', 'contoso', azure.subscriptionId);
    await makeAll(wanted);
    for (const id of [resourceIds(wanted).identity, resourceIds(wanted).networkSecurityGroup]) {
      azure.control.mutate(id, { tags: { 'configmgr.io_deployment': null } });
    }
    azure.control.mutate(resourceIds(wanted).resourceGroup, { tags: { 'configmgr.io_deployment': 'd'.repeat(64) } });
    expect(await look()).toEqual({ deployments: [], inventory: 'Complete' });
  });

  it('may lack, when it is complete too, what was made a moment ago', async () => {
    azure.control.settings.graphLagSeconds = 30;
    await makeAll(deployment('d1', 'contoso', second));
    expect(await look()).toEqual({ deployments: [], inventory: 'Complete' });
    await clock.advance(30_000);
    expect((await look()).deployments).toHaveLength(1);
  });
});

describe('an inventory is partial', () => {
  beforeEach(async () => {
    await makeAll(deployment('d1', 'contoso', azure.subscriptionId));
    await makeAll(deployment('d2', 'fabrikam', second));
  });

  it('without a subscription that the CMG names', async () => {
    const scope = `/subscriptions/${azure.subscriptionId}`;
    azure.control.setRights([{ scope, actions: ['*'], notActions: [] }]);
    const found = await look({ subscriptions: [azure.subscriptionId, second] });
    expect(found).toMatchObject({ deployments: [{ id: 'd1' }], inventory: 'Partial' });
    // What the credentials were never to see is not missed.
    expect((await look()).inventory).toBe('Complete');
  });

  it('where the subscriptions cannot be listed, and has then those of the CMG', async () => {
    azure.control.faults.add({
      match: { method: 'GET', urlPattern: '^/subscriptions\\?' },
      action: { kind: 'answer', status: 500, code: 'InternalServerError', message: 'Away.' },
    });
    expect(await look()).toMatchObject({ deployments: [{ id: 'd1' }], inventory: 'Partial' });
  });

  it.each([
    ['throttled', RATE_LIMITED],
    ['without an answer', { kind: 'dropConnection' } as const],
  ])('with a query that is %s', async (_how, action) => {
    azure.control.faults.add({ match: { method: 'POST', urlPattern: 'Microsoft.ResourceGraph' }, action });
    expect(await look()).toEqual({ deployments: [], inventory: 'Partial' });
  });

  it('but not when the caller ends it, which is an error', async () => {
    await expect(look({ signal: AbortSignal.abort(new Error('The controller ends.')) })).rejects.toThrow(
      'The controller ends.',
    );
  });
});

/** The mark of a record, by the type in which the planner takes it up again. */
function planned({
  id,
  identity: parts,
  serviceName,
  served,
  wantedSince,
  wantedOrder,
}: DeploymentMark): DeploymentMark {
  return { id, identity: parts, serviceName, served, wantedSince, wantedOrder };
}

it('what is read of a known deployment is what the planner observes', async () => {
  const wanted = deployment('d1', 'contoso', azure.subscriptionId);
  const sought = { owner: wanted.owner, serviceName: SERVICE_NAME, deploymentId: 'd1' };
  const observe = (): ObservedMark => {
    const shown = azure.control.resource(resourceIds(wanted).identity);
    return markOf(
      shown === undefined ? undefined : { id: String(shown.id), location: shown.location, tags: shown.tags },
      sought,
    );
  };
  expect(observe()).toEqual({ kind: 'None' });
  await makeAll(wanted);
  expect(observe()).toEqual({ kind: 'Read', mark: planned(wanted.mark) });
  azure.control.mutate(resourceIds(wanted).identity, { tags: { 'configmgr.io_owner': null } });
  expect(observe()).toEqual({ kind: 'Lost' });
});
