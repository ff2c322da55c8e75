import type { Clock } from '../runtime/clock.ts';
import type { SiteAnswer } from './answer.ts';
import type { ReadOptions, SiteFacts } from './site.ts';

interface Held {
  /** When the read began, by the monotonic clock. */
  readonly begunAt: number;
  readonly answer: Promise<SiteAnswer<unknown>>;
}

export interface SharedFacts {
  readonly facts: SiteFacts;
  /** Gives no answer again that was asked for before now, as after a write. */
  forget(): void;
}

/**
 * Facts that many objects ask for, read once: an answer whose reading began no longer ago than `maxAgeMs` is given again,
 * also while it is under way. Failures are given to none but those who waited for them.
 */
export function shareFacts(facts: SiteFacts, clock: Clock): SharedFacts {
  const held = new Map<string, Held>();

  async function share<T>(
    key: string,
    { signal, maxAgeMs = 0 }: ReadOptions,
    read: () => Promise<SiteAnswer<T>>,
  ): Promise<SiteAnswer<T>> {
    signal.throwIfAborted();
    const known = held.get(key);
    if (known !== undefined && maxAgeMs > 0 && clock.monotonic() - known.begunAt <= maxAgeMs) {
      // Rejects when whoever began it was told to stop; that is nothing to those who were not.
      const answer = await known.answer.catch(() => undefined);
      signal.throwIfAborted();
      if (answer !== undefined) return answer as SiteAnswer<T>;
    }
    const begun: Held = { begunAt: clock.monotonic(), answer: read() };
    held.set(key, begun);
    const forget = () => {
      if (held.get(key) === begun) held.delete(key);
    };
    try {
      const answer = await begun.answer;
      if (answer.kind !== 'Answered') forget();
      return answer as SiteAnswer<T>;
    } catch (error) {
      forget();
      throw error;
    }
  }

  const shared: SiteFacts = {
    identity: (options) => share('identity', options, () => facts.identity(options)),
    serviceRecords: (options) => share('serviceRecords', options, () => facts.serviceRecords(options)),
    connectionPoints: (options) => share('connectionPoints', options, () => facts.connectionPoints(options)),
    boundaryGroups: (options) => share('boundaryGroups', options, () => facts.boundaryGroups(options)),
    boundaryGroupMembers: (id, options) =>
      share(`boundaryGroupMembers/${id}`, options, () => facts.boundaryGroupMembers(id, options)),
    clientFacingRoles: (options) => share('clientFacingRoles', options, () => facts.clientFacingRoles(options)),
    clientAuthentication: (siteCode, options) =>
      share(`clientAuthentication/${siteCode}`, options, () => facts.clientAuthentication(siteCode, options)),
    clientSettings: (options) => share('clientSettings', options, () => facts.clientSettings(options)),
    readDevices: facts.readDevices,
    readContent: facts.readContent,
    readDistribution: facts.readDistribution,
  };
  return { facts: shared, forget: () => held.clear() };
}
