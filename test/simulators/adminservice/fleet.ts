import { type Habit, type HabitShares, habitOf, shareOf, USUAL_SHARES, whereaboutsAt } from './whereabouts.ts';

const HOUR_MS = 3_600_000;
/** How often a client asks for the gateways that there are. */
const LOCATION_PERIOD_MS = 24 * HOUR_MS;

/** What clients meet outside. Gateways are told apart by their service names. */
export interface Surroundings {
  /** Gateways that the site tells clients of. */
  advertised(): readonly string[];
  /** Whether a client that connects to a gateway reaches a management point behind it. */
  serves(serviceName: string): boolean;
}

/** A client that at some poll could reach nothing of what it knows. */
export interface CutOffClient {
  readonly name: string;
  /** When it first found that, in milliseconds since the epoch. */
  readonly since: number;
  /** How long it had been off before, in milliseconds: it may not have been asked for a while. */
  readonly offBefore: number;
  readonly knows: readonly string[];
}

/** What the site knows of a client. Times in milliseconds since the epoch. */
export interface ClientView {
  readonly index: number;
  readonly isClient: boolean;
  readonly isObsolete: boolean;
  readonly isAlwaysInternet: boolean;
  readonly isOnInternet: boolean;
  /** `undefined`: a management point. */
  readonly gateway: string | undefined;
  readonly lastPolicyRequest: number | undefined;
}

/** Clients of a site, which behave as real ones do. */
export interface Fleet {
  readonly size: number;
  /** By its place in the list, from 0. */
  at(place: number): ClientView;
  /** Lets happen what falls due up to `now`. Call it before anything changes that clients meet. */
  advanceTo(now: number): void;
  /** Takes a client out of the list. */
  remove(place: number): void;
  /** Clients that were cut off at some time, the first first. */
  readonly cutOff: readonly CutOffClient[];
  /** How many find nothing now. */
  readonly cutOffNow: number;
}

export interface FleetOptions {
  readonly size: number;
  readonly startedAt: number;
  readonly surroundings: Surroundings;
  readonly shares?: HabitShares;
  /** Share of devices that are no clients or obsolete. Default 0.02. */
  readonly foreignShare?: number;
}

export function nameOf(client: number): string {
  return `PC${String(client).padStart(6, '0')}`;
}

/** What is known of a client beside its number. */
interface ClientStates {
  /** When in each hour it polls, in milliseconds. */
  readonly phase: Float64Array;
  readonly lastPolicy: Float64Array;
  readonly lastLocation: Float64Array;
  /** Gateways it knows, a bit each. */
  readonly knows: Uint32Array;
  /** Number of the gateway it talks through, or -1 for a management point. */
  readonly through: Int8Array;
  readonly onInternet: Uint8Array;
  readonly cutOff: Uint8Array;
}

/**
 * Makes a fleet. Each client polls for policy once an hour and asks for gateways once in 24 hours, both only while it is on
 * and reaches something; through which of the gateways that it knows is chosen by chance each time.
 */
