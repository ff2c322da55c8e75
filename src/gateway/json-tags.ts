import { isJsonObject, type JsonObject } from '../json.ts';

/** Characters that Azure allows in the value of a tag. */
export const LONGEST_TAG_VALUE = 256;

/** Of the 50 tags that Azure allows on a resource, those that one object may take. */
const MOST_TAGS = 8;

/**
 * An object as tags. What does not fit the value of one tag goes on in tags whose names end with `-2`, `-3` and so on. An
 * object that needs more than eight is left out altogether, as half of one says nothing: `{}`.
 *
 * The text is JSON without blanks, all in ASCII, so that nobody trims it or counts its characters in another way.
 */
export function jsonTags(name: string, value: object): Readonly<Record<string, string>> {
  const text = JSON.stringify(value).replaceAll(
    /[^\x21-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const count = Math.ceil(text.length / LONGEST_TAG_VALUE);
  return count > MOST_TAGS
    ? {}
    : Object.fromEntries(
        Array.from({ length: count }, (_, index) => [
          nameOfPart(name, index),
          text.slice(index * LONGEST_TAG_VALUE, (index + 1) * LONGEST_TAG_VALUE),
        ]),
      );
}

/**
 * The object that `jsonTags` wrote; `undefined` where there is none, or no whole one. No beginning of an object is an object
 * itself, so tags that a longer one has left behind do no harm.
 *
 * @param text value of a tag by its name
 */
export function jsonInTags(text: (name: string) => string | undefined, name: string): JsonObject | undefined {
  let joined = '';
  for (let index = 0; index < MOST_TAGS; index += 1) {
    const part = text(nameOfPart(name, index));
    if (part === undefined) {
      return undefined;
    }
    joined += part;
    const object = objectIn(joined);
    if (object !== undefined) {
      return object;
    }
  }
  return undefined;
}

function nameOfPart(name: string, index: number): string {
  return index === 0 ? name : `${name}-${index + 1}`;
}

function objectIn(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
