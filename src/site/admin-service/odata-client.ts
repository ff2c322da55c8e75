import { isJsonObject, type JsonObject, type JsonValue } from '../../json.ts';
import { invalidAnswer, SiteFailureError } from '../failure.ts';
import { type HttpAnswer, typeOf } from './answer-failure.ts';
import type { SiteTransport } from './transport.ts';

/** Names an instance: the value of its only key property, or the values of all by name. */
export type InstanceKey = number | string | Readonly<Record<string, number | string>>;

/** One answer to a list, with what comes next. */
export interface Page {
  readonly rows: readonly JsonObject[];
  readonly date: number | undefined;
}

/** What was read, and when the first answer to it came. */
export interface Read<T> {
  readonly value: T;
  readonly date: number | undefined;
}

export interface ListQuery {
  /** OData expression, such as `GroupID eq 5`. */
  readonly filter?: string;
  /** Not for classes with lazy columns: sites refuse it there (*seen in public code*). */
  readonly select?: readonly string[];
  readonly top?: number;
  readonly skip?: number;
}

/** Instances of WMI classes over the `wmi` route. All methods throw `SiteFailureError`. */
export interface ODataClient {
  /** One answer, as far as the site puts rows in one. *Documented*: `GET wmi/<Class>`, `$filter`, `$select`. */
  page(className: string, query: ListQuery, signal: AbortSignal): Promise<Page>;
  /**
   * All instances; where the site divides them, `@odata.nextLink` is followed. *Documented* by OData, not seen of sites.
   * Lazy properties are empty in what comes: read those by key.
   */
  list(className: string, query: ListQuery, signal: AbortSignal): Promise<Read<readonly JsonObject[]>>;
  /** One instance with its lazy properties. *Documented* with one key property; *inferred* with several. */
  byKey(className: string, key: InstanceKey, signal: AbortSignal): Promise<Read<JsonObject>>;
  /** *Seen in public code*: `POST wmi/<Class>`. */
  create(className: string, body: JsonObject, signal: AbortSignal): Promise<number | undefined>;
  /**
   * Changes the named properties of an instance that was read; refused when it has changed since. *Seen in public code*
   * for one class: `PUT wmi/<Class>(<key>)` with some properties; `If-Match` is *inferred* from etags in *documented* answers.
   */
  update(
    className: string,
    key: InstanceKey,
    changes: JsonObject,
    readRow: JsonObject,
    signal: AbortSignal,
  ): Promise<number | undefined>;
  /** *Seen in public code*: `DELETE wmi/<Class>(<key>)`. */
  remove(className: string, key: InstanceKey, signal: AbortSignal): Promise<number | undefined>;
  /** *Documented*: `POST wmi/<Class>.<Method>`. */
  callStatic(
    className: string,
    method: string,
    parameters: JsonObject,
    signal: AbortSignal,
  ): Promise<number | undefined>;
  /** *Seen in public code*: `POST wmi/<Class>(<key>)/AdminService.<Method>`. */
  callInstance(
    className: string,
    key: InstanceKey,
    method: string,
    parameters: JsonObject,
    signal: AbortSignal,
  ): Promise<number | undefined>;
}

/** More than any list that is read here has; a site that never ends one is broken. */
const MOST_PAGES = 10_000;