export function createFleet(options: FleetOptions): Fleet {
  const { size, startedAt, surroundings, shares = USUAL_SHARES, foreignShare = 0.02 } = options;
  const gateways: string[] = [];
  const states = createStates(size);
  const order = Uint32Array.from({ length: size }, (_, client) => client);
  order.sort((left, right) => (states.phase[left] ?? 0) - (states.phase[right] ?? 0));
  const cutOff: CutOffClient[] = [];
  let listed: number[] | undefined;
  let advancedTo = startedAt - HOUR_MS;

  const numberOf = (serviceName: string): number => {
    const known = gateways.indexOf(serviceName);
    if (known !== -1) return known;
    if (gateways.length === 31) throw new Error('A fleet can meet 31 gateways in its life, and has.');
    return gateways.push(serviceName) - 1;
  };
  const bitsOf = (names: readonly string[]) => names.reduce((bits, name) => bits | (1 << numberOf(name)), 0);
  const isForeign = (client: number) => shareOf(client, 5) < foreignShare;

  const poll = (client: number, time: number, advertised: number, serving: number) => {
    const habit = habitOf(client, shares);
    const place = isForeign(client) ? 'Off' : whereaboutsAt(client, habit, time);
    if (place === 'Off') return;
    if (place === 'Internet') {
      const reachable = (states.knows[client] ?? 0) & serving;
      if (reachable === 0) {
        noteUnreachable(client, time, habit);
        return;
      }
      states.through[client] = chosenOf(reachable, client, time);
    } else {
      states.through[client] = -1;
    }
    states.cutOff[client] = 0;
    states.onInternet[client] = place === 'Internet' ? 1 : 0;
    states.lastPolicy[client] = time;
    if (time - (states.lastLocation[client] ?? 0) < LOCATION_PERIOD_MS) return;
    states.lastLocation[client] = time;
    states.knows[client] = advertised;
  };

  const noteUnreachable = (client: number, time: number, habit: Habit) => {
    // Who never learnt of a gateway has lost none.
    if (states.knows[client] === 0 || states.cutOff[client] === 1) return;
    states.cutOff[client] = 1;
    const lastHeard = states.lastPolicy[client] ?? time;
    const knows = gateways.filter((_, number) => ((states.knows[client] ?? 0) >> number) & 1);
    const offBefore = habit === 'OftenOff' ? Math.max(time - lastHeard - HOUR_MS, 0) : 0;
    cutOff.push({ name: nameOf(client), since: time, offBefore, knows });
  };

  const advanceTo = (now: number) => {
    if (now <= advancedTo) return;
    const advertised = bitsOf(surroundings.advertised());
    const serving = bitsOf(gateways.filter((name) => surroundings.serves(name)));
    for (let hour = Math.floor(advancedTo / HOUR_MS) * HOUR_MS; hour <= now; hour += HOUR_MS) {
      for (let place = firstAfter(order, states.phase, advancedTo - hour); place < size; place += 1) {
        const client = order[place] ?? 0;
        const time = hour + (states.phase[client] ?? 0);
        if (time > now) break;
        poll(client, time, advertised, serving);
      }
    }
    advancedTo = now;
  };

  const begin = () => {
    const known = bitsOf(surroundings.advertised());
    for (let client = 0; client < size; client += 1) {
      states.knows[client] = isForeign(client) ? 0 : known;
      // As if it had asked at some time in the last 24 hours.
      states.lastLocation[client] = startedAt - shareOf(client, 4) * LOCATION_PERIOD_MS;
      const habit = habitOf(client, shares);
      const off = !isForeign(client) && whereaboutsAt(client, habit, startedAt) === 'Off';
      states.lastPolicy[client] = off ? lastTimeOn(client, habit, startedAt) : 0;
    }
    advanceTo(startedAt);
  };
  begin();

  const view = (client: number): ClientView => {
    const lastPolicyRequest = states.lastPolicy[client] ?? 0;
    const foreign = isForeign(client);
    return {
      index: client,
      isClient: !foreign || client % 2 === 0,
      isObsolete: foreign && client % 2 === 0,
      isAlwaysInternet: false,
      isOnInternet: states.onInternet[client] === 1,
      gateway: gateways[states.through[client] ?? -1],
      lastPolicyRequest: lastPolicyRequest === 0 ? undefined : lastPolicyRequest,
    };
  };
  return {
    get size() {
      return listed?.length ?? size;
    },
    at: (place) => view(listed?.[place] ?? place),
    advanceTo,
    remove: (place) => {
      listed ??= Array.from({ length: size }, (_, client) => client);
      listed.splice(place, 1);
    },
    cutOff,
    get cutOffNow() {
      return states.cutOff.reduce((count, each) => count + each, 0);
    },
  };
}

function createStates(size: number): ClientStates {
  return {
    phase: Float64Array.from({ length: size }, (_, client) => Math.floor(shareOf(client, 0) * HOUR_MS)),
    lastPolicy: new Float64Array(size),
    lastLocation: new Float64Array(size),
    knows: new Uint32Array(size),
    through: new Int8Array(size).fill(-1),
    onInternet: new Uint8Array(size),
    cutOff: new Uint8Array(size),
  };
}

/** The first place in `order` whose phase is later than `after`. */
function firstAfter(order: Uint32Array, phase: Float64Array, after: number): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((phase[order[middle] ?? 0] ?? 0) > after) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Number of one of the gateways in `bits`, by chance. */
function chosenOf(bits: number, client: number, time: number): number {
  const numbers: number[] = [];
  for (let number = 0; number < 31; number += 1) if ((bits >> number) & 1) numbers.push(number);
  return numbers[Math.floor(shareOf(client, Math.floor(time / HOUR_MS)) * numbers.length)] ?? -1;
}

function lastTimeOn(client: number, habit: Habit, before: number): number {
  let time = before;
  while (whereaboutsAt(client, habit, time) === 'Off') time -= HOUR_MS;
  return time;
}
