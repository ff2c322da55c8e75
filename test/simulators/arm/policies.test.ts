import { beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '../../../src/json.ts';
import { objectsAt, textAt } from './json-path.ts';
import { parseDenyPolicy } from './policies.ts';
import { createInProcessAzure, errorCode, type InProcessAzure } from './providers/in-process-azure.ts';
import * as sample from './providers/sample-bodies.ts';

const { ids, GROUP, SUBSCRIPTION } = sample;
let azure: InProcessAzure;

beforeEach(() => {
  azure = createInProcessAzure();
});

/** A rule; made from entries, since an object with a `then` of its own is taken for a promise. */
const rule = (condition: JsonValue, effect = 'deny'): JsonObject =>
  Object.fromEntries([
    ['if', condition],
    ['then', { effect }],
  ]);

function assign(condition: JsonObject, more: JsonObject = {}): void {
  azure.world.settings.policies = [parseDenyPolicy({ name: 'contoso', ...more, policyRule: rule(condition) })];
}

const writeNsg = () =>
  azure.call('PUT', ids.networkSecurityGroup, { ...sample.networkSecurityGroupBody, tags: { team: 'sccm' } });

test('a write that a policy denies is refused, and says by which policy and why', () => {
  assign(
    {
      allOf: [
        { field: 'type', equals: 'Microsoft.Storage/storageAccounts' },
        { field: 'location', notIn: ['eastus'] },
      ],
    },
    { displayName: 'Storage in the United States alone' },
  );
  const refused = azure.call('PUT', ids.storageAccount, sample.storageAccountBody);
  const scope = `/subscriptions/${SUBSCRIPTION}`;
  expect(refused).toMatchObject({
    status: 403,
    body: {
      error: {
        code: 'RequestDisallowedByPolicy',
        target: ids.storageAccount.split('/').at(-1),
        message: expect.stringContaining(
          'was disallowed by policy. Policy identifiers: \'[{"policyAssignment":{"name":"Storage in',
        ),
        additionalInfo: [
          {
            type: 'PolicyViolation',
            info: {
              policyAssignmentId: `${scope}/providers/Microsoft.Authorization/policyAssignments/contoso`,
              policyDefinitionDisplayName: 'Storage in the United States alone',
              policyDefinitionEffect: 'deny',
              policyAssignmentScope: scope,
            },
          },
        ],
      },
    },
  });
  const [info] = objectsAt(refused.body, 'error.additionalInfo');
  expect(objectsAt(info, 'info.evaluationDetails.evaluatedExpressions')[1]).toEqual({
    result: 'True',
    expressionKind: 'Field',
    expression: 'location',
    path: 'location',
    expressionValue: 'westeurope',
    targetValue: ['eastus'],
    operator: 'NotIn',
  });
  expect(azure.world.get(ids.storageAccount)).toBeUndefined();
  expect(writeNsg().status).toBe(201);
});

describe('a condition', () => {
  const prefixes = 'Microsoft.Network/networkSecurityGroups/securityRules[*].sourceAddressPrefix';
  test.each<[string, JsonObject, boolean]>([
    ['on a tag that is missing', { field: "tags['costCentre']", exists: 'false' }, true],
    ['on a tag that is there, whatever its case', { field: 'tags.TEAM', equals: 'SCCM' }, true],
    ['on a pattern', { field: 'name', notLike: 'cmg-*' }, false],
    ['on an alias', { field: 'Microsoft.Network/networkSecurityGroups/flushConnection', equals: true }, false],
    ['on all items of a list', { field: prefixes, in: ['Internet', '*'] }, true],
    ['on the alias of another type', { field: 'Microsoft.Storage/storageAccounts/sku.name', exists: true }, false],
    ['negated', { not: { field: 'location', equals: 'westeurope' } }, false],
    [
      'of several',
      {
        anyOf: [
          { field: 'kind', equals: 'x' },
          { field: 'location', contains: 'europe' },
        ],
      },
      true,
    ],
  ])('%s is read as Azure reads it', (_what, condition, denied) => {
    assign(condition);
    expect(writeNsg().status).toBe(denied ? 403 : 201);
  });

  test.each<[string, JsonValue]>([
    ['an operator that is not known', { field: 'location', resembles: 'x' }],
    ['no condition', null],
  ])('with %s is no policy', (_what, condition) => {
    expect(() => assign(condition as JsonObject)).toThrow();
  });

  test('with another effect is no policy that the simulator carries out', () => {
    const policyRule = rule({ field: 'location', exists: true }, 'modify');
    expect(() => parseDenyPolicy({ name: 'tags', policyRule })).toThrow('deny');
  });
});

describe('a policy', () => {
  const untagged = { field: "tags['costCentre']", exists: 'false' };

  test('holds where it is assigned, but not in scopes that are left out', () => {
    assign(untagged, { scope: GROUP });
    expect(errorCode(writeNsg())).toBe('RequestDisallowedByPolicy');
    assign(untagged, { scope: `${GROUP}-other` });
    expect(writeNsg().status).toBe(201);
    assign(untagged, { notScopes: [GROUP] });
    expect(azure.call('PUT', ids.publicIPAddress, sample.publicIPAddressBody).status).toBe(201);
  });

  test('judges groups, tags and what a PATCH would leave behind', async () => {
    writeNsg();
    await azure.clock.advance(60_000);
    assign({ field: 'tags.colour', equals: 'red' });
    const red = { colour: 'red' };
    const tags = `${ids.networkSecurityGroup}/providers/Microsoft.Resources/tags/default`;
    expect(errorCode(azure.call('PUT', GROUP, { location: 'westeurope', tags: red }))).toBe(
      'RequestDisallowedByPolicy',
    );
    expect(errorCode(azure.call('PATCH', ids.networkSecurityGroup, { tags: red }))).toBe('RequestDisallowedByPolicy');
    expect(errorCode(azure.call('PATCH', tags, { operation: 'Merge', properties: { tags: red } }))).toBe(
      'RequestDisallowedByPolicy',
    );
    assign({ field: 'type', equals: 'Microsoft.Resources/subscriptions/resourceGroups' });
    expect(errorCode(azure.call('PATCH', GROUP, { tags: {} }))).toBe('RequestDisallowedByPolicy');
    expect(textAt(azure.show(GROUP), 'tags.colour')).toBeUndefined();
  });

  test('lets go of what it denied when it is gone, and never stops a deletion', async () => {
    expect(writeNsg().status).toBe(201);
    await azure.clock.advance(60_000);
    assign({ field: 'location', exists: true });
    expect(azure.call('DELETE', ids.networkSecurityGroup).status).toBe(202);
    azure.world.settings.policies = [];
    expect(azure.call('PUT', ids.publicIPAddress, sample.publicIPAddressBody).status).toBe(201);
  });
});
