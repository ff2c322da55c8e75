import type { JsonObject } from '../../json.ts';
import type { ListQuery, ODataClient, Read } from './odata-client.ts';
import type { Pace } from './pace.ts';

/**
 * Parsed at once, a page of so many rows holds nothing else up, even on a busy machine: twice as many did. Public code asks
 * for 1,000.
 */
const PAGE_ROWS = 500;

/** Rows that are handed over at once. */
const PART_ROWS = 100;

/** Pages in a second, on average: nobody waits for a pass, and what else the operator and the site do goes first. */
export const PAGES_PER_SECOND = 40;

/** A class that is read page by page. */
export interface PagedClass<Row> {
  readonly className: string;
  readonly query: Pick<ListQuery, 'filter' | 'select'>;
  /** Takes a row for what it has to be. @throws SiteFailureError where it is something else */
  readonly rowOf: (row: JsonObject) => Row;
  /** Tells a row from every other one of the class. */
  readonly identityOf: (row: Row) => string | number;
}

/** How a pass over a class ended. */
export interface PassEnd {
  /** `Changed`: the list moved underneath. */
  readonly kind: 'Complete' | 'Changed';
  readonly rows: number;
}

/**
 * Reads all rows page by page, by `$top` and `$skip` (*seen in public code* on one class); what pages are cut to is the
 * site's business. Each page begins with the last row of the one before: when that is another one, the list has moved. It
 * ends with a page that brings nothing new, as a short one may be the site's own limit.
 */
export async function readPages<Row>(
  client: ODataClient,
  pace: Pace,
  { className, query, rowOf, identityOf }: PagedClass<Row>,
  onRows: (rows: readonly Row[], date: number | undefined) => void,
  signal: AbortSignal,
): Promise<Read<PassEnd>> {
  let rows = 0;
  let last: string | number | undefined;
  let date: number | undefined;
  for (;;) {
    const overlap = last === undefined ? 0 : 1;
    await pace.next(signal);
    const page = await client.page(className, { ...query, top: PAGE_ROWS + overlap, skip: rows - overlap }, signal);
    date ??= page.date;
    const read = page.rows.map(rowOf);
    const [first] = read;
    if (last !== undefined && (first === undefined || identityOf(first) !== last)) {
      return { value: { kind: 'Changed', rows }, date };
    }
    const fresh = overlap === 0 ? read : read.slice(1);
    const newest = fresh.at(-1);
    if (newest === undefined) return { value: { kind: 'Complete', rows }, date };
    await handOver(fresh, (part) => onRows(part, page.date));
    signal.throwIfAborted();
    rows += fresh.length;
    last = identityOf(newest);
  }
}

/** Part by part, so that whatever is counted in them, other work comes in between. */
async function handOver<Row>(rows: readonly Row[], onPart: (rows: readonly Row[]) => void): Promise<void> {
  for (let from = 0; from < rows.length; from += PART_ROWS) {
    onPart(rows.slice(from, from + PART_ROWS));
    await new Promise((resolve) => setImmediate(resolve));
  }
}
