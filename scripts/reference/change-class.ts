import type { CMG, CMGStatusDeployment } from '../../src/api/v1alpha1/cmg.generated.ts';
import { identityChanges, identityOf } from '../../src/controllers/cmg/deployment.ts';
import type { Field, FieldSchema } from './schema.ts';

/** What a change of a field does to a gateway that exists. */
export type ChangeClass = 'in place' | 'redeploys';

/**
 * What the operator does when this field of a gateway that exists is changed: the operator's own decision is asked, with
 * the CMG before and after. It knows nothing of a field that it does not read, so `field` has to be one of the schema.
 *
 * @param field one that has a value of its own, as `spec.vm.size`
 */
export function changeClassOf(field: Field, schema: FieldSchema): ChangeClass {
  const before = cmgWith(schema, field.path, 0);
  const after = cmgWith(schema, field.path, 1);
  const record: CMGStatusDeployment = {
    id: '00000000',
    identity: identityOf(before),
    phase: 'Active',
    serviceName: before.spec.serviceName,
    createdAt: '2026-01-01T00:00:00Z',
  };
  return identityChanges(after, record).length === 0 ? 'in place' : 'redeploys';
}

/** A CMG in which every field has a value, and `changed` its value of that number. */
function cmgWith(schema: FieldSchema, changed: string, variant: number): CMG {
  const spec = sampleOf(schema.properties?.spec ?? {}, 'spec', changed, variant);
  const object: unknown = { metadata: { name: 'gateway', namespace: 'default' }, spec };
  return object as CMG;
}

function sampleOf(schema: FieldSchema, path: string, changed: string, variant: number): unknown {
  const chosen = path === changed ? variant : 0;
  if (schema.properties !== undefined) {
    const entries = Object.entries(schema.properties);
    return Object.fromEntries(
      entries.map(([name, property]) => [name, sampleOf(property, `${path}.${name}`, changed, variant)]),
    );
  }
  switch (schema.type) {
    case 'string':
      return schema.enum?.[chosen] ?? `${path} ${chosen}`;
    case 'integer':
      return (schema.minimum ?? 0) + chosen;
    case 'boolean':
      return chosen === 1;
    case 'array':
      return [sampleOf(schema.items ?? {}, `${path}[]`, changed, variant)];
    default:
      throw new Error(`${path}: no value can be made up for the type ${schema.type}`);
  }
}
