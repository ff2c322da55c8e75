import {
  type ClientPass,
  type ClientCounts as Counts,
  countsOf,
  type PassQuestion,
} from '../../redeployment/client-gate.ts';
import { type Instant, MINUTE } from '../../redeployment/instant.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Source } from '../../runtime/controller.ts';
import type { Logger } from '../../runtime/logger.ts';
import { keyOf } from '../../runtime/objects.ts';
import type { Site, SiteFailure } from '../../site/site.ts';
import { type PassOutcome, readClients } from './client-pass.ts';

/**
 * The passes over the devices of sites, by which redeployments find out whether clients have come to know the new gateway.
 * They go on beside the reconciles: a CMG asks in each of its reconciles, takes what the last pass has shown, and is queued
 * when a pass has ended and when it may ask for the next. A pass begins only when somebody asks, and answers all who
 * have asked for the same site. Nothing outlives the process: the first who asks after a start is answered by a new pass.
 */
export interface ClientCounts {
  /** Queues CMGs for which a pass has ended or may begin. To be used once: the passes end when the controller leaves it. */
  readonly source: Source;
  /** A pass is wanted. It begins at once, or the CMG is queued when it may begin. */
  request(request: ClientCountRequest): void;
  /** The last complete pass for each question of a CMG; at most one for a service name. */
  passes(cmgUid: string): readonly ClientPass[];
  /** How far the counting for a CMG is; `undefined` while it asks for none. */
  progress(cmgUid: string): ClientCountProgress | undefined;
  /** The CMG is gone, or its redeployment is over. A pass that nobody else waits for ends at once. */
  forget(cmgUid: string): void;
  /** What is known of the new gateways of all CMGs that ask; nothing of those that are to carry clients. */
  gateways(): readonly (ObjectName & Counts)[];
  /** How long the last complete pass of each site took. */
  sites(): readonly (ObjectName & { readonly seconds: number })[];
}

/** The gateway that clients are to know: that of the CMG itself, or that of another one, which is to carry its clients. */
export type Counted = 'Successor' | 'Carrier';

export interface ClientCountRequest {
  readonly cmg: { readonly metadata: ObjectName & { readonly uid: string } };
  /** `<namespace>/<name>` of the Site. */
  readonly siteKey: string;
  /** The way to it. When it is another one than before, what was counted on the former is forgotten. */
  readonly site: Pick<Site, 'readDevices'>;
  readonly question: PassQuestion;
  readonly whom: Counted;
  /** From then on passes may be evidence. Before, one is made for the question, which shows how far clients are. */
  readonly notBefore: Instant;
  /** The present by the `Date` of answers, to compare with `notBefore`. */
  readonly now: Instant;
}

export interface ClientCountProgress {
  /** Whether a pass for this CMG is under way. */
  readonly counting: boolean;
  /** Devices that the pass under way has read; 0 when there is none. */
  readonly devicesSoFar: number;
  /** What the last complete pass for the newest question has shown. */
  readonly last?: Counts & {
    /** Devices of every kind. */
    readonly devices: number;
    readonly begunAt: Instant;
    readonly endedAt: Instant;
  };
  /** Why the last pass over the site is no evidence; `undefined` when it is, or was broken off by ourselves. */
  readonly failure?: SiteFailure;
}

/** Which object in Kubernetes is meant. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

export interface ClientCountsOptions {
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
  /** Milliseconds between the beginnings of two full passes over a site. */
  readonly intervalMs: number;
  /** What was not asked for so long, in milliseconds, is forgotten. To be several times what reconciles are apart. */
  readonly forgetAfterMs: number;
}

/** Sites that are read at the same time. */
const MOST_PASSES = 2;

/** The pause after a pass that failed; it doubles with each further one, up to the interval. */
const FIRST_PAUSE_MS = MINUTE;

/**
 * So long after `notBefore` a pass begins that is to be evidence, in milliseconds. A `Date` has whole seconds, and those of
 * Azure and of the site differ a little: a pass that began a moment too early would cost a whole interval.
 */
const DATE_MARGIN_MS = 5000;

/** A question, and who asks it. Times are those of the monotonic clock. */
interface Asked {
  readonly cmg: ObjectName & { readonly uid: string };
  readonly question: PassQuestion;
  readonly whom: Counted;
  /** When `notBefore` has surely come. */
  readonly countableAt: number;
  readonly askedAt: number;
  readonly counted: { readonly pass: ClientPass; readonly endedAt: Instant } | undefined;
}

interface CountedSite {
  site: ClientCountRequest['site'];
  /** Those asked last are last. */
  asked: readonly Asked[];
  running: Running | undefined;
  /** No pass begins before, by the monotonic clock. */
  restsUntil: number;
  /** Passes that failed in a row. */
  failures: number;
  failure: SiteFailure | undefined;
  seconds: number | undefined;
  /** Whether a pass was asked for and other sites have to be done first. */
  isWaiting: boolean;
  cancelTimer: () => void;
}

interface Running {
  readonly questions: readonly PassQuestion[];
  readonly ending: AbortController;
  readonly startedAt: number;
  devices: number;
}

