import { REASONS, type Reason, type ReasonDescription } from '../api/v1alpha1/conditions.ts';

/** The reasons that the planner gives. */
const NAMES = [
  'BuildingReplacement',
  'ManualCreationRequired',
  'WaitingForPreflight',
  'NotAdvertised',
  'ConnectionPointNotConnected',
  'WaitingForClients',
  'ClientsNotRefreshed',
  'WaitingForContent',
  'ContentNotDistributed',
  'DeadlinePassed',
  'NoClientEvidence',
  'FewerDevicesVisible',
  'Draining',
  'DeletionAnnounced',
  'DeletingDeployment',
  'ManualDeletionRequired',
  'SuccessorLost',
  'NoStandbyConnectionPoint',
  'WaitingForEarlierRedeployment',
  'WaitingForNames',
  'NoOtherActiveCMG',
  'OutageClaimTaken',
  'CarriesClientsOf',
  'LastConnectionPoint',
  'OwnershipLost',
  'UnknownGateway',
  'UnknownGatewayInGroup',
  'OldCredentialsMissing',
  'ClockSkew',
  'CertificateUnreadable',
  'SiteUnreachable',
  'DeletionBudget',
  'LeftOnSite',
  'TooManyDeployments',
] as const satisfies readonly Reason[];

/** One word for programs. */
export type RedeploymentReason = (typeof NAMES)[number];

/** What each of them stands for. */
export const REDEPLOYMENT_REASONS: Readonly<Record<RedeploymentReason, ReasonDescription>> = Object.fromEntries(
  NAMES.map((name) => [name, REASONS[name]]),
) as Record<RedeploymentReason, ReasonDescription>;

/** Something that a condition is to say. */
export interface Finding {
  readonly reason: RedeploymentReason;
  /** Id of the deployment that it is about. */
  readonly deployment?: string;
  /** What is the matter and what to do next. No time or count that ticks. */
  readonly message: string;
}
