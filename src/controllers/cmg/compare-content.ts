import type { ContentStanding } from '../../redeployment/content.ts';
import { isSameName } from '../../site/names.ts';
import {
  type ContentItem,
  type DistributionState,
  isSiteFailure,
  type ServiceRecord,
  type Site,
  type SiteAnswer,
} from '../../site/site.ts';

/** Content that one gateway holds and the other one does not. */
export interface MissingContent extends ContentItem {
  /** How it stands on the other one; `undefined`: nobody has distributed it there. */
  readonly state: DistributionState | undefined;
}

type Missing = Extract<ContentStanding, { kind: 'Missing' }>;

/** What a comparison came to, with the first of what is missing for the steps of a person. */
export type ComparedContent =
  | Exclude<ContentStanding, Missing>
  | (Omit<Missing, 'first'> & { readonly first: readonly MissingContent[] });

/** The part of a site that is read. */
export type ContentSite = Pick<Site, 'serviceRecords' | 'readContent' | 'readDistribution'>;

/** As many as are named to a person at once. */
const MOST_NAMED = 20;

/** Far more than a distribution point takes, which is 10,000 as Microsoft says. */
const MOST_ITEMS = 100_000;

/** How old the records of gateways may be, which others read as well. */
const RECORDS_AGE_MS = 60_000;

/**
 * Compares what the gateway `from` holds with what is installed on `to`, both by their service names. What is kept meanwhile is
 * a state for each item of `to`, by its id. Rejects with the signal's reason.
 */
export async function compareContent(
  site: ContentSite,
  { from, to }: { readonly from: string; readonly to: string },
  signal: AbortSignal,
): Promise<ComparedContent> {
  const records = await recordsOf(site, signal);
  if (isSiteFailure(records)) {
    return unknown(records.message);
  }
  const recordOf = (name: string) => records.value.find(({ serviceName }) => isSameName(serviceName, name));
  const [old, successor] = [recordOf(from), recordOf(to)];
  if (old === undefined || successor === undefined) {
    return unknown(`The site has no record of ${old === undefined ? from : to}.`);
  }
  const states = await readStates(site, successor, signal);
  if (states.kind === 'Unknown') {
    return states;
  }
  const counted = startCounting(states.of);
  const content = await site.readContent(old, counted.add, { signal });
  if (isSiteFailure(content)) {
    return unknown(content.message);
  }
  return content.value.kind === 'Changed' ? unknown(CHANGED) : counted.standing();
}

/** Why a reading of what a gateway holds tells nothing, where it was not one moment's. */
export const CHANGED = 'The lists of content changed while they were read.';

/** The records of gateways that the site has, as others may have read them a moment ago. */
export function recordsOf(
  site: Pick<ContentSite, 'serviceRecords'>,
  signal: AbortSignal,
): Promise<SiteAnswer<readonly ServiceRecord[]>> {
  return site.serviceRecords({ signal, maxAgeMs: RECORDS_AGE_MS });
}

/** How all that was ever distributed to a gateway stands there, by ids. Rejects with the signal's reason. */
export async function readStates(
  site: Pick<ContentSite, 'readDistribution'>,
  gateway: Pick<ServiceRecord, 'nalPath'>,
  signal: AbortSignal,
): Promise<
  | { readonly kind: 'Read'; readonly of: ReadonlyMap<string, DistributionState> }
  | Extract<ComparedContent, { kind: 'Unknown' }>
> {
  const states = new Map<string, DistributionState>();
  const distribution = await site.readDistribution(
    gateway,
    (items) => {
      for (const { packageId, state } of items) {
        if (states.size < MOST_ITEMS) {
          states.set(packageId, state);
        }
      }
    },
    { signal },
  );
  if (isSiteFailure(distribution)) {
    return unknown(distribution.message);
  }
  return distribution.value.kind === 'Changed' ? unknown(CHANGED) : { kind: 'Read', of: states };
}

/** @param failure a sentence that says why nothing is known */
export function unknown(failure: string): Extract<ComparedContent, { kind: 'Unknown' }> {
  return { kind: 'Unknown', failure };
}

/** Counts what comes by, and keeps the first of what is missing: those for a person before those on their way. */
export function startCounting(states: ReadonlyMap<string, DistributionState>) {
  const forPeople: MissingContent[] = [];
  const onTheirWay: MissingContent[] = [];
  let held = 0;
  let missing = 0;
  let underWay = 0;
  const add = (items: readonly ContentItem[]) => {
    for (const item of items) {
      held += 1;
      const state = states.get(item.packageId);
      if (state === 'Installed') {
        continue;
      }
      missing += 1;
      underWay += state === 'Pending' ? 1 : 0;
      const kept = state === 'Pending' ? onTheirWay : forPeople;
      if (kept.length < MOST_NAMED) {
        kept.push({ ...item, state });
      }
    }
  };
  const standing = (): ComparedContent => {
    const first = [...forPeople, ...onTheirWay].slice(0, MOST_NAMED);
    return missing === 0 ? { kind: 'Complete', held } : { kind: 'Missing', held, missing, underWay, first };
  };
  return { add, standing };
}
