import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** Where the definitions are and where their types go, in a checkout of the project. */
const DEFINITIONS = 'crds';
const TYPES = 'src/api/v1alpha1';

/** Comments are wrapped to this many characters a line, as the rest of the project. */
const LINE_WIDTH = 120;

/** The part of a structural schema that types are made from. */
export interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly default?: unknown;
}

/** The part of a CustomResourceDefinition that types are made from. */
export interface CustomResourceDefinition {
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
  const words = (text ?? '').trim().replaceAll('*/', '* /').split(/\s+/);
  const single = `${indent}/** ${words.join(' ')} */`;
  if (single.length <= LINE_WIDTH) {
    return single;
  }
  const lines = [`${indent} *`];
  for (const word of words) {
    const line = `${lines.at(-1)} ${word}`;
    if (line.length <= LINE_WIDTH) {
      lines[lines.length - 1] = line;
    } else {
      lines.push(`${indent} * ${word}`);
    }
  }
  return [`${indent}/**`, ...lines, `${indent} */`].join('\n');
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

/**
 * Makes the types of every CRD of a checkout, and returns the files that were not current. With `check` they are left as
 * they are.
 */
export function generateAll(root: string, check: boolean): string[] {
  const files = readdirSync(join(root, DEFINITIONS)).filter((name) => name.endsWith('.yaml'));
  return files.flatMap((file) => {
    const source = `${DEFINITIONS}/${file}`;
    const definition: CustomResourceDefinition = parse(readFileSync(join(root, source), 'utf8'));
    const target = `${TYPES}/${definition.spec.names.kind.toLowerCase()}.generated.ts`;
    const text = generateTypes(definition, source);
    if (readIfThere(join(root, target)) === text) {
      return [];
    }
    if (!check) {
      writeFileSync(join(root, target), text);
    }
    return [target];
  });
}

/** The text of a file, or undefined when there is none. */
export function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

if (import.meta.main) {
  const check = process.argv.includes('--check');
  const stale = generateAll(join(import.meta.dirname, '..'), check);
  for (const file of stale) {
    console.log(check ? `${file} does not match its CRD. Run: npm run generate` : `wrote ${file}`);
  }
  process.exitCode = check && stale.length > 0 ? 1 : 0;
}
