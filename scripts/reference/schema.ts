import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** The part of a structural schema that the reference tells of. */
export interface FieldSchema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
  readonly items?: FieldSchema;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly 'x-kubernetes-validations'?: readonly {
    readonly rule: string;
    readonly message: string;
    readonly fieldPath?: string;
  }[];
}

/** One field of a kind, with where it stands. */
export interface Field {
  /** From the root of the object: `spec.vm.size`; `[]` stands for each item of a list. */
  readonly path: string;
  readonly schema: FieldSchema;
  readonly required: boolean;
  /** Whether other fields stand below it. */
  readonly hasFields: boolean;
}

/** The schema of the one version of the CMG, as `crds/` has it. */
export function cmgSchema(root: string): FieldSchema {
  return kindSchema(root, 'cmgs');
}

/** The schema of the one version of a kind, as `crds/` has it. @param plural such as `sites` */
export function kindSchema(root: string, plural: string): FieldSchema {
  const text = readFileSync(join(root, `crds/configmgr.io_${plural}.yaml`), 'utf8');
  return parse(text).spec.versions[0].schema.openAPIV3Schema;
}

/** All fields below `part` (`spec` or `status`), each after the one that it stands in. */
export function fieldsOf(schema: FieldSchema, part: 'spec' | 'status'): readonly Field[] {
  return below(schema.properties?.[part] ?? {}, part);
}

function below(schema: FieldSchema, path: string): readonly Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const list = property.items?.properties !== undefined;
    const own = `${path}.${name}`;
    const inner = below(list ? (property.items ?? {}) : property, list ? `${own}[]` : own);
    const required = schema.required?.includes(name) === true;
    return [{ path: own, schema: property, required, hasFields: inner.length > 0 }, ...inner];
  });
}
