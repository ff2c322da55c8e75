import { MINUTE } from '../../redeployment/instant.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Source } from '../../runtime/controller.ts';
import type { Logger } from '../../runtime/logger.ts';
import { keyOf } from '../../runtime/objects.ts';
import type { ObjectName } from './client-counts.ts';
import { type ComparedContent, type ContentSite, compareContent } from './compare-content.ts';

/** Two gateways and what their comparison came to. */
export interface Comparison {
  /** Service name of the gateway that is to be retired. */
  readonly from: string;
  /** Service name of the gateway that takes its place. */
  readonly to: string;
  readonly standing: ComparedContent;
}

/**
 * The comparisons of what gateways hold, by which redeployments find out whether one may take the place of another. They go on
 * beside the reconciles, one at a time for all sites: a CMG asks in each of its reconciles, takes what the last comparison has
 * shown, and is queued when one has ended and when it may ask for the next. Nothing outlives the process.
 */
export interface ContentComparisons {
  /** Queues CMGs for which a comparison has ended or may begin. To be used once: they end when the controller leaves it. */
  readonly source: Source;
  /** Comparisons are wanted, and no others for this CMG. They begin at once, or the CMG is queued when they may begin. */
  request(request: ContentRequest): void;
  /** What is known of all that a CMG has asked for. */
  comparisons(cmgUid: string): readonly Comparison[];
  /** The CMG is gone, or its redeployment is over. */
  forget(cmgUid: string): void;
  /** What is known of all CMGs that ask, of all of their old gateways together. */
  gateways(): readonly (ObjectName & { readonly held: number; readonly missing: number })[];
}

export interface ContentRequest {
  readonly cmg: { readonly metadata: ObjectName & { readonly uid: string } };
  /** The way to its site. When it is another one than before, what was compared on the former is forgotten. */
  readonly site: ContentSite;
  readonly from: readonly string[];
  readonly to: string;
}

export interface ContentComparisonsOptions {
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
  /** Milliseconds between the beginnings of two comparisons of the same gateways. */
  readonly intervalMs: number;
  /** What was not asked for so long, in milliseconds, is forgotten. To be several times what reconciles are apart. */
  readonly forgetAfterMs: number;
}

/** The pause after a comparison that failed; it doubles with each further one, up to the interval. */
const FIRST_PAUSE_MS = MINUTE;

/** How many intervals a comparison holds when those after it fail. */
const INTERVALS_HELD = 3;

/** Two gateways of a CMG. Times are those of the monotonic clock. */
interface Pair {
  readonly from: string;
  readonly to: string;
  isWaiting: boolean;
  restsUntil: number;
  failures: number;
  last: { readonly standing: ComparedContent; readonly at: number } | undefined;
  failure: ComparedContent | undefined;
}

interface Asking {
  readonly cmg: ObjectName & { readonly uid: string };
  readonly site: ContentSite;
  readonly ending: AbortController;
  pairs: readonly Pair[];
  askedAt: number;
  cancelTimer: () => void;
}

interface State extends ContentComparisonsOptions {
  readonly asking: Map<string, Asking>;
  readonly stopping: AbortController;
  enqueue: Parameters<Source>[0];
  /** The last of those that wait for their turn. */
  turn: Promise<void>;
}

/** Creates comparisons that begin with the first CMG that asks. */
export function createContentComparisons(options: ContentComparisonsOptions): ContentComparisons {
  const state: State = {
    ...options,
    asking: new Map(),
    stopping: new AbortController(),
    enqueue: () => {},
    turn: Promise.resolve(),
  };
  return {
    source: (to) => {
      state.enqueue = to;
      return () => {
        state.stopping.abort(new Error('The controller ends.'));
        for (const uid of [...state.asking.keys()]) forget(state, uid);
      };
    },
    request: (request) => {
      // A reconcile may still be on its way.
      if (state.stopping.signal.aborted) return;
      forgetLapsed(state);
      const asking = noteRequest(state, request);
      for (const pair of asking.pairs) beginIfDue(state, asking, pair);
      queueWhenDue(state, asking);
    },
    comparisons: (uid) => comparisonsOf(state, state.asking.get(uid)),
    forget: (uid) => forget(state, uid),
    gateways: () => {
      forgetLapsed(state);
      return [...state.asking.values()].flatMap((asking) => {
        const known = comparisonsOf(state, asking).flatMap(({ standing }) =>
          standing.kind === 'Unknown' ? [] : [standing],
        );
        const sum = (count: (standing: (typeof known)[number]) => number) =>
          known.reduce((total, standing) => total + count(standing), 0);
        const { namespace, name } = asking.cmg;
        const missing = sum((standing) => (standing.kind === 'Missing' ? standing.missing : 0));
        return known.length === 0 ? [] : [{ namespace, name, held: sum(({ held }) => held), missing }];
      });
    },
  };
}

