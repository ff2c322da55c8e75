import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import type { ObjectStore } from '../../runtime/store.ts';
import { isManaged } from './managed-cmg.ts';

/** Whether a rollout may begin or go on. */
export type RolloutSlot =
  | { readonly kind: 'Taken' }
  /** As many as may be are under way already: those of these CMGs, as `<namespace>/<name>`. */
  | { readonly kind: 'None'; readonly holders: readonly string[] };

/**
 * The brake of rollouts: to how many gateways of one site a new model is brought at the same time; gateways without a Site count
 * together. A bad service package or image so reaches one gateway of a site and stops there.
 */
export interface RolloutBrake {
  /** How many at the same time. */
  readonly most: number;
  /** Takes a slot, or keeps the one that the gateway has: over restarts too, once its status tells of the rollout. */
  take(gateway: CMG): RolloutSlot;
  /** Gives the slot back, if there is one. */
  release(gateway: CMG): void;
}

/**
 * Judges by the statuses of all CMGs, so that a new process comes to the same decisions, and by what was taken a moment ago
 * and stands in no status yet. The oldest rollouts go first. What nobody works on holds no slot: a CMG
 * that is suspended, only observed, or being deleted.
 */
export function createRolloutBrake(store: Pick<ObjectStore<CMG>, 'list'>, most: number): RolloutBrake {
  const taken = new Set<string>();
  return {
    most,
    take: (gateway) => {
      const { uid } = gateway.metadata;
      const others = store.list().filter(({ metadata }) => metadata.uid !== uid);
      forgetGone(taken, [gateway, ...others]);
      const site = siteOf(gateway);
      const own = turnOf(gateway, taken);
      const before = others.filter((other) => {
        const turn = siteOf(other) === site && isWorkedOn(other) ? turnOf(other, taken) : undefined;
        return turn !== undefined && (own === undefined || turn < own);
      });
      if (before.length >= most) {
        const names = before.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
        return { kind: 'None', holders: names.toSorted() };
      }
      taken.add(uid);
      return { kind: 'Taken' };
    },
    release: ({ metadata: { uid } }) => {
      taken.delete(uid);
    },
  };
}

/** The Site of a gateway as `<namespace>/<name>`; `undefined` without one. */
function siteOf({ metadata, spec }: CMG): string | undefined {
  return spec.siteRef === undefined ? undefined : `${metadata.namespace}/${spec.siteRef.name}`;
}

function isWorkedOn(cmg: CMG): boolean {
  return cmg.metadata.deletionTimestamp === undefined && !cmg.spec.suspend && isManaged(cmg);
}

/** The turn of a gateway that has a slot, as a text that sorts; `undefined` where it has none. */
function turnOf({ metadata: { uid }, status }: CMG, taken: ReadonlySet<string>): string | undefined {
  const startedAt = status?.deployments?.find(({ rollout }) => rollout !== undefined)?.rollout?.startedAt;
  if (startedAt !== undefined) {
    return `${startedAt} ${uid}`;
  }
  const place = [...taken].indexOf(uid);
  // After every time, in the order in which they were taken.
  return place < 0 ? undefined : `taken ${String(place).padStart(6, '0')}`;
}

function forgetGone(taken: Set<string>, cmgs: readonly CMG[]): void {
  const present = new Set(cmgs.map(({ metadata }) => metadata.uid));
  for (const uid of [...taken]) {
    if (!present.has(uid)) taken.delete(uid);
  }
}
