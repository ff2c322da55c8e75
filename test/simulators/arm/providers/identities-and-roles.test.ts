import { beforeEach, describe, expect, test } from 'vitest';
import { textAt } from '../json-path.ts';
import { createInProcessAzure, errorCode, type InProcessAzure } from './in-process-azure.ts';
import * as sample from './sample-bodies.ts';

const { ids } = sample;
const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
let azure: InProcessAzure;

beforeEach(() => {
  azure = createInProcessAzure();
});

describe('a user-assigned identity', () => {
  const spelled = ids.identity.replace('resourceGroups', 'resourcegroups');

  test('is made at once, with a principal, and Location names the identity itself', () => {
    const answer = azure.call('PUT', ids.identity, { ...sample.identityBody, location: 'West Europe' });
    expect(answer).toEqual({
      status: 201,
      headers: expect.objectContaining({ Location: spelled }),
      body: {
        id: spelled,
        name: 'cmg-id',
        type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
        location: 'westeurope',
        tags: { team: 'sccm' },
        properties: {
          tenantId: sample.TENANT,
          principalId: expect.stringMatching(guid),
          clientId: expect.stringMatching(guid),
        },
      },
    });
  });

  test('keeps its principal when it is written again', async () => {
    const before = await azure.create(ids.identity, sample.identityBody);
    expect(azure.call('PUT', ids.identity, { location: 'westeurope' })).toMatchObject({
      status: 200,
      body: { tags: {}, properties: before.properties },
    });
  });

  test('is deleted at once, and its principal with it', async () => {
    const identity = await azure.create(ids.identity, sample.identityBody);
    expect(azure.call('DELETE', ids.identity).status).toBe(200);
    expect(azure.call('DELETE', ids.identity).status).toBe(204);
    expect(azure.world.principals.has(textAt(identity, 'properties.principalId') ?? '')).toBe(false);
  });
});

describe('a role assignment', () => {
  const name = '0f0f0f0f-1111-4222-8333-444444444444';
  const at = (scope: string, assignment = name) =>
    `${scope}/providers/Microsoft.Authorization/roleAssignments/${assignment}`;
  let principalId: string;

  beforeEach(async () => {
    azure.call('PUT', ids.vault, sample.vaultBody);
    await azure.clock.advance(30_000);
    const identity = azure.call('PUT', ids.identity, sample.identityBody).body;
    principalId = textAt(identity, 'properties.principalId') ?? '';
  });

  test.each([
    ['a vault', ids.vault],
    ['a resource group', sample.GROUP],
  ])('is made at once at %s', (_what, scope) => {
    const answer = azure.call('PUT', at(scope), sample.roleAssignmentBody(principalId));
    expect(answer).toMatchObject({
      status: 201,
      body: {
        id: at(scope),
        name,
        type: 'Microsoft.Authorization/roleAssignments',
        properties: { principalId, principalType: 'ServicePrincipal', scope, createdOn: expect.any(String) },
      },
    });
    expect(azure.call('PUT', at(scope), sample.roleAssignmentBody(principalId)).status).toBe(200);
    expect(azure.call('DELETE', at(scope)).status).toBe(200);
    expect(errorCode(azure.call('GET', at(scope)))).toBe('RoleAssignmentNotFound');
    expect(azure.call('DELETE', at(scope)).status).toBe(204);
  });

  test('of a new principal needs to say what it is, or to wait', async () => {
    const body = sample.withValue(sample.roleAssignmentBody(principalId), ['properties', 'principalType'], undefined);
    const early = azure.call('PUT', at(ids.vault), body);
    expect(early.status).toBe(400);
    expect(errorCode(early)).toBe('PrincipalNotFound');
    await azure.clock.advance(65_000);
    expect(azure.call('PUT', at(ids.vault), body).status).toBe(201);
  });

  test('exists once for the same principal, role and scope', () => {
    azure.call('PUT', at(ids.vault), sample.roleAssignmentBody(principalId));
    const other = '0f0f0f0f-1111-4222-8333-555555555555';
    const again = azure.call('PUT', at(ids.vault, other), sample.roleAssignmentBody(principalId));
    expect(again.status).toBe(409);
    expect(errorCode(again)).toBe('RoleAssignmentExists');
    expect(azure.call('PUT', at(sample.GROUP, other), sample.roleAssignmentBody(principalId)).status).toBe(201);
  });

  test.each([
    [
      'RoleDefinitionDoesNotExist',
      404,
      ['properties', 'roleDefinitionId'],
      `/subscriptions/${sample.SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/${sample.TENANT}`,
    ],
    ['InvalidRoleDefinitionId', 400, ['properties', 'roleDefinitionId'], 'Contributor'],
    ['InvalidPrincipalId', 400, ['properties', 'principalId'], 'the-gateway'],
    ['UnmatchedPrincipalType', 400, ['properties', 'principalType'], 'User'],
    ['BadRequestFormat', 400, ['properties', 'principalId'], undefined],
  ] as const)('is refused with %s', (code, status, path, value) => {
    const answer = azure.call(
      'PUT',
      at(ids.vault),
      sample.withValue(sample.roleAssignmentBody(principalId), path, value),
    );
    expect(answer.status).toBe(status);
    expect(errorCode(answer)).toBe(code);
  });

  test('is not changed to another principal', () => {
    azure.call('PUT', at(ids.vault), sample.roleAssignmentBody(principalId));
    const answer = azure.call('PUT', at(ids.vault), sample.roleAssignmentBody(sample.TENANT));
    expect(errorCode(answer)).toBe('RoleAssignmentUpdateNotPermitted');
  });

  test('has a GUID for a name', () => {
    const answer = azure.call('PUT', at(ids.vault, 'mine'), sample.roleAssignmentBody(principalId));
    expect(errorCode(answer)).toBe('InvalidRoleAssignmentId');
  });
});
