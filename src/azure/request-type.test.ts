import { expect, it } from 'vitest';
import { requestType } from './request-type.ts';

it.each([
  ['/subscriptions/1/resourceGroups/g/providers/Microsoft.Network/loadBalancers/lb', 'microsoft.network/loadbalancers'],
  ['/subscriptions/1/resourcegroups/g', 'microsoft.resources/resourcegroups'],
  ['/subscriptions/1', 'subscriptions'],
  [
    '/subscriptions/1/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/providers/Microsoft.Authorization/roleAssignments/r',
    'microsoft.authorization/roleassignments',
  ],
  ['/subscriptions/1/providers/Microsoft.Compute/skus', 'microsoft.compute/skus'],
  ['//subscriptions/1/providers/Microsoft.Storage', 'microsoft.storage'],
  [
    '/subscriptions/1/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/s/virtualMachines/0',
    'microsoft.compute/virtualmachinescalesets/virtualmachines',
  ],
])('%s is about %s', (path, type) => {
  expect(requestType(path)).toBe(type);
});
