import type { Clock } from '../runtime/clock.ts';

/** The time as the answers of servers tell it, so that a clock of the machine that is set wrong decides nothing. */
export interface ServerTime {
  /** Told the `Date` of an answer, in milliseconds since the epoch. */
  answered(date: number): void;
  /** The time now: the last `Date`, and what has gone by since. The clock of the machine before the first answer. */
  now(): number;
}

export function createServerTime(clock: Clock): ServerTime {
  let last: { readonly date: number; readonly at: number } | undefined;
  return {
    answered: (date) => {
      last = { date, at: clock.monotonic() };
    },
    now: () => (last === undefined ? clock.now() : last.date + (clock.monotonic() - last.at)),
  };
}
