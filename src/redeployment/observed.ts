import type { ClientPass } from './client-gate.ts';
import type { ContentComparison } from './content.ts';
import type { Identity } from './identity.ts';
import type { Instant } from './instant.ts';
import type { Consent, DeploymentMark, HeldItem } from './record.ts';

/** What an observation says; `Unknown` when it failed. */
export type Seen = 'Yes' | 'No' | 'Unknown';

/** What a CMG asks of its redeployments: `spec.redeployment`, durations in milliseconds. */
export interface RedeploymentTerms {
  /** At least a day, whatever stands here. */
  readonly minimumWait: number;
  readonly requiredRefreshPercent: number;
  readonly ignoreClientsInactiveFor: number;
  /** Counted, as the minimum wait is, from the moment at which the successor is advertised and wanted. */
  readonly deadline: number;
  readonly onDeadline: 'Hold' | 'Retire';
  /** How long a drained gateway stays stopped before it is deleted; 0: it is not stopped. */
  readonly drainFor: number;
  readonly evidence: 'Site' | 'TimeOnly';
}

/** What a CMG declares, as far as the planner has to know. */
export interface GatewayWish {
  /** `<namespace>/<name>`. */
  readonly key: string;
  readonly generation: number;
  readonly identity: Identity;
  readonly serviceName: string;
  readonly management: 'Manage' | 'Observe';
  readonly suspended: boolean;
  /** `Stopped` also while the traffic of the last 14 days keeps it stopped. */
  readonly power: 'Running' | 'Stopped';
  readonly terms: RedeploymentTerms;
  /** Present from the deletion timestamp on. `Retain` also with deletion protection. */
  readonly deletion?: 'Delete' | 'Retain';
}

/** What the tags of a deployment say. */
export type ObservedMark =
  | { readonly kind: 'Read'; readonly mark: DeploymentMark }
  /** Nothing of it exists that could carry tags. */
  | { readonly kind: 'None' }
  /** A resource of it exists without our tags, or with different ones. */
  | { readonly kind: 'Lost' }
  /** The site made it, and it is there: it carries no tags of ours, and gets none. */
  | { readonly kind: 'Others' }
  | { readonly kind: 'Unknown' };

/** One deployment as Azure, DNS and the site show it. */
export interface ObservedDeployment {
  readonly id: string;
  /** `Partial`: something of it, but no scale set. */
  readonly azure: 'Whole' | 'Partial' | 'Absent' | 'Unknown';
  readonly mark: ObservedMark;
  /** It is not stopped. */
  readonly running: Seen;
  /** Every wanted instance has the setup succeeded and a healthy probe. */
  readonly instancesServe: Seen;
  /** Its public address presents its certificate; `NotProbed` where the cluster may not reach it. */
  readonly certificatePresented: Seen | 'NotProbed';
  /** The service name resolves to it. */
  readonly resolves: Seen;
  /** The site has its record. */
  readonly siteRecord: Seen;
  /** The line by which a person has it taken back, where its tags are lost. */
  readonly adoption?: string;
  /** The credentials of its time are gone. */
  readonly credentialsMissing: boolean;
}

/** A connection point of the CMG. */
export interface ObservedPoint {
  readonly name: string;
  readonly role: 'Primary' | 'Standby';
  /** Service name of the gateway that the site links it to. */
  readonly linkedTo?: string;
  readonly connected: Seen;
  /** Its role is not the operator's to uninstall: it leaves a gateway only for another one. */
  readonly isForeign?: true;
}

/** A boundary group in which the CMG is to be. */
export interface ObservedGroup {
  readonly name: string;
  /** Service names of the gateways in it. */
  readonly members: readonly string[];
}

/** The site of the CMG. */
export type ObservedSite =
  /** The CMG has none. */
  | { readonly kind: 'None' }
  | { readonly kind: 'Unreachable' }
  | { readonly kind: 'Read'; readonly points: readonly ObservedPoint[]; readonly groups: readonly ObservedGroup[] };

/** Who carries whose clients while a gateway is deleted first: `Site.status.outageClaim`. */
export interface OutageClaim {
  readonly claimant: string;
  readonly carrier: string;
}

/** Another CMG of the site, as a carrier of clients. */
export interface CarrierFacts {
  readonly key: string;
  readonly ready: boolean;
  readonly running: boolean;
  /** Its latest generation is observed. */
  readonly current: boolean;
  /** It has a redeployment, or is being deleted. */
  readonly redeploying: boolean;
  /** How long it has been advertised, milliseconds. */
  readonly advertisedFor: number;
  /** Its `minimumWait`, milliseconds. */
  readonly minimumWait: number;
  readonly gateOpen: boolean;
}

/** What is read live, past every cache, before an irreversible action. */
export interface LiveFacts {
  /** The CMG has the uid that the planner knows. */
  readonly sameObject: boolean;
  readonly generation: number;
  readonly consents: readonly Consent[];
  readonly marks: ReadonlyMap<string, ObservedMark>;
  readonly site: ObservedSite;
  readonly claim?: OutageClaim;
  readonly carriers: readonly CarrierFacts[];
}

/** What one reading of all that a gateway holds has shown. */
export type ContentReading =
  /** It has not been read, or could not be; `failure` is a sentence that says why. */
  | { readonly kind: 'Unknown'; readonly failure?: string }
  /** The site has no record of the gateway, or is deleting it: what it held, the site does not tell any more. */
  | { readonly kind: 'Gone' }
  /** All of it was; `items` are as many of the `held` as are to be remembered, in the order of their ids. */
  | { readonly kind: 'Read'; readonly held: number; readonly items: readonly HeldItem[] };

/** What is known of the world at one moment. */
export interface Observed {
  /** The local clock, to compare with `now`. */
  readonly localTime: Instant;
  readonly deployments: readonly ObservedDeployment[];
  /** Whether Azure was searched to the end for resources of this CMG. */
  readonly inventory: 'Complete' | 'Partial';
  readonly site: ObservedSite;
  /** Service names of the gateways of all other CMGs of the site. */
  readonly otherGateways: readonly string[];
  readonly claim?: OutageClaim;
  readonly carriers: readonly CarrierFacts[];
  readonly consents: readonly Consent[];
  readonly clientPasses: readonly ClientPass[];
  /**
   * The last comparisons of what gateways hold, as far as the planner has asked for them. Absent where nothing is to be
   * compared: the CMG has no site, or serves no content.
   */
  readonly content?: readonly ContentComparison[];
  /** The last readings of gateways that are to be deleted first, by the ids of their deployments, as far as they were asked for. */
  readonly contentReadings?: readonly { readonly deployment: string; readonly reading: ContentReading }[];
  /** Devices visible on the site, where somebody counted them. */
  readonly devices?: number;
  /** Whether the Secret of the server certificate can be read. */
  readonly certificateReadable: boolean;
  /** Of the wanted identity. */
  readonly preflight: {
    readonly passed: boolean;
    /** Also purge right, no purge protection, SKU and quota, provider, certificate and package. */
    readonly wholePassed: boolean;
  };
  /** Whether `--max-deletions-per-hour` leaves room to begin the deletion of one that clients may miss. */
  readonly mayDeleteGateway: boolean;
  /** A new id for a deployment that may have to be made. */
  readonly freshId: string;
  /** Absent until the planner asks for it with the action `ReadLive`; `Failed` when one of the readings failed. */
  readonly live?: LiveFacts | 'Failed';
}
