import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import type { ArmClient } from './arm-client.ts';
import { graphString, type QueryOptions, queryResourceGraph } from './resource-graph.ts';

/** A resource as Azure Resource Graph shows it, boiled down to what tells whether it has changed. */
export interface SweptResource {
  /** ARM id in lower case. */
  readonly id: string;
  /** Value of the tag that was asked for. */
  readonly tag: string;
  /** Another value means that location, SKU, tags, identity or properties are not what they were. */
  readonly digest: string;
}

/** Which resources are swept: those whose tag `name` has a value that begins with `prefix`. */
export interface SweptTag {
  readonly name: string;
  readonly prefix: string;
}

/** Rows whose digests are computed in one go; with more, everything else would wait noticeably. */
const ROWS_AT_ONCE = 50;

/**
 * Looks at all tagged resources and resource groups of a subscription by one query, a page of a thousand at a time. What has
 * no tags, such as containers, secrets and role assignments, does not appear.
 */
export async function* sweepResources(
  client: ArmClient,
  tag: SweptTag,
  options?: QueryOptions,
): AsyncGenerator<SweptResource, void, void> {
  for await (const page of queryResourceGraph(client, sweepQuery(tag), options)) {
    for (const [index, row] of page.entries()) {
      const swept = sweptResource(row);
      if (swept !== undefined) {
        yield swept;
      }
      if (index % ROWS_AT_ONCE === ROWS_AT_ONCE - 1) {
        await setImmediate();
      }
    }
  }
}

/** Tag values are compared with case, tag names without, as Azure does. */
function sweepQuery({ name, prefix }: SweptTag): string {
  const tagged = `where tags[${graphString(name)}] startswith_cs ${graphString(prefix)}`;
  return [
    `resources | ${tagged}`,
    `union (resourcecontainers | ${tagged})`,
    `project id, tag = tags[${graphString(name)}], location, sku, tags, identity, zones, properties`,
    'order by id asc',
  ].join(' | ');
}

function sweptResource({ id, tag, ...rest }: JsonObject): SweptResource | undefined {
  return typeof id === 'string' && typeof tag === 'string'
    ? {
        id: id.toLowerCase(),
        tag,
        digest: createHash('sha256')
          .update(JSON.stringify(sorted(rest)))
          .digest('base64'),
      }
    : undefined;
}

/** The same object has one text with this order of members, in whatever order Azure gives them. */
function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const members: Record<string, JsonValue | undefined> = {};
  for (const name of Object.keys(value).sort()) {
    members[name] = sorted(value[name] ?? null);
  }
  return members;
}
