import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHANGE_CLASSES, COMING_FIELDS, IDENTITY_PARTS } from '../src/redeployment/change-classes.ts';
import { cmgSchema, fieldsOf } from './reference/schema.ts';

const ROOT = join(import.meta.dirname, '..');
const defined = fieldsOf(cmgSchema(ROOT), 'spec').filter(({ hasFields }) => !hasFields);
const definedPaths = new Set(defined.map(({ path }) => path));

describe('the table of change classes', () => {
  it('has every field that the definition of the CMG has', () => {
    expect([...definedPaths].filter((path) => !Object.hasOwn(CHANGE_CLASSES, path))).toEqual([]);
  });

  it('has no field that is neither defined nor to come', () => {
    const known = new Set([...definedPaths, ...COMING_FIELDS]);
    expect(Object.keys(CHANGE_CLASSES).filter((path) => !known.has(path))).toEqual([]);
  });

  it('lists nothing as coming that has arrived, or that it does not know', () => {
    expect(COMING_FIELDS.filter((path) => definedPaths.has(path) || !Object.hasOwn(CHANGE_CLASSES, path))).toEqual([]);
  });

  it('gives each part of the identity to one field', () => {
    const parts = Object.values(CHANGE_CLASSES).flatMap((change) => (change.kind === 'Redeploy' ? [change.part] : []));
    expect(parts.toSorted()).toEqual(IDENTITY_PARTS.toSorted());
  });
});
