import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import type { DesiredResource } from './desired-resource.ts';
import { looksLikeResourceId, normaliseLocation } from './resource-id.ts';

/** One declared value that Azure shows differently. */
export interface Difference {
  /** Dotted path; list items are named in brackets, such as `properties.securityRules[https].properties.priority`. */
  readonly path: string;
  /** Without what is write-only. `undefined` when an item exists that is not declared. */
  readonly desired: JsonValue | undefined;
  /** `undefined` when the value or item is missing. */
  readonly observed: JsonValue | undefined;
}

/** The parts of a `DesiredResource` that comparing needs. */
export type CompareOptions = Pick<DesiredResource, 'writeOnly' | 'createOnly' | 'keepForeignItems'>;

/**
 * Compares what is declared with what Azure shows, as a subset: whatever `desired` does not mention is a default of the
 * server and left alone. Forms that mean the same are no difference: the case of ids, UUIDs, item names and map keys, `West Europe`
 * and `westeurope`, `PT60M` and `PT1H`, the order of lists, and a missing value next to an empty one.
 */
export function differences(desired: JsonObject, observed: JsonObject, options: CompareOptions = {}): Difference[] {
  const ignored = new Set([...(options.writeOnly ?? []), ...(options.createOnly ?? [])]);
  const foreign = new Set(options.keepForeignItems ?? []);
  return [...compare(desired, observed, { shown: '', pattern: '' }, { ignored, foreign })];
}

/** Where the comparison stands: `shown` names list items, `pattern` is the same with `[]` for each. */
interface Place {
  readonly shown: string;
  readonly pattern: string;
}

interface Rules {
  readonly ignored: ReadonlySet<string>;
  readonly foreign: ReadonlySet<string>;
}

type Comparison = Iterable<Difference>;

function* compare(desired: JsonValue, observed: JsonValue | undefined, at: Place, rules: Rules): Comparison {
  if (rules.ignored.has(at.pattern) || (isEmpty(desired) && isEmpty(observed))) {
    return;
  }
  if (isList(desired)) {
    yield* compareLists(desired, isList(observed) ? observed : [], at, rules);
  } else if (isJsonObject(desired)) {
    yield* compareObjects(desired, isJsonObject(observed) ? observed : {}, at, rules);
  } else if (!sameScalar(desired, observed, at.pattern)) {
    yield { path: at.shown, desired, observed };
  }
}

function* compareObjects(desired: JsonObject, observed: JsonObject, at: Place, rules: Rules): Comparison {
  for (const [name, value] of Object.entries(desired)) {
    if (value === undefined) {
      continue;
    }
    const place = {
      shown: at.shown === '' ? name : `${at.shown}.${name}`,
      pattern: at.pattern === '' ? name : `${at.pattern}.${name}`,
    };
    const found = propertyNamed(observed, name);
    if (looksLikeResourceId(name) && found === undefined) {
      // In maps keyed by id, such as `userAssignedIdentities`, the key alone says something: its value is empty.
      yield { path: place.shown, desired: value, observed: undefined };
    } else {
      yield* compare(value, found, place, rules);
    }
  }
}

function* compareLists(
  desired: readonly JsonValue[],
  observed: readonly JsonValue[],
  at: Place,
  rules: Rules,
): Comparison {
  const label = labelOf(desired, observed);
  if (label === undefined) {
    if (desired.some((item) => isJsonObject(item) || isList(item))) {
      yield* compareInOrder(desired, observed, at, rules);
    } else if (!sameMembers(desired, observed, at.pattern)) {
      yield { path: at.shown, desired, observed };
    }
    return;
  }
  const unmatched = new Map(observed.map((item) => [label(item)?.toLowerCase(), item]));
  for (const item of desired) {
    const name = label(item) ?? '';
    const place = itemPlace(at, name);
    const found = unmatched.get(name.toLowerCase());
    unmatched.delete(name.toLowerCase());
    if (found === undefined) {
      yield { path: place.shown, desired: withoutIgnored(item, place.pattern, rules), observed: undefined };
    } else {
      yield* compare(item, found, place, rules);
    }
  }
  if (!rules.foreign.has(at.pattern)) {
    for (const item of unmatched.values()) {
      yield { path: itemPlace(at, label(item) ?? '').shown, desired: undefined, observed: item };
    }
  }
}

