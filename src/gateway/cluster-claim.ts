/** A newcomer that finds itself contested within so long gives way; who has owned the gateway for longer says so once. */
export const CONTEST_MS = 24 * 3_600_000;

/** What a cluster remembers of a gateway that it looks after. Times are milliseconds since the epoch. */
export interface ClusterClaim {
  /** When the gateway was first seen with this cluster's tag. */
  readonly takenAt?: number;
  /** When another cluster was last found to have taken it in spite of that. */
  readonly contestedAt?: number;
}

/** Which cluster looks after a gateway, judged by the tag that names one. */
export type ClusterVerdict =
  /** It is this one. */
  | { readonly kind: 'Ours'; readonly claim: ClusterClaim }
  /** It was made from another cluster, and never this one's: it is taken over, which writes the tag. */
  | { readonly kind: 'TakeOver' }
  /** Another cluster has taken it. Nothing is done here. */
  | {
      readonly kind: 'Contested';
      readonly claim: ClusterClaim;
      /** The tag is written back once, so that the operator there sees that this one is alive. */
      readonly takeBack: boolean;
    };

/**
 * Judges the cluster tag of a gateway. The same manifests on a new cluster take a gateway over; two clusters that live at the
 * same time would take it from each other for ever. So whoever has had it, and sees it taken, stops. If it has had it for a
 * day, it writes its tag back once, from which the newcomer learns of it and stops too. After a day in which the tag stayed
 * its own it goes on; a newcomer waits for a person.
 *
 * @param tag the cluster in the tag; `undefined` where there is none
 */
export function judgeClusterTag(input: {
  readonly own: string;
  readonly tag: string | undefined;
  readonly claim: ClusterClaim;
  readonly now: number;
}): ClusterVerdict {
  const { own, tag, claim, now } = input;
  const { takenAt, contestedAt } = claim;
  if (tag === undefined || tag === own) {
    return contestedAt !== undefined && now - contestedAt < CONTEST_MS
      ? { kind: 'Contested', claim, takeBack: false }
      : { kind: 'Ours', claim: { takenAt: takenAt ?? now } };
  }
  if (takenAt === undefined) {
    return { kind: 'TakeOver' };
  }
  if (contestedAt !== undefined) {
    return { kind: 'Contested', claim, takeBack: false };
  }
  return { kind: 'Contested', claim: { takenAt, contestedAt: now }, takeBack: now - takenAt >= CONTEST_MS };
}
