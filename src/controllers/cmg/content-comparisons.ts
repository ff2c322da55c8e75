import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import { MINUTE } from '../../redeployment/instant.ts';
import type { ContentReading } from '../../redeployment/observed.ts';
import type { HeldContent } from '../../redeployment/record.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Source } from '../../runtime/controller.ts';
import type { Logger } from '../../runtime/logger.ts';
import { keyOf } from '../../runtime/objects.ts';
import type { ObjectName } from './client-counts.ts';
import { type ComparedContent, type ContentSite, compareContent } from './compare-content.ts';
import { checkHeldContent, readHeldContent } from './held-content.ts';

/** Two gateways and what their comparison came to. */
export interface Comparison {
  /** Service name of the gateway that is to be retired. */
  readonly from: string;
  /** Service name of the gateway that takes its place. */
  readonly to: string;
  /** Id of the deployment `from`, where it is gone and only what was noted of it has been compared. */
  readonly gone?: string;
  readonly standing: ComparedContent;
}

/** What is to be found out on a site. Gateways are named by their service names, deployments by their ids. */
export type ContentQuestion =
  /** What `from`, which is to be retired, holds and `to`, which takes its place, does not. */
  | { readonly kind: 'Compare'; readonly from: string; readonly to: string }
  /** What a gateway holds that is to be deleted before another one takes its place. */
  | { readonly kind: 'Read'; readonly deployment: string; readonly serviceName: string }
  /** What `to` lacks of what was noted of a gateway that is gone. */
  | { readonly kind: 'Check'; readonly held: HeldContent; readonly to: string };

/** What a question came to. */
type Answer = ComparedContent | ContentReading;

/**
 * The comparisons of what gateways hold, by which redeployments find out whether one may take the place of another, and the
 * readings of those that go before. They go on beside the reconciles, one at a time for all sites: a CMG asks in each of its reconciles, takes what the last comparison has
 * shown, and is queued when one has ended and when it may ask for the next. Nothing outlives the process.
 */
export interface ContentComparisons {
  /** Queues CMGs for which a comparison has ended or may begin. To be used once: they end when the controller leaves it. */
  readonly source: Source;
  /** Comparisons are wanted, and no others for this CMG. They begin at once, or the CMG is queued when they may begin. */
  request(request: ContentRequest): void;
  /** What is known of all comparisons that a CMG has asked for. */
  comparisons(cmgUid: string): readonly Comparison[];
  /** What is known of all gateways that it has asked to be read, by the ids of their deployments. */
  readings(cmgUid: string): readonly { readonly deployment: string; readonly reading: ContentReading }[];
  /** The CMG is gone, or its redeployment is over. */
  forget(cmgUid: string): void;
  /** What is known of all CMGs that ask, of all of their old gateways together. */
  gateways(): readonly (ObjectName & { readonly held: number; readonly missing: number })[];
}

/** What is known of the content of the gateways of one CMG. */
export interface KnownContent {
  readonly comparisons: ReturnType<ContentComparisons['comparisons']>;
  readonly readings: ReturnType<ContentComparisons['readings']>;
}

/** The same; nothing where no content is served, or there is no site to ask. */
export function knownContent(
  content: Pick<ContentComparisons, 'comparisons' | 'readings'>,
  { metadata: { uid }, spec }: Pick<CMG, 'metadata' | 'spec'>,
): { readonly content?: KnownContent } {
  return spec.content.enabled && spec.siteRef !== undefined
    ? { content: { comparisons: content.comparisons(uid), readings: content.readings(uid) } }
    : {};
}

export interface ContentRequest {
  readonly cmg: { readonly metadata: ObjectName & { readonly uid: string } };
  /** The way to its site. When it is another one than before, what was compared on the former is forgotten. */
  readonly site: ContentSite;
  readonly questions: readonly ContentQuestion[];
}

export interface ContentComparisonsOptions {
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
  /** Milliseconds between the beginnings of two comparisons, or readings, of the same gateways. */
  readonly intervalMs: number;
  /** What was not asked for so long, in milliseconds, is forgotten. To be several times what reconciles are apart. */
  readonly forgetAfterMs: number;
}

/** The pause after a comparison that failed; it doubles with each further one, up to the interval. */
const FIRST_PAUSE_MS = MINUTE;

/** How many intervals a comparison holds when those after it fail. */
const INTERVALS_HELD = 3;

/** A question of a CMG. Times are those of the monotonic clock. */
interface Asked {
  readonly question: ContentQuestion;
  /** Two questions with the same key are one. */
  readonly key: string;
  isWaiting: boolean;
  restsUntil: number;
  failures: number;
  last: { readonly answer: Answer; readonly at: number } | undefined;
  failure: Extract<Answer, { kind: 'Unknown' }> | undefined;
}

interface Asking {
  readonly cmg: ObjectName & { readonly uid: string };
  readonly site: ContentSite;
  readonly ending: AbortController;
  questions: readonly Asked[];
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
      for (const asked of asking.questions) beginIfDue(state, asking, asked);
      queueWhenDue(state, asking);
    },
    comparisons: (uid) => comparisonsOf(state, state.asking.get(uid)),
    readings: (uid) => readingsOf(state, state.asking.get(uid)),
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