function* compareInOrder(
  desired: readonly JsonValue[],
  observed: readonly JsonValue[],
  at: Place,
  rules: Rules,
): Comparison {
  for (let index = 0; index < Math.max(desired.length, observed.length); index += 1) {
    const item = desired[index];
    const place = itemPlace(at, String(index));
    if (item === undefined || observed[index] === undefined) {
      const shown = item === undefined ? undefined : withoutIgnored(item, place.pattern, rules);
      yield { path: place.shown, desired: shown, observed: observed[index] };
    } else {
      yield* compare(item, observed[index], place, rules);
    }
  }
}

/** Differences are shown to people; what Azure never gives back is secret more often than not. */
function withoutIgnored(value: JsonValue, pattern: string, rules: Rules): JsonValue {
  if (isList(value)) {
    return value.map((item) => withoutIgnored(item, `${pattern}[]`, rules));
  }
  if (!isJsonObject(value)) {
    return value;
  }
  const kept = Object.entries(value).flatMap(([name, item]): [string, JsonValue][] => {
    const path = `${pattern}.${name}`;
    return item === undefined || rules.ignored.has(path) ? [] : [[name, withoutIgnored(item, path, rules)]];
  });
  return Object.fromEntries(kept);
}

function itemPlace(at: Place, name: string): Place {
  return { shown: `${at.shown}[${name}]`, pattern: `${at.pattern}[]` };
}

/** How the items of both lists are told apart: by `name`, else by `id`, if each item has one of its own. */
function labelOf(...lists: readonly (readonly JsonValue[])[]): ((item: JsonValue) => string | undefined) | undefined {
  if (lists.every((items) => items.length === 0)) {
    return undefined;
  }
  for (const property of ['name', 'id']) {
    const label = (item: JsonValue) => {
      const value = isJsonObject(item) ? item[property] : undefined;
      return typeof value === 'string' ? value : undefined;
    };
    const distinct = (items: readonly JsonValue[]) => {
      const labels = items.map((item) => label(item)?.toLowerCase());
      return !labels.includes(undefined) && new Set(labels).size === labels.length;
    };
    if (lists.every(distinct)) {
      return label;
    }
  }
  return undefined;
}

/** Lists of plain values are sets in Azure's answers: zones, prefixes and port ranges come back in any order. */
function sameMembers(desired: readonly JsonValue[], observed: readonly JsonValue[], pattern: string): boolean {
  const rest = [...observed];
  return (
    desired.length === observed.length &&
    desired.every((item) => {
      const index = rest.findIndex((other) => sameScalar(item, other, pattern));
      return index >= 0 && rest.splice(index, 1).length === 1;
    })
  );
}

function sameScalar(desired: JsonValue, observed: JsonValue | undefined, pattern: string): boolean {
  if (typeof desired !== 'string' || typeof observed !== 'string') {
    return (desired ?? null) === (observed ?? null);
  }
  return desired === observed || normalForm(desired, pattern) === normalForm(observed, pattern);
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const DURATION = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

function normalForm(text: string, pattern: string): string {
  const namesItem = pattern.endsWith('[].name');
  if (namesItem || looksLikeResourceId(text) || UUID.test(text)) {
    return text.replace(/\/$/, '').toLowerCase();
  }
  if (/(^|\.)locations?(\[\])?$/.test(pattern)) {
    return normaliseLocation(text);
  }
  const duration = DURATION.exec(text);
  if (duration !== null && text.length > 2) {
    const [days, hours, minutes, seconds] = duration.slice(1).map((part) => Number(part ?? 0));
    return `duration:${(((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)}`;
  }
  return `text:${text}`;
}

function isEmpty(value: JsonValue | undefined): boolean {
  return (
    value === undefined ||
    value === null ||
    (isList(value) && value.length === 0) ||
    (isJsonObject(value) && Object.values(value).every((each) => each === undefined))
  );
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The property called `name`, and failing that one whose name differs only in case, as keys of Azure's maps may. */
function propertyNamed(object: JsonObject, name: string): JsonValue | undefined {
  if (Object.hasOwn(object, name)) {
    return object[name];
  }
  const lower = name.toLowerCase();
  const match = Object.keys(object).find((each) => each.toLowerCase() === lower);
  return match === undefined ? undefined : object[match];
}
