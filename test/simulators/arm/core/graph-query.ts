import { isJsonObject, type JsonObject, type JsonValue } from '../../../../src/json.ts';
import { createReader, QueryProblem, type Reader } from './graph-query-reader.ts';

/**
 * A small part of the Kusto query language, enough for sweeps over tagged resources: a table, then `where` with
 * comparisons joined by `and`, `or` and brackets, `project`, `extend` of plain columns, `order by`, `limit`/`take`, `count`, and
 * `union` with another table, in brackets with steps of its own.
 */
export interface GraphQuery {
  readonly table: string;
  readonly steps: readonly Step[];
}

type Row = JsonObject;
type Tables = (table: string) => readonly Row[];
type Step = (rows: readonly Row[], tables: Tables) => readonly Row[];
type Predicate = (row: Row) => boolean;
type Expression = (row: Row) => JsonValue;

/** Reads a query. @throws QueryProblem */
export function parseQuery(text: string): GraphQuery {
  const reader = createReader(text);
  return queryUpTo(reader, () => reader.atEnd());
}

function queryUpTo(reader: Reader, ended: () => boolean): GraphQuery {
  const table = reader.identifier();
  const steps: Step[] = [];
  while (!ended()) {
    reader.expect('|');
    steps.push(step(reader));
  }
  return { table: table.toLowerCase(), steps };
}

/** Applies a query to the rows of its tables. */
export function runQuery({ table, steps }: GraphQuery, tables: Tables): readonly Row[] {
  return steps.reduce((left, next) => next(left, tables), tables(table));
}

function step(reader: Reader): Step {
  const keyword = reader.identifier().toLowerCase();
  switch (keyword) {
    case 'where': {
      const predicate = disjunction(reader);
      return (rows) => rows.filter(predicate);
    }
    case 'project': {
      const columns = namedExpressions(reader);
      return (rows) => rows.map((row) => Object.fromEntries(columns.map(([name, value]) => [name, value(row)])));
    }
    case 'extend': {
      const columns = namedExpressions(reader);
      return (rows) =>
        rows.map((row) => ({ ...row, ...Object.fromEntries(columns.map(([name, value]) => [name, value(row)])) }));
    }
    case 'limit':
    case 'take': {
      const count = reader.number();
      return (rows) => rows.slice(0, count);
    }
    case 'union': {
      reader.expect('(');
      const other = queryUpTo(reader, () => reader.accept(')'));
      return (rows, tables) => [...rows, ...runQuery(other, tables)];
    }
    case 'count':
      return (rows) => [{ Count: rows.length }];
    case 'order':
    case 'sort': {
      reader.expectWord('by');
      const key = expression(reader);
      const descending = reader.acceptWord('desc') || !reader.acceptWord('asc');
      return (rows) => [...rows].sort((left, right) => compare(key(left), key(right)) * (descending ? -1 : 1));
    }
    default:
      throw new QueryProblem(`The operator ${keyword} is not read by this simulator.`);
  }
}

function compare(left: JsonValue, right: JsonValue): number {
  const [first, second] = [plain(left), plain(right)];
  return first < second ? -1 : first > second ? 1 : 0;
}

function namedExpressions(reader: Reader): [string, Expression][] {
  const result: [string, Expression][] = [];
  do {
    const start = reader.position;
    const name = reader.identifier();
    if (reader.accept('=')) {
      result.push([name, expression(reader)]);
    } else {
      reader.position = start;
      const path = reader.path();
      result.push([path.join('_'), (row) => at(row, path)]);
    }
  } while (reader.accept(','));
  return result;
}

function disjunction(reader: Reader): Predicate {
  const parts = [conjunction(reader)];
  while (reader.acceptWord('or')) parts.push(conjunction(reader));
  return (row) => parts.some((part) => part(row));
}

function conjunction(reader: Reader): Predicate {
  const parts = [comparison(reader)];
  while (reader.acceptWord('and')) parts.push(comparison(reader));
  return (row) => parts.every((part) => part(row));
}

const OPERATORS: Readonly<Record<string, (left: string, right: string) => boolean>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '=~': (left, right) => left.toLowerCase() === right.toLowerCase(),
  '!~': (left, right) => left.toLowerCase() !== right.toLowerCase(),
  startswith: (left, right) => left.toLowerCase().startsWith(right.toLowerCase()),
  '!startswith': (left, right) => !left.toLowerCase().startsWith(right.toLowerCase()),
  startswith_cs: (left, right) => left.startsWith(right),
  endswith: (left, right) => left.toLowerCase().endsWith(right.toLowerCase()),
  contains: (left, right) => left.toLowerCase().includes(right.toLowerCase()),
  contains_cs: (left, right) => left.includes(right),
};

function comparison(reader: Reader): Predicate {
  if (reader.accept('(')) {
    const inner = disjunction(reader);
    reader.expect(')');
    return inner;
  }
  for (const [word, wanted] of [
    ['isnotempty', false],
    ['isempty', true],
    ['isnotnull', false],
    ['isnull', true],
  ] as const) {
    if (reader.acceptCall(word)) {
      const value = expression(reader);
      reader.expect(')');
      return (row) => (plain(value(row)) === '') === wanted;
    }
  }
  const left = expression(reader);
  const operator = reader.operator();
  if (operator === 'in' || operator === 'in~') return membership(reader, left, operator === 'in~');
  const test = OPERATORS[operator];
  if (test === undefined) throw new QueryProblem(`The comparison ${operator} is not read by this simulator.`);
  const right = expression(reader);
  return (row) => test(plain(left(row)), plain(right(row)));
}

function membership(reader: Reader, left: Expression, ignoreCase: boolean): Predicate {
  reader.expect('(');
  const items: Expression[] = [];
  do items.push(expression(reader));
  while (reader.accept(','));
  reader.expect(')');
  const fold = (text: string) => (ignoreCase ? text.toLowerCase() : text);
  return (row) => items.some((item) => fold(plain(item(row))) === fold(plain(left(row))));
}

function expression(reader: Reader): Expression {
  for (const [word, change] of [
    ['tolower', (text: string) => text.toLowerCase()],
    ['toupper', (text: string) => text.toUpperCase()],
    ['tostring', (text: string) => text],
  ] as const) {
    if (reader.acceptCall(word)) {
      const inner = expression(reader);
      reader.expect(')');
      return (row) => change(plain(inner(row)));
    }
  }
  const literal = reader.literal();
  if (literal !== undefined) return () => literal;
  const path = reader.path();
  return (row) => at(row, path);
}

function at(row: Row, path: readonly string[]): JsonValue {
  let value: JsonValue = row;
  for (const name of path) {
    if (!isJsonObject(value)) return null;
    value = value[name] ?? null;
  }
  return value;
}

/** As Kusto turns a dynamic value into text: nothing is the empty string. */
function plain(value: JsonValue): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