function comparisonsOf({ clock, intervalMs }: State, asking: Asking | undefined): readonly Comparison[] {
  return (asking?.pairs ?? []).map(({ from, to, last, failure }) => {
    const isFresh = last !== undefined && clock.monotonic() - last.at <= INTERVALS_HELD * intervalMs;
    return { from, to, standing: isFresh ? last.standing : (failure ?? { kind: 'Unknown' }) };
  });
}

function forget({ asking }: State, uid: string): void {
  const forgotten = asking.get(uid);
  forgotten?.cancelTimer();
  forgotten?.ending.abort(new Error('Nobody waits for this comparison any more.'));
  asking.delete(uid);
}

function forgetLapsed(state: State): void {
  const now = state.clock.monotonic();
  for (const [uid, { askedAt }] of state.asking) {
    if (now - askedAt >= state.forgetAfterMs) forget(state, uid);
  }
}

function noteRequest(state: State, { cmg, site, from, to }: ContentRequest): Asking {
  const { namespace, name, uid } = cmg.metadata;
  if (state.asking.get(uid)?.site !== site) forget(state, uid);
  const asking = state.asking.get(uid) ?? {
    cmg: { namespace, name, uid },
    site,
    ending: new AbortController(),
    pairs: [],
    askedAt: 0,
    cancelTimer: () => {},
  };
  state.asking.set(uid, asking);
  asking.askedAt = state.clock.monotonic();
  asking.pairs = from.map(
    (old) => asking.pairs.find((pair) => pair.from === old && pair.to === to) ?? newPair(old, to),
  );
  return asking;
}

function newPair(from: string, to: string): Pair {
  const restsUntil = Number.NEGATIVE_INFINITY;
  return { from, to, isWaiting: false, restsUntil, failures: 0, last: undefined, failure: undefined };
}

function beginIfDue(state: State, asking: Asking, pair: Pair): void {
  if (pair.isWaiting || pair.restsUntil > state.clock.monotonic()) return;
  pair.isWaiting = true;
  state.turn = state.turn.then(() => run(state, asking, pair));
}

/** A CMG is queued when the first of its pairs may be compared anew, so that it asks again if it still wants to know. */
function queueWhenDue({ clock, enqueue }: State, asking: Asking): void {
  asking.cancelTimer();
  const resting = asking.pairs.filter(({ isWaiting }) => !isWaiting).map(({ restsUntil }) => restsUntil);
  if (resting.length === 0) return;
  const key = keyOf({ metadata: asking.cmg });
  asking.cancelTimer = clock.schedule(Math.max(Math.min(...resting) - clock.monotonic(), 0), () => enqueue(key));
}

/** Compares once, if anybody still wants to know. Never rejects. */
async function run(state: State, asking: Asking, pair: Pair): Promise<void> {
  const { clock, stopping, intervalMs, enqueue } = state;
  const signal = AbortSignal.any([stopping.signal, asking.ending.signal]);
  if (signal.aborted || !asking.pairs.includes(pair)) return;
  const begunAt = clock.monotonic();
  const standing = await standingOf(state, asking.site, pair, signal);
  if (standing === 'Ended' || signal.aborted) return;
  pair.isWaiting = false;
  if (standing.kind === 'Unknown') {
    pair.failure = standing;
    pair.restsUntil = clock.monotonic() + Math.min(FIRST_PAUSE_MS * 2 ** pair.failures, intervalMs);
    pair.failures += 1;
  } else {
    pair.last = { standing, at: begunAt };
    pair.failure = undefined;
    pair.failures = 0;
    pair.restsUntil = begunAt + intervalMs;
  }
  queueWhenDue(state, asking);
  enqueue(keyOf({ metadata: asking.cmg }));
}

async function standingOf(
  { logger }: State,
  site: ContentSite,
  pair: Pair,
  signal: AbortSignal,
): Promise<ComparedContent | 'Ended'> {
  try {
    return await compareContent(site, pair, signal);
  } catch (err) {
    if (signal.aborted) return 'Ended';
    logger.warn({ err }, 'The content of two gateways could not be compared.');
    return { kind: 'Unknown', failure: err instanceof Error ? err.message : String(err) };
  }
}
