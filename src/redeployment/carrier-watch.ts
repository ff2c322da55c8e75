import type { Instant } from './instant.ts';
import type { Seen } from './observed.ts';
import type { AdvertisedRun } from './record.ts';
import { nextRun, SIGHTING_INTERVAL } from './time-credit.ts';

/** What a CMG that waits for a carrier of its clients remembers of another CMG of its site. */
export interface CarrierWatch {
  /** `<namespace>/<name>`. */
  readonly key: string;
  /** Id of its deployment. */
  readonly deployment: string;
  /** Absent: it was seen not to be advertised, and its time begins with the next look that finds it so. */
  readonly run?: AdvertisedRun;
}

/** One look at a carrier. */
export interface CarrierSight {
  readonly key: string;
  readonly deployment: string;
  readonly advertised: Seen;
  /** Since when it has provably been advertised, by what was seen of it before anybody waited for it; `undefined`: nobody knows. */
  readonly provenSince: Instant | undefined;
}

/**
 * Rule 8 for a carrier: its time is a run that the CMG which waits for it keeps, with breaks as those of its own gateways have.
 * The run begins with what is proven of the time before; after a break that this CMG has seen, it begins with the present,
 * whatever is proven otherwise.
 *
 * @param counts whether time counts at present, as it does not while clocks disagree
 * @returns `undefined` while nothing has been seen of it
 */
export function watchCarrier(
  before: CarrierWatch | undefined,
  { key, deployment, advertised, provenSince }: CarrierSight,
  { now, counts }: { readonly now: Instant; readonly counts: boolean },
): CarrierWatch | undefined {
  const known = before?.deployment === deployment ? before : undefined;
  if (known === undefined && counts && advertised === 'Unknown') {
    return undefined;
  }
  const next = nextRun(known?.run, advertised, { now, counts, sightingInterval: SIGHTING_INTERVAL });
  const run = known === undefined && next !== undefined ? { ...next, since: provenSince ?? next.since } : next;
  if (known !== undefined && known.run === run) {
    return known;
  }
  return { key, deployment, ...(run === undefined ? {} : { run }) };
}

/** How long a carrier has been advertised without a break, milliseconds; 0 while it is seen otherwise. */
export function advertisedFor(watch: CarrierWatch | undefined, advertised: Seen, now: Instant): number {
  const { run } = watch ?? {};
  return run === undefined || advertised !== 'Yes' ? 0 : Math.max(0, now - run.since);
}
