import { expect, test } from 'vitest';
import { bodyOf, contoso } from '../deployment.test-world.ts';
import { operatorStorageRole, storageRole, vaultRole } from './role-assignments.ts';

const PRINCIPAL = '44444444-4444-4444-8444-444444444444';

test.each([
  ['the VMs as Key Vault Secrets User', vaultRole(contoso, PRINCIPAL), '4633458b-17de-408a-b874-0445c86b69e6'],
  ['the VMs as Storage Blob Data Contributor', storageRole(contoso, PRINCIPAL), 'ba92f5b4-2d11-453d-a403-e99cb0f9b4cb'],
])('a role assignment names %s', (_title, assignment, role) => {
  expect(bodyOf(assignment, contoso)).toEqual({
    properties: {
      roleDefinitionId: `/subscriptions/${contoso.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
      principalId: PRINCIPAL,
      principalType: 'ServicePrincipal',
    },
  });
});

test('the operator may write blobs, and nothing in the vault', () => {
  const { id } = operatorStorageRole(contoso);
  expect(id).toContain('/Microsoft.Storage/storageAccounts/granitefalls/providers/Microsoft.Authorization/');
  expect(bodyOf(operatorStorageRole(contoso), contoso)).toMatchObject({
    properties: { principalId: contoso.operatorPrincipalId },
  });
});
