import type { JsonObject, JsonValue } from '../../../src/json.ts';
import { SiteFault } from './exchange.ts';

export type Predicate = (row: JsonObject) => boolean;

type Literal = string | number | boolean | null;

/**
 * Reads the part of `$filter` that is used on sites: comparisons, `and`, `or`, `not`, brackets, and `startswith`, `endswith`,
 * `contains`. Text is compared without regard to case, as the site's database does.
 */
export function parseFilter(text: string): Predicate {
  const tokens = [...text.matchAll(/'((?:[^']|'')*)'|[(),]|[^\s(),']+/g)].map(([token, quoted]) =>
    quoted === undefined ? { token, literal: false } : { token: quoted.replaceAll("''", "'"), literal: true },
  );
  let position = 0;
  const peek = () => tokens[position]?.token;
  const take = (expected?: string): string => {
    const token = tokens[position];
    if (token === undefined || (expected !== undefined && token.token !== expected)) {
      throw new SiteFault(400, `The query specified in the URI is not valid: ${text}`);
    }
    position += 1;
    return token.token;
  };
  const literal = (): Literal => (tokens[position]?.literal ? take() : literalOf(take()));

  const disjunction = (): Predicate => {
    let left = conjunction();
    while (peek() === 'or') {
      take();
      left = either(left, conjunction());
    }
    return left;
  };
  const conjunction = (): Predicate => {
    let left = term();
    while (peek() === 'and') {
      take();
      left = both(left, term());
    }
    return left;
  };
  const term = (): Predicate => {
    if (peek() === 'not') {
      take();
      const inner = term();
      return (row) => !inner(row);
    }
    if (peek() === '(') {
      take();
      const inner = disjunction();
      take(')');
      return inner;
    }
    const first = take();
    return peek() === '(' ? textFunction(first) : comparison(first, take(), literal());
  };
  const textFunction = (name: string): Predicate => {
    take('(');
    const property = take();
    take(',');
    const sought = String(literal()).toLowerCase();
    take(')');
    const isCompared = peek() === 'eq';
    if (isCompared) take('eq');
    const wanted = isCompared ? literal() === true : true;
    const test = TEXT_FUNCTIONS[name];
    if (test === undefined) throw new SiteFault(400, `An unknown function with name '${name}' was found.`);
    return (row) => test(String(row[property] ?? '').toLowerCase(), sought) === wanted;
  };

  const predicate = disjunction();
  if (position < tokens.length) throw new SiteFault(400, `The query specified in the URI is not valid: ${text}`);
  return predicate;
}

const both =
  (left: Predicate, right: Predicate): Predicate =>
  (row) =>
    left(row) && right(row);
const either =
  (left: Predicate, right: Predicate): Predicate =>
  (row) =>
    left(row) || right(row);

const TEXT_FUNCTIONS: Readonly<Record<string, (value: string, sought: string) => boolean>> = {
  startswith: (value, sought) => value.startsWith(sought),
  endswith: (value, sought) => value.endsWith(sought),
  contains: (value, sought) => value.includes(sought),
};

function literalOf(token: string): Literal {
  if (token === 'true' || token === 'false') return token === 'true';
  if (token === 'null') return null;
  const number = Number(token);
  return Number.isNaN(number) ? token : number;
}

function comparison(property: string, operator: string, sought: Literal): Predicate {
  const compare = COMPARISONS[operator];
  if (compare === undefined) throw new SiteFault(400, `The operator '${operator}' is not known.`);
  return (row) => compare(order(row[property], sought));
}

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
};

/** Negative, zero or positive; NaN, which no comparison but `ne` holds for, where the two cannot be compared. */
function order(value: JsonValue | undefined, sought: Literal): number {
  if (typeof value === 'string' && typeof sought === 'string') {
    return Math.sign(value.toLowerCase().localeCompare(sought.toLowerCase()));
  }
  if (typeof value === 'number' && typeof sought === 'number') return Math.sign(value - sought);
  return (value ?? null) === sought ? 0 : Number.NaN;
}
