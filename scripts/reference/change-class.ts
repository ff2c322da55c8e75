import { CHANGE_CLASSES } from '../../src/redeployment/change-classes.ts';
import type { Field } from './schema.ts';

/** What a change of a field does to a gateway that exists, in the words of the documentation. */
export type ChangeClassInWords = 'in place' | 'redeploys';

/**
 * The class of a field, from the table that the planner works by.
 *
 * @param field one of the spec that has a value of its own, as `spec.vm.size`
 * @throws Error when the table does not have it
 */
export function changeClassOf({ path }: Pick<Field, 'path'>): ChangeClassInWords {
  const change = CHANGE_CLASSES[path];
  if (change === undefined) {
    throw new Error(`src/redeployment/change-classes.ts does not have ${path}.`);
  }
  return change.kind === 'InPlace' ? 'in place' : 'redeploys';
}
