import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../runtime/clock.ts';
import { TimeoutError } from '../../runtime/timeout.ts';
import type { AuthorizedRequest, SiteAuthentication } from '../authentication.ts';
import { krb5Configuration, realmOf, serviceOf } from './configuration.ts';
import { explainFailure, KerberosError, moduleMissing, type SignIn, ticketRefused } from './failures.ts';
import { createKeytabCopy, type KeytabCopy } from './keytab.ts';
import type { TicketReply } from './messages.ts';
import { negotiateChallenge, negotiateHeader } from './negotiate.ts';
import { makePrivateDirectory, type PrivateDirectory } from './private-directory.ts';
import { createTicketProcess, type TicketProcess, type TicketQuestion } from './ticket-process.ts';

export interface KerberosOptions {
  /** The account with its realm, such as `svc-cmg@CONTOSO.COM`. */
  readonly principal: string;
  /** Domain controllers, each with a port if it is not 88. Default: DNS names them. */
  readonly kdcs?: readonly string[] | undefined;
  /** Reads the keytab where it is kept, such as in a Secret. */
  readonly readKeytab: (signal: AbortSignal) => Promise<Uint8Array>;
  readonly clock: Clock;
  /** Where a private directory for the keytab and the tickets is made. Default: `TMPDIR`, or `/tmp`. */
  readonly directory?: string | undefined;
  /** What Kerberos is loaded from. Default: the package `kerberos`. */
  readonly nativeModule?: string | undefined;
  /** Variables for the process that loads it, beside its own. Default: `LD_LIBRARY_PATH`, if it is set. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds that the domain may take to answer. Default 30,000. */
  readonly timeoutMs?: number | undefined;
}

export interface KerberosAuthentication extends SiteAuthentication {
  readonly route: 'AdminService';
  /** Checks who answered; a site that does not prove it is not believed. */
  verify(challenges: readonly string[], request: AuthorizedRequest): Promise<void>;
  /** Ends the process and removes keytab and tickets from this machine. Used again, it starts anew. */
  close(): Promise<void>;
}

/** What is there while it is used. */
interface Session {
  readonly directory: PrivateDirectory;
  readonly process: TicketProcess;
  readonly keytab: KeytabCopy;
}

/** One request that signs in. */
interface Exchange {
  readonly number: number;
  /** Whether it was begun with a new ticket, after one was refused. */
  readonly isSecondTry: boolean;
}

const TICKETS = 'tickets';

/**
 * Kerberos by SPNEGO (RFC 4559), and never NTLM: *documented* as the way of `AdminService` from version 2509 on. Tickets are
 * got with a keytab, and got anew by themselves before they expire.
 *
 * Each Site has a process of its own, because the settings of Kerberos are those of a process; it is started by the first
 * request, and again when it has ended. Keytab, settings and tickets are in a directory that only this user can enter.
 *
 * @throws Error in words for people when the account or a domain controller is not written as it has to be
 */
