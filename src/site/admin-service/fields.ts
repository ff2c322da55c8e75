import { isJsonObject, type JsonObject } from '../../json.ts';
import { invalidAnswer } from '../failure.ts';

/** A text that an instance has to have; a value of `null` counts as empty. */
export function textIn(row: JsonObject, name: string): string {
  const value = row[name];
  if (value === null) return '';
  if (typeof value === 'string') return value;
  throw invalidAnswer(`An instance has no text ${name}.`);
}

/** A text that may be missing. */
export function optionalTextIn(row: JsonObject, name: string): string {
  const value = row[name];
  return typeof value === 'string' ? value : '';
}

/** A number that an instance has to have. */
export function numberIn(row: JsonObject, name: string): number {
  const value = row[name];
  if (typeof value === 'number') return value;
  throw invalidAnswer(`An instance has no number ${name}.`);
}

/** A property of a site control item: `SMS_EmbeddedProperty` (*documented*). Only what is used is typed. */
export interface EmbeddedProperty extends JsonObject {
  readonly PropertyName: string;
}

/** Embedded properties of an instance; empty where they are lazy and were not read by key. */
export function embeddedPropertiesIn(row: JsonObject): readonly EmbeddedProperty[] {
  return Array.isArray(row.Props) ? row.Props.filter(isEmbeddedProperty) : [];
}

/**
 * Embedded properties of an instance that is to be written: what is written back has to be all that there is.
 *
 * @throws SiteFailureError where some cannot be read, or none is shown, as writing would then take them away
 */
export function everyEmbeddedPropertyIn(row: JsonObject): readonly EmbeddedProperty[] {
  const properties = embeddedPropertiesIn(row);
  const shown = Array.isArray(row.Props) ? row.Props.length : 0;
  if (properties.length === shown && shown > 0) return properties;
  throw invalidAnswer('The site does not show all embedded properties of what is to be changed; nothing was written.');
}

function isEmbeddedProperty(value: unknown): value is EmbeddedProperty {
  return isJsonObject(value) && typeof value.PropertyName === 'string';
}

/** `Value` of an embedded property, which holds numbers and switches. */
export function embeddedNumber(properties: readonly EmbeddedProperty[], name: string): number | undefined {
  const value = properties.find(({ PropertyName }) => PropertyName === name)?.Value;
  return typeof value === 'number' ? value : undefined;
}

/**
 * All embedded properties with the `Value` of one changed, and everything else as it was; one that was not there is added
 * at the end.
 */
export function withEmbeddedNumber(
  properties: readonly EmbeddedProperty[],
  name: string,
  value: number,
): readonly EmbeddedProperty[] {
  if (!properties.some(({ PropertyName }) => PropertyName === name)) {
    return [...properties, { PropertyName: name, Value: value, Value1: '', Value2: '' }];
  }
  return properties.map((each) => (each.PropertyName === name ? { ...each, Value: value } : each));
}
