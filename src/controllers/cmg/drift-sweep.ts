import { ArmError } from '../../azure/errors.ts';
import { type SweptResource, sweepResources } from '../../azure/resource-sweep.ts';
import { DEFAULT_PAUSE_MS } from '../../azure/throttling.ts';
import { OWNER_TAG, ownerTag } from '../../gateway/tags.ts';
import { type Clock, sleep } from '../../runtime/clock.ts';
import type { Source } from '../../runtime/controller.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { AzureSession } from './azure-access.ts';

/**
 * Finds out which gateways somebody changed in Azure, by one Azure Resource Graph query for all gateways of a subscription
 * and identity in each interval. It decides nothing: a gateway with a change is reconciled, and reads for itself what has
 * changed. As long as the sweeps show all resources of a gateway, its own readings may be much rarer.
 */
export interface DriftSweep {
  /** Queues the gateways of which something changed. To be used once: the sweeps end when the controller leaves it. */
  readonly source: Source;
  /**
   * Notes as whom a gateway is looked at now. The first gateway of a subscription and identity begins its sweeps.
   *
   * @param key `<namespace>/<name>` of the CMG
   */
  follow(key: string, session: AzureSession): void;
  /**
   * Since when a resource has not changed, as far as the sweeps show: milliseconds of the operator's clock. `undefined` when
   * they say nothing about it, because it has never appeared or because no sweep has succeeded for too long.
   */
  unchangedSince(session: AzureSession, id: string): number | undefined;
}

export interface DriftSweepOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly installationId: string;
  /** Milliseconds between two sweeps. */
  readonly intervalMs: number;
  /** Whether the operator looks after the CMG `<namespace>/<name>`; what belongs to others is not remembered. */
  readonly isWatched: (key: string) => boolean;
  readonly onSwept?: (outcome: 'success' | 'error') => void;
}

/** Sweeps that may fail in a row before nothing is concluded from the last that succeeded. */
const MISSED_SWEEPS = 2;

/** What the sweeps of one subscription and identity know. */
interface Sweep {
  session: AzureSession;
  /** The gateways, and when each was looked at last. */
  readonly gateways: Map<string, number>;
  /** By ARM id in lower case. */
  readonly resources: Map<string, KnownResource>;
  /** When the last sweep that succeeded began. */
  succeededAt: number | undefined;
  cancel: () => void;
}

interface KnownResource {
  /** The CMG that it belongs to. */
  readonly owner: string;
  /** `undefined`: it has been there and is gone. */
  readonly digest: string | undefined;
  /** When the sweep began that saw this first. */
  readonly since: number;
}

/** Creates sweeps that begin with the first gateway. */
export function createDriftSweep(options: DriftSweepOptions): DriftSweep {
  const { clock, intervalMs } = options;
  const sweeps = new Map<string, Sweep>();
  const stopping = new AbortController();
  let enqueue: Parameters<Source>[0] = () => {};

  const again = (name: string, sweep: Sweep) => {
    sweep.cancel = clock.schedule(intervalMs, () => void run(name, sweep));
  };
  const run = async (name: string, sweep: Sweep) => {
    forgetUnwatched(sweep, options);
    if (sweep.gateways.size === 0) {
      sweeps.delete(name);
      return;
    }
    for (const key of await sweepOnce(sweep, options, stopping.signal)) {
      enqueue(key);
    }
    if (!stopping.signal.aborted) {
      again(name, sweep);
    }
  };

  return {
    source: (to) => {
      enqueue = to;
      return () => {
        stopping.abort(new Error('The controller ends.'));
        for (const { cancel } of sweeps.values()) {
          cancel();
        }
        sweeps.clear();
      };
    },
    follow: (key, session) => {
      // A reconcile may still be on its way.
      if (stopping.signal.aborted) {
        return;
      }
      const name = sweepName(session);
      const known = sweeps.get(name);
      if (known !== undefined) {
        known.session = session;
        known.gateways.set(key, clock.now());
        return;
      }
      const sweep: Sweep = {
        session,
        gateways: new Map([[key, clock.now()]]),
        resources: new Map(),
        succeededAt: undefined,
        cancel: () => {},
      };
      sweeps.set(name, sweep);
      void run(name, sweep);
    },
    unchangedSince: (session, id) => {
      const sweep = sweeps.get(sweepName(session));
      const lapsed = clock.now() - (MISSED_SWEEPS + 1) * intervalMs;
      return sweep?.succeededAt === undefined || sweep.succeededAt < lapsed
        ? undefined
        : sweep.resources.get(id.toLowerCase())?.since;
    },
  };
}