interface State extends ClientCountsOptions {
  readonly sites: Map<string, CountedSite>;
  readonly stopping: AbortController;
  enqueue: Parameters<Source>[0];
}

/** Creates passes that begin with the first CMG that asks. */
export function createClientCounts(options: ClientCountsOptions): ClientCounts {
  const state: State = { ...options, sites: new Map(), stopping: new AbortController(), enqueue: () => {} };
  const askedOf = (uid: string) =>
    [...state.sites.values()].flatMap(({ asked }) => asked.filter(({ cmg }) => cmg.uid === uid));
  return {
    source: (to) => {
      state.enqueue = to;
      return () => stop(state);
    },
    request: (request) => {
      // A reconcile may still be on its way.
      if (state.stopping.signal.aborted) return;
      forgetLapsed(state);
      const counted = noteRequest(state, request);
      const asked = counted.asked.at(-1);
      if (asked !== undefined && counted.running === undefined) beginOrWait(state, counted, asked);
    },
    passes: (uid) => askedOf(uid).flatMap(({ counted }) => (counted === undefined ? [] : [counted.pass])),
    progress: (uid) => {
      const counted = [...state.sites.values()].find(({ asked }) => asked.some(({ cmg }) => cmg.uid === uid));
      const newest = askedOf(uid).at(-1);
      return counted === undefined || newest === undefined ? undefined : progressOf(counted, newest);
    },
    forget: (uid) => {
      for (const counted of state.sites.values()) keepAsked(counted, ({ cmg }) => cmg.uid !== uid);
    },
    gateways: () => {
      forgetLapsed(state);
      const newest = new Map<string, ObjectName & Counts>();
      const ofSuccessors = [...state.sites.values()].flatMap(({ asked }) => asked.filter(isOfSuccessor));
      for (const { cmg, counted } of ofSuccessors) {
        if (counted === undefined) newest.delete(cmg.uid);
        else newest.set(cmg.uid, { namespace: cmg.namespace, name: cmg.name, ...countsOf(counted.pass) });
      }
      return [...newest.values()];
    },
    sites: () => {
      forgetLapsed(state);
      return [...state.sites].flatMap(([key, { seconds }]) => {
        const [namespace = '', name = ''] = key.split('/');
        return seconds === undefined ? [] : [{ namespace, name, seconds }];
      });
    },
  };
}

function stop({ sites, stopping }: State): void {
  stopping.abort(new Error('The controller ends.'));
  for (const { cancelTimer } of sites.values()) cancelTimer();
  sites.clear();
}

/** Keeps of a site's questions those that fit; a pass that none of them waits for ends. */
function keepAsked(counted: CountedSite, fits: (asked: Asked) => boolean): void {
  counted.asked = counted.asked.filter(fits);
  const { running } = counted;
  if (running !== undefined && !counted.asked.some(({ question }) => running.questions.includes(question))) {
    running.ending.abort(new Error('Nobody waits for this pass any more.'));
  }
}

/** A site stays known until it may be read again. */
function forgetLapsed({ sites, clock, forgetAfterMs }: State): void {
  const now = clock.monotonic();
  for (const [key, counted] of sites) {
    keepAsked(counted, ({ askedAt }) => now - askedAt < forgetAfterMs);
    if (counted.asked.length === 0 && counted.running === undefined && counted.restsUntil <= now) {
      counted.cancelTimer();
      sites.delete(key);
    }
  }
}

function noteRequest(state: State, request: ClientCountRequest): CountedSite {
  const { siteKey, site, cmg, whom, notBefore, now } = request;
  const { namespace, name, uid } = cmg.metadata;
  const counted = countedSite(state, siteKey, site);
  for (const other of state.sites.values()) {
    if (other !== counted) keepAsked(other, (asked) => asked.cmg.uid !== uid);
  }
  const known = counted.asked.find(
    (asked) => asked.cmg.uid === uid && isSameQuestion(asked.question, request.question),
  );
  const monotonic = state.clock.monotonic();
  const asked: Asked = {
    cmg: { namespace, name, uid },
    // The one that a pass under way has.
    question: known?.question ?? request.question,
    whom,
    countableAt: monotonic + notBefore - now + DATE_MARGIN_MS,
    askedAt: monotonic,
    counted: known?.counted,
  };
  const { serviceName } = request.question;
  const others = counted.asked.filter((one) => one.cmg.uid !== uid || one.question.serviceName !== serviceName);
  counted.asked = [...others, asked];
  keepAsked(counted, () => true);
  return counted;
}

function countedSite({ sites }: State, key: string, site: CountedSite['site']): CountedSite {
  const known = sites.get(key);
  if (known === undefined) {
    const counted: CountedSite = {
      site,
      asked: [],
      running: undefined,
      restsUntil: Number.NEGATIVE_INFINITY,
      failures: 0,
      failure: undefined,
      seconds: undefined,
      isWaiting: false,
      cancelTimer: () => {},
    };
    sites.set(key, counted);
    return counted;
  }
  if (known.site !== site) {
    // The address may be that of another site, whose devices are others.
    keepAsked(known, () => false);
    known.site = site;
    known.failure = undefined;
    known.seconds = undefined;
  }
  return known;
}

