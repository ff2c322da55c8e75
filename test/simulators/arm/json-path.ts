import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/json.ts';

/** The value at a dotted path (`properties.sku.name`), or `undefined` when some part of the way is missing. */
export function valueAt(body: JsonValue | undefined, path: string): JsonValue | undefined {
  let value: JsonValue | undefined = body;
  for (const name of path.split('.')) {
    if (!isJsonObject(value)) return undefined;
    value = value[name];
  }
  return value ?? undefined;
}

/** The object at a dotted path; empty when there is none. */
export function objectAt(body: JsonValue | undefined, path: string): JsonObject {
  const value = valueAt(body, path);
  return isJsonObject(value) ? value : {};
}

/** The objects of the list at a dotted path; empty when there is none. */
export function objectsAt(body: JsonValue | undefined, path: string): readonly JsonObject[] {
  const value = valueAt(body, path);
  return Array.isArray(value) ? (value as readonly JsonValue[]).filter(isJsonObject) : [];
}

/** The text at a dotted path. */
export function textAt(body: JsonValue | undefined, path: string): string | undefined {
  const value = valueAt(body, path);
  return typeof value === 'string' ? value : undefined;
}

/** The strings of the list at a dotted path; empty when there is none. */
export function textsAt(body: JsonValue | undefined, path: string): readonly string[] {
  const value = valueAt(body, path);
  return Array.isArray(value) ? (value as readonly JsonValue[]).filter((item) => typeof item === 'string') : [];
}

/** `body` without members that are `null` or `undefined`, at any depth: Azure takes `null` for left out. */
export function withoutNulls(body: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(body)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [name, cleaned(value as JsonValue)]),
  );
}

function cleaned(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(cleaned);
  return isJsonObject(value) ? withoutNulls(value) : value;
}

/**
 * `changes` laid over `base`, object by object (RFC 7396): a list or plain value replaces, `null` removes, and what
 * `changes` does not mention stays.
 */
export function mergePatch(base: JsonObject, changes: JsonObject): JsonObject {
  const merged: Record<string, JsonValue | undefined> = { ...base };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete merged[name];
    else if (isJsonObject(value)) merged[name] = mergePatch(asObject(merged[name]), value);
    else if (value !== undefined) merged[name] = value;
  }
  return merged;
}

function asObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** `base` with the value at a dotted path replaced; objects missing on the way are made. */
export function replaceAt(base: JsonObject, path: string, value: JsonValue | undefined): JsonObject {
  const [name = '', ...rest] = path.split('.');
  if (rest.length > 0) return { ...base, [name]: replaceAt(asObject(base[name]), rest.join('.'), value) };
  const { [name]: _replaced, ...others } = base;
  return value === undefined ? others : { ...others, [name]: value };
}