/** Resource Graph shows each identity only what it may read, so each has sweeps of its own. */
function sweepName({ arm, credential }: AzureSession): string {
  return `${arm.cloud.resourceManagerEndpoint} ${arm.subscriptionId} ${credential.principal}`.toLowerCase();
}

/** Gateways that are gone, or that use another identity or subscription by now, are not looked at by this one any more. */
function forgetUnwatched({ gateways, resources }: Sweep, { clock, intervalMs, isWatched }: DriftSweepOptions): void {
  const longAgo = clock.now() - (MISSED_SWEEPS + 1) * intervalMs;
  for (const [key, lookedAt] of gateways) {
    if (lookedAt < longAgo || !isWatched(key)) {
      gateways.delete(key);
    }
  }
  for (const [id, { owner }] of resources) {
    if (!isWatched(owner)) {
      resources.delete(id);
    }
  }
}

/** Sweeps once and returns the gateways of which something is not what it was. A sweep that fails changes nothing. */
async function sweepOnce(
  sweep: Sweep,
  { clock, logger, installationId, intervalMs, isWatched, onSwept }: DriftSweepOptions,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const since = clock.now();
  const found = new Map<string, KnownResource>();
  // One page that is throttled must not lose the others: gateways that no sweep covers read everything, which throttles more.
  const waitOut = async (throttled: ArmError) => {
    const pauseMs = throttled.retryAfterMs ?? DEFAULT_PAUSE_MS;
    if (clock.now() + pauseMs >= since + intervalMs) throw throttled;
    await sleep(clock, pauseMs, signal);
  };
  try {
    const tag = { name: OWNER_TAG, prefix: ownerPrefix(installationId) };
    for await (const resource of sweepResources(sweep.session.arm, tag, { signal, waitOut })) {
      const owner = ownerOf(resource, tag.prefix);
      if (isWatched(owner)) {
        found.set(resource.id, { owner, digest: resource.digest, since });
      }
    }
  } catch (error) {
    if (signal.aborted) {
      return new Set();
    }
    onSwept?.('error');
    const { subscriptionId } = sweep.session.arm;
    const why = error instanceof ArmError ? error.message : String(error);
    logger.warn(
      { subscriptionId, err: error },
      `The sweep for changes in Azure failed; gateways are read one by one if this lasts. ${why}`,
    );
    return new Set();
  }
  onSwept?.('success');
  const changed = noteChanges(sweep, found, since);
  // What the first sweep shows is no change: the gateways read for themselves what has not been read since.
  const isFirst = sweep.succeededAt === undefined;
  sweep.succeededAt = since;
  return isFirst ? new Set() : changed;
}

function noteChanges(
  { resources }: Sweep,
  found: ReadonlyMap<string, KnownResource>,
  since: number,
): ReadonlySet<string> {
  const changed = new Set<string>();
  for (const [id, known] of resources) {
    if (!found.has(id) && known.digest !== undefined) {
      resources.set(id, { ...known, digest: undefined, since });
      changed.add(known.owner);
    }
  }
  for (const [id, resource] of found) {
    if (resources.get(id)?.digest !== resource.digest) {
      resources.set(id, resource);
      changed.add(resource.owner);
    }
  }
  return changed;
}

/** What the owner tags of all gateways of an installation begin with. */
function ownerPrefix(installationId: string): string {
  return ownerTag({ installationId, namespace: '', name: '' }).slice(0, -1);
}

function ownerOf({ tag }: SweptResource, prefix: string): string {
  return tag.slice(prefix.length);
}
