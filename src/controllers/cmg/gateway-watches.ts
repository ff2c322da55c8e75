import type { Instant } from '../../redeployment/instant.ts';
import { areSkewed, LONGEST_GAP } from '../../redeployment/time-credit.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { AzureAccess } from './azure-access.ts';
import type { Finding } from './finding.ts';

/** The conditions of a CMG that say that its gateway serves, and is on its site. */
export const IN_REACH = ['ServiceHealthy', 'SiteRegistered', 'ConnectionPointReady'] as const;

/**
 * Since when this process has looked at gateways without a break. It is not written down, as that would be a write an hour for
 * each gateway at rest: another process knows nothing of what went on before it, and takes nothing of it for seen.
 */
export interface GatewayWatches {
  /** The gateway of a CMG was seen to serve, with its part on the site in order. */
  saw(cmgUid: string, now: Instant): void;
  /** Since when there has been no hour without such a look; `undefined` when the last one is longer ago than that. */
  seenSince(cmgUid: string, now: Instant): Instant | undefined;
  /** The CMG is gone, or its time does not count at present. */
  forget(cmgUid: string): void;
}

export function createGatewayWatches(): GatewayWatches {
  const watches = new Map<string, { readonly since: Instant; readonly seenAt: Instant }>();
  const seenSince: GatewayWatches['seenSince'] = (uid, now) => {
    const known = watches.get(uid);
    return known === undefined || Math.abs(now - known.seenAt) > LONGEST_GAP ? undefined : known.since;
  };
  return {
    saw: (uid, now) => void watches.set(uid, { since: seenSince(uid, now) ?? now, seenAt: now }),
    seenSince,
    forget: (uid) => void watches.delete(uid),
  };
}

interface Watching {
  readonly watches: GatewayWatches;
  readonly azure: { readonly serverTime: Pick<AzureAccess['serverTime'], 'now'> };
  readonly clock: Pick<Clock, 'now'>;
}

/** Notes what a round saw of the gateway of a CMG. That it was seen otherwise, the times of its conditions tell. */
export function noteLook(
  { watches, azure, clock }: Watching,
  { uid }: { readonly uid: string },
  findings: readonly Finding[],
): void {
  const now = azure.serverTime.now();
  if (areSkewed(clock.now(), now)) {
    watches.forget(uid);
  } else if (IN_REACH.every((type) => findings.some((each) => each.type === type && each.status === 'True'))) {
    watches.saw(uid, now);
  }
}
