import { describe, expect, test } from 'vitest';
import { type BodyType, loadBodyJudge } from '../../test/simulators/arm/body-judge.ts';
import type { DesiredResource } from '../azure/desired-resource.ts';
import { resourceType } from '../azure/resource-id.ts';
import type { JsonObject } from '../json.ts';
import { contoso, observedOutputs, sentBody } from './deployment.test-world.ts';
import type { GatewayDeployment } from './deployment.ts';
import { CARRIES_OWNER_TAGS, gatewayGraph } from './graph.ts';

const variants: readonly (readonly [title: string, deployment: GatewayDeployment])[] = [
  ['with two VMs and content', contoso],
  ['with one VM and no content', { ...contoso, instances: 1, contentEnabled: false }],
  ['with a hyphen in its name', { ...contoso, prefix: 'contoso-cmg', contentEnabled: false }],
  ['in a group that existed before', { ...contoso, resourceGroup: { name: 'shared', mode: 'UseExisting' } }],
  ['of a size chosen by its name', { ...contoso, vmSku: 'Standard_B4ms', instances: 16 }],
];

const complete = (deployment: GatewayDeployment) => gatewayGraph(deployment, observedOutputs(deployment));
const keysOf = (graph: readonly DesiredResource[]) => graph.map(({ key }) => key);

/** The bodies of everything once all outputs are known. */
function bodies(deployment: GatewayDeployment): Promise<readonly (readonly [DesiredResource, JsonObject])[]> {
  const graph = gatewayGraph(deployment, observedOutputs(deployment));
  return Promise.all(graph.map(async (resource) => [resource, await sentBody(resource, deployment)] as const));
}

describe.each(variants)('the graph of a gateway %s', (_title, deployment) => {
  test('names each resource once, and only what stands before it as a dependency', () => {
    const graph = complete(deployment);
    const keys = keysOf(graph);
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(graph.map(({ id }) => id.toLowerCase())).size).toBe(graph.length);
    for (const [at, { key, dependsOn }] of graph.entries()) {
      // A graph in which each depends only on earlier ones has no cycle.
      expect(keys.slice(0, at), key).toEqual(expect.arrayContaining([...dependsOn]));
    }
  });

  test('takes at most 17 writes to Azure', () => {
    expect(complete(deployment).length).toBeLessThanOrEqual(17);
  });

  test('puts owner tags exactly on what is said to carry them', async () => {
    const tagged = (await bodies(deployment)).filter(([, { tags }]) =>
      JSON.stringify(tags ?? {}).includes('configmgr.io_owner'),
    );
    const carriers = keysOf(complete(deployment)).filter((key) => CARRIES_OWNER_TAGS.has(key));
    expect(tagged.map(([{ key }]) => key)).toEqual(carriers);
  });

  test('makes what holds another before it, and the VMs after all they use', () => {
    const graph = complete(deployment);
    for (const resource of graph) {
      const holders = graph.filter(({ id }) => resource.id.startsWith(`${id}/`)).map(({ key }) => key);
      const before = dependenciesOf(graph, resource.key);
      expect([...before], resource.key).toEqual(expect.arrayContaining(holders));
    }
    const beside = new Set(['scaleSet', 'operatorStorageRole']);
    const others = keysOf(graph).filter((key) => !beside.has(key));
    expect([...dependenciesOf(graph, 'scaleSet')].sort()).toEqual(others.sort());
  });

  test('has bodies that Microsoft’s definitions allow', async () => {
    const judge = await loadBodyJudge();
    for (const [{ key, id }, body] of await bodies(deployment)) {
      const type = BODY_TYPES[resourceType(id)];
      expect(type, id).toBeDefined();
      // The judge knows no body for groups: its definitions are those of resource providers.
      if (type !== undefined && type !== 'group') {
        expect(judge(type, body), key).toEqual([]);
      }
    }
  });

  test('keeps secrets to the values that Azure never returns', async () => {
    const secrets = [await deployment.certificate.pkcs12(), deployment.adminPassword()];
    const observed = observedOutputs(deployment);
    for (const { key, desired, writeOnly = [], createOnly = [] } of gatewayGraph(deployment, observed)) {
      for (const secret of secrets) {
        const paths = pathsOf(desired(observed), secret);
        expect([...writeOnly, ...createOnly], key).toEqual(expect.arrayContaining(paths));
      }
    }
    const sent = await bodies(deployment);
    const holders = (secret: string) => sent.filter(([, body]) => pathsOf(body, secret).length > 0);
    expect(secrets.map((secret) => holders(secret).map(([{ key }]) => key))).toEqual([['certificate'], ['scaleSet']]);
  });
});

