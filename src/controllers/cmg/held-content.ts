import type { ContentReading } from '../../redeployment/observed.ts';
import type { HeldContent, HeldItem } from '../../redeployment/record.ts';
import { isSameName } from '../../site/names.ts';
import type { ContentItem, ContentKind } from '../../site/site.ts';
import { isSiteFailure } from '../../site/site.ts';
import {
  CHANGED,
  type ComparedContent,
  type ContentSite,
  readStates,
  recordsOf,
  startCounting,
  unknown,
} from './compare-content.ts';

/** As many as a list in a status has. */
const MOST_ITEMS = 32;

/** As many characters as what is remembered of one gateway may take of a status. */
const MOST_CHARACTERS = 3000;

/** What a cmdlet takes is kept whole or not at all, and what is only to be shown is cut. */
const LONGEST_NAMES = { taken: 256, shown: 40 } as const;

/**
 * Reads all that a gateway holds, by its service name; kept of it is what is to be remembered, in the order of ids, so that the
 * same content is always the same answer. Rejects with the signal's reason.
 */
export async function readHeldContent(
  site: ContentSite,
  serviceName: string,
  signal: AbortSignal,
): Promise<ContentReading> {
  const records = await recordsOf(site, signal);
  if (isSiteFailure(records)) {
    return { kind: 'Unknown', failure: records.message };
  }
  const gateway = records.value.find((record) => isSameName(record.serviceName, serviceName));
  if (gateway === undefined || gateway.state.kind === 'Deleting') {
    return { kind: 'Gone' };
  }
  let held = 0;
  let first: readonly ContentItem[] = [];
  const content = await site.readContent(
    gateway,
    (items) => {
      held += items.length;
      first = [...first, ...items].toSorted(byId).slice(0, MOST_ITEMS);
    },
    { signal },
  );
  if (isSiteFailure(content)) {
    return { kind: 'Unknown', failure: content.message };
  }
  return content.value.kind === 'Changed'
    ? { kind: 'Unknown', failure: CHANGED }
    : { kind: 'Read', held, items: fitting(first.map(remembered)) };
}

function byId(one: ContentItem, other: ContentItem): number {
  return one.packageId < other.packageId ? -1 : one.packageId > other.packageId ? 1 : 0;
}

function remembered({ packageId, name, kind }: ContentItem): HeldItem {
  const { taken, shown } = LONGEST_NAMES;
  return { packageId, kind, name: kind !== 'Application' ? name.slice(0, shown) : name.length > taken ? '' : name };
}

function fitting(items: readonly HeldItem[]): readonly HeldItem[] {
  return items.filter((_, at) => JSON.stringify(items.slice(0, at + 1)).length <= MOST_CHARACTERS);
}

/**
 * Compares what is remembered of a gateway that is gone with what is installed on `to`, by its service name. Of what is not
 * remembered nobody can tell: as much of it is taken to be there as `to` has installed of anything else. Rejects with the
 * signal's reason.
 */
export async function checkHeldContent(
  site: ContentSite,
  { held, to }: { readonly held: HeldContent; readonly to: string },
  signal: AbortSignal,
): Promise<ComparedContent> {
  const records = await recordsOf(site, signal);
  if (isSiteFailure(records)) {
    return unknown(records.message);
  }
  const gateway = records.value.find(({ serviceName }) => isSameName(serviceName, to));
  if (gateway === undefined) {
    return unknown(`The site has no record of ${to}.`);
  }
  const states = await readStates(site, gateway, signal);
  if (states.kind === 'Unknown') {
    return states;
  }
  const counted = startCounting(states.of);
  counted.add(held.items.map((item) => ({ ...item, kind: item.kind as ContentKind })));
  return withUnlisted(counted.standing(), held, states.of);
}

function withUnlisted(
  standing: ComparedContent,
  { held, items }: HeldContent,
  states: ReadonlyMap<string, string>,
): ComparedContent {
  const listed = new Set(items.map(({ packageId }) => packageId));
  const others = [...states].filter(([id, state]) => state === 'Installed' && !listed.has(id)).length;
  const unlisted = Math.max(held - items.length - others, 0);
  switch (standing.kind) {
    case 'Unknown':
      return standing;
    case 'Complete':
      return unlisted === 0
        ? { kind: 'Complete', held }
        : { kind: 'Missing', held, missing: unlisted, underWay: 0, first: [] };
    case 'Missing':
      return { ...standing, held, missing: standing.missing + unlisted };
  }
}
