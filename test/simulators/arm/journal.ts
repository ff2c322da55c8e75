import type { Operation } from './operations.ts';

/** A write that was accepted. Times are simulated milliseconds since the epoch. */
export interface AcceptedWrite {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly callerObjectId: string;
  readonly acceptedAt: number;
  /** When what was asked for was done; `undefined` while it is not. */
  readonly doneAt: number | undefined;
  /** When the client could first know that: with the answer, or by the first poll or GET after it. */
  readonly reportedAt: number | undefined;
  /** Why the operation failed in the end. */
  readonly failure: { readonly code: string; readonly message: string } | undefined;
}

/** What a request is counted as. Requests for blobs go to a storage account, not to ARM, and count apart. */
type RequestKind = 'reads' | 'writes' | 'polls' | 'tokens' | 'blobReads' | 'blobWrites';

/**
 * How many requests there were, refused ones included. Writes are PUT, PATCH, DELETE and POST actions; polls of operations
 * count apart.
 */
export interface RequestCounts extends Readonly<Record<RequestKind, number>> {
  readonly byMethod: Readonly<Record<string, number>>;
}

/** Requests that change something, in Resource Manager or in a storage account. */
export function allWrites({ writes, blobWrites }: RequestCounts): number {
  return writes + blobWrites;
}

/** What was asked of the simulator. */
export interface Journal {
  count(method: string, path: string): void;
  accept(write: Omit<AcceptedWrite, 'doneAt' | 'reportedAt' | 'failure'>, operation: Operation | undefined): void;
  readonly counts: RequestCounts;
  readonly writes: readonly AcceptedWrite[];
}

const POLL = /\/(?:operations|asyncoperations|operationresults|operationstatuses)\/[^/]+$/i;
/** Actions that only read. */
const READ_ACTION = /\/(?:resources|checknameavailability|listkeys|getbyids)$/i;

/** Whether a request to ARM changes something. */
export function isWrite(method: string, path: string): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  return !(method === 'POST' && READ_ACTION.test(path));
}

/** An empty journal. */
export function createJournal(): Journal {
  const kinds: Record<RequestKind, number> = { reads: 0, writes: 0, polls: 0, tokens: 0, blobReads: 0, blobWrites: 0 };
  const byMethod = new Map<string, number>();
  const writes: {
    readonly write: Omit<AcceptedWrite, 'doneAt' | 'reportedAt' | 'failure'>;
    readonly operation: Operation | undefined;
  }[] = [];
  return {
    count: (method, path) => {
      byMethod.set(method, (byMethod.get(method) ?? 0) + 1);
      kinds[kindOf(method, path)] += 1;
    },
    accept: (write, operation) => writes.push({ write, operation }),
    get counts() {
      return { ...kinds, byMethod: Object.fromEntries(byMethod) };
    },
    get writes() {
      return writes.map(({ write, operation }) => ({
        ...write,
        doneAt: operation === undefined ? write.acceptedAt : operation.endedAt,
        reportedAt: operation === undefined ? write.acceptedAt : operation.reportedAt,
        failure: operation?.error,
      }));
    },
  };
}

function kindOf(method: string, path: string): RequestKind {
  if (/^\/blob\//i.test(path)) return /^(?:GET|HEAD)$/.test(method) ? 'blobReads' : 'blobWrites';
  if (/^\/[^/]+\/(oauth2|v2\.0|discovery)\//i.test(path) || /^\/metadata\//i.test(path)) return 'tokens';
  if (POLL.test(path)) return 'polls';
  return isWrite(method, path) ? 'writes' : 'reads';
}
