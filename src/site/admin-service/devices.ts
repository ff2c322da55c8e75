import type { JsonObject } from '../../json.ts';
import type { DevicePass, DeviceRow } from '../facts.ts';
import { numberIn } from './fields.ts';
import type { ODataClient, Read } from './odata-client.ts';
import type { Pace } from './pace.ts';
import { type PagedClass, readPages } from './pages.ts';

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

const DEVICES: PagedClass<DeviceRow> = {
  className: 'SMS_CombinedDeviceResources',
  query: { select: COLUMNS },
  rowOf: deviceRow,
  identityOf: ({ ResourceID }) => ResourceID,
};

/** Reads all devices. Paging is *seen in public code* on this class. */
export async function readDevices(
  client: ODataClient,
  pace: Pace,
  onRows: (devices: readonly DeviceRow[], date: number | undefined) => void,
  signal: AbortSignal,
): Promise<Read<DevicePass>> {
  const { value, date } = await readPages(client, pace, DEVICES, onRows, signal);
  return { value: { kind: value.kind, devices: value.rows }, date };
}

function deviceRow(row: JsonObject): DeviceRow {
  numberIn(row, 'ResourceID');
  // Everything else is judged by whoever counts it, as the type says.
  return row as unknown as DeviceRow;
}
