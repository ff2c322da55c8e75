import type { Logger } from '../runtime/logger.ts';
import type { Happening } from './cmg/report.ts';

/** What happened at the end of an object, in the log too: a namespace that is being deleted takes no events. */
export function logEnd(logger: Logger, happenings: readonly Happening[]): void {
  for (const { type, reason, note } of happenings) {
    const level = type === 'Warning' ? 'warn' : 'info';
    logger[level]({ reason }, note);
  }
}
