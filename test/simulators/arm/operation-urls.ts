import { createHash, createHmac } from 'node:crypto';
import { isJsonObject } from '../../../src/json.ts';
import type { Operation, OperationSubject } from './operations.ts';
import { locationName } from './resource-path.ts';
import type { WorldState } from './world-state.ts';

/** `Retry-After` in whole seconds, at least 1: clients take 0 for missing. */
export function retryAfter(seconds: number | undefined): Record<string, string> {
  return seconds === undefined ? {} : { 'Retry-After': String(Math.max(1, Math.round(seconds))) };
}

/** The headers of an answer that begins an operation. */
export function operationHeaders(
  operation: Operation,
  subject: OperationSubject,
  signer: Signer,
): Record<string, string> {
  const { plan } = operation;
  const query = `${partition(subject)}api-version=${subject.apiVersion}&${signer.query(operation.id)}`;
  const status = `${statusUrl(operation, subject)}?${query}`;
  const result = resultUrl(operation, subject, query);
  const wait = retryAfter(plan.retryAfterSeconds);
  const notifies = /\.(compute|network)$/i.test(subject.namespace);
  const notification = notifies ? { 'Azure-AsyncNotification': 'Enabled' } : {};
  switch (plan.kind) {
    case 'AsyncOperation':
      return { 'Azure-AsyncOperation': status, ...notification, ...wait };
    case 'AsyncOperationAndLocation':
      return { 'Azure-AsyncOperation': status, Location: result, ...notification, ...wait };
    case 'Location':
      return { Location: result, ...wait };
    case 'ProvisioningState':
      return wait;
    default:
      return plan.kind satisfies never;
  }
}

function regionalBase({ origin, subscriptionId, namespace, location }: OperationSubject): string {
  return `${origin}/subscriptions/${subscriptionId}/providers/${namespace}/locations/${locationName(location) || 'global'}`;
}

function statusUrl(operation: Operation, subject: OperationSubject): string {
  return `${regionalBase(subject)}/operations/${operation.id}`;
}

/** Compute names the part of it that knows the operation: the same one for a subscription. */
function partition({ namespace, subscriptionId }: OperationSubject): string {
  if (!/\.compute$/i.test(namespace)) return '';
  const hex = createHash('md5').update(subscriptionId).digest('hex');
  return `p=${[hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')}&`;
}

/** Each provider has a form of its own for the URL that ends with the result. */
function resultUrl(operation: Operation, subject: OperationSubject, query: string): string {
  switch (subject.namespace.toLowerCase()) {
    case 'microsoft.resources':
      return `${subject.origin}/subscriptions/${subject.subscriptionId}/operationresults/${jobName(operation.id)}?${query}`;
    case 'microsoft.storage':
      return `${regionalBase(subject)}/asyncoperations/${operation.id}?monitor=true&${query}`;
    case 'microsoft.compute':
      return `${statusUrl(operation, subject)}?${query.replace('&api-version', '&monitor=true&api-version')}`;
    default:
      return `${regionalBase(subject)}/operationResults/${operation.id}?${query}`;
  }
}

function jobName(id: string): string {
  return Buffer.from(JSON.stringify({ jobId: `RESOURCEGROUPDELETIONJOB-${id}`, jobLocation: 'westeurope' })).toString(
    'base64url',
  );
}

/** The id of the operation that the last segment of a polled path names. */
export function operationIdIn(segment: string): string {
  // Base64 of an object in JSON begins so; that other segments are none costs more to find out than all else.
  if (!segment.startsWith('eyJ')) return segment.toLowerCase();
  try {
    const job: unknown = JSON.parse(Buffer.from(segment, 'base64url').toString('utf8'));
    const name = isJsonObject(job) ? job.jobId : undefined;
    return typeof name === 'string' ? name.replace('RESOURCEGROUPDELETIONJOB-', '') : segment;
  } catch {
    return segment.toLowerCase();
  }
}

/** Signs the URLs of operations: about 3.3 kB of query in four parameters, as Azure does. */
export interface Signer {
  query(operationId: string): string;
  holds(operationId: string, query: URLSearchParams): boolean;
}

/** A signer with a secret of its own. */
export function createSigner(world: WorldState): Signer {
  const secret = world.uuid();
  const certificate = Array.from({ length: 14 }, (_, part) => digest(secret, `certificate ${part}`, 'sha512'))
    .join('')
    .concat(digest(secret, 'serial', 'sha512').repeat(24))
    .slice(0, 2900);
  const signature = (id: string) =>
    Array.from({ length: 4 }, (_, part) => digest(secret, `${id} ${part}`, 'sha512'))
      .join('')
      .slice(0, 342);
  const ticks = () => (621_355_968_000_000_000n + BigInt(Math.trunc(world.now())) * 10_000n).toString();
  return {
    query: (id) => `t=${ticks()}&c=${certificate}&s=${signature(id)}&h=${digest(secret, id, 'sha256')}`,
    holds: (id, query) =>
      query.has('t') &&
      query.get('c') === certificate &&
      query.get('s') === signature(id) &&
      query.get('h') === digest(secret, id, 'sha256'),
  };
}

function digest(secret: string, text: string, algorithm: 'sha256' | 'sha512'): string {
  return createHmac(algorithm, secret).update(text).digest('base64url');
}