export function kerberosAuthentication(options: KerberosOptions): KerberosAuthentication {
  const realm = realmOf(options.principal);
  const configuration = krb5Configuration({ realm, kdcs: options.kdcs ?? [] });
  const exchanges = new WeakMap<AuthorizedRequest, Exchange>();
  let session: Session | undefined;
  const open = (): Session => {
    session ??= openSession(options, configuration);
    return session;
  };
  const signInFor = ({ origin }: AuthorizedRequest): SignIn => ({
    principal: options.principal,
    realm,
    service: serviceOf(origin),
  });

  const begin = async (request: AuthorizedRequest, isSecondTry: boolean): Promise<string> => {
    const signIn = signInFor(request);
    const { exchange, token } = await ask(open(), { kind: 'Begin', service: signIn.service }, signIn, request.signal);
    if (token === undefined) throw new KerberosError('Other', 'Kerberos gave no token to begin with.');
    exchanges.set(request, { number: exchange, isSecondTry });
    return negotiateHeader(token);
  };

  /** With the newest keytab, and tickets that were got with it. */
  const beginAnew = async (request: AuthorizedRequest): Promise<string> => {
    const { keytab, directory } = open();
    await keytab.refresh(request.signal, 'Now');
    directory.remove(TICKETS);
    return begin(request, true);
  };

  return {
    route: 'AdminService',
    authorization: async (request) => {
      const { keytab } = open();
      await keytab.refresh(request.signal);
      try {
        return await begin(request, false);
      } catch (error) {
        if (!(error instanceof KerberosError)) throw error;
        switch (error.kind) {
          case 'Ticket':
            return await beginAnew(request);
          case 'Keytab':
            // The Secret may hold another one since it was last read.
            if (await keytab.refresh(request.signal, 'Now')) return await begin(request, false);
            throw error;
          case 'Other':
            throw error;
          default:
            return error.kind satisfies never;
        }
      }
    },
    answerChallenge: async (challenges, request) => {
      const challenge = negotiateChallenge(challenges);
      const exchange = exchanges.get(request);
      const signIn = signInFor(request);
      if (challenge.kind === 'NotOffered') throw notOffered(challenge.schemes, request);
      if (exchange === undefined) return begin(request, false);
      let reason: string | undefined;
      if (challenge.kind === 'Token') {
        const question = { kind: 'Continue', exchange: exchange.number, token: challenge.token } as const;
        try {
          const { token } = await ask(open(), question, signIn, request.signal);
          if (token !== undefined) return negotiateHeader(token);
        } catch (error) {
          if (!(error instanceof KerberosError)) throw error;
          reason = error.message;
        }
      }
      // What was refused may be a ticket for a key that the service no longer has, or that has expired by its clock.
      if (!exchange.isSecondTry) return beginAnew(request);
      throw ticketRefused(signIn, reason);
    },
    verify: async (challenges, request) => {
      const challenge = negotiateChallenge(challenges);
      const exchange = exchanges.get(request);
      const signIn = signInFor(request);
      if (exchange === undefined || challenge.kind !== 'Token') throw notProven(signIn);
      const question = { kind: 'Continue', exchange: exchange.number, token: challenge.token } as const;
      const { isComplete } = await ask(open(), question, signIn, request.signal);
      if (!isComplete) throw notProven(signIn);
    },
    close: async () => {
      const closing = session;
      session = undefined;
      await closing?.process.stop();
      closing?.directory.close();
    },
  };
}

function openSession(options: KerberosOptions, configuration: string): Session {
  const { principal, readKeytab, clock, nativeModule = 'kerberos', timeoutMs } = options;
  const directory = makePrivateDirectory(options.directory ?? tmpdir());
  const settings = {
    KRB5_CONFIG: directory.write('krb5.conf', configuration),
    KRB5_CLIENT_KTNAME: `FILE:${join(directory.path, 'keytab')}`,
    KRB5CCNAME: `FILE:${join(directory.path, TICKETS)}`,
    // No mechanism beside those of the library itself: what a machine has installed may be NTLM.
    GSS_MECH_CONFIG: directory.write('mechanisms', ''),
    // Failures are told apart by their text.
    LC_ALL: 'C',
  };
  const { LD_LIBRARY_PATH } = process.env;
  const inherited = options.environment ?? (LD_LIBRARY_PATH === undefined ? {} : { LD_LIBRARY_PATH });
  const writeKeytab = (keytab: Uint8Array) => {
    directory.write('keytab', keytab);
    directory.remove(TICKETS);
  };
  return {
    directory,
    process: createTicketProcess({
      nativeModule,
      principal,
      clock,
      timeoutMs,
      environment: { ...inherited, ...settings },
    }),
    keytab: createKeytabCopy(readKeytab, writeKeytab, clock),
  };
}

async function ask(
  { process }: Session,
  question: TicketQuestion,
  signIn: SignIn,
  signal: AbortSignal,
): Promise<TicketReply & { readonly kind: 'Done' }> {
  const reply = await process.ask(question, signal).catch((error: unknown) => {
    throw error instanceof TimeoutError ? explainFailure('timed out', signIn) : error;
  });
  switch (reply.kind) {
    case 'Done':
      return reply;
    case 'Failed':
      throw explainFailure(reply.text, signIn);
    case 'ModuleMissing':
      throw moduleMissing(reply.text);
    default:
      return reply satisfies never;
  }
}

function notOffered(schemes: readonly string[], { origin }: AuthorizedRequest): KerberosError {
  const offered = schemes.length === 0 ? 'nothing' : schemes.join(', ');
  return new KerberosError(
    'Other',
    `${origin} does not take Kerberos here: it offers ${offered} where it should offer Negotiate. NTLM is never used.`,
  );
}

function notProven({ service }: SignIn): KerberosError {
  return new KerberosError(
    'Other',
    `What answered did not prove that it is ${service.replace('@', '/')}: something may stand between the operator and the SMS Provider.`,
  );
}
