import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { type CustomResourceDefinition, generateAll, generateTypes, type Schema } from './generate-api-types.ts';

function definition(spec: Schema, status?: Schema): CustomResourceDefinition {
  const openAPIV3Schema: Schema = {
    type: 'object',
    description: 'A gate.',
    properties: { spec, ...(status === undefined ? {} : { status }) },
  };
  return {
    spec: {
      group: 'example.org',
      names: { kind: 'Gate', plural: 'gates' },
      versions: [{ name: 'v1', schema: { openAPIV3Schema } }],
    },
  };
}

function object(properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  return { type: 'object', description: 'An object.', properties, required };
}

const TEXT: Schema = { type: 'string', description: 'A text.' };

test('makes one type of a kind', () => {
  const spec = object(
    {
      name: TEXT,
      note: TEXT,
      colour: { type: 'string', description: 'Its colour. Default: Red.', enum: ['Red', 'Blue'], default: 'Red' },
      size: object({ width: { type: 'integer', description: 'In metres.' } }, ['width']),
    },
    ['name'],
  );
  const status = object({ open: { type: 'boolean', description: 'Whether it is open.' } });
  expect(generateTypes(definition(spec, status), 'crds/gates.yaml')).toBe(`\
// Generated from crds/gates.yaml by \`npm run generate\`. Do not edit.

import type { ObjectMeta } from '../object-meta.ts';

/** A gate. */
export interface Gate {
  readonly apiVersion: 'example.org/v1';
  readonly kind: 'Gate';
  readonly metadata: ObjectMeta;
  readonly spec: GateSpec;
  readonly status?: GateStatus;
}

/** An object. */
export interface GateStatus {
  /** Whether it is open. */
  readonly open?: boolean;
}

/** An object. */
export interface GateSpec {
  /** A text. */
  readonly name: string;
  /** A text. */
  readonly note?: string;
  /** Its colour. Default: Red. */
  readonly colour: 'Red' | 'Blue';
  /** An object. */
  readonly size?: GateSpecSize;
}

/** An object. */
export interface GateSpecSize {
  /** In metres. */
  readonly width: number;
}
`);
});

test.each<{ readonly what: string; readonly schema: Schema; readonly type: string }>([
  { what: 'a number', schema: { type: 'number' }, type: 'number' },
  { what: 'a list of texts', schema: { type: 'array', items: TEXT }, type: 'readonly string[]' },
  {
    what: 'a list of choices',
    schema: { type: 'array', items: { type: 'string', enum: ['A', 'B'] } },
    type: "readonly ('A' | 'B')[]",
  },
  { what: 'a list of objects', schema: { type: 'array', items: object({}) }, type: 'readonly GateSpecPane[]' },
  {
    what: 'a map',
    schema: { type: 'object', additionalProperties: { type: 'integer' } },
    type: 'Readonly<Record<string, number>>',
  },
])('has a type for $what', ({ schema, type }) => {
  const text = generateTypes(definition(object({ panes: schema }, ['panes'])), 'x');
  expect(text).toContain(`  readonly panes: ${type};\n`);
});

test('keeps comments within the line, and inside the comment', () => {
  const long = { ...TEXT, description: `${'word '.repeat(60)}*/ ${'x'.repeat(200)} end` };
  const lines = generateTypes(definition(object({ long })), 'x').split('\n');
  const comment = lines.slice(lines.indexOf('  /**') + 1, lines.indexOf('   */'));
  expect(comment.map((line) => line.replace(/^ {3}\* /, '')).join(' ')).toBe(long.description.replaceAll('*/', '* /'));
  expect(comment.filter((line) => line.length > 120)).toEqual([`   * ${'x'.repeat(200)}`]);
});

test.each<{ readonly what: string; readonly schema: Schema }>([
  { what: 'no type', schema: {} },
  { what: 'a list of nothing known', schema: { type: 'array' } },
  { what: 'an object of nothing known', schema: { type: 'object' } },
])('refuses a field with $what and says which', ({ schema }) => {
  expect(() => generateTypes(definition(object({ wall: schema })), 'x')).toThrow('GateSpecWall');
});

test('finds types that are not current, and makes them', () => {
  const root = mkdtempSync(join(tmpdir(), 'generate-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const types = join(root, 'src/api/v1alpha1/gate.generated.ts');
  const define = (spec: Schema) => writeFileSync(join(root, 'crds/gates.yaml'), stringify(definition(spec)));
  mkdirSync(join(root, 'crds'));
  mkdirSync(join(root, 'src/api/v1alpha1'), { recursive: true });
  define(object({ name: TEXT }));
  expect(generateAll(root, true)).toEqual(['src/api/v1alpha1/gate.generated.ts']);
  expect(generateAll(root, false)).toEqual(['src/api/v1alpha1/gate.generated.ts']);
  const first = readFileSync(types, 'utf8');
  expect(first).toContain('readonly name?: string;');
  expect(generateAll(root, true)).toEqual([]);

  define(object({ name: TEXT }, ['name']));
  expect(generateAll(root, true)).toEqual(['src/api/v1alpha1/gate.generated.ts']);
  expect(readFileSync(types, 'utf8')).toBe(first);
});
