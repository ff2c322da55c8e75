import { describe, expect, test } from 'vitest';
import { contoso } from './deployment.test-world.ts';
import { isOwnedBy, ownershipOf, ownershipTags } from './tags.ts';

const { owner } = contoso;
const tags = ownershipTags(contoso);

test('tags read back as they were written', () => {
  expect(ownershipOf(tags)).toEqual({
    owner: 'contoso-prod/gateways/europe',
    clusterUid: owner.clusterUid,
    deploymentId: contoso.id,
  });
});

describe('a resource belongs to an owner', () => {
  test('with other tags beside ours, and tag names in any case', () => {
    expect(isOwnedBy({ ...tags, 'cost-center': '42' }, owner)).toBe(true);
    expect(isOwnedBy({ 'ConfigMgr.io_Owner': 'contoso-prod/gateways/europe' }, owner)).toBe(true);
  });

  test('also when it was made from another cluster', () => {
    expect(isOwnedBy(tags, { ...owner, clusterUid: 'another' })).toBe(true);
  });

  test.each([
    ['no tags', undefined],
    ['null', null],
    ['empty tags', {}],
    ['a value in another case', { 'configmgr.io_owner': 'Contoso-prod/gateways/europe' }],
    ['a longer name', { 'configmgr.io_owner': 'contoso-prod/gateways/europe-2' }],
    ['another installation', { 'configmgr.io_owner': 'lab/gateways/europe' }],
    ['a value that is no text', { 'configmgr.io_owner': ['contoso-prod/gateways/europe'] }],
  ])('not with %s', (_what, found) => {
    expect(isOwnedBy(found, owner)).toBe(false);
  });
});

test('tags keep to what Azure allows, with the longest names that Kubernetes and the operator allow', () => {
  const longest = ownershipTags({
    ...contoso,
    id: 'd'.repeat(63),
    owner: {
      installationId: 'i'.repeat(40),
      namespace: 'n'.repeat(63),
      name: 'c'.repeat(63),
      clusterUid: owner.clusterUid,
    },
  });
  // Storage accounts have the tightest limits: 15 tags, names of 128 characters.
  expect(Object.keys(longest).length).toBeLessThanOrEqual(15);
  for (const [name, value] of Object.entries(longest)) {
    expect(name).toMatch(/^[^<>*%&:\\?/+]{1,128}$/);
    expect(value.length).toBeLessThanOrEqual(256);
  }
});
