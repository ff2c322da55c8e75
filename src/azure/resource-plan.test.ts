import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../json.ts';
import type { DesiredResource } from './desired-resource.ts';
import { isAsDesiredSoFar, planDeletion, planResources, type ResourceState } from './resource-plan.ts';

function resource(
  key: string,
  dependsOn: readonly string[] = [],
  more: Partial<DesiredResource> = {},
): DesiredResource {
  return {
    key,
    id: `/subscriptions/s/resourceGroups/rg/providers/Test.Provider/things/${key}`,
    apiVersion: '2025-01-01',
    dependsOn,
    desired: () => ({ properties: { size: 1 } }),
    ...more,
  };
}

function present(properties: JsonObject = {}, etag?: string): ResourceState {
  return {
    kind: 'Present',
    resource: { properties: { size: 1, provisioningState: 'Succeeded', ...properties } },
    etag,
  };
}

const absent: ResourceState = { kind: 'Absent' };
const nothingRuns = new Set<string>();

/** group ← network ← vm, group ← vault ← vm */
const graph = [
  resource('group'),
  resource('network', ['group']),
  resource('vault', ['group']),
  resource('vm', ['network', 'vault']),
];

function plan(
  resources: readonly DesiredResource[],
  states: Readonly<Record<string, ResourceState>>,
  running: readonly string[] = [],
) {
  const { actions, waiting, failed, converged } = planResources(
    resources,
    new Map(Object.entries(states)),
    new Set(running),
  );
  return { actions: actions.map((action) => `${action.kind} ${action.resource.key}`), waiting, failed, converged };
}

describe('planResources', () => {
  it('begins with what depends on nothing', () => {
    expect(plan(graph, { group: absent, network: absent, vault: absent, vm: absent })).toEqual({
      actions: ['Create group'],
      waiting: [
        { key: 'network', reason: 'Dependency', on: 'group' },
        { key: 'vault', reason: 'Dependency', on: 'group' },
        { key: 'vm', reason: 'Dependency', on: 'network' },
      ],
      failed: [],
      converged: false,
    });
  });

  it('writes what is independent side by side', () => {
    expect(plan(graph, { group: present(), network: absent, vault: absent, vm: absent }).actions).toEqual([
      'Create network',
      'Create vault',
    ]);
  });

  it('is converged when all is as declared', () => {
    expect(plan(graph, { group: present(), network: present(), vault: present(), vm: present() })).toEqual({
      actions: [],
      waiting: [],
      failed: [],
      converged: true,
    });
  });

  it('concludes nothing from what was not observed', () => {
    expect(plan(graph, { group: present(), network: present(), vm: absent })).toMatchObject({
      actions: [],
      waiting: [
        { key: 'vault', reason: 'Unobserved' },
        { key: 'vm', reason: 'Dependency', on: 'vault' },
      ],
    });
  });

  it('tells what is to be written from what cannot be judged before something else has been read', () => {
    const byNetwork: DesiredResource = {
      ...resource('vm', ['network']),
      desired: (observed) => (observed.has('network') ? { properties: { size: 1 } } : undefined),
    };
    const graphWith = (vm: DesiredResource) => [resource('group'), resource('network', ['group']), vm];
    const states = new Map<string, ResourceState>(
      Object.entries({ group: present(), network: { kind: 'Unobserved' }, vm: present({ size: 2 }) }),
    );
    const unknown = planResources(graphWith(byNetwork), states, new Set());
    expect(unknown.waiting).toContainEqual({ key: 'vm', reason: 'Unobserved', on: 'network' });
    expect(isAsDesiredSoFar(unknown)).toBe(true);
    const known = planResources(graphWith(resource('vm', ['network'])), states, new Set());
    expect(known.waiting).toContainEqual({ key: 'vm', reason: 'Dependency', on: 'network' });
    expect(isAsDesiredSoFar(known)).toBe(false);
  });

  it('leaves a resource with a running operation alone, and what depends on it', () => {
    const states = { group: present(), network: present({ size: 2 }), vault: present({ size: 2 }), vm: absent };
    expect(plan(graph, states, ['network'])).toMatchObject({
      actions: ['Update vault'],
      waiting: [
        { key: 'network', reason: 'Operation' },
        { key: 'vm', reason: 'Dependency', on: 'network' },
      ],
    });
  });

  it('waits while Azure is at work on a resource', () => {
    const states = {
      group: present(),
      network: present(),
      vault: present({ provisioningState: 'RegisteringDns' }),
      vm: absent,
    };
    expect(plan(graph, states).waiting).toContainEqual({
      key: 'vault',
      reason: 'ProvisioningState',
      on: 'RegisteringDns',
    });
  });

  it('does not wait for a dependency when there is nothing to write', () => {
    const states = { group: present(), network: present({ size: 2 }), vault: present(), vm: present() };
    expect(plan(graph, states)).toEqual({ actions: ['Update network'], waiting: [], failed: [], converged: false });
  });

  it('repairs a failed resource with a PUT, and does not build on it', () => {
    const states = {
      group: present(),
      network: present({ provisioningState: 'Failed' }),
      vault: present(),
      vm: absent,
    };
    expect(plan(graph, states)).toEqual({
      actions: ['Update network'],
      waiting: [{ key: 'vm', reason: 'Dependency', on: 'network' }],
      failed: [{ key: 'network', provisioningState: 'Failed' }],
      converged: false,
    });
  });

  it('builds bodies from what was observed, and waits while that is missing', () => {
    const identity = resource('identity');
    const grant = resource('grant', ['identity'], {
      desired: (observed) => {
        const id = observed.get('identity')?.principalId;
        return id === undefined ? undefined : { properties: { principalId: id } };
      },
    });
    const without = planResources(
      [identity, grant],
      new Map<string, ResourceState>([
        ['identity', present()],
        ['grant', absent],
      ]),
      nothingRuns,
    );
    expect(without).toMatchObject({ actions: [], waiting: [{ key: 'grant', reason: 'Dependency' }], converged: false });
    const state: ResourceState = { kind: 'Present', resource: { principalId: 'p', properties: { size: 1 } } };
    const known = planResources(
      [identity, grant],
      new Map<string, ResourceState>([
        ['identity', state],
        ['grant', absent],
      ]),
      nothingRuns,
    );
    expect(known.actions).toMatchObject([{ kind: 'Create', body: { properties: { principalId: 'p' } } }]);
  });

  it('sends the etag where the resource honours it, and says what differs', () => {
    const honours = resource('network', [], { ifMatch: true });
    const states = new Map([['network', present({ size: 5 }, 'W/"1"')]]);
    expect(planResources([honours], states, nothingRuns).actions).toMatchObject([
      { kind: 'Update', ifMatch: 'W/"1"', differences: [{ path: 'properties.size', desired: 1, observed: 5 }] },
    ]);
    expect(planResources([resource('network')], states, nothingRuns).actions[0]).not.toHaveProperty('ifMatch');
  });
});

