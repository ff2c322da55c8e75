import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { resourceType } from '../azure/resource-id.ts';
import { contoso, observedOutputs } from './deployment.test-world.ts';
import { CARRIES_OWNER_TAGS, gatewayGraph } from './graph.ts';
import { OPTIONAL_PERMISSIONS, REQUIRED_PERMISSIONS, REQUIRED_PROVIDERS } from './required-permissions.ts';

const graph = gatewayGraph(contoso, observedOutputs(contoso));
const required = new Set(REQUIRED_PERMISSIONS.map(({ action }) => action));

/** Resource groups have another type in permissions than in ids. */
const permissionType = (id: string) =>
  resourceType(id).replace('Microsoft.Resources/resourceGroups', 'Microsoft.Resources/subscriptions/resourceGroups');

describe('the required permissions', () => {
  test.each(graph.map(({ key, id }) => [key, id] as const))('let the operator write: %s', (_key, id) => {
    expect(required).toContain(`${permissionType(id)}/write`);
  });

  test.each(graph.filter(({ key }) => CARRIES_OWNER_TAGS.has(key)).map(({ key, id }) => [key, id] as const))(
    'let the operator delete: %s',
    (_key, id) => {
      expect(required).toContain(`${permissionType(id)}/delete`);
    },
  );

  test('let each resource be joined to what it refers to', () => {
    const joined = ['networkSecurityGroups', 'publicIPAddresses', 'virtualNetworks/subnets', 'loadBalancers/probes'];
    expect([...required]).toEqual(
      expect.arrayContaining(joined.map((type) => `Microsoft.Network/${type}/join/action`)),
    );
  });

  test('are each asked for once, and say why', () => {
    const all = [...REQUIRED_PERMISSIONS, ...OPTIONAL_PERMISSIONS];
    expect(new Set(all.map(({ action }) => action.toLowerCase())).size).toBe(all.length);
    expect(all.filter(({ why }) => why.trim() === '')).toEqual([]);
  });

  test('are those for the operator’s own group only where it says so', () => {
    const own = REQUIRED_PERMISSIONS.filter(({ onlyWithOwnGroup }) => onlyWithOwnGroup === true);
    expect(own.map(({ action }) => action)).toEqual(
      [...required].filter((action) => action.startsWith('Microsoft.Resources/subscriptions/resourceGroups/')),
    );
  });
});

test('the required providers are those of the graph’s resources', () => {
  const namespaces = graph.map(({ id }) => resourceType(id).split('/')[0]);
  // These two are registered in every subscription.
  const builtIn = ['Microsoft.Authorization', 'Microsoft.Resources'];
  const needed = new Set(namespaces.filter((namespace) => namespace !== undefined && !builtIn.includes(namespace)));
  expect([...needed].sort()).toEqual([...REQUIRED_PROVIDERS]);
});

describe('docs/azure-permissions.md', () => {
  const page = readFileSync(new URL('../../docs/azure-permissions.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `(.+)` \| (.+) \|$/gm)].map(([, action, why]) => ({ action, why }));
  const expected = [...REQUIRED_PERMISSIONS, ...OPTIONAL_PERMISSIONS].map(({ action, why, onlyWithOwnGroup }) => ({
    action,
    why: onlyWithOwnGroup === true ? `${why} (*own group*)` : why,
  }));

  test('lists every permission with its reason', () => {
    expect(rows).toEqual(expected);
  });

  test('has a role with all of them', () => {
    const role = JSON.parse(/^```json\n(.+?)^```/ms.exec(page)?.[1] ?? '');
    expect(role.Actions).toEqual(expected.map(({ action }) => action));
  });

  test('limits what may be granted to the roles of the graph', () => {
    const granted = graph
      .map((resource) => JSON.stringify(resource.desired(observedOutputs(contoso))))
      .flatMap((body) => [...body.matchAll(/roleDefinitions\/([0-9a-f-]{36})/g)].map(([, role]) => role));
    const condition = /GuidEquals \{(.+)\}/.exec(page)?.[1]?.split(', ') ?? [];
    expect(condition.sort()).toEqual([...new Set(granted)].sort());
  });

  test('names every provider', () => {
    for (const namespace of REQUIRED_PROVIDERS) {
      expect(page).toContain(namespace);
    }
  });
});
