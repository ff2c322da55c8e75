import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';

const CRD_DIRECTORY = join(import.meta.dirname, '../crds');
const TYPES_DIRECTORY = join(import.meta.dirname, '../src/api/v1alpha1');

/** The part of a structural schema that types are made from. */
interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly default?: unknown;
}

interface CustomResourceDefinition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string; readonly plural: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

/**
 * The TypeScript of one custom resource. A property with a default is required in its type, because the API server fills
 * it in whenever it hands out the object; one without a default is optional unless the schema requires it.
 */
export function generateTypes(definition: CustomResourceDefinition, source: string): string {
  const { group, names, versions } = definition.spec;
  const version = versions[0];
  if (version === undefined || versions.length > 1) {
    throw new Error(`${source}: expected exactly one version`);
  }
  const { description, properties = {} } = version.schema.openAPIV3Schema;
  const interfaces = new Map<string, string>();
  for (const part of ['spec', 'status']) {
    const schema = properties[part];
    if (schema !== undefined) {
      typeOf(schema, `${names.kind}${capitalise(part)}`, interfaces);
    }
  }
  const hasStatus = properties.status !== undefined;
  return [
    `// Generated from ${source} by \`npm run generate\`. Do not edit.`,
    '',
    "import type { ObjectMeta } from '../object-meta.ts';",
    '',
    comment(description, ''),
    `export interface ${names.kind} {`,
    `  readonly apiVersion: '${group}/${version.name}';`,
    `  readonly kind: '${names.kind}';`,
    '  readonly metadata: ObjectMeta;',
    `  readonly spec: ${names.kind}Spec;`,
    ...(hasStatus ? [`  readonly status?: ${names.kind}Status;`] : []),
    '}',
    '',
    ...[...interfaces.values()].reverse(),
  ].join('\n');
}

function typeOf(schema: Schema, name: string, interfaces: Map<string, string>): string {
  switch (schema.type) {
    case 'string':
      return schema.enum?.map((value) => `'${value}'`).join(' | ') ?? 'string';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'array': {
      const item = typeOf(required(schema.items, name), singular(name), interfaces);
      return item.includes('|') ? `readonly (${item})[]` : `readonly ${item}[]`;
    }
    case 'object':
      if (schema.properties === undefined) {
        return `Readonly<Record<string, ${typeOf(required(schema.additionalProperties, name), name, interfaces)}>>`;
      }
      interfaces.set(name, interfaceOf(schema, name, interfaces));
      return name;
    default:
      throw new Error(`${name}: a schema without a type has no TypeScript form`);
  }
}

function interfaceOf(schema: Schema, name: string, interfaces: Map<string, string>): string {
  const lines = Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const always = schema.required?.includes(key) === true || property.default !== undefined;
    const type = typeOf(property, `${name}${capitalise(key)}`, interfaces);
    return [comment(property.description, '  '), `  readonly ${key}${always ? '' : '?'}: ${type};`];
  });
  return [comment(schema.description, ''), `export interface ${name} {`, ...lines, '}', '']
    .filter((line, index) => index > 0 || line !== '')
    .join('\n');
}

function comment(text: string | undefined, indent: string): string {
  return `${indent}/** ${(text ?? '').trim().replaceAll(/\s+/g, ' ').replaceAll('*/', '* /')} */`;
}

function required(schema: Schema | undefined, name: string): Schema {
  if (schema === undefined) {
    throw new Error(`${name}: the schema of its items or values is missing`);
  }
  return schema;
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function singular(name: string): string {
  return name.endsWith('s') ? name.slice(0, -1) : `${name}Item`;
}

/** Makes the types of every CRD. With `check`, writes nothing and returns the files that are not current. */
function generateAll(check: boolean): string[] {
  const stale: string[] = [];
  for (const file of readdirSync(CRD_DIRECTORY).filter((name) => name.endsWith('.yaml'))) {
    const definition: CustomResourceDefinition = parse(readFileSync(join(CRD_DIRECTORY, file), 'utf8'));
    const target = join(TYPES_DIRECTORY, `${definition.spec.names.kind.toLowerCase()}.generated.ts`);
    const text = generateTypes(definition, `crds/${basename(file)}`);
    if (readIfThere(target) !== text) {
      stale.push(`src/api/v1alpha1/${basename(target)}`);
      if (!check) {
        writeFileSync(target, text);
      }
    }
  }
  return stale;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

if (import.meta.main) {
  const check = process.argv.includes('--check');
  const stale = generateAll(check);
  for (const file of stale) {
    console.log(check ? `${file} does not match its CRD. Run: npm run generate` : `wrote ${file}`);
  }
  process.exitCode = check && stale.length > 0 ? 1 : 0;
}
