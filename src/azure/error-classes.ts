import { jitter, type Random } from '../runtime/random.ts';

/**
 * What an error asks of the caller:
 * - `Throttled`: wait as told, and send nothing else for this subscription and identity.
 * - `Busy`: another operation holds the resource; try again in seconds, after reading it anew.
 * - `Propagation`: something just made is not known everywhere yet; try again in seconds, for some minutes.
 * - `ProviderNotRegistered`: register the resource provider, then try again.
 * - `Server`: Azure or the network failed; back off and try again.
 * - `Capacity`: quota or capacity is missing; try again in minutes, and tell.
 * - `NeedsAdministrator`: rights, policy, lock, subscription or credential; try rarely, and tell.
 * - `NameTaken`: somebody else holds the name.
 * - `Immutable`: the property cannot be changed in place.
 * - `Invalid`: the request is wrong; another try makes sense only when it changes.
 * - `NotFound`: what was named does not exist.
 */
export type ErrorClass =
  | 'Throttled'
  | 'Busy'
  | 'Propagation'
  | 'ProviderNotRegistered'
  | 'Server'
  | 'Capacity'
  | 'NeedsAdministrator'
  | 'NameTaken'
  | 'Immutable'
  | 'Invalid'
  | 'NotFound';

/** Codes whose class does not depend on anything else, in lower case. */
const CLASS_BY_CODE: ReadonlyMap<string, ErrorClass> = new Map(
  Object.entries({
    Throttled: ['SubscriptionRequestsThrottled', 'ResourceRequestsThrottled', 'TooManyRequests'],
    Busy: [
      'AnotherOperationInProgress',
      'Conflict',
      'StorageAccountIsNotProvisioned',
      'StorageAccountOperationInProgress',
      'ReferencedResourceNotProvisioned',
      'StorageProvisioningStateNotSucceeded',
      'RetryableError',
      'RetryableErrorDueToAnotherOperation',
      'DeploymentActive',
      'DeploymentActiveAndUneditable',
      'ResourceGroupBeingDeleted',
      'OperationPreempted',
      'PreconditionFailed',
      'EtagMismatch',
      'ContainerBeingDeleted',
      'CannotDeleteResource',
      'InUseSubnetCannotBeDeleted',
      'PublicIPAddressCannotBeDeleted',
    ],
    Propagation: [
      'PrincipalNotFound',
      'InvalidPrincipalId',
      'FailedIdentityOperation',
      'ForbiddenByRbac',
      'InvalidResourceReference',
      'ParentResourceNotFound',
      'AuthorizationPermissionMismatch',
      'ContainerNotFound',
    ],
    ProviderNotRegistered: [
      'MissingSubscriptionRegistration',
      'SubscriptionNotRegistered',
      'MissingRegistrationForLocation',
      'MissingRegistrationForType',
    ],
    Server: [
      'InternalServerError',
      'InternalOperationError',
      'InternalError',
      'ServerBusy',
      'ServiceUnavailable',
      'ServerTimeout',
      'GatewayTimeout',
      'OperationTimedOut',
    ],
    Capacity: [
      'AllocationFailed',
      'ZonalAllocationFailed',
      'OverconstrainedAllocationRequest',
      'OverconstrainedZonalAllocationRequest',
      'QuotaExceeded',
      'PublicIPCountLimitReached',
      'ResourceQuotaExceeded',
      'ResourceCountExceedsLimitDueToTemplate',
      'SkuNotAvailable',
    ],
    NeedsAdministrator: [
      'AuthorizationFailed',
      'LinkedAuthorizationFailed',
      'ScopeLocked',
      'RequestDisallowedByPolicy',
      'RequestDisallowedByAzure',
      'ReadOnlyDisabledSubscription',
      'DisabledSubscription',
      'SubscriptionNotFound',
      'RegionIsOfferRestricted',
      'InvalidAuthenticationToken',
      'InvalidAuthenticationTokenTenant',
      'AuthenticationFailed',
      'ExpiredAuthenticationToken',
      'DenyAssignmentAuthorizationFailed',
      'RoleAssignmentExists',
    ],
    NameTaken: [
      'StorageAccountAlreadyTaken',
      'StorageAccountAlreadyExists',
      'StorageAccountInAnotherResourceGroup',
      'DnsRecordInUse',
      'VaultAlreadyExists',
      'ConflictError',
    ],
    Immutable: [
      'PropertyChangeNotAllowed',
      'PropertyUpdateNotAllowed',
      'InvalidResourceLocation',
      'InvalidResourceGroupLocation',
      'RoleAssignmentUpdateNotPermitted',
    ],
    NotFound: [
      'NotFound',
      'ResourceNotFound',
      'ResourceGroupNotFound',
      'DeletedVaultNotFound',
      'RoleAssignmentNotFound',
      'SecretNotFound',
    ],
    Invalid: [
      'InvalidTemplate',
      'InvalidRequestContent',
      'InvalidParameter',
      'InvalidParameterValue',
      'AccountNameInvalid',
      'LocationRequired',
      'InvalidTemplateDeployment',
      'InvalidResourceType',
    ],
  } satisfies Record<ErrorClass, readonly string[]>).flatMap(([name, codes]) =>
    codes.map((code): [string, ErrorClass] => [code.toLowerCase(), name as ErrorClass]),
  ),
);

/** What `classify` judges. */
export interface Classifiable {
  /** HTTP status; 0 when no answer came, 200 when an accepted operation failed. */
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
  /** Codes of all nested errors; they decide where `code` alone does not. */
  readonly codes?: readonly string[] | undefined;
}

