import { ArmFault } from '../arm-fault.ts';

/** The `$filter` of lists: comparisons joined by `and`, as the Azure CLI and the portal send them. */

/** One comparison, the field in lower case. */
export interface Comparison {
  readonly field: string;
  readonly operator: 'eq' | 'ne';
  readonly value: string;
}

const TERM = /^\s*\(?\s*([\w/.]+)\s+(eq|ne)\s+'((?:[^']|'')*)'\s*\)?\s*$/i;

/** Takes a filter apart. @throws ArmFault for anything else than comparisons of known fields joined by `and` */
export function parseFilter(filter: string, fields: readonly string[]): Comparison[] {
  return filter.split(/\s+and\s+/i).map((term) => {
    const [, field = '', operator = '', value = ''] = TERM.exec(term) ?? [];
    if (!fields.includes(field.toLowerCase())) {
      throw new ArmFault(
        400,
        'InvalidFilterInQueryString',
        `Invalid $filter '${filter}' specified in the query string.`,
      );
    }
    return {
      field: field.toLowerCase(),
      operator: operator.toLowerCase() === 'ne' ? 'ne' : 'eq',
      value: value.replaceAll("''", "'"),
    };
  });
}

/** Whether tags satisfy `tagname eq 'a'` or `tagname eq 'a' and tagvalue eq 'b'`. */
export function matchesTags(filter: string, tags: Readonly<Record<string, string>>): boolean {
  return tagsSatisfy(parseFilter(filter, ['tagname', 'tagvalue']), tags);
}

/** The same for comparisons already taken apart; those of other fields are not looked at. Names of tags have no case. */
export function tagsSatisfy(comparisons: readonly Comparison[], tags: Readonly<Record<string, string>>): boolean {
  const wanted = comparisons.find(({ field }) => field === 'tagname')?.value;
  if (wanted === undefined) return true;
  const value = comparisons.find(({ field }) => field === 'tagvalue')?.value;
  return Object.entries(tags).some(
    ([name, text]) => name.toLowerCase() === wanted.toLowerCase() && (value === undefined || value === text),
  );
}
