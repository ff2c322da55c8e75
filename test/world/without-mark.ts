import { SERVED_TAG, WANTED_TAG } from '../../src/gateway/mark.ts';
import { isJsonObject, type JsonObject } from '../../src/json.ts';

/**
 * Resources without those tags that the operator writes a moment after a gateway serves: for tests that compare what is there
 * at one moment with what is there at another.
 */
export function withoutMark(resources: readonly JsonObject[]): readonly JsonObject[] {
  return resources.map((resource) => {
    if (!isJsonObject(resource.tags)) return resource;
    const { [SERVED_TAG]: _served, [WANTED_TAG]: _wanted, ...tags } = resource.tags;
    return { ...resource, tags };
  });
}
