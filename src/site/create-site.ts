import type { Clock } from '../runtime/clock.ts';
import type { WriteResult } from './answer.ts';
import { type Change, type ChangeTarget, type DriverName, OPERATION, type SiteDriver } from './driver.ts';
import { manualStep } from './manual-steps.ts';
import type { SiteWrite, Standing } from './operations.ts';
import { shareFacts } from './shared-facts.ts';
import type { Site, SiteFacts, WriteOptions } from './site.ts';
import { standingOf } from './standings.ts';

export interface SiteOptions {
  readonly facts: SiteFacts;
  /** Ways to change the site; may be none. */
  readonly drivers: readonly SiteDriver[];
  /** Whether writes are made whose form is only inferred. */
  readonly allowUnproven: boolean;
  readonly clock: Clock;
}

const BEST_FIRST: readonly Standing[] = ['Documented', 'SeenInPublicCode', 'Inferred'];

/**
 * A site that is changed by the driver whose form is known best. What none of them does or may do becomes a manual step.
 */
export function createSite({ facts, drivers, allowUnproven, clock }: SiteOptions): Site {
  const shared = shareFacts(facts, clock);

  /** A method that hands the change to the drivers, the best first, until one can do it. */
  function changeWith<Name extends Change>(change: Name) {
    return async (target: ChangeTarget<Name>, options: WriteOptions): Promise<WriteResult> => {
      let reason = reasonWithout(OPERATION[change], drivers, allowUnproven);
      for (const { changes } of driversFor(OPERATION[change], drivers, allowUnproven)) {
        const result = await changes[change]?.(target, options);
        if (result === undefined) continue;
        // Whatever came of it, what was read before may no longer hold.
        if (result.kind !== 'NotPossible') shared.forget();
        if (result.kind !== 'NotPossible') return result;
        reason = result.reason;
      }
      return { kind: 'Manual', step: manualStep(change, target, reason) };
    };
  }

  return {
    ...shared.facts,
    registerService: changeWith('registerService'),
    unregisterService: changeWith('unregisterService'),
    startService: changeWith('startService'),
    stopService: changeWith('stopService'),
    addConnectionPoint: changeWith('addConnectionPoint'),
    linkConnectionPoint: changeWith('linkConnectionPoint'),
    removeConnectionPoint: changeWith('removeConnectionPoint'),
    addBoundaryGroupMember: changeWith('addBoundaryGroupMember'),
    removeBoundaryGroupMember: changeWith('removeBoundaryGroupMember'),
    setPreferCloudSources: changeWith('setPreferCloudSources'),
    setCmgTraffic: changeWith('setCmgTraffic'),
    setClientAuthentication: changeWith('setClientAuthentication'),
    setClientSettings: changeWith('setClientSettings'),
  };
}

/** Drivers that may carry out an operation, those with the best standing first. */
function driversFor(operation: SiteWrite, drivers: readonly SiteDriver[], allowUnproven: boolean): SiteDriver[] {
  const rank = (name: DriverName) => {
    const standing = standingOf(operation, name);
    return standing === undefined ? -1 : BEST_FIRST.indexOf(standing);
  };
  return drivers
    .filter(({ name }) => {
      const standing = standingOf(operation, name);
      return standing !== undefined && (standing !== 'Inferred' || allowUnproven);
    })
    .toSorted((left, right) => rank(left.name) - rank(right.name));
}

function reasonWithout(operation: SiteWrite, drivers: readonly SiteDriver[], allowUnproven: boolean): string {
  const unproven = drivers.some(({ name }) => standingOf(operation, name) === 'Inferred');
  return unproven && !allowUnproven
    ? 'The operator does not: how it would is only inferred, and the Site does not allow unproven writes.'
    : 'The operator has no way to do it on this site.';
}
