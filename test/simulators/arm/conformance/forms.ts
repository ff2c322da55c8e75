import { ABSENT, EMPTY, type Expected, type ExpectedAnswer, type ExpectedHeaders } from './row.ts';

/** Forms of headers and bodies that many rows share. */

const GUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
export const GUID_FORM = new RegExp(`^${GUID}$`);
/** The signature of the URL of an operation: since 2024 about 3 kB. */
const SIGNATURE = '&t=\\d{18}&c=[\\w-]{2000,}&s=[\\w-]{300,}&h=[\\w-]{40,}';
const SUBSCRIPTION = `https://[^/]+/subscriptions/${GUID}`;
const VERSION = 'api-version=\\d{4}-\\d{2}-\\d{2}';

const location = (namespace: string) => `${SUBSCRIPTION}/providers/Microsoft\\.${namespace}/locations/westeurope`;
const whole = (text: string) => new RegExp(`^${text}$`);

export const NETWORK_STATUS_URL = whole(`${location('Network')}/operations/${GUID}\\?${VERSION}${SIGNATURE}`);
export const NETWORK_RESULT_URL = whole(`${location('Network')}/operationResults/${GUID}\\?${VERSION}${SIGNATURE}`);
export const COMPUTE_STATUS_URL = whole(`${location('Compute')}/operations/${GUID}\\?p=${GUID}&${VERSION}${SIGNATURE}`);
export const COMPUTE_RESULT_URL = whole(
  `${location('Compute')}/operations/${GUID}\\?p=${GUID}&monitor=true&${VERSION}${SIGNATURE}`,
);
export const STORAGE_RESULT_URL = whole(
  `${location('Storage')}/asyncoperations/${GUID}\\?monitor=true&${VERSION}${SIGNATURE}`,
);
export const VAULT_RESULT_URL = whole(`${location('KeyVault')}/operationResults/[\\w-]+\\?${VERSION}${SIGNATURE}`);
export const GROUP_RESULT_URL = whole(`${SUBSCRIPTION}/operationresults/eyJqb2JJZCI6[\\w-]+\\?${VERSION}${SIGNATURE}`);

export const WEAK_ETAG = /^W\/"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"$/;

/** Headers of an answer that begins a network operation. */
export function networkOperation(retryAfter: string): ExpectedHeaders {
  return {
    'Azure-AsyncOperation': NETWORK_STATUS_URL,
    'Azure-AsyncNotification': 'Enabled',
    'Retry-After': retryAfter,
    ETag: ABSENT,
    Location: ABSENT,
  };
}

/** 202 of a network deletion. */
export function networkDeletion(retryAfter = '10'): ExpectedAnswer {
  return {
    status: 202,
    headers: { ...networkOperation(retryAfter), Location: NETWORK_RESULT_URL },
    body: EMPTY,
  };
}

/** Headers of an answer by which a network resource is through already, though an operation is named. */
export const NETWORK_NOTHING_TO_WAIT_FOR: ExpectedHeaders = {
  'Azure-AsyncOperation': NETWORK_STATUS_URL,
  'Azure-AsyncNotification': 'Enabled',
  'Retry-After': ABSENT,
  ETag: ABSENT,
};

/** What the status URL of the network provider answers when all is done. */
export const SUCCEEDED: ExpectedAnswer = {
  status: 200,
  headers: { 'Retry-After': ABSENT },
  body: { status: 'Succeeded', error: ABSENT },
};

/** What a status URL answers while the operation runs. */
export function inProgress(retryAfter: string): ExpectedAnswer {
  return { status: 200, headers: { 'Retry-After': retryAfter }, body: { status: 'InProgress', error: ABSENT } };
}

/** Headers of answers that Azure Resource Manager gives without asking the provider. */
export const BY_THE_GATEWAY = { 'x-ms-failure-cause': 'gateway' } as const;

/** A refusal. */
export function refused(
  status: number,
  code: string,
  message: string | RegExp,
  more: { readonly headers?: ExpectedHeaders; readonly details?: Expected } = {},
): ExpectedAnswer {
  const { headers, details } = more;
  return {
    status,
    ...(headers === undefined ? {} : { headers }),
    body: { error: { code, message, ...(details === undefined ? {} : { details }) } },
  };
}

/** The 404 of a resource that is not in its group. `label` is type and name. */
export function notFound(label: string): ExpectedAnswer {
  return refused(
    404,
    'ResourceNotFound',
    `The Resource '${label}' under resource group 'cmg-rg' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
    { headers: BY_THE_GATEWAY },
  );
}

/** A test of the service operator whose requests and answers were recorded. */
export function aso(test: string): string {
  return `Azure/azure-service-operator ${test}`;
}

/** A test of the Azure CLI whose requests and answers were recorded. */
export function cli(test: string): string {
  return `Azure/azure-cli ${test}`;
}
