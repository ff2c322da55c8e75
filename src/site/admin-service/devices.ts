import type { JsonObject } from '../../json.ts';
import type { DevicePass, DeviceRow } from '../facts.ts';
import { numberIn } from './fields.ts';
import type { ODataClient, Read } from './odata-client.ts';
import type { Pace } from './pace.ts';

const CLASS = 'SMS_CombinedDeviceResources';
/**
 * Parsed at once, a page of so many rows holds nothing else up, even on a busy machine: twice as many did. Public code asks
 * for 1,000.
 */
const PAGE_ROWS = 500;

/** Pages in a second, on average: nobody waits for a pass, and what else the operator and the site do goes first. */
export const PAGES_PER_SECOND = 40;

/** *Documented*, but for those that begin with CN, which are *seen in public code*. */
const COLUMNS = [
  'ResourceID',
  'IsClient',
  'IsObsolete',
  'IsAlwaysInternet',
  'CNIsOnInternet',
  'CNAccessMP',
  'LastPolicyRequest',
  'LastActiveTime',
] as const satisfies readonly (keyof DeviceRow)[];

/**
 * Reads all devices page by page, by `$top` and `$skip` (*seen in public code* on this class); what pages are cut to is the
 * site's business. Each page begins with the last row of the one before: when that is another one, the list has moved. It
 * ends with a page that brings nothing new, as a short one may be the site's own limit.
 */
export async function readDevices(
  client: ODataClient,
  pace: Pace,
  onPage: (devices: readonly DeviceRow[], date: number | undefined) => void,
  signal: AbortSignal,
): Promise<Read<DevicePass>> {
  let devices = 0;
  let last: number | undefined;
  let date: number | undefined;
  for (;;) {
    const overlap = last === undefined ? 0 : 1;
    const query = { select: COLUMNS, top: PAGE_ROWS + overlap, skip: devices - overlap };
    await pace.next(signal);
    const page = await client.page(CLASS, query, signal);
    date ??= page.date;
    const read = page.rows.map(deviceRow);
    if (last !== undefined && read[0]?.ResourceID !== last) return { value: { kind: 'Changed', devices }, date };
    const fresh = overlap === 0 ? read : read.slice(1);
    if (fresh.length === 0) return { value: { kind: 'Complete', devices }, date };
    onPage(fresh, page.date);
    devices += fresh.length;
    last = fresh.at(-1)?.ResourceID;
  }
}

function deviceRow(row: JsonObject): DeviceRow {
  numberIn(row, 'ResourceID');
  // Everything else is judged by whoever counts it, as the type says.
  return row as unknown as DeviceRow;
}
