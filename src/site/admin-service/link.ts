import type { ServiceRecord } from '../facts.ts';
import { isSameName } from '../names.ts';
import type { EmbeddedProperty } from './fields.ts';

/**
 * The link of a connection point to its gateway stands in an embedded property of the role whose name nobody has published:
 * it is found by its value, which is something that a record is called by.
 */
export function isLinkedTo(properties: readonly EmbeddedProperty[], record: ServiceRecord): boolean {
  return namesOf(record).some(
    (name) => name !== '' && properties.some(({ Value1, Value2 }) => isCalled(Value1, name) || isCalled(Value2, name)),
  );
}

/** Everything that a record is called by, in an order that is the same for all. */
export function namesOf({ serviceName, name, deploymentName, nalPath }: ServiceRecord): readonly string[] {
  return [serviceName, name, deploymentName, nalPath];
}

/** Whether what an embedded property holds is a name; it may hold anything. */
export function isCalled(value: unknown, name: string): boolean {
  return typeof value === 'string' && isSameName(value, name);
}