/** What the caller knows that the answer does not say. */
export interface ClassifyContext {
  /** Whether the name of the host may have been made a moment ago, as that of a storage account. */
  readonly isNewHost?: boolean;
}

/** Network failures that mean that a name made a moment ago is not served by every DNS server yet. */
const NAME_NOT_RESOLVED: ReadonlySet<string> = new Set(['enotfound', 'eai_again', 'eai_nodata']);

/** Puts an error into its class. */
export function classify(error: Classifiable, { isNewHost = false }: ClassifyContext = {}): ErrorClass {
  const code = error.code.toLowerCase();
  if (code.startsWith('aadsts')) {
    return 'NeedsAdministrator';
  }
  if (error.status === 0) {
    return isNewHost && NAME_NOT_RESOLVED.has(code) ? 'Propagation' : 'Server';
  }
  const byCode =
    classOfCode(code, error.message) ?? error.codes?.map(classOfNested).find((found) => found !== undefined);
  if (error.status === 429 && byCode !== 'Busy') {
    return 'Throttled';
  }
  if (error.status === 503 && error.retryAfterMs !== undefined) {
    return 'Throttled';
  }
  return byCode ?? classOfStatus(error.status);
}

function classOfNested(code: string): ErrorClass | undefined {
  return CLASS_BY_CODE.get(code.toLowerCase());
}

function classOfCode(code: string, message: string): ErrorClass | undefined {
  if (code === 'operationnotallowed') {
    return operationNotAllowed(message);
  }
  if (code === 'noregisteredproviderfound') {
    // Also the answer to an API version that the provider does not have, which registering does not cure.
    return /api[- ]version/i.test(message) ? 'Invalid' : 'ProviderNotRegistered';
  }
  if (/^cannotchange|^resourceexistsindifferent/.test(code)) {
    return 'Immutable';
  }
  return CLASS_BY_CODE.get(code);
}

/** Compute uses this one code for quota, for a running operation, and for what makes no sense in the present state. */
function operationNotAllowed(message: string): ErrorClass {
  if (/quota|exceed/i.test(message)) {
    return 'Capacity';
  }
  return /in progress|another operation|currently being|is being/i.test(message) ? 'Busy' : 'Invalid';
}

function classOfStatus(status: number): ErrorClass {
  switch (status) {
    case 401:
    case 403:
      return 'NeedsAdministrator';
    case 404:
    case 410:
      return 'NotFound';
    case 409:
    case 412:
    case 423:
      return 'Busy';
    case 408:
      return 'Server';
    default:
      return status >= 400 && status < 500 ? 'Invalid' : 'Server';
  }
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** First and longest delay of each class, in milliseconds; the delay doubles with each attempt. */
const PACE: Readonly<Record<ErrorClass, readonly [first: number, longest: number]>> = {
  Throttled: [MINUTE, 5 * MINUTE],
  Busy: [5 * SECOND, 30 * SECOND],
  Propagation: [2 * SECOND, 30 * SECOND],
  ProviderNotRegistered: [10 * SECOND, 10 * SECOND],
  Server: [2 * SECOND, 3 * MINUTE],
  Capacity: [5 * MINUTE, 30 * MINUTE],
  NeedsAdministrator: [HOUR, HOUR],
  NameTaken: [HOUR, HOUR],
  Immutable: [HOUR, HOUR],
  Invalid: [HOUR, 24 * HOUR],
  NotFound: [5 * SECOND, 3 * MINUTE],
};

/**
 * How long to wait before trying again, in milliseconds, spread by ±20 % so that many gateways do not come back together.
 *
 * @param attempt failures in a row so far, from 1
 */
export function retryDelay(errorClass: ErrorClass, attempt: number, random: Random): number {
  const [first, longest] = PACE[errorClass];
  const doublings = Math.min(Math.max(attempt - 1, 0), 30);
  return jitter(Math.min(first * 2 ** doublings, longest), 0.2, random);
}

/** Tries at the pace of `Propagation`: about ten minutes. What Azure does not know by then, it will not come to know. */
const PROPAGATION_TRIES = 22;

/** Whether waiting for something to become known has been in vain for so long that it is no use any more. */
export function isPropagationOver(errorClass: ErrorClass, attempt: number): boolean {
  return errorClass === 'Propagation' && attempt > PROPAGATION_TRIES;
}

/** Refusals that may only mean that a role was assigned a moment ago. */
const LACKS_RIGHTS: ReadonlySet<string> = new Set(['authorizationfailed', 'linkedauthorizationfailed']);

/** The class at whose pace an error is tried again: for some minutes a right may still be on its way, and after that not. */
function paceClass({ class: errorClass, code = '' }: RetriedError, attempt: number): ErrorClass {
  if (isPropagationOver(errorClass, attempt)) {
    return 'NeedsAdministrator';
  }
  return LACKS_RIGHTS.has(code.toLowerCase()) && attempt <= PROPAGATION_TRIES ? 'Propagation' : errorClass;
}

interface RetriedError {
  readonly class: ErrorClass;
  readonly code?: string;
  readonly retryAfterMs: number | undefined;
}

/** Like `retryDelay`, but never sooner than Azure asked for. What Azure asked for is only ever lengthened. */
export function retryDelayAfter(error: RetriedError, attempt: number, random: Random): number {
  if (error.retryAfterMs === undefined) {
    return retryDelay(paceClass(error, attempt), attempt, random);
  }
  return Math.max(error.retryAfterMs, SECOND) * (1 + 0.2 * random());
}
