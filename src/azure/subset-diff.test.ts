import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import { differences } from './subset-diff.ts';

const ID =
  '/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/n';

describe('what is no difference', () => {
  const cases: [string, JsonObject, JsonObject][] = [
    ['a default of the server', { properties: { a: 1 } }, { id: 'x', properties: { a: 1, b: 2 }, etag: 'e' }],
    ['the case of an id', { id: ID }, { id: ID.toUpperCase() }],
    [
      'the case of a UUID',
      { tenantId: 'AAAAAAAA-0000-0000-0000-00000000000F' },
      { tenantId: 'aaaaaaaa-0000-0000-0000-00000000000f' },
    ],
    ['the form of a location', { location: 'West Europe' }, { location: 'westeurope' }],
    ['the form of locations in a list', { locations: ['West Europe'] }, { locations: ['westeurope'] }],
    ['the form of a duration', { gracePeriod: 'PT90M' }, { gracePeriod: 'PT1H30M' }],
    ['an empty list that is not returned', { rules: [] }, {}],
    ['an empty object that is null', { rules: {} }, { rules: null }],
    ['null that is not returned', { plan: null }, {}],
    ['a value left undefined', { plan: undefined }, { plan: 'x' }],
    ['the order of plain values', { zones: ['1', '2', '3'] }, { zones: ['3', '1', '2'] }],
    [
      'the order of named items',
      { rules: [{ name: 'a', p: 1 }, { name: 'b' }] },
      {
        rules: [
          { name: 'B', id: '2' },
          { name: 'a', p: 1 },
        ],
      },
    ],
    [
      'the order of references',
      { pools: [{ id: `${ID}1` }, { id: `${ID}2` }] },
      { pools: [{ id: `${ID.toUpperCase()}2` }, { id: `${ID}1` }] },
    ],
    [
      'the case of an id that is a key',
      { identity: { [ID]: {} } },
      { identity: { [ID.toLowerCase()]: { clientId: 'c' } } },
    ],
  ];
  it.each(cases)('%s', (_name, desired, observed) => {
    expect(differences(desired, observed)).toEqual([]);
  });

  it('values that Azure does not give back, and first-time values', () => {
    const desired = {
      properties: {
        value: 's',
        extensions: [{ name: 'e', settings: { protectedSettings: { k: 's' }, v: 1 } }],
        password: 'p',
      },
    };
    const observed = { properties: { extensions: [{ name: 'e', settings: { v: 1 } }] } };
    const options = {
      writeOnly: ['properties.value', 'properties.extensions[].settings.protectedSettings'],
      createOnly: ['properties.password'],
    };
    expect(differences(desired, observed, options)).toEqual([]);
    expect(differences(desired, observed).map(({ path }) => path)).toEqual([
      'properties.value',
      'properties.extensions[e].settings.protectedSettings.k',
      'properties.password',
    ]);
  });
});

describe('what is a difference', () => {
  it('a changed value in a named item, whatever its place', () => {
    const desired = { rules: [{ name: 'https', properties: { port: '443' } }] };
    const observed = { rules: [{ name: 'https', properties: { port: '8443', state: 'x' } }] };
    expect(differences(desired, observed)).toEqual([
      { path: 'rules[https].properties.port', desired: '443', observed: '8443' },
    ]);
  });

  it('a missing item, and one that nobody declared', () => {
    const found = differences({ rules: [{ name: 'a' }] }, { rules: [{ name: 'b', p: 1 }] });
    expect(found).toEqual([
      { path: 'rules[a]', desired: { name: 'a' }, observed: undefined },
      { path: 'rules[b]', desired: undefined, observed: { name: 'b', p: 1 } },
    ]);
  });

  it('a missing item, shown without its secrets', () => {
    const desired = {
      list: [{ name: 'a', p: { secret: 's', v: [{ secret: 's', w: 1 }] } }],
      plain: [{ secret: 's', v: 1 }],
    };
    const writeOnly = ['list[].p.secret', 'list[].p.v[].secret', 'plain[].secret'];
    expect(differences(desired, {}, { writeOnly }).map((difference) => difference.desired)).toEqual([
      { name: 'a', p: { v: [{ w: 1 }] } },
      { v: 1 },
    ]);
  });

  it('items of others are kept where that is asked, and only there', () => {
    const observed = { rules: [{ name: 'a' }, { name: 'policy' }], other: [{ name: 'policy' }] };
    const found = differences({ rules: [{ name: 'a' }], other: [] }, observed, { keepForeignItems: ['rules'] });
    expect(found.map(({ path }) => path)).toEqual(['other[policy]']);
  });

  it('an identity that is not assigned', () => {
    expect(differences({ identities: { [ID]: {} } }, { identities: {} })).toHaveLength(1);
  });

  it('a list that should be empty', () => {
    expect(differences({ zones: [] }, { zones: ['1'] }).map(({ path }) => path)).toEqual(['zones']);
  });

  it('one of two equal plain values', () => {
    expect(differences({ zones: ['1', '1'] }, { zones: ['1', '2'] })).toHaveLength(1);
  });

  it('another type of the same text', () => {
    expect(differences({ a: '1', b: true, c: { d: 1 } }, { a: 1, b: 'true', c: 'x' }).map(({ path }) => path)).toEqual([
      'a',
      'b',
      'c.d',
    ]);
  });

  it('another duration, and text that only looks alike', () => {
    expect(differences({ a: 'PT1H', b: 'P', c: 'PT' }, { a: 'PT61M', b: 'PT', c: 'P' })).toHaveLength(3);
  });
});

