/** What the recordings are known to hold, so that a test can tell what no row shows. */

/** How real providers answer: the kinds of requests that were found in public recordings. */
export const ANSWERS = [
  'resource group PUT',
  'resource group GET missing',
  'resource group DELETE',
  'resource group being deleted',
  'resource GET missing',
  'network security group and public IP PUT',
  'virtual network and subnet PUT',
  'network PUT without change',
  'load balancer PUT',
  'network DELETE',
  'storage account PUT new',
  'storage account PUT unchanged',
  'storage account DELETE',
  'blob service and container PUT',
  'vault PUT',
  'vault DELETE',
  'deleted vault GET missing',
  'deleted vault purge',
  'vault recover',
  'identity PUT',
  'role assignment PUT',
  'scale set PUT',
  'scale set reimage',
  'rolling upgrade cancel with none running',
  'scale set DELETE',
  'deployment PUT',
  'deployment HEAD and cancel',
  'deployment stack validate',
  'provider register',
  'cloud service PUT',
] as const;

/** Error codes that were found in public recordings, by the status with which they came. */
export const CODES = [
  '400 PrincipalNotFound',
  '400 PublicIPAddressCannotBeDeleted',
  '400 InUseSubnetCannotBeDeleted',
  '400 InvalidResourceReference',
  '400 StorageProvisioningStateNotSucceeded',
  '429 ReferencedResourceNotProvisioned',
  '400 FailedIdentityOperation',
  '400 InvalidParameter',
  '400 AccountNameInvalid',
  '400 InvalidPrincipalId',
  '404 ResourceNotFound',
  '404 ResourceGroupNotFound',
  '404 ParentResourceNotFound',
  '404 NotFound',
  '404 DeletedVaultNotFound',
  '404 RoleAssignmentNotFound',
  '404 ContainerNotFound',
  '404 SubscriptionNotFound',
  '409 AnotherOperationInProgress',
  '409 Conflict',
  '409 CannotDeleteResource',
  '409 StorageAccountIsNotProvisioned',
  '409 ResourceGroupBeingDeleted',
  '409 EtagMismatch',
  '409 OperationNotAllowed',
  '429 RetryableError',
  '500 InternalServerError',
  '500 InternalOperationError',
  '503 ServiceUnavailable',
  '504 GatewayTimeout',
  'failed operation Conflict',
  'failed operation InternalServerError',
  'failed operation ServerBusy',
] as const;

export type AnswerName = (typeof ANSWERS)[number];
export type CodeName = (typeof CODES)[number];

/** What has no row, and why. */
export const LEFT_OUT: Readonly<Partial<Record<AnswerName | CodeName, string>>> = {
  'deployment PUT': 'The simulator has no template deployments.',
  'deployment HEAD and cancel': 'The simulator has no template deployments.',
  'deployment stack validate': 'The simulator has no deployment stacks.',
  'cloud service PUT': 'The simulator makes no new cloud services: Azure has retired them.',
  '400 StorageProvisioningStateNotSucceeded':
    'Recorded for flow logs of network watchers alone, which the simulator has not.',
  '409 Conflict': 'Recorded for Redis alone; as the error of a failed operation it has a row.',
  '409 CannotDeleteResource':
    'Recorded for private DNS zones alone: no type of the simulator has nested tracked resources.',
  '409 EtagMismatch': 'Recorded for types that the simulator has not; network resources answer 412 PreconditionFailed.',
  '500 InternalOperationError': 'Recorded for the making of cloud services alone, which Azure has retired.',
};
