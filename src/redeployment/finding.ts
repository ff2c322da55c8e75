/** What a reason of a redeployment stands for. */
export interface RedeploymentReasonDescription {
  /** Whether nothing moves on until a person acts. */
  readonly stalled: boolean;
  /** What it means. */
  readonly meaning: string;
  /** What to do. */
  readonly action: string;
}

const NOTHING = 'Nothing; it passes by itself.';

/** Every reason that the planner gives, once. */
export const REDEPLOYMENT_REASONS = {
  BuildingReplacement: {
    stalled: false,
    meaning: 'The new gateway is being built; the old one serves.',
    action: 'Nothing; it takes some minutes.',
  },
  WaitingForPreflight: {
    stalled: false,
    meaning: 'A prerequisite of the new gateway is missing; the old one serves.',
    action: 'Look at the condition PrerequisitesMet.',
  },
  NotAdvertised: {
    stalled: false,
    meaning: 'The new gateway is not yet in reach of every client. The message names what it lacks.',
    action: 'Provide what the message names, if it does not come by itself.',
  },
  ConnectionPointNotConnected: {
    stalled: true,
    meaning: 'A connection point is linked to the gateway and does not connect.',
    action: 'Look at SMS_Cloud_ProxyConnector.log on its server.',
  },
  WaitingForClients: {
    stalled: false,
    meaning: 'Clients are given the time to learn the new gateway; both serve.',
    action: NOTHING,
  },
  ClientsNotRefreshed: {
    stalled: false,
    meaning: 'The time has passed, and too few clients are seen to have refreshed; both gateways serve.',
    action: 'Wait, or give the consent in the message.',
  },
  DeadlinePassed: {
    stalled: true,
    meaning: 'The deadline has passed and clients are still not seen to have refreshed; both gateways serve.',
    action: 'Find the clients that are missing, or give the consent in the message.',
  },
  NoClientEvidence: {
    stalled: true,
    meaning: 'Without a site nobody can tell whether clients have refreshed.',
    action: 'Set redeployment.evidence to TimeOnly, or give the consent in the message.',
  },
  FewerDevicesVisible: {
    stalled: true,
    meaning: 'The site shows clearly fewer devices than when the redeployment began, so what is seen is not all.',
    action: 'Check what the account of the operator may read on the site, or give the consent in the message.',
  },
  Draining: { stalled: false, meaning: 'The old gateway hands over to the new one.', action: NOTHING },
  DeletionAnnounced: {
    stalled: false,
    meaning: 'The next round begins to delete the old gateway. This is the last moment to set the spec back.',
    action: 'Nothing, or set the spec back now.',
  },
  DeletingDeployment: {
    stalled: false,
    meaning: 'A gateway that is no longer needed is being deleted.',
    action: NOTHING,
  },
  SuccessorLost: {
    stalled: false,
    meaning: 'The new gateway is no longer in reach of every client; the old one is left as it is.',
    action: 'Set right what the new gateway lacks, or set the spec back to the old one.',
  },
  NoStandbyConnectionPoint: {
    stalled: true,
    meaning: 'A second gateway needs a connection point of its own, and none is free.',
    action: 'Add a connection point with the role Standby on another site system.',
  },
  WaitingForEarlierRedeployment: {
    stalled: false,
    meaning: 'An earlier redeployment of this CMG has to end first.',
    action: 'Nothing, or give the consent in the message.',
  },
  WaitingForNames: {
    stalled: false,
    meaning: 'The names of the new gateway are free when an older one is deleted.',
    action: NOTHING,
  },
  NoOtherActiveCMG: {
    stalled: true,
    meaning:
      'The new gateway needs the names of the old one, so that the old one has to go first, and no other CMG of the site can carry its clients.',
    action: 'Add a CMG and wait until clients know it, or give the consent in the message.',
  },
  OutageClaimTaken: {
    stalled: false,
    meaning: 'Another CMG of the site replaces its gateway under its own name; one at a time.',
    action: NOTHING,
  },
  CarriesClientsOf: {
    stalled: false,
    meaning:
      'This CMG carries the clients of another one, whose gateway is being replaced. Until then it stays as it is.',
    action: 'Nothing, or help the other CMG on.',
  },
  LastConnectionPoint: {
    stalled: true,
    meaning: 'A gateway that does not serve holds the last connection point that the new one could get.',
    action: 'Repair the gateway, add a connection point, or give the consent in the message.',
  },
  OwnershipLost: {
    stalled: true,
    meaning: 'A resource of a gateway has lost the tags of its CMG. It is neither changed nor deleted.',
    action: 'Find out who removed them, and adopt it with the line in the message.',
  },
  UnknownGateway: {
    stalled: true,
    meaning: 'A connection point or boundary group names a gateway that the operator does not know.',
    action: 'Take it away there in the console, or link it to a gateway of a CMG.',
  },
  OldCredentialsMissing: {
    stalled: true,
    meaning: 'The credentials that a gateway was made with are gone. It is kept.',
    action: 'Restore the Secret that the message names.',
  },
  ClockSkew: {
    stalled: true,
    meaning: 'The clock of the operator and those of Azure and the site differ by more than five minutes.',
    action: 'Set the clock of the node right. No wait counts until then.',
  },
  CertificateUnreadable: {
    stalled: true,
    meaning: 'The server certificate cannot be read, so no gateway is made, drained or deleted.',
    action: 'Look at the condition CertificateValid.',
  },
  SiteUnreachable: {
    stalled: false,
    meaning: 'The site does not answer. What needs it waits.',
    action: 'If it lasts, check the way from the cluster to the AdminService.',
  },
  DeletionBudget: {
    stalled: false,
    meaning: 'As many gateways as --max-deletions-per-hour allows have been deleted within an hour.',
    action: NOTHING,
  },
  LeftOnSite: {
    stalled: false,
    meaning: 'The site did not answer for an hour while the CMG was being deleted; what is left there is named.',
    action: 'Take it away in the console.',
  },
  TooManyDeployments: {
    stalled: true,
    meaning: 'The CMG has as many gateways as a status can hold.',
    action: 'Set the spec back to one of them, and wait until the others have gone.',
  },
} as const satisfies Record<string, RedeploymentReasonDescription>;

/** One word for programs. */
export type RedeploymentReason = keyof typeof REDEPLOYMENT_REASONS;

/** Something that a condition is to say. */
export interface Finding {
  readonly reason: RedeploymentReason;
  /** Id of the deployment that it is about. */
  readonly deployment?: string;
  /** What is the matter and what to do next. No time or count that ticks. */
  readonly message: string;
}
