import { describe, expect, it } from 'vitest';
import { mergeForPut } from './put-body.ts';

describe('mergeForPut', () => {
  it('sends what is declared, and not what Azure added', () => {
    const observed = { id: 'x', location: 'westeurope', properties: { a: 1, b: 2, provisioningState: 'Succeeded' } };
    expect(mergeForPut({ location: 'westeurope', properties: { a: 3 } }, observed, {})).toEqual({
      location: 'westeurope',
      properties: { a: 3 },
    });
  });

  it('keeps items of others in the lists that are named', () => {
    const desired = { properties: { rules: [{ name: 'ours', p: 1 }], other: [{ name: 'ours' }] } };
    const observed = {
      properties: {
        rules: [
          { name: 'Ours', p: 2 },
          { name: 'policy', p: 9 },
        ],
        other: [{ name: 'theirs' }],
      },
    };
    expect(mergeForPut(desired, observed, { keepForeignItems: ['properties.rules'] })).toEqual({
      properties: {
        rules: [
          { name: 'ours', p: 1 },
          { name: 'policy', p: 9 },
        ],
        other: [{ name: 'ours' }],
      },
    });
  });

  it('keeps items of others in a list that is not declared at all', () => {
    const observed = { properties: { rules: [{ name: 'policy' }] } };
    expect(mergeForPut({ properties: { a: 1 } }, observed, { keepForeignItems: ['properties.rules'] })).toEqual({
      properties: { a: 1, rules: [{ name: 'policy' }] },
    });
  });

  it('sends items of others back without what only Azure may write', () => {
    const subnet = {
      name: 'theirs',
      etag: 'W/"1"',
      properties: { addressPrefix: '10.0.1.0/24', provisioningState: 'Succeeded', ipConfigurations: [{ id: '/x' }] },
    };
    const body = mergeForPut(
      { properties: { subnets: [] } },
      { properties: { subnets: [subnet] } },
      { keepForeignItems: ['properties.subnets'] },
    );
    expect(body).toEqual({
      properties: { subnets: [{ name: 'theirs', properties: { addressPrefix: '10.0.1.0/24' } }] },
    });
  });

  it('keeps tags of others, and drops those declared as undefined', () => {
    const observed = { tags: { 'Cost-Center': '42', ours: 'old', gone: 'x' } };
    expect(mergeForPut({ tags: { Ours: 'new', gone: undefined } }, observed, {}).tags).toEqual({
      'Cost-Center': '42',
      Ours: 'new',
    });
  });

  it('leaves out what is sent at creation only', () => {
    const desired = {
      properties: { profile: { adminPassword: 's', adminUsername: 'u' } },
      list: [{ name: 'a', secret: 's' }],
    };
    expect(mergeForPut(desired, {}, { createOnly: ['properties.profile.adminPassword', 'list[].secret'] })).toEqual({
      properties: { profile: { adminUsername: 'u' } },
      list: [{ name: 'a' }],
    });
  });

  describe('a part that makes a new model when it is sent', () => {
    const resource = { omitUnchanged: ['properties.profile'], writeOnly: ['properties.profile.extensions[].secret'] };
    const desired = {
      sku: { capacity: 2 },
      properties: { profile: { extensions: [{ name: 'e', v: 1, secret: 's' }] }, x: 1 },
    };

    it('is left out while nothing below it differs', () => {
      const observed = {
        sku: { capacity: 1 },
        properties: { profile: { extensions: [{ name: 'e', v: 1 }], more: 1 }, x: 1 },
      };
      expect(mergeForPut(desired, observed, resource)).toEqual({ sku: { capacity: 2 }, properties: { x: 1 } });
    });

    it('is sent whole, with what is never returned, when something below it differs', () => {
      const observed = { sku: { capacity: 2 }, properties: { profile: { extensions: [{ name: 'e', v: 0 }] }, x: 1 } };
      expect(mergeForPut(desired, observed, resource)).toEqual(desired);
    });
  });
});
