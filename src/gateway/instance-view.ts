import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';

/** The part after `prefix` of the first status code that has it, such as `running` of `PowerState/running`. */
export function codeOf(statuses: JsonValue | undefined, prefix: string): string | undefined {
  return listOf(statuses)
    .map((status) => objectOf(status).code)
    .find((code) => typeof code === 'string' && code.startsWith(prefix))
    ?.toString()
    .slice(prefix.length)
    .toLowerCase();
}

/** The first message of statuses; a sentence that says that there is none where there is none. */
export function messageOf(statuses: JsonValue | undefined): string {
  const message = listOf(statuses)
    .map((status) => objectOf(status).message)
    .find((text) => typeof text === 'string');
  return typeof message === 'string' ? message.slice(0, 500) : 'it gave no reason.';
}

/** `value` as an object; an empty one where it is none. */
export function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** `value` as a list; an empty one where it is none. */
export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}
