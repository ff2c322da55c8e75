/** A point in time in milliseconds since 1970, from the `Date` of an answer of Azure or of the site. */
export type Instant = number;

/** In milliseconds, as all durations here. */
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