/** A body as the gateway graph declares them: objects, named lists, plain lists, and values that are not empty. */
const scalar = fc.oneof(fc.string({ minLength: 1, maxLength: 6 }), fc.integer(), fc.boolean());
const name = fc.stringMatching(/^[a-z][a-zA-Z0-9]{0,6}$/).filter((text) => !/^(name|id|locations?)$/i.test(text));
const body = fc.letrec<{ value: JsonValue; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.array(scalar, { minLength: 1, maxLength: 3 }),
    tie('object'),
    fc
      .uniqueArray(fc.tuple(name, tie('object')), {
        minLength: 1,
        maxLength: 3,
        selector: ([label]) => label.toLowerCase(),
      })
      .map((items) => items.map(([label, item]) => ({ ...item, name: label }))),
  ),
  object: fc
    .uniqueArray(fc.tuple(name, tie('value')), {
      minLength: 1,
      maxLength: 4,
      selector: ([label]) => label.toLowerCase(),
    })
    .map((entries) => Object.fromEntries(entries)),
})).object;

/** What a server makes of a body: properties added everywhere, named lists turned round. */
function withDefaults(value: JsonValue): JsonValue {
  if (Array.isArray(value)) {
    return value.map(withDefaults).reverse();
  }
  if (!isJsonObject(value)) {
    return value;
  }
  const entries = Object.entries(value).map(([key, item]): [string, JsonValue] => [key, withDefaults(item ?? null)]);
  return { 'server-default': { enabled: true }, ...Object.fromEntries(entries), 'server-list': [{ name: 'x' }] };
}

interface Leaf {
  readonly path: string;
  readonly replace: (replacement: JsonValue) => JsonObject;
}

/** Every leaf of a body (a list of plain values is one), and the body with that leaf replaced. */
function leaves(root: JsonObject): Leaf[] {
  const found: Leaf[] = [];
  const visit = (value: JsonValue, path: string, rebuild: (replacement: JsonValue) => JsonObject) => {
    if (Array.isArray(value) && value.every(isJsonObject)) {
      value.forEach((item, index) => {
        visit(item, `${path}[${item.name}]`, (next) => rebuild(value.map((each, at) => (at === index ? next : each))));
      });
    } else if (isJsonObject(value)) {
      for (const [key, item] of Object.entries(value)) {
        if (key !== 'name') {
          visit(item ?? null, path === '' ? key : `${path}.${key}`, (next) => rebuild({ ...value, [key]: next }));
        }
      }
    } else {
      found.push({ path, replace: rebuild });
    }
  };
  visit(root, '', (next) => (isJsonObject(next) ? next : {}));
  return found;
}

describe('for any body', () => {
  it('a server that adds defaults and turns lists round yields no difference', () => {
    fc.assert(
      fc.property(body, (desired) => {
        expect(differences(desired, withDefaults(desired) as JsonObject)).toEqual([]);
      }),
    );
  });

  it('one changed leaf yields exactly its path', () => {
    fc.assert(
      fc.property(body, fc.nat(), (desired, pick) => {
        const all = leaves(desired);
        const leaf = all[pick % all.length];
        const changed = withDefaults(leaf?.replace('changed by somebody') ?? {}) as JsonObject;
        expect(differences(desired, changed).map(({ path }) => path)).toEqual([leaf?.path]);
      }),
    );
  });
});
