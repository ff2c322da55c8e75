import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '../../../src/json.ts';
import { bodyOf, SiteFault, type SiteReply, type SiteRequest } from './exchange.ts';
import { parseFilter } from './odata-filter.ts';
import { type KeyValue, type ODataPath, parsePath } from './odata-path.ts';
import type { SimulatedClass } from './simulated-class.ts';

export interface DispatcherOptions {
  readonly classes: readonly SimulatedClass[];
  /** Most rows in one answer; beyond it `@odata.nextLink` leads on. */
  readonly pageSize: () => number;
}

/** Answers requests below the base, which are authenticated already. `path` is what follows the base. */
export function dispatch(options: DispatcherOptions, request: SiteRequest, path: string): SiteReply {
  const target = parsePath(path);
  // Names of classes are matched without regard to case on the wmi route since version 2006.
  const found = options.classes.find(({ name }) => name.toLowerCase() === target.className.toLowerCase());
  if (found === undefined) {
    throw new SiteFault(404, `No HTTP resource was found that matches the request URI '${target.className}'.`);
  }
  if (target.method !== undefined) return callMethod(found, request, target, target.method);
  if (target.key !== undefined) return onInstance(found, request, instanceIn(found, target.key));
  switch (request.method) {
    case 'GET':
      return list(options, found, request);
    case 'POST':
      if (found.create === undefined) throw notAllowed(request, found);
      return { status: 201, body: annotated(found.create(bodyOf(request))) };
    default:
      throw notAllowed(request, found);
  }
}

function notAllowed({ method }: SiteRequest, { name }: SimulatedClass): SiteFault {
  return new SiteFault(405, `The requested resource ${name} does not support http method '${method}'.`);
}

function onInstance(found: SimulatedClass, request: SiteRequest, row: JsonObject): SiteReply {
  const condition = request.headers['if-match'];
  if (condition !== undefined && condition !== '*' && condition !== etagOf(row)) {
    throw new SiteFault(412, 'The instance has been changed since it was read.');
  }
  switch (request.method) {
    case 'GET':
      return { status: 200, body: { '@odata.context': contextOf(request, found), value: [annotated(row)] } };
    case 'PUT':
      if (found.update === undefined) throw notAllowed(request, found);
      found.update(row, bodyOf(request));
      return { status: 200 };
    case 'DELETE':
      if (found.remove === undefined) throw notAllowed(request, found);
      found.remove(row);
      return { status: 204 };
    default:
      throw notAllowed(request, found);
  }
}

function callMethod(found: SimulatedClass, request: SiteRequest, { key }: ODataPath, name: string): SiteReply {
  if (request.method !== 'POST') throw notAllowed(request, found);
  const parameters = request.text === '' ? {} : bodyOf(request);
  refuseEmbeddedObjects(parameters);
  if (key === undefined) {
    const method = found.staticMethods?.[name];
    if (method === undefined) throw unknownMethod(found, name);
    return { status: 201, body: method(parameters) };
  }
  const method = found.instanceMethods?.[name];
  if (method === undefined) throw unknownMethod(found, name);
  return { status: 201, body: method(instanceIn(found, key), parameters) };
}

function unknownMethod({ name }: SimulatedClass, method: string): SiteFault {
  return new SiteFault(404, `No method ${method} was found on ${name}.`);
}

/** Arrays of embedded objects as parameters are a defect known of sites. */
function refuseEmbeddedObjects(parameters: JsonObject): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null)) {
      throw new SiteFault(404, `ODataParameterReader: the parameter '${name}' cannot be read.`);
    }
  }
}

function list({ pageSize }: DispatcherOptions, found: SimulatedClass, request: SiteRequest): SiteReply {
  const { query } = request;
  const select = query.get('$select')?.split(',');
  if (select !== undefined && found.refusesSelect) {
    throw new SiteFault(500, `$select is not supported on ${found.name}.`);
  }
  const top = countIn(query, '$top');
  const skip = countIn(query, '$skip') ?? 0;
  const filter = query.get('$filter');
  const all = found.rows();
  const matches = filter === null ? undefined : parseFilter(filter);
  const filtered = matches && [...indexes(all.count)].filter((index) => matches(all.at(index)));
  const count = filtered?.length ?? all.count;
  const wanted = Math.min(top ?? Number.POSITIVE_INFINITY, Math.max(count - skip, 0));
  const length = Math.min(wanted, pageSize());
  const value = [...indexes(length)].map((n) => shown(found, all.at(filtered?.[skip + n] ?? skip + n), select));
  const next = length < wanted ? nextLink(request, skip + length, top === undefined ? undefined : top - length) : {};
  return { status: 200, body: { '@odata.context': contextOf(request, found), value, ...next } };
}

function* indexes(count: number): Generator<number> {
  for (let index = 0; index < count; index += 1) yield index;
}

function countIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d+$/.test(text)) throw new SiteFault(400, `The value '${text}' of ${name} is no number.`);
  return Number(text);
}

function nextLink(request: SiteRequest, skip: number, top: number | undefined): JsonObject {
  const query = new URLSearchParams(request.query);
  query.set('$skip', String(skip));
  if (top !== undefined) query.set('$top', String(top));
  return { '@odata.nextLink': `${request.origin}${request.path}?${query}` };
}

function contextOf({ origin }: SiteRequest, { name }: SimulatedClass): string {
  return `${origin}/AdminService/wmi/$metadata#${name}`;
}

function shown(found: SimulatedClass, row: JsonObject, select: readonly string[] | undefined): JsonObject {
  if (select !== undefined) return Object.fromEntries(select.map((name) => [name, row[name] ?? null]));
  const emptied = (found.lazy ?? []).map((name): [string, JsonValue] => [name, []]);
  return { ...annotated(row), ...Object.fromEntries(emptied) };
}

function annotated(row: JsonObject): JsonObject {
  return { '@odata.etag': etagOf(row), ...row };
}

function etagOf(row: JsonObject): string {
  return `W/"${createHash('sha1').update(JSON.stringify(row)).digest('hex').slice(0, 16)}"`;
}

function instanceIn(found: SimulatedClass, key: ReadonlyMap<string, KeyValue>): JsonObject {
  const rows = found.rows();
  const [only] = found.key;
  const wanted = key.has('') && found.key.length === 1 && only ? new Map([[only, key.get('')]]) : key;
  if (wanted.size !== found.key.length)
    throw new SiteFault(400, `The key of ${found.name} is ${found.key.join(', ')}.`);
  for (const index of indexes(rows.count)) {
    const row = rows.at(index);
    if (found.key.every((name) => row[name] === wanted.get(name))) return row;
  }
  throw new SiteFault(404, `The instance of ${found.name} was not found.`);
}
