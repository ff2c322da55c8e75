import { beforeEach, describe, expect, test } from 'vitest';
import { textAt } from '../json-path.ts';
import { createGateway } from './gateway-fixture.ts';
import { createInProcessAzure, errorCode, type InProcessAzure } from './in-process-azure.ts';
import * as sample from './sample-bodies.ts';

const { ids, GROUP, SUBSCRIPTION } = sample;
const lockAt = (scope: string, name = 'keep') => `${scope}/providers/Microsoft.Authorization/locks/${name}`;
const level = (text: string) => ({ properties: { level: text } });
let azure: InProcessAzure;

beforeEach(() => {
  azure = createInProcessAzure();
});

describe('a lock', () => {
  test('is made, changed, listed and removed at once', () => {
    azure.call('PUT', ids.networkSecurityGroup, sample.networkSecurityGroupBody);
    const id = lockAt(ids.networkSecurityGroup);
    expect(azure.call('PUT', id, level('CanNotDelete'))).toMatchObject({
      status: 201,
      body: {
        id,
        name: 'keep',
        type: 'Microsoft.Authorization/locks',
        properties: { level: 'CanNotDelete' },
      },
    });
    const changed = { properties: { level: 'ReadOnly', notes: 'until the audit is over' } };
    expect(azure.call('PUT', id, changed)).toMatchObject({ status: 200, body: changed });
    expect(azure.show(id)).toMatchObject(changed);
    azure.call('PUT', lockAt(`/subscriptions/${SUBSCRIPTION}`, 'all'), level('CanNotDelete'));
    const listed = (scope: string, query = '') =>
      (azure.show(`${scope}/providers/Microsoft.Authorization/locks${query}`).value as { name: string }[]).map(
        ({ name }) => name,
      );
    expect(listed(GROUP)).toEqual(['keep']);
    expect(listed(`/subscriptions/${SUBSCRIPTION}`)).toEqual(['keep', 'all']);
    expect(listed(GROUP, '?$filter=atScope()')).toEqual(['all']);
    expect(azure.call('DELETE', id).status).toBe(200);
    expect(azure.call('DELETE', id).status).toBe(204);
    expect(azure.call('GET', id)).toMatchObject({ status: 404, body: { error: { code: 'LockNotFound' } } });
  });

  test.each([
    ['no level', { properties: {} }],
    ['a level that there is not', level('DoNotTouch')],
    ['an unknown property', { properties: { level: 'ReadOnly', colour: 'red' } }],
  ])('is refused with %s', (_what, body) => {
    expect(errorCode(azure.call('PUT', lockAt(GROUP), body))).toBe('InvalidRequestContent');
  });

  test('needs something to lock', () => {
    expect(errorCode(azure.call('PUT', lockAt(ids.vault), level('ReadOnly')))).toBe('ResourceNotFound');
  });

  test('needs the right to make locks', () => {
    const [caller] = azure.world.grants.keys();
    azure.world.grants.set(caller ?? '', [
      { scope: '/', actions: ['*'], notActions: ['Microsoft.Authorization/*/Write'] },
    ]);
    expect(errorCode(azure.call('PUT', lockAt(GROUP), level('ReadOnly')))).toBe('AuthorizationFailed');
  });
});

describe('CanNotDelete', () => {
  test('on a group keeps the group and all in it from deletion, and lets the rest be', async () => {
    await createGateway(azure);
    azure.call('PUT', lockAt(GROUP), level('CanNotDelete'));
    expect(azure.call('DELETE', ids.networkSecurityGroup)).toMatchObject({
      status: 409,
      body: {
        error: {
          code: 'ScopeLocked',
          message: `The scope '${ids.networkSecurityGroup}' cannot perform delete operation because following scope(s) are locked: '${GROUP}'. Please remove the lock and try again.`,
        },
      },
    });
    expect(errorCode(azure.call('DELETE', GROUP))).toBe('ScopeLocked');
    expect(errorCode(azure.call('DELETE', `${ids.networkSecurityGroup}/securityRules/https`))).toBe('ScopeLocked');
    expect(azure.call('PATCH', ids.scaleSet, { sku: { capacity: 2 } }).status).toBe(200);
    await azure.clock.advance(600_000);
    expect(azure.call('POST', `${ids.storageAccount}/listKeys`).status).toBe(200);
    azure.call('DELETE', lockAt(GROUP));
    expect(azure.call('DELETE', GROUP).status).toBe(202);
  });

  test('on one resource keeps its group, too', () => {
    azure.call('PUT', ids.networkSecurityGroup, sample.networkSecurityGroupBody);
    azure.call('PUT', lockAt(ids.networkSecurityGroup), level('CanNotDelete'));
    const refused = azure.call('DELETE', GROUP);
    expect(errorCode(refused)).toBe('ScopeLocked');
    expect(textAt(refused.body, 'error.message')).toContain(`locked: '${ids.networkSecurityGroup}'`);
  });
});

describe('ReadOnly', () => {
  beforeEach(async () => {
    await createGateway(azure);
    azure.call('PUT', lockAt(GROUP), level('ReadOnly'));
  });

  test.each([
    ['a PUT', 'PUT', ids.networkSecurityGroup, sample.networkSecurityGroupBody],
    ['a PUT of what does not exist yet', 'PUT', `${ids.networkSecurityGroup}-2`, sample.networkSecurityGroupBody],
    ['a PATCH', 'PATCH', ids.scaleSet, { sku: { capacity: 2 } }],
    ['a deletion', 'DELETE', ids.scaleSet, undefined],
    ['a look at keys', 'POST', `${ids.storageAccount}/listKeys`, undefined],
    ['an action on VMs', 'POST', `${ids.scaleSet}/reimage`, undefined],
    ['an action on one VM', 'POST', `${ids.scaleSet}/virtualMachines/0/reimage`, undefined],
    ['tags', 'PATCH', `${ids.vault}/providers/Microsoft.Resources/tags/default`, { operation: 'Merge' }],
    ['a change of the group', 'PUT', GROUP, { location: 'westeurope' }],
    ['tags of the group', 'PATCH', GROUP, { tags: { a: 'b' } }],
  ] as const)('forbids %s', (_what, method, path, body) => {
    const before = azure.show(ids.scaleSet);
    const refused = azure.call(method, path, body);
    expect(refused.status).toBe(409);
    expect(errorCode(refused)).toBe('ScopeLocked');
    expect(textAt(refused.body, 'error.message')).toContain(
      `cannot perform ${method === 'DELETE' ? 'delete' : 'write'} operation`,
    );
    expect(azure.show(ids.scaleSet)).toEqual(before);
  });

  test('lets everything be read, and locks be removed', () => {
    expect(azure.call('GET', `${ids.scaleSet}/instanceView`).status).toBe(200);
    expect(azure.call('DELETE', lockAt(GROUP)).status).toBe(200);
    expect(azure.call('POST', `${ids.storageAccount}/listKeys`).status).toBe(200);
  });
});

test('a lock goes with what it is about', async () => {
  azure.call('PUT', ids.networkSecurityGroup, sample.networkSecurityGroupBody);
  const lock = lockAt(ids.networkSecurityGroup);
  azure.call('PUT', lock, level('CanNotDelete'));
  azure.world.remove(ids.networkSecurityGroup);
  expect(azure.world.get(lock)).toBeUndefined();
});
