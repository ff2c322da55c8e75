import { HOUR, type Instant, MINUTE } from './instant.ts';
import type { Seen } from './observed.ts';
import type { AdvertisedRun, DeploymentRecord } from './record.ts';
import { factsOf, type Situation } from './situation.ts';

/** Two clocks farther apart than this are not trusted. */
const LARGEST_SKEW = 5 * MINUTE;
/** A run outlasts observations that say otherwise for this long. */
const LONGEST_DOUBT = 10 * MINUTE;
/** A run outlasts this long without a successful observation. */
export const LONGEST_GAP = HOUR;
/** How far the last sighting of a run may lie behind before the record is written anew. */
export const SIGHTING_INTERVAL = 10 * MINUTE;

/** Whether the local clock and those of Azure and the site differ too much to count time by. */
export function isSkewed({ observed, now }: Situation): boolean {
  return areSkewed(observed.localTime, now);
}

/** The same of two instants. */
export function areSkewed(localTime: Instant, now: Instant): boolean {
  return Math.abs(localTime - now) > LARGEST_SKEW;
}

/**
 * Rule 8: the runs of being advertised, with the time up to now. Each begins anew after anything in which time does not
 * count. Once one of them is written anew, so are the others, which then need not be for as long.
 */
export function creditTime(situation: Situation): readonly DeploymentRecord[] {
  const counts = isCounting(situation);
  const { deployments } = situation.records;
  const credited = deployments.map((record) => withTime(situation, record, counts, SIGHTING_INTERVAL));
  const isAnySeenAgain = credited.some(({ run }, at) => run?.seenAt !== deployments[at]?.run?.seenAt);
  return isAnySeenAgain ? deployments.map((record) => withTime(situation, record, counts, 0)) : credited;
}

function withTime(
  situation: Situation,
  record: DeploymentRecord,
  counts: boolean,
  sightingInterval: number,
): DeploymentRecord {
  const { advertised } = factsOf(situation, record);
  const run = nextRun(record.run, advertised, { now: situation.now, counts, sightingInterval });
  const wantedSince = notInFuture(record.wantedSince, situation.now);
  if (run === record.run && wantedSince === record.wantedSince) {
    return record;
  }
  const { run: _before, ...rest } = record;
  return run === undefined ? { ...rest, wantedSince } : { ...rest, wantedSince, run };
}

function isCounting(situation: Situation): boolean {
  const { wish, records } = situation;
  // A suspended CMG is not written, not even its status: that it was suspended shows in a generation that nobody planned.
  const sawEveryGeneration = records.generation !== undefined && wish.generation <= records.generation + 1;
  return (
    sawEveryGeneration &&
    wish.management === 'Manage' &&
    wish.power === 'Running' &&
    wish.deletion === undefined &&
    !isSkewed(situation)
  );
}

interface Counting {
  readonly now: Instant;
  readonly counts: boolean;
  /** How far the last sighting may lie behind before it is written anew. */
  readonly sightingInterval: number;
}

/** A run after one more look; `undefined`: there is none. */
export function nextRun(
  run: AdvertisedRun | undefined,
  advertised: Seen,
  counting: Counting,
): AdvertisedRun | undefined {
  const { now, counts } = counting;
  if (!counts) {
    return undefined;
  }
  if (run === undefined || isBroken(run, now)) {
    return advertised === 'Yes' ? { since: now, seenAt: now } : undefined;
  }
  switch (advertised) {
    case 'Yes':
      return seenAgain(run, counting);
    case 'No':
      return run.otherwiseSince === undefined ? { ...run, otherwiseSince: now } : run;
    case 'Unknown':
      return run;
  }
}

function isBroken({ since, seenAt, otherwiseSince }: AdvertisedRun, now: Instant): boolean {
  return (
    now - seenAt > LONGEST_GAP ||
    (otherwiseSince !== undefined && now - otherwiseSince > LONGEST_DOUBT) ||
    // A clock went back: how long the run has lasted is not known.
    Math.max(since, seenAt, otherwiseSince ?? since) > now + LARGEST_SKEW
  );
}

function seenAgain(run: AdvertisedRun, { now, sightingInterval }: Counting): AdvertisedRun {
  const { since, seenAt, otherwiseSince } = run;
  const isFresh = now - seenAt < sightingInterval || now === seenAt;
  return isFresh && otherwiseSince === undefined ? run : { since, seenAt: Math.max(seenAt, now) };
}

/** An instant that a clock of the past set too far ahead began at the latest now. */
export function notInFuture(instant: Instant, now: Instant): Instant {
  return instant > now + LARGEST_SKEW ? now : instant;
}
