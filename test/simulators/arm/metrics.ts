import type { StoredResource } from './world.ts';
import type { WorldState } from './world-state.ts';

/** The metrics of Azure Monitor that matter to a gateway: what leaves it, and what it stores. */

/** One metric of a type of resource. */
export interface MetricDefinition {
  readonly name: string;
  readonly localizedName: string;
  readonly description: string;
  readonly unit: 'Bytes' | 'Count' | 'Percent';
  /** `Total`: something flows, and the setting is a rate a second. `Average`: the setting is the value itself. */
  readonly primary: 'Total' | 'Average';
  /** The shortest interval that can be asked for, in seconds. */
  readonly finestSeconds: number;
}

function metric(
  name: string,
  unit: MetricDefinition['unit'],
  primary: MetricDefinition['primary'],
  description: string,
  finestSeconds = 60,
): MetricDefinition {
  return { name, localizedName: name, description, unit, primary, finestSeconds };
}

const HOUR = 3600;

/** By type in lower case; the first one is what is shown to who names none. */
const DEFINITIONS: Readonly<Record<string, readonly MetricDefinition[]>> = {
  'microsoft.compute/virtualmachinescalesets': [
    metric('Percentage CPU', 'Percent', 'Average', 'The percentage of allocated compute units that are in use.'),
    metric('Network In Total', 'Bytes', 'Total', 'The number of bytes received on all network interfaces.'),
    metric('Network Out Total', 'Bytes', 'Total', 'The number of bytes out on all network interfaces.'),
  ],
  'microsoft.storage/storageaccounts': [
    {
      ...metric('UsedCapacity', 'Bytes', 'Average', 'The amount of storage used.', HOUR),
      localizedName: 'Used capacity',
    },
    metric('Transactions', 'Count', 'Total', 'The number of requests made to a storage service.'),
    metric('Ingress', 'Bytes', 'Total', 'The amount of ingress data, in bytes.'),
    metric('Egress', 'Bytes', 'Total', 'The amount of egress data.'),
  ],
  'microsoft.network/loadbalancers': [
    metric('ByteCount', 'Bytes', 'Total', 'Total number of bytes transmitted within time period.'),
  ],
};

/** The metrics of a type; none for types that have none. */
export function metricsOf(type: string): readonly MetricDefinition[] {
  return DEFINITIONS[type.toLowerCase()] ?? [];
}

/** From when on a metric has a value: times in simulated milliseconds since the epoch. */
export interface MetricChange {
  readonly from: number;
  readonly value: number;
}

/** What was measured in one interval. */
export interface MetricPoint {
  readonly at: number;
  /** Absent where nothing was measured: before the resource was there, and what is too new. */
  readonly measured?: {
    readonly total: number;
    readonly average: number;
    readonly minimum: number;
    readonly maximum: number;
    /** Samples of a minute each. */
    readonly count: number;
  };
}

const MINUTE = 60_000;

/** What was measured in each interval of a span. */
export function measure(
  world: WorldState,
  resource: StoredResource,
  definition: MetricDefinition,
  span: { readonly from: number; readonly until: number; readonly intervalMs: number },
): readonly MetricPoint[] {
  const changes = changesOf(world, resource, definition);
  const known = {
    from: Math.ceil(resource.createdAt / MINUTE) * MINUTE,
    until: world.now() - world.settings.metricLagSeconds * 1000,
  };
  const perSample = definition.primary === 'Total' ? MINUTE / 1000 : 1;
  const points: MetricPoint[] = [];
  for (let at = span.from; at < span.until; at += span.intervalMs) {
    const samples: number[] = [];
    const end = Math.min(at + span.intervalMs, span.until, known.until);
    for (let minute = Math.max(at, known.from); minute + MINUTE <= end; minute += MINUTE) {
      samples.push(meanOf(changes, minute) * perSample);
    }
    points.push({ at, ...(samples.length === 0 ? {} : { measured: summary(samples) }) });
  }
  return points;
}

function summary(samples: readonly number[]): NonNullable<MetricPoint['measured']> {
  const total = samples.reduce((sum, sample) => sum + sample, 0);
  const [minimum, maximum] = [Math.min(...samples), Math.max(...samples)];
  return { total, average: total / samples.length, minimum, maximum, count: samples.length };
}

/** Those of the resource itself, or else of its type, the oldest first. */
function changesOf(
  { settings }: WorldState,
  { id, type }: StoredResource,
  { name }: MetricDefinition,
): readonly MetricChange[] {
  const own = settings.metrics.get(`${id}/${name}`.toLowerCase());
  return own ?? settings.metrics.get(`${type}/${name}`.toLowerCase()) ?? [];
}

/** The mean value in the minute that begins at `at`. */
function meanOf(changes: readonly MetricChange[], at: number): number {
  let sum = 0;
  for (const [index, { from, value }] of changes.entries()) {
    const until = changes[index + 1]?.from ?? Number.POSITIVE_INFINITY;
    const overlap = Math.min(until, at + MINUTE) - Math.max(from, at);
    if (overlap > 0) sum += (value * overlap) / MINUTE;
  }
  return sum;
}
