import type { Reason } from '../../src/api/v1alpha1/conditions.ts';
import type { ErrorClass } from '../../src/azure/errors.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** A time between two tries: no less and no more than. */
export type Gap = readonly [least: number, most: number];

/** What Azure answers to a write, and what the operator makes of it. */
export interface Refusal {
  readonly errorClass: ErrorClass;
  readonly status: number;
  readonly code: string;
  /** What Azure says, innermost. */
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Accepted, and failed later with this. */
  readonly later?: boolean;
  readonly reason: Reason;
  /** Between the first and second try, and between the second and third. */
  readonly gaps: readonly [Gap, Gap];
  /** The longest time until it is tried again, whatever happened before. */
  readonly longest: number;
}

/** Around a pause that is spread by a fifth. */
function around(pause: number): Gap {
  return [pause * 0.8, pause * 1.2];
}

const QUICK = { gaps: [around(5 * SECOND), around(10 * SECOND)], longest: 36 * SECOND } as const;
const PROPAGATION = { gaps: [around(2 * SECOND), around(4 * SECOND)], longest: 36 * SECOND } as const;
const HOURLY = { gaps: [around(HOUR), around(HOUR)], longest: 1.2 * HOUR } as const;
const CAPACITY = { gaps: [around(5 * MINUTE), around(10 * MINUTE)], longest: 36 * MINUTE } as const;
const SERVER = { gaps: [around(2 * SECOND), around(4 * SECOND)], longest: 3.6 * MINUTE } as const;
const ASKED: Gap = [30 * SECOND, 36 * SECOND];

/** Each class of errors with its pace. One that waits for a person stalls; see the reasons. */
export const REFUSALS: readonly Refusal[] = [
  {
    errorClass: 'Throttled',
    status: 429,
    code: 'SubscriptionRequestsThrottled',
    message: "Number of requests exceeded the limit. Please try again after '30' seconds.",
    headers: { 'Retry-After': '30' },
    reason: 'Throttled',
    gaps: [ASKED, ASKED],
    longest: 36 * SECOND,
  },
  {
    errorClass: 'Throttled',
    status: 429,
    code: 'TooManyRequests',
    message: 'Too many requests.',
    reason: 'Throttled',
    gaps: [
      [MINUTE, 1.5 * MINUTE],
      [MINUTE, 6 * MINUTE],
    ],
    longest: 6 * MINUTE,
  },
  {
    errorClass: 'Throttled',
    status: 503,
    code: 'ServiceUnavailable',
    message: 'The service is overloaded.',
    headers: { 'Retry-After': '30' },
    reason: 'Throttled',
    gaps: [ASKED, ASKED],
    longest: 36 * SECOND,
  },
  {
    errorClass: 'Busy',
    status: 429,
    code: 'ReferencedResourceNotProvisioned',
    message: 'Cannot proceed with operation because resource subnet gateway is not in Succeeded state.',
    reason: 'Provisioning',
    ...QUICK,
  },
  {
    errorClass: 'Busy',
    status: 409,
    code: 'AnotherOperationInProgress',
    message: 'Another operation on this or dependent resource is in progress.',
    reason: 'Provisioning',
    ...QUICK,
  },
  {
    errorClass: 'Busy',
    status: 412,
    code: 'PreconditionFailed',
    message: 'The etag is outdated.',
    reason: 'Provisioning',
    ...QUICK,
  },
  {
    errorClass: 'Propagation',
    status: 400,
    code: 'PrincipalNotFound',
    message: 'Principal 0f00 does not exist in the directory.',
    reason: 'Provisioning',
    ...PROPAGATION,
  },
  {
    errorClass: 'ProviderNotRegistered',
    status: 409,
    code: 'MissingSubscriptionRegistration',
    message: "The subscription is not registered to use namespace 'Microsoft.Compute'.",
    reason: 'RegisteringProviders',
    gaps: [around(10 * SECOND), around(10 * SECOND)],
    longest: 12 * SECOND,
  },
  {
    errorClass: 'Server',
    status: 500,
    code: 'InternalOperationError',
    message: 'An internal error occurred.',
    reason: 'AzureUnreachable',
    ...SERVER,
  },
  {
    errorClass: 'Server',
    status: 503,
    code: 'ServerBusy',
    message: 'The server is busy.',
    reason: 'AzureUnreachable',
    ...SERVER,
  },
  {
    errorClass: 'Capacity',
    status: 409,
    code: 'OperationNotAllowed',
    message: 'Operation could not be completed as it results in exceeding approved Total Regional Cores quota.',
    reason: 'QuotaExceeded',
    ...CAPACITY,
  },
  {
    errorClass: 'Capacity',
    status: 409,
    code: 'SkuNotAvailable',
    message: 'The requested size is currently not available in location westeurope.',
    reason: 'SkuNotAvailable',
    ...CAPACITY,
  },
  {
    errorClass: 'Capacity',
    status: 200,
    code: 'AllocationFailed',
    message: 'We do not have sufficient capacity for the requested VM size in this region.',
    later: true,
    reason: 'NoCapacity',
    ...CAPACITY,
  },
  {
    errorClass: 'NeedsAdministrator',
    status: 403,
    code: 'AuthorizationFailed',
    message:
      'The client does not have authorization to perform action Microsoft.Compute/virtualMachineScaleSets/write.',
    reason: 'AuthorizationFailed',
    ...PROPAGATION,
  },
  {
    errorClass: 'NeedsAdministrator',
    status: 409,
    code: 'ScopeLocked',
    message: 'The scope cannot perform write operation because following scope(s) are locked.',
    reason: 'AuthorizationFailed',
    ...HOURLY,
  },
  {
    errorClass: 'NeedsAdministrator',
    status: 403,
    code: 'RequestDisallowedByPolicy',
    message: 'Resource was disallowed by policy.',
    reason: 'AuthorizationFailed',
    ...HOURLY,
  },
  {
    errorClass: 'NameTaken',
    status: 409,
    code: 'DnsRecordInUse',
    message: 'DNS record is already used by another public IP.',
    reason: 'NameTaken',
    ...HOURLY,
  },
  {
    errorClass: 'Immutable',
    status: 409,
    code: 'PropertyChangeNotAllowed',
    message: "Changing property 'osProfile' is not allowed.",
    reason: 'RedeploymentRequired',
    ...HOURLY,
  },
  {
    errorClass: 'Invalid',
    status: 400,
    code: 'InvalidParameter',
    message: 'The value of parameter imageReference is invalid.',
    reason: 'OperationFailed',
    gaps: [around(HOUR), around(2 * HOUR)],
    longest: 24 * 1.2 * HOUR,
  },
  {
    errorClass: 'NotFound',
    status: 404,
    code: 'ResourceNotFound',
    message: 'The Resource was not found.',
    reason: 'Provisioning',
    gaps: [around(5 * SECOND), around(10 * SECOND)],
    longest: 3.6 * MINUTE,
  },
];
