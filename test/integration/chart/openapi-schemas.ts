import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiClient } from '../../cluster/api-client.ts';

/** A JSON schema, as far as it is looked into here. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-group-version-kind'?: readonly { group: string; version: string; kind: string }[];
}

interface OpenApiDocument {
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** How kubeconform finds the file of a kind in the folder, which is part of the template. */
export function schemaLocation(directory: string): string {
  return join(directory, '{{.Group}}-{{.ResourceAPIVersion}}-{{.ResourceKind}}.json');
}

/**
 * Writes a JSON schema for each kind that the API server knows, made from what it publishes at `/openapi/v3`. Unlike there,
 * an object may hold nothing but what its schema names, as the API server itself has it in strict validation.
 */
export async function writeSchemas(api: ApiClient, directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const { paths } = (await api.call('GET', '/openapi/v3')) as { readonly paths: object };
  for (const path of Object.keys(paths)) {
    // Only those of group versions hold kinds: api/v1, apis/apps/v1.
    if (!/^(api|apis\/[^/]+)\/v\w+$/.test(path)) continue;
    // Not at the address with a hash that is listed: that one moves when a definition changes meanwhile.
    writeGroup((await api.call('GET', `/openapi/v3/${path}`)) as OpenApiDocument, directory);
  }
}

function writeGroup({ components }: OpenApiDocument, directory: string): void {
  const schemas = components?.schemas ?? {};
  const closed = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, close(schema)]));
  for (const [name, schema] of Object.entries(schemas)) {
    const [kind, ...others] = schema['x-kubernetes-group-version-kind'] ?? [];
    // Kinds of many groups, such as DeleteOptions, are no objects that are stored.
    if (kind === undefined || others.length > 0 || schema.properties === undefined) continue;
    // kubeconform takes the part before the slash for the group, and v1 has no slash.
    const group = kind.group === '' ? kind.version : kind.group;
    const file = `${group}-${kind.version}-${kind.kind.toLowerCase()}.json`;
    const document = { $ref: `#/components/schemas/${name}`, components: { schemas: closed } };
    writeFileSync(join(directory, file), JSON.stringify(document));
  }
}

function close(schema: Schema): Schema {
  const { properties, items, allOf, additionalProperties } = schema;
  const isOpen = additionalProperties !== undefined || schema['x-kubernetes-preserve-unknown-fields'] === true;
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, close(property)])),
      ...(isOpen ? {} : { additionalProperties: false }),
    }),
    ...(items && { items: close(items) }),
    ...(allOf && { allOf: allOf.map(close) }),
    ...(isObject(additionalProperties) && { additionalProperties: close(additionalProperties) }),
  };
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null;
}
