import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const DIRECTORY = join(import.meta.dirname, '../crds');

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly default?: unknown;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly minimum?: number;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message?: string }[];
}

/** A schema with its place, such as `spec.vm.size`; what is inside a list has `[]` in it. */
interface Field {
  readonly path: string;
  readonly schema: Schema;
}

function fieldsOf({ path, schema }: Field): Field[] {
  const inside = [
    ...Object.entries(schema.properties ?? {}).map(([name, property]) => ({
      path: `${path}.${name}`,
      schema: property,
    })),
    ...(schema.items === undefined ? [] : [{ path: `${path}[]`, schema: schema.items }]),
    ...(schema.additionalProperties === undefined ? [] : [{ path: `${path}{}`, schema: schema.additionalProperties }]),
  ];
  return [{ path, schema }, ...inside.flatMap(fieldsOf)];
}

function isBounded({ type, enum: values, format, maxLength, maxItems, maxProperties, properties }: Schema): boolean {
  switch (type) {
    case 'string':
      return values !== undefined || format === 'date-time' || maxLength !== undefined;
    case 'array':
      return maxItems !== undefined;
    case 'object':
      return properties !== undefined || maxProperties !== undefined;
    default:
      return true;
  }
}

/** Properties of an object with a default that the default of the object itself leaves out. */
function missingInDefault({ properties = {}, default: whole }: Schema): string[] {
  if (typeof whole !== 'object' || whole === null) {
    return [];
  }
  return Object.keys(properties).filter((name) => properties[name]?.default !== undefined && !(name in whole));
}

const definitions = readdirSync(DIRECTORY)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => ({ name, definition: parse(readFileSync(join(DIRECTORY, name), 'utf8')) }));

describe.each(definitions)('$name', ({ definition }) => {
  const [version] = definition.spec.versions;
  const { properties } = version.schema.openAPIV3Schema as Schema;
  const spec = fieldsOf({ path: 'spec', schema: properties?.spec ?? {} });
  const fields = [...spec, ...fieldsOf({ path: 'status', schema: properties?.status ?? {} })];
  const where = (breaks: (field: Field) => boolean, among = fields) => among.filter(breaks).map(({ path }) => path);

  test('belongs to the project', () => {
    expect(definition.spec.group).toBe('configmgr.io');
    expect(definition.spec.scope).toBe('Namespaced');
    expect(definition.spec.names.categories).toEqual(['configmgr']);
    expect(definition.metadata.name).toBe(`${definition.spec.names.plural}.configmgr.io`);
    expect(version.subresources.status).toEqual({});
  });

  test('explains every field in whole sentences', () => {
    const unexplained = where(({ schema: { description } }) => !/^[A-Z].*\.$/s.test(description?.trim() ?? ''));
    expect(unexplained).toEqual([]);
  });

  test('names each default in the description', () => {
    const silent = where(({ schema }) => {
      const { description = '', default: value } = schema;
      return (
        value !== undefined &&
        typeof value !== 'object' &&
        !description.includes(`Default: ${value === '' ? 'empty' : value}.`)
      );
    });
    expect(silent).toEqual([]);
  });

  test('has bounds on every text, list and map', () => {
    expect(where(({ schema }) => !isBounded(schema))).toEqual([]);
  });

  test('says how each list is merged', () => {
    const unsaid = where(({ schema }) => schema.type === 'array' && schema['x-kubernetes-list-type'] === undefined);
    expect(unsaid).toEqual([]);
  });

  test('has no default inside a list of the spec, which server-side apply shows as a difference for ever', () => {
    // What the operator writes into lists of the status it has from the spec, with the defaults.
    const inList = where(({ path, schema }) => /^spec\..*\[\]/.test(path) && schema.default !== undefined);
    expect(inList).toEqual([]);
  });

  test('gives defaults of objects in full', () => {
    expect(where(({ schema }) => missingInDefault(schema).length > 0)).toEqual([]);
  });

  test('knows all of its fields', () => {
    expect(where(({ schema }) => schema['x-kubernetes-preserve-unknown-fields'] === true)).toEqual([]);
  });

  test('refuses with words, not with a pattern', () => {
    const wordless = where(
      ({ schema }) =>
        schema.pattern !== undefined ||
        (schema['x-kubernetes-validations'] ?? []).some(({ message = '' }) => !message.trim().endsWith('.')),
      spec,
    );
    expect(wordless).toEqual([]);
  });
});
