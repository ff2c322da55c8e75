import type { JsonObject } from '../../json.ts';
import type {
  ContentItem,
  ContentKind,
  ContentPass,
  DistributedContent,
  DistributionState,
  ServiceRecord,
} from '../facts.ts';
import { serverInNalPath } from '../manual-steps.ts';
import { isSameName } from '../names.ts';
import { numberIn, optionalTextIn, textIn } from './fields.ts';
import { literalOf, type ODataClient, type Read } from './odata-client.ts';
import type { Pace } from './pace.ts';
import { readPages } from './pages.ts';

type Gateway = Pick<ServiceRecord, 'nalPath'>;

/** Values of `SMS_DPContentInfo.ObjectType` (*documented*). The others are no content that a cmdlet distributes by its id. */
const KINDS: ReadonlyMap<number, ContentKind> = new Map([
  [0, 'Package'],
  [3, 'DriverPackage'],
  [4, 'TaskSequence'],
  [5, 'DeploymentPackage'],
  [257, 'OperatingSystemImage'],
  [258, 'BootImage'],
  [259, 'OperatingSystemInstaller'],
  [512, 'Application'],
]);

/** Values of `SMS_PackageStatusDistPointsSummarizer.State` (*documented*). */
const STATES: ReadonlyMap<number, DistributionState> = new Map([
  [0, 'Installed'],
  [1, 'Pending'],
  [2, 'Pending'],
  [3, 'Failed'],
  [4, 'Removing'],
  [5, 'Removing'],
  [6, 'Removing'],
]);

interface Placed<Item> {
  readonly nalPath: string;
  readonly item: Item;
}

/**
 * What is assigned to the distribution point of a gateway. The class and its properties are *documented*; that it has a
 * gateway under the NAL path of its record is *inferred* from boundary groups, which do.
 */
export function readContent(
  client: ODataClient,
  pace: Pace,
  gateway: Gateway,
  onItems: (items: readonly ContentItem[]) => void,
  signal: AbortSignal,
): Promise<Read<ContentPass>> {
  const placed = {
    className: 'SMS_DPContentInfo',
    pathColumn: 'NALPath',
    columns: ['NALPath', 'PackageID', 'Name', 'ObjectType'],
    itemOf: (row: JsonObject): ContentItem => ({
      packageId: textIn(row, 'PackageID'),
      name: optionalTextIn(row, 'Name'),
      kind: KINDS.get(numberIn(row, 'ObjectType')) ?? 'Other',
    }),
  };
  return readPlaced(client, pace, placed, gateway, onItems, signal);
}

/** How the distribution of each item stands. *Inferred* as {@link readContent}. */
export function readDistribution(
  client: ODataClient,
  pace: Pace,
  gateway: Gateway,
  onItems: (items: readonly DistributedContent[]) => void,
  signal: AbortSignal,
): Promise<Read<ContentPass>> {
  const placed = {
    className: 'SMS_PackageStatusDistPointsSummarizer',
    pathColumn: 'ServerNALPath',
    columns: ['ServerNALPath', 'PackageID', 'State'],
    itemOf: (row: JsonObject): DistributedContent => ({
      packageId: textIn(row, 'PackageID'),
      state: STATES.get(numberIn(row, 'State')) ?? 'Unknown',
    }),
  };
  return readPlaced(client, pace, placed, gateway, onItems, signal);
}

interface PlacedClass<Item> {
  readonly className: string;
  /** The column with the NAL path of the distribution point. */
  readonly pathColumn: string;
  readonly columns: readonly string[];
  readonly itemOf: (row: JsonObject) => Item;
}

async function readPlaced<Item extends { readonly packageId: string }>(
  client: ODataClient,
  pace: Pace,
  { className, pathColumn, columns, itemOf }: PlacedClass<Item>,
  { nalPath }: Gateway,
  onItems: (items: readonly Item[]) => void,
  signal: AbortSignal,
): Promise<Read<ContentPass>> {
  const server = serverInNalPath(nalPath);
  let items = 0;
  const { value, date } = await readPages<Placed<Item>>(
    client,
    pace,
    {
      className,
      // By its name: whether a site takes the backslashes of a path in a filter as they are is not known.
      query: { select: columns, filter: `contains(${pathColumn},${literalOf(server)})` },
      rowOf: (row) => ({ nalPath: textIn(row, pathColumn), item: itemOf(row) }),
      identityOf: ({ nalPath: path, item }) => `${item.packageId} ${path}`,
    },
    (rows) => {
      // The name of a gateway may be a part of another one's.
      const own = rows.filter((row) => isSameName(serverInNalPath(row.nalPath), server)).map(({ item }) => item);
      items += own.length;
      onItems(own);
    },
    signal,
  );
  return { value: { kind: value.kind, items }, date };
}