function comparisonsOf(state: State, asking: Asking | undefined): readonly Comparison[] {
  return (asking?.questions ?? []).flatMap((asked): readonly Comparison[] => {
    const { question } = asked;
    const standing = answerTo(state, asked);
    if (question.kind === 'Read' || standing.kind === 'Read' || standing.kind === 'Gone') return [];
    const { to } = question;
    return question.kind === 'Compare'
      ? [{ from: question.from, to, standing }]
      : [{ from: question.held.serviceName, to, gone: question.held.deployment, standing }];
  });
}

function readingsOf(state: State, asking: Asking | undefined): ReturnType<ContentComparisons['readings']> {
  return (asking?.questions ?? []).flatMap((asked) => {
    const reading = answerTo(state, asked);
    return asked.question.kind === 'Read' && reading.kind !== 'Complete' && reading.kind !== 'Missing'
      ? [{ deployment: asked.question.deployment, reading }]
      : [];
  });
}

/** What is known now. */
function answerTo({ clock, intervalMs }: State, { last, failure }: Asked): Answer {
  const isFresh = last !== undefined && clock.monotonic() - last.at <= INTERVALS_HELD * intervalMs;
  return isFresh ? last.answer : (failure ?? { kind: 'Unknown' });
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

function noteRequest(state: State, { cmg, site, questions }: ContentRequest): Asking {
  const { namespace, name, uid } = cmg.metadata;
  if (state.asking.get(uid)?.site !== site) forget(state, uid);
  const asking = state.asking.get(uid) ?? {
    cmg: { namespace, name, uid },
    site,
    ending: new AbortController(),
    questions: [],
    askedAt: 0,
    cancelTimer: () => {},
  };
  state.asking.set(uid, asking);
  asking.askedAt = state.clock.monotonic();
  asking.questions = questions.map((question) => {
    const key = JSON.stringify(question);
    return asking.questions.find((asked) => asked.key === key) ?? newlyAsked(question, key);
  });
  return asking;
}

function newlyAsked(question: ContentQuestion, key: string): Asked {
  const restsUntil = Number.NEGATIVE_INFINITY;
  return { question, key, isWaiting: false, restsUntil, failures: 0, last: undefined, failure: undefined };
}

function beginIfDue(state: State, asking: Asking, asked: Asked): void {
  if (asked.isWaiting || asked.restsUntil > state.clock.monotonic()) return;
  asked.isWaiting = true;
  state.turn = state.turn.then(() => run(state, asking, asked));
}

/** A CMG is queued when the first of its questions may be asked anew, so that it asks again if it still wants to know. */
function queueWhenDue({ clock, enqueue }: State, asking: Asking): void {
  asking.cancelTimer();
  const resting = asking.questions.filter(({ isWaiting }) => !isWaiting).map(({ restsUntil }) => restsUntil);
  if (resting.length === 0) return;
  const key = keyOf({ metadata: asking.cmg });
  asking.cancelTimer = clock.schedule(Math.max(Math.min(...resting) - clock.monotonic(), 0), () => enqueue(key));
}

/** Finds out once, if anybody still wants to know. Never rejects. */
async function run(state: State, asking: Asking, asked: Asked): Promise<void> {
  const { clock, stopping, intervalMs, enqueue } = state;
  const signal = AbortSignal.any([stopping.signal, asking.ending.signal]);
  if (signal.aborted || !asking.questions.includes(asked)) return;
  const begunAt = clock.monotonic();
  const answer = await findOut(state, asking.site, asked.question, signal);
  if (answer === 'Ended' || signal.aborted) return;
  asked.isWaiting = false;
  if (answer.kind === 'Unknown') {
    asked.failure = answer;
    asked.restsUntil = clock.monotonic() + Math.min(FIRST_PAUSE_MS * 2 ** asked.failures, intervalMs);
    asked.failures += 1;
  } else {
    asked.last = { answer, at: begunAt };
    asked.failure = undefined;
    asked.failures = 0;
    asked.restsUntil = begunAt + intervalMs;
  }
  queueWhenDue(state, asking);
  enqueue(keyOf({ metadata: asking.cmg }));
}

async function findOut(
  { logger }: State,
  site: ContentSite,
  question: ContentQuestion,
  signal: AbortSignal,
): Promise<Answer | 'Ended'> {
  try {
    return await answerOf(site, question, signal);
  } catch (err) {
    if (signal.aborted) return 'Ended';
    logger.warn({ err }, 'What gateways hold could not be read.');
    return { kind: 'Unknown', failure: err instanceof Error ? err.message : String(err) };
  }
}

function answerOf(site: ContentSite, question: ContentQuestion, signal: AbortSignal): Promise<Answer> {
  switch (question.kind) {
    case 'Compare':
      return compareContent(site, question, signal);
    case 'Read':
      return readHeldContent(site, question.serviceName, signal);
    case 'Check':
      return checkHeldContent(site, question, signal);
  }
}