describe('planDeletion', () => {
  const deletion = (
    states: Readonly<Record<string, ResourceState>>,
    running: readonly string[] = [],
    group?: string,
  ) => {
    const { deletions, waiting, done } = planDeletion(graph, new Map(Object.entries(states)), new Set(running), group);
    return {
      deletions: deletions.map(({ key }) => key),
      waiting: waiting.map(({ key, reason }) => `${key} ${reason}`),
      done,
    };
  };
  const all = { group: present(), network: present(), vault: present(), vm: present() };

  it('goes in reverse order', () => {
    expect(deletion(all)).toMatchObject({ deletions: ['vm'], done: false });
    expect(deletion({ ...all, vm: absent })).toMatchObject({ deletions: ['network', 'vault'], done: false });
    expect(deletion({ ...all, vm: absent, network: absent, vault: absent }).deletions).toEqual(['group']);
  });

  it('waits for running deletions, and is done only when all is seen to be gone', () => {
    expect(deletion(all, ['vm']).waiting).toContain('vm Operation');
    expect(deletion({ group: absent, network: absent, vault: absent, vm: absent }, ['group']).done).toBe(false);
    expect(deletion({ group: absent, network: absent, vault: absent }).waiting).toEqual(['vm Unobserved']);
    expect(deletion({ group: absent, network: absent, vault: absent, vm: absent }).done).toBe(true);
  });

  it('takes the whole group in one call when it is given', () => {
    expect(deletion(all, [], 'group').deletions).toEqual(['group']);
    expect(deletion({ ...all, group: present({ provisioningState: 'Deleting' }) }, [], 'group')).toEqual({
      deletions: [],
      waiting: ['group ProvisioningState'],
      done: false,
    });
  });
});

describe('for any graph', () => {
  const anyGraph = fc
    .nat({ max: 8 })
    .chain((size) =>
      fc.tuple(
        ...Array.from({ length: size + 1 }, (_, index) =>
          fc.subarray(Array.from({ length: index }, (_, at) => `r${at}`)).map((on) => resource(`r${index}`, on)),
        ),
      ),
    );

  it('carrying out plan after plan converges, never writes before dependencies are there, and then deletes all', () => {
    fc.assert(
      fc.property(anyGraph, (resources) => {
        const states = new Map<string, ResourceState>(resources.map(({ key }) => [key, absent]));
        for (let round = 0; round <= resources.length; round += 1) {
          for (const { resource: written } of planResources(resources, states, nothingRuns).actions) {
            expect(written.dependsOn.every((key) => states.get(key)?.kind === 'Present')).toBe(true);
          }
          for (const { resource: written } of planResources(resources, states, nothingRuns).actions) {
            states.set(written.key, present());
          }
        }
        expect(planResources(resources, states, nothingRuns).converged).toBe(true);
        for (let round = 0; round <= resources.length; round += 1) {
          for (const { key } of planDeletion(resources, states, nothingRuns).deletions) {
            expect(resources.every((other) => !other.dependsOn.includes(key) || states.get(other.key) === absent)).toBe(
              true,
            );
            states.set(key, absent);
          }
        }
        expect(planDeletion(resources, states, nothingRuns).done).toBe(true);
      }),
    );
  });
});