function isOfSuccessor({ whom }: Asked): boolean {
  return whom === 'Successor';
}

function isSameQuestion(one: PassQuestion, other: PassQuestion): boolean {
  return (
    one.serviceName === other.serviceName &&
    one.advertisedSince === other.advertisedSince &&
    one.ignoreInactiveFor === other.ignoreInactiveFor
  );
}

/** When a pass for a question may begin. One that has none yet is not kept waiting for `notBefore`. */
function dueAt({ restsUntil }: CountedSite, { counted, countableAt }: Asked): number {
  return counted === undefined ? restsUntil : Math.max(restsUntil, countableAt);
}

function beginOrWait(state: State, counted: CountedSite, asked: Asked): void {
  if (dueAt(counted, asked) > state.clock.monotonic()) {
    queueWhenDue(state, counted);
    return;
  }
  const running = [...state.sites.values()].filter((each) => each.running !== undefined).length;
  counted.isWaiting = running >= MOST_PASSES;
  if (!counted.isWaiting) void run(state, counted);
}

/** Those whose time has come are queued, so that they ask again if they still want to know. */
function queueWhenDue(state: State, counted: CountedSite): void {
  counted.cancelTimer();
  const next = Math.min(...counted.asked.map((asked) => dueAt(counted, asked)));
  if (!Number.isFinite(next)) return;
  counted.cancelTimer = state.clock.schedule(next - state.clock.monotonic(), () => queueDue(state, counted, next));
}

function queueDue({ enqueue }: State, counted: CountedSite, by: number): void {
  const due = counted.asked.filter((asked) => dueAt(counted, asked) <= by);
  for (const key of new Set(due.map(({ cmg }) => keyOf({ metadata: cmg })))) enqueue(key);
}

/** Makes one pass for all who have asked by now. Never rejects. */
async function run(state: State, counted: CountedSite): Promise<void> {
  const { clock, stopping } = state;
  counted.cancelTimer();
  const questions = counted.asked.map(({ question }) => question);
  const running: Running = { questions, ending: new AbortController(), startedAt: clock.monotonic(), devices: 0 };
  counted.running = running;
  const outcome = await outcomeOf(state, counted.site, running);
  counted.running = undefined;
  if (stopping.signal.aborted) return;
  noteOutcome(state, counted, running, outcome);
  queueDue(state, counted, Number.POSITIVE_INFINITY);
  queueWhenDue(state, counted);
  for (const waiting of [...state.sites.values()].filter(({ isWaiting }) => isWaiting)) {
    waiting.isWaiting = false;
    queueDue(state, waiting, clock.monotonic());
  }
}

/** A pass, or that it was ended before its end because it is of no use any more. */
type RunOutcome = PassOutcome | { readonly kind: 'Ended' };

async function outcomeOf(
  { logger, stopping }: State,
  site: CountedSite['site'],
  running: Running,
): Promise<RunOutcome> {
  const signal = AbortSignal.any([stopping.signal, running.ending.signal]);
  try {
    return await readClients(site, running.questions, {
      signal,
      onDevices: (devices) => {
        running.devices = devices;
      },
    });
  } catch (err) {
    if (signal.aborted) return { kind: 'Ended' };
    logger.warn({ err }, 'The devices of a site could not be counted.');
    const message = err instanceof Error ? err.message : String(err);
    return { kind: 'Failed', failure: { kind: 'Unreachable', code: 'PassBrokeOff', message } };
  }
}

function noteOutcome(state: State, counted: CountedSite, running: Running, outcome: RunOutcome): void {
  const { clock, intervalMs } = state;
  const now = clock.monotonic();
  switch (outcome.kind) {
    case 'Ended':
      counted.restsUntil = now + FIRST_PAUSE_MS;
      break;
    case 'Failed': {
      const { failure } = outcome;
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** counted.failures, intervalMs);
      counted.failures += 1;
      counted.failure = failure;
      counted.restsUntil = now + Math.max(pause, failure.kind === 'Throttled' ? failure.retryAfterMs : 0);
      break;
    }
    case 'Counted': {
      const { passes, endedAt } = outcome;
      counted.failures = 0;
      counted.failure = undefined;
      counted.restsUntil = running.startedAt + intervalMs;
      counted.seconds = (now - running.startedAt) / 1000;
      counted.asked = counted.asked.map((asked) => {
        const pass = passes[running.questions.indexOf(asked.question)];
        return pass === undefined ? asked : { ...asked, counted: { pass, endedAt } };
      });
      break;
    }
    default:
      outcome satisfies never;
  }
}

function progressOf({ running, failure }: CountedSite, { question, counted }: Asked): ClientCountProgress {
  const own = running?.questions.includes(question) === true ? running : undefined;
  return {
    counting: own !== undefined,
    devicesSoFar: own?.devices ?? 0,
    ...(failure === undefined ? {} : { failure }),
    ...(counted === undefined
      ? {}
      : {
          last: {
            ...countsOf(counted.pass),
            devices: counted.pass.devices,
            begunAt: counted.pass.begunAt,
            endedAt: counted.endedAt,
          },
        }),
  };
}
