import type { ServiceRecord } from '../facts.ts';
import type { EmbeddedProperty } from './fields.ts';

/**
 * The link of a connection point to its gateway stands in an embedded property of the role whose name nobody has published:
 * it is found by its value, which is something that a record is called by.
 */
export function isLinkedTo(properties: readonly EmbeddedProperty[], record: ServiceRecord): boolean {
  return namesOf(record).some(
    (name) =>
      name !== '' && properties.some(({ Value1, Value2 }) => isSameName(Value1, name) || isSameName(Value2, name)),
  );
}

/** Everything that a record is called by, in an order that is the same for all. */
export function namesOf({ serviceName, name, deploymentName, nalPath }: ServiceRecord): readonly string[] {
  return [serviceName, name, deploymentName, nalPath];
}

export function isSameName(value: unknown, name: string): boolean {
  return typeof value === 'string' && value.toLowerCase() === name.toLowerCase();
}