const BODY_TYPES: Readonly<Record<string, BodyType | 'group'>> = {
  'Microsoft.Resources/resourceGroups': 'group',
  'Microsoft.ManagedIdentity/userAssignedIdentities': 'identity',
  'Microsoft.Network/networkSecurityGroups': 'networkSecurityGroup',
  'Microsoft.Network/virtualNetworks': 'virtualNetwork',
  'Microsoft.Network/publicIPAddresses': 'publicIPAddress',
  'Microsoft.Network/loadBalancers': 'loadBalancer',
  'Microsoft.KeyVault/vaults': 'vault',
  'Microsoft.KeyVault/vaults/secrets': 'vaultSecret',
  'Microsoft.Storage/storageAccounts': 'storageAccount',
  'Microsoft.Storage/storageAccounts/blobServices/containers': 'blobContainer',
  'Microsoft.Authorization/roleAssignments': 'roleAssignment',
  'Microsoft.Compute/virtualMachineScaleSets': 'scaleSet',
};

/** Everything that must be there before `key`, directly or not. */
function dependenciesOf(graph: readonly DesiredResource[], key: string): Set<string> {
  const direct = graph.find((resource) => resource.key === key)?.dependsOn ?? [];
  return new Set(direct.flatMap((dependency) => [dependency, ...dependenciesOf(graph, dependency)]));
}

/** Dotted paths of the texts in `body` that hold `secret`, with `[]` for each list item. */
function pathsOf(body: unknown, secret: string, path = ''): string[] {
  if (typeof body === 'string') return body.includes(secret) ? [path] : [];
  if (Array.isArray(body)) return body.flatMap((item) => pathsOf(item, secret, `${path}[]`));
  return Object.entries(body ?? {}).flatMap(([name, value]) =>
    pathsOf(value, secret, path === '' ? name : `${path}.${name}`),
  );
}

describe('what Azure hands out', () => {
  test('is waited for: at first only what needs nothing of it has a body', () => {
    const graph = gatewayGraph(contoso, new Map());
    expect(keysOf(graph.filter(({ desired }) => desired(new Map()) === undefined))).toEqual(['scaleSet']);
    expect(keysOf(graph)).not.toContain('vaultRole');
  });

  test.each(['identity', 'storageAccount', 'certificate'])('keeps the VMs waiting while %s is unknown', (key) => {
    const observed = observedOutputs(contoso);
    observed.delete(key);
    const scaleSet = complete(contoso).find((resource) => resource.key === 'scaleSet');
    expect(scaleSet?.desired(observedOutputs(contoso))).toBeDefined();
    expect(scaleSet?.desired(observed)).toBeUndefined();
  });

  test('names the roles of the identity, so that another identity gets roles of its own', () => {
    const rolesFor = (principalId: string) =>
      gatewayGraph(contoso, new Map([['identity', { properties: { principalId } }]]))
        .filter(({ key }) => key === 'vaultRole' || key === 'storageRole')
        .map(({ id }) => id);
    const first = rolesFor('44444444-4444-4444-8444-444444444444');
    expect(first).toHaveLength(2);
    expect(rolesFor('44444444-4444-4444-8444-444444444444')).toEqual(first);
    expect(new Set([...first, ...rolesFor('66666666-6666-4666-8666-666666666666')]).size).toBe(4);
  });
});

test('a group that existed before is neither written nor tagged nor waited for', () => {
  const graph = complete({ ...contoso, resourceGroup: { name: 'shared', mode: 'UseExisting' } });
  expect(keysOf(graph)).not.toContain('resourceGroup');
  expect(graph.flatMap(({ dependsOn }) => dependsOn)).not.toContain('resourceGroup');
});

test('the storage account takes the name without hyphens, everything else with them', () => {
  const graph = complete({ ...contoso, prefix: 'contoso-cmg', contentEnabled: false });
  const names = new Map(graph.map(({ key, id }) => [key, id.split('/').at(-1)]));
  expect(names.get('storageAccount')).toBe('contosocmg');
  for (const key of ['vault', 'scaleSet', 'loadBalancer', 'identity']) {
    expect(names.get(key), key).toBe('contoso-cmg');
  }
});
