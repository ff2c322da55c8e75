import { describe, expect, test } from 'vitest';
import type { CMGSpec } from '../../api/v1alpha1/cmg.generated.ts';
import { changesOf } from './changes.ts';
import { changedIn, FIELDS, SPEC } from './cmg.test-world.ts';

describe('a change', () => {
  test.each(FIELDS)('of $field alone is told with its class, $kind', ({ field, kind }) => {
    const { before, after } = changedIn(field);
    const changes = changesOf(before, after);
    expect(new Set(changes.map(({ change }) => change))).toEqual(new Set([kind]));
    // Another name makes another item, with all that is in it.
    const isName = field.endsWith('[].name');
    expect(changes.map((each) => each.field.replaceAll(/\[.*\]/g, '[]'))).toEqual(
      isName ? expect.arrayContaining([field]) : [field],
    );
    expect(changesOf(before, before)).toEqual([]);
  });

  test('has both values', () => {
    const after: CMGSpec = { ...SPEC, serviceName: 'lakeside.contoso.com', vm: { ...SPEC.vm, instances: 3 } };
    expect(changesOf(SPEC, after)).toEqual([
      {
        field: 'spec.serviceName',
        before: 'granitefalls.contoso.com',
        after: 'lakeside.contoso.com',
        change: 'Redeploy',
      },
      { field: 'spec.vm.instances', before: 2, after: 3, change: 'InPlace' },
    ]);
  });

  test('of nothing but letters that Azure does not tell apart takes no other gateway', () => {
    const after = { ...SPEC, azure: { ...SPEC.azure, region: 'WestEurope' } };
    expect(changesOf(SPEC, after)).toMatchObject([{ field: 'spec.azure.region', change: 'InPlace' }]);
  });

  test('is told of each field that comes or goes with what holds it', () => {
    const { siteRef: _site, ...after } = SPEC;
    expect(changesOf(SPEC, after)).toEqual([
      { field: 'spec.siteRef.name', before: 'ps1', after: undefined, change: 'InPlace' },
    ]);
  });

  test('of a field that the table does not have is of an unknown class', () => {
    expect(changesOf(SPEC, { ...SPEC, colour: 'green' } as CMGSpec)).toMatchObject([
      { field: 'spec.colour', change: 'Unknown' },
    ]);
  });
});

describe('items of a list', () => {
  const [contoso] = SPEC.clientAuthentication.trustedCertificates;
  const fabrikam = { ...contoso, name: 'fabrikam' };
  const withAuthorities = (trustedCertificates: readonly (typeof contoso | typeof fabrikam)[]): CMGSpec => ({
    ...SPEC,
    clientAuthentication: { ...SPEC.clientAuthentication, trustedCertificates },
  });

  test('are told apart by their names, not by their places', () => {
    const changes = changesOf(withAuthorities([contoso]), withAuthorities([fabrikam, contoso]));
    expect(changes.map(({ field, before }) => [field, before])).toEqual(
      ['name', 'type', 'configMap.name', 'configMap.key'].map((part) => [
        `spec.clientAuthentication.trustedCertificates[fabrikam].${part}`,
        undefined,
      ]),
    );
  });

  test('in another order are told as one change', () => {
    expect(changesOf(withAuthorities([contoso, fabrikam]), withAuthorities([fabrikam, contoso]))).toEqual([
      {
        field: 'spec.clientAuthentication.trustedCertificates',
        before: 'contoso, fabrikam',
        after: 'fabrikam, contoso',
        change: 'InPlace',
      },
    ]);
  });
});