export function createODataClient(transport: SiteTransport): ODataClient {
  const write = async (
    method: 'POST' | 'PUT' | 'DELETE',
    path: string,
    signal: AbortSignal,
    body?: JsonObject,
    ifMatch?: string,
  ): Promise<number | undefined> => {
    const answer = await transport.send({ method, path, signal, ifMatch, ...(body === undefined ? {} : { body }) });
    refuseErrorValue(answer);
    return answer.date;
  };
  return {
    page: async (className, query, signal) => {
      const answer = await transport.send({ method: 'GET', path: pathOf(className, undefined, query), signal });
      return { rows: rowsIn(bodyOf(answer), answer), date: answer.date };
    },
    list: (className, query, signal) => list(transport, pathOf(className, undefined, query), signal),
    byKey: async (className, key, signal) => {
      const answer = await transport.send({ method: 'GET', path: pathOf(className, key), signal });
      const body = bodyOf(answer);
      // Seen of sites: an array with the one instance in it.
      const [row, ...more] = 'value' in body ? rowsIn(body, answer) : [body];
      if (row === undefined || more.length > 0) throw invalidAnswer(`${className} by its key is not one instance.`);
      return { value: row, date: answer.date };
    },
    create: (className, body, signal) => write('POST', pathOf(className), signal, body),
    update: (className, key, changes, readRow, signal) => {
      const etag = readRow['@odata.etag'];
      return write('PUT', pathOf(className, key), signal, changes, typeof etag === 'string' ? etag : undefined);
    },
    remove: (className, key, signal) => write('DELETE', pathOf(className, key), signal),
    callStatic: (className, method, parameters, signal) =>
      write('POST', `${pathOf(className)}.${method}`, signal, parameters),
    callInstance: (className, key, method, parameters, signal) =>
      write('POST', `${pathOf(className, key)}/AdminService.${method}`, signal, parameters),
  };
}

async function list(
  transport: SiteTransport,
  firstPath: string,
  signal: AbortSignal,
): Promise<Read<readonly JsonObject[]>> {
  const rows: JsonObject[] = [];
  const asked = new Set<string>();
  let date: number | undefined;
  let next: string | undefined = firstPath;
  while (next !== undefined) {
    if (asked.has(next) || asked.size === MOST_PAGES) throw invalidAnswer('The list leads on without an end.');
    asked.add(next);
    const answer = await transport.send({ method: 'GET', path: next, signal });
    const body = bodyOf(answer);
    rows.push(...rowsIn(body, answer));
    date ??= answer.date;
    const link: JsonValue | undefined = body['@odata.nextLink'];
    next = typeof link === 'string' && link !== '' ? link : undefined;
    if (next !== undefined && !transport.owns(next)) throw invalidAnswer('The list leads on to another address.');
  }
  return { value: rows, date };
}

function bodyOf(answer: HttpAnswer): JsonObject {
  try {
    const body: unknown = JSON.parse(answer.text);
    if (isJsonObject(body)) return body;
  } catch {
    // Told below, without quoting what came.
  }
  throw invalidAnswer(`The answer is not from an AdminService: it holds no JSON object (${typeOf(answer)}).`, {
    status: answer.status,
    date: answer.date,
  });
}

function rowsIn(body: JsonObject, { status, date }: HttpAnswer): readonly JsonObject[] {
  const { value } = body;
  if (Array.isArray(value) && value.every(isJsonObject)) return value;
  throw invalidAnswer('The answer is not from an AdminService: it holds no list of instances.', { status, date });
}

/** *Documented* for the methods that are used: 0 means that it was done. */
function refuseErrorValue(answer: HttpAnswer): void {
  if (answer.text.trim() === '') return;
  const { ReturnValue: returned } = bodyOf(answer);
  if (returned === undefined || returned === 0) return;
  const message = `The method returned ${String(returned)}, which is an error.`;
  throw new SiteFailureError({ kind: 'Refused', status: answer.status, date: answer.date, message });
}

/** `wmi/<Class>(<key>)?<query>`, encoded. */
export function pathOf(className: string, key?: InstanceKey, query: ListQuery = {}): string {
  const parameters = [
    query.filter === undefined ? undefined : `$filter=${encodeURIComponent(query.filter)}`,
    query.select === undefined ? undefined : `$select=${query.select.join(',')}`,
    query.top === undefined ? undefined : `$top=${query.top}`,
    query.skip === undefined ? undefined : `$skip=${query.skip}`,
  ].filter((parameter) => parameter !== undefined);
  const instance = key === undefined ? '' : `(${encodeURIComponent(keyText(key))})`;
  return `wmi/${className}${instance}${parameters.length === 0 ? '' : `?${parameters.join('&')}`}`;
}

function keyText(key: InstanceKey): string {
  if (typeof key !== 'object') return literalOf(key);
  return Object.entries(key)
    .map(([name, value]) => `${name}=${literalOf(value)}`)
    .join(',');
}

/** A value as OData writes it: quotes in texts are doubled. */
export function literalOf(value: number | string): string {
  return typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`;
}
