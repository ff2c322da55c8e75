import type { X509Certificate } from 'node:crypto';
import { nameOf } from '../../certificates/chain.ts';
import type { ListSubject } from '../../certificates/revocation-lists.ts';
import type { ListFetch } from '../../probe/revocation-list-fetch.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Source } from '../../runtime/controller.ts';
import type { Logger } from '../../runtime/logger.ts';

/** What is to be said of the revocation list of a certificate, as a sentence. */
export type ListRemark =
  /** A gateway would have trouble with it. */
  | { readonly kind: 'Problem'; readonly message: string }
  /** It could not be looked at from here, which says nothing of gateways. */
  | { readonly kind: 'Unknown'; readonly message: string };

/**
 * Looks at the lists on which the authorities of client certificates publish what they have revoked. Nobody waits for them:
 * a list is fetched beside the reconciles, and a gateway that has asked is queued when something new is known.
 */
export interface RevocationLists {
  /** Queues gateways about whose lists something new is known. To be used once. */
  readonly source: Source;
  /**
   * What is known of the list of a certificate; nothing, before it was fetched.
   *
   * @param addresses where it is published, by http
   * @param gateway `<namespace>/<name>` of the CMG that asks
   */
  look(subject: ListSubject, addresses: readonly string[], gateway: string): readonly ListRemark[];
}

export interface RevocationListsOptions {
  readonly clock: Clock;
  readonly fetchList: ListFetch;
  readonly logger: Pick<Logger, 'warn'>;
}

/** How often a list is fetched. What it says of itself holds for days, as a rule. */
const REFRESH_MS = 3_600_000;

/** Of many addresses the first few are tried, in their order, as Windows does. */
const MOST_ADDRESSES = 3;

interface KnownList {
  remarks: readonly ListRemark[];
  fetchedAt: number | undefined;
  fetching: boolean;
  askedAt: number;
  readonly gateways: Set<string>;
}

export function createRevocationLists(options: RevocationListsOptions): RevocationLists {
  const { clock, logger } = options;
  const lists = new Map<string, KnownList>();
  const stopping = new AbortController();
  let enqueue: Parameters<Source>[0] = () => {};

  const refresh = async (list: KnownList, subject: ListSubject, addresses: readonly string[]) => {
    list.fetching = true;
    try {
      const remarks = await judge(subject, addresses, options, stopping.signal);
      const news = JSON.stringify(remarks) !== JSON.stringify(list.remarks);
      list.remarks = remarks;
      list.fetchedAt = clock.now();
      for (const gateway of news ? list.gateways : []) enqueue(gateway);
    } catch (error) {
      if (!stopping.signal.aborted) logger.warn({ err: error }, 'A revocation list could not be looked at.');
    } finally {
      list.fetching = false;
    }
  };

  return {
    source: (to) => {
      enqueue = to;
      return () => stopping.abort(new Error('The controller ends.'));
    },
    look: (subject, addresses, gateway) => {
      const now = clock.now();
      for (const [key, { askedAt }] of lists) {
        if (now - askedAt > 2 * REFRESH_MS) lists.delete(key);
      }
      const key = `${subject.certificate.fingerprint256} ${subject.issuer.fingerprint256}`;
      const list = lists.get(key) ?? {
        remarks: [],
        fetchedAt: undefined,
        fetching: false,
        askedAt: now,
        gateways: new Set<string>(),
      };
      lists.set(key, list);
      list.askedAt = now;
      list.gateways.add(gateway);
      const isOld = list.fetchedAt === undefined || now - list.fetchedAt >= REFRESH_MS;
      if (isOld && !list.fetching && !stopping.signal.aborted) {
        void refresh(list, subject, addresses);
      }
      return list.remarks;
    },
  };
}

async function judge(
  subject: ListSubject,
  addresses: readonly string[],
  { clock, fetchList }: RevocationListsOptions,
  signal: AbortSignal,
): Promise<readonly ListRemark[]> {
  const of = listOf(subject.certificate);
  const remarks: ListRemark[] = [];
  for (const address of addresses.slice(0, MOST_ADDRESSES)) {
    const result = await fetchList(address, signal);
    switch (result.kind) {
      case 'Fetched': {
        const { revocationListProblem } = await import('../../certificates/revocation-lists.ts');
        const problem = await revocationListProblem(result.content, subject, clock.now());
        return problem === undefined
          ? []
          : [{ kind: 'Problem', message: `${of} at ${address} ${problem}. ${REFUSES}` }];
      }
      case 'Missing':
        remarks.push({ kind: 'Problem', message: `${of} is not at ${address}: ${result.message}. ${REFUSES}` });
        break;
      case 'Failed':
        remarks.push({
          kind: 'Unknown',
          message: `${of} could not be fetched from ${address} by the operator: ${result.message}. Whether gateways get it is not known.`,
        });
        break;
      default:
        return result satisfies never;
    }
  }
  return remarks;
}

function listOf({ subject }: X509Certificate): string {
  return `The revocation list for "${nameOf(subject)}"`;
}

const REFUSES =
  'A gateway that verifies revocation refuses the clients below that authority. Have the list published, or set spec.clientAuthentication.verifyRevocation to false.';

/** What is to be said of the lists of all trusted certificates, each of which was issued by one of them. */
export async function remarksOnLists(
  certificates: readonly X509Certificate[],
  lists: RevocationLists,
  gateway: string,
): Promise<readonly ListRemark[]> {
  if (certificates.length === 0) {
    return [];
  }
  // The libraries for X.509 are loaded at first use, as they take long to start.
  const { listAddressesOf } = await import('../../certificates/revocation-lists.ts');
  return certificates.flatMap((certificate): readonly ListRemark[] => {
    const found = listAddressesOf(certificate);
    const name = nameOf(certificate.subject);
    switch (found.kind) {
      case 'NotNeeded':
        return [];
      case 'None':
        return [{ kind: 'Problem', message: `"${name}" does not say where its revocation list is. ${REFUSES}` }];
      case 'OutOfReach':
        return [
          {
            kind: 'Problem',
            message: `"${name}" says only of ${found.addresses.slice(0, MOST_ADDRESSES).join(' and ')} that its revocation list is there, and gateways fetch it by http. ${REFUSES}`,
          },
        ];
      case 'Http': {
        const issuer = certificates.find(
          (other) => certificate.checkIssued(other) && certificate.verify(other.publicKey),
        );
        return issuer === undefined ? [] : lists.look({ certificate, issuer }, found.addresses, gateway);
      }
      default:
        return found satisfies never;
    }
  });
}
