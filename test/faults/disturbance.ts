import { ApiConnectionError, ApiError } from '../../src/runtime/api-error.ts';
import type { KubernetesClient } from '../../src/runtime/client.ts';
import { formatKey, type ObjectKey, type ResourceKind } from '../../src/runtime/objects.ts';
import type { FaultAction, FaultRule, Faults } from '../simulators/arm/faults.ts';
import { isWrite } from '../simulators/arm/journal.ts';

/** What can befall a write. */
export const FAULTS = [
  'crash before it',
  'crash after it',
  'timeout although applied',
  '409',
  '412',
  '429',
  '500',
  'dropped connection',
] as const;
export type Fault = (typeof FAULTS)[number];

/** A write of the operator, by what it is called in every run: ids that differ are asterisks. */
export interface Write {
  readonly target: 'Resource Manager' | 'blobs' | 'Kubernetes';
  readonly method: string;
  readonly path: string;
  /** Counted from 1 among those of one method and path. */
  readonly nth: number;
}

/** One write that is to go wrong. */
export interface Disturbance {
  readonly write: Write;
  readonly fault: Fault;
}

/** What happens to the writes of one run. */
export interface DisturbedRun {
  /** Every write that was tried, in the order of the tries. */
  readonly writes: readonly Write[];
  /** Whether the write came that was to go wrong. */
  readonly hasMet: boolean;
  /** Puts itself between an operator and the API server. */
  between(client: KubernetesClient): KubernetesClient;
  end(): void;
}

export interface DisturbedRunOptions {
  readonly faults: Faults;
  /** `undefined`: nothing goes wrong. */
  readonly disturbance: Disturbance | undefined;
  /** Kills the operator that is at work. */
  readonly kill: () => void;
}

/** Whether a fault keeps a write from being carried out. */
export function prevents(fault: Fault): boolean {
  return fault !== 'crash after it' && fault !== 'timeout although applied';
}

/**
 * Whether a fault can befall a write. The API server knows no 412: what it is in Azure, a write on an outdated state, is a
 * 409 there.
 */
export function canBefall({ target }: Write, fault: Fault): boolean {
  return target !== 'Kubernetes' || fault !== '412';
}

/** Writes down the writes of a run, and has one of them go wrong. */
export function beginDisturbedRun({ faults, disturbance, kill }: DisturbedRunOptions): DisturbedRun {
  const writes: Write[] = [];
  const counts = new Map<string, number>();
  let hasMet = false;
  const note = (target: Write['target'], method: string, path: string): Fault | undefined => {
    const name = `${target} ${method} ${path}`;
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    writes.push({ target, method, path, nth });
    const { write, fault } = disturbance ?? {};
    const isMeant = write?.target === target && write.method === method && write.path === path && write.nth === nth;
    return isMeant ? fault : undefined;
  };
  const meet = (fault: Fault) => {
    hasMet = true;
    if (fault === 'crash before it' || fault === 'crash after it') kill();
  };
  const unwatch = faults.watch((method, url) => {
    const [path = ''] = url.replace(/^\/+/, '/').split('?');
    if (!isWrite(method, path)) return;
    if (path.startsWith('/blob/')) note('blobs', method, withoutIds(path));
    else if (path.startsWith('/subscriptions/')) note('Resource Manager', method, withoutIds(path));
  });
  if (disturbance !== undefined && disturbance.write.target !== 'Kubernetes') {
    faults.add(ruleFor(disturbance, meet));
  }
  return {
    writes,
    get hasMet() {
      return hasMet;
    },
    between: (client) =>
      disturbedClient(client, meet, (method, kind, key) =>
        note('Kubernetes', method, `${kind.plural} ${formatKey(key)}`),
      ),
    end: unwatch,
  };
}

/** What Azure gives out anew in each run: ids, and hashes of what holds them. */
function withoutIds(path: string): string {
  return path.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}/gi, '*');
}

function ruleFor({ write, fault }: Disturbance, meet: (fault: Fault) => void): FaultRule {
  const escaped = write.path.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '[0-9a-f-]{36,64}');
  return {
    match: { method: write.method, urlPattern: `^/*${escaped.slice(1)}(\\?|$)`, nth: write.nth },
    action: actionFor(fault, write.target === 'blobs'),
    onMet: () => meet(fault),
  };
}

function actionFor(fault: Fault, overConnection: boolean): FaultAction {
  const answer = (status: number, code: string, headers: Readonly<Record<string, string>> = {}): FaultAction => ({
    kind: 'answer',
    status,
    code,
    headers: { 'x-ms-error-code': code, ...headers },
  });
  switch (fault) {
    case 'crash before it':
    case 'dropped connection':
      return { kind: 'dropConnection' };
    case 'crash after it':
      return { kind: 'applyThenDrop' };
    case 'timeout although applied':
      // Over a connection the time limit would have to be waited for.
      return { kind: overConnection ? 'applyThenDrop' : 'applyThenSilence' };
    case '409':
      return answer(409, 'Conflict');
    case '412':
      return answer(412, 'PreconditionFailed');
    case '429':
      return answer(429, 'TooManyRequests', { 'Retry-After': '17' });
    case '500':
      return answer(500, 'InternalServerError');
    default:
      return fault satisfies never;
  }
}

type NoteWrite = (method: string, kind: ResourceKind, key: ObjectKey) => Fault | undefined;

function disturbedClient(client: KubernetesClient, meet: (fault: Fault) => void, note: NoteWrite): KubernetesClient {
  const send = async <T>(
    method: string,
    kind: ResourceKind,
    key: ObjectKey,
    carryOut: () => Promise<T>,
  ): Promise<T> => {
    const fault = note(method, kind, key);
    const subject = `${method} ${kind.plural} "${formatKey(key)}"`;
    const refuse = (status: number, reason: string) => {
      throw new ApiError(subject, { status, reason, explanation: 'This answer was asked for by a test.' });
    };
    if (fault === undefined) return carryOut();
    if (!prevents(fault)) await carryOut();
    meet(fault);
    switch (fault) {
      case 'crash before it':
      case 'crash after it':
        throw new Error('The operator has been killed.');
      case 'timeout although applied':
      case 'dropped connection':
        throw new ApiConnectionError(`${subject}: no answer.`);
      case '409':
      case '412':
        return refuse(409, 'Conflict');
      case '429':
        return refuse(429, 'TooManyRequests');
      case '500':
        return refuse(500, 'InternalError');
      default:
        return fault satisfies never;
    }
  };
  return {
    ...client,
    create: (kind, intent, options) =>
      send('create', kind, intent.metadata, () => client.create(kind, intent, options)),
    replace: (kind, intent, options) =>
      send('replace', kind, intent.metadata, () => client.replace(kind, intent, options)),
    patch: (kind, key, patch, options) => send('patch', kind, key, () => client.patch(kind, key, patch, options)),
    apply: (kind, intent, options) => send('apply', kind, intent.metadata, () => client.apply(kind, intent, options)),
    applyStatus: (kind, intent, options) =>
      send('apply status', kind, intent.metadata, () => client.applyStatus(kind, intent, options)),
    delete: (kind, key, options) => send('delete', kind, key, () => client.delete(kind, key, options)),
  };
}
