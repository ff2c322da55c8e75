/** Where a client is: reachable from nothing, on the intranet, or on the internet. */
export type Whereabouts = 'Off' | 'Intranet' | 'Internet';

/** How a client spends its days. */
export type Habit = 'AlwaysInternet' | 'Commuter' | 'AlwaysIntranet' | 'OftenOff';

/** Shares of the habits; what is left to 1 is always on the internet. */
export interface HabitShares {
  /** On the intranet by day, on the internet by night and at the weekend. */
  readonly commuters: number;
  readonly alwaysIntranet: number;
  /** On the internet when on, and off for days, again and again. */
  readonly oftenOff: number;
}

export const USUAL_SHARES: HabitShares = { commuters: 0.2, alwaysIntranet: 0.15, oftenOff: 0.05 };

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A number in [0, 1) that follows from a client and a purpose alone. */
export function shareOf(client: number, purpose: number): number {
  let mixed = Math.imul(client + 0x9e3779b9, 0x85ebca6b) ^ Math.imul(purpose + 1, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 4_294_967_296;
}

export function habitOf(client: number, { commuters, alwaysIntranet, oftenOff }: HabitShares): Habit {
  const share = shareOf(client, 1);
  if (share < commuters) return 'Commuter';
  if (share < commuters + alwaysIntranet) return 'AlwaysIntranet';
  return share < commuters + alwaysIntranet + oftenOff ? 'OftenOff' : 'AlwaysInternet';
}

/** Where a client with a habit is at a time in milliseconds since the epoch. */
export function whereaboutsAt(client: number, habit: Habit, time: number): Whereabouts {
  switch (habit) {
    case 'AlwaysInternet':
      return 'Internet';
    case 'AlwaysIntranet':
      return 'Intranet';
    case 'Commuter': {
      const date = new Date(time);
      const day = date.getUTCDay();
      const hour = date.getUTCHours();
      return day >= 1 && day <= 5 && hour >= 8 && hour < 17 ? 'Intranet' : 'Internet';
    }
    case 'OftenOff': {
      // Off for one to four days in every six to nine.
      const offDays = 1 + Math.floor(shareOf(client, 2) * 4);
      const period = (5 + offDays) * DAY_MS;
      const into = (time + shareOf(client, 3) * period) % period;
      return into < offDays * DAY_MS ? 'Off' : 'Internet';
    }
    default:
      return habit satisfies never;
  }
}
