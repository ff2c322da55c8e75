import type { Identity } from './identity.ts';
import type { Instant } from './instant.ts';

/** Whether clients may ever have depended on a gateway. Any doubt is `Yes`. */
export type Served = 'Yes' | 'No';

/** Why a deployment is deleted. */
export type DeletionCause =
  /** It never served and is not wanted (rule 2). */
  | 'NeverServed'
  /** It has drained behind its successor (rule 3). */
  | 'Retired'
  /** Its names are needed by what is wanted (rule 6). */
  | 'DeleteFirst'
  /** Its scale set or its group is gone (rules 4 and 9). */
  | 'Gone'
  /** The CMG is deleted (rule 10). */
  | 'CmgDeleted';

/** Where a deployment stands. */
export type Stage =
  /** It is being built and has not served yet. */
  | { readonly phase: 'Provisioning' }
  /** It is there for clients. */
  | { readonly phase: 'Active' }
  /** It serves on, while another is advertised in its place. */
  | { readonly phase: 'Superseded' }
  /** It leaves groups and points to its successor, and may be stopped. */
  | {
      readonly phase: 'Draining';
      /** Id of the successor. */
      readonly behind: string;
      /** When it was first seen stopped. */
      readonly stoppedAt?: Instant;
    }
  /** The point of no return is behind it. */
  | { readonly phase: 'Deleting'; readonly because: DeletionCause };

/** An unbroken run of being advertised. */
export interface AdvertisedRun {
  readonly since: Instant;
  /** The last observation that said so; moved on only every ten minutes, so that the status rests. */
  readonly seenAt: Instant;
  /** The first of the observations that have said otherwise since. */
  readonly otherwiseSince?: Instant;
}

/** What stands of a deployment in the tags of its resources as well as in status. */
export interface DeploymentMark {
  /** Names the deployment. */
  readonly id: string;
  readonly identity: Identity;
  /** By which clients reach it. */
  readonly serviceName: string;
  readonly served: Served;
  /** When it was last taken for what is wanted. */
  readonly wantedSince: Instant;
  /** Counts the changes of what is wanted: of two deployments, the one with the greater was wanted more recently. */
  readonly wantedOrder: number;
}

/** What is remembered of one physical gateway. */
export interface DeploymentRecord extends DeploymentMark {
  readonly stage: Stage;
  readonly run?: AdvertisedRun;
  /** The deletion that the next reconcile will begin, if everything still speaks for it. */
  readonly announced?: DeletionCause;
}

/** A person's word in an annotation; it names the deployment that it is about. */
export interface Consent {
  readonly kind: 'AllowClientOutage' | 'ConfirmRetire';
  readonly deployment: string;
}

/** Something that a gateway held, as the site names it. */
export interface HeldItem {
  /** Such as `PS100012`. */
  readonly packageId: string;
  /** As the console shows it; may be cut, but for an application, and be empty. */
  readonly name: string;
  /** What it is to the site, such as `Application`. */
  readonly kind: string;
}

/** What a gateway held that was, or is to be, deleted before another one takes its place. */
export interface HeldContent {
  /** Id of the deployment. */
  readonly deployment: string;
  readonly serviceName: string;
  /** How many packages and applications. */
  readonly held: number;
  /** As many of them as a status takes, in the order of their ids. */
  readonly items: readonly HeldItem[];
}

/** All that the planner remembers of a CMG from one reconcile to the next. */
export interface Records {
  /** In the order in which they were made or found. */
  readonly deployments: readonly DeploymentRecord[];
  /** The identity that was wanted last. */
  readonly wanted?: Identity;
  /** The generation of the CMG that was planned last. */
  readonly generation?: number;
  /** Consents that no longer count, until their annotation is taken away. */
  readonly lapsed: readonly Consent[];
  /** Devices visible on the site when the redeployment began. */
  readonly devicesAtBeginning?: number;
  /** Since when the gateways of a CMG that is being deleted leave its site, the last of them included. */
  readonly leavingSince?: Instant;
  /** What gateways held that go, or went, before another one was there. When it is lost, nothing else is. */
  readonly heldContent?: readonly HeldContent[];
}

/** Nothing is remembered. */
export const NO_RECORDS: Records = { deployments: [], lapsed: [] };
