import type { AuthorizedRequest, SiteAuthentication } from '../authentication.ts';
import { krb5Configuration, realmOf, serviceOf } from './configuration.ts';
import { KerberosError, notOffered, notProven, type SignIn, ticketRefused } from './failures.ts';
import { negotiateChallenge, negotiateHeader } from './negotiate.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';

export interface KerberosOptions extends SessionOptions {
  /** Domain controllers, each with a port if it is not 88. Default: DNS names them. */
  readonly kdcs?: readonly string[] | undefined;
}

export interface KerberosAuthentication extends SiteAuthentication {
  readonly route: 'AdminService';
  /** Checks who answered; a site that does not prove it is not believed. */
  verify(challenges: readonly string[], request: AuthorizedRequest): Promise<void>;
  /** Ends the process and removes keytab and tickets from this machine. Nobody can sign in by it any more. */
  close(): Promise<void>;
}

/** One request that signs in. */
interface Exchange {
  readonly number: number;
  /** Whether it was begun with a new ticket, after one was refused. */
  readonly isSecondTry: boolean;
}

/** What the steps of signing in share. */
interface Signing {
  /** Opened when it is first used. */
  session(): Session;
  signIn(request: AuthorizedRequest): SignIn;
  readonly exchanges: WeakMap<AuthorizedRequest, Exchange>;
}

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
  const { principal, kdcs = [] } = options;
  const realm = realmOf(principal);
  const configuration = krb5Configuration({ realm, kdcs });
  let opened: Session | undefined;
  let isClosed = false;
  const signing: Signing = {
    session: () => {
      if (isClosed) throw new KerberosError('Other', 'The way to the site has been closed.');
      opened ??= openSession(options, configuration);
      return opened;
    },
    signIn: ({ origin }) => ({ principal, realm, service: serviceOf(origin) }),
    exchanges: new WeakMap(),
  };
  return {
    route: 'AdminService',
    authorization: (request) => authorize(signing, request),
    answerChallenge: (challenges, request) => answerChallenge(signing, challenges, request),
    verify: (challenges, request) => verify(signing, challenges, request),
    close: async () => {
      isClosed = true;
      await opened?.close();
    },
  };
}

async function authorize(signing: Signing, request: AuthorizedRequest): Promise<string> {
  const { keytab } = signing.session();
  await keytab.refresh(request.signal);
  try {
    return await begin(signing, request, false);
  } catch (error) {
    if (!(error instanceof KerberosError)) throw error;
    switch (error.kind) {
      case 'Ticket':
        return await beginAnew(signing, request);
      case 'Keytab':
        // The Secret may hold another one since it was last read.
        if (await keytab.refresh(request.signal, 'Now')) return await begin(signing, request, false);
        throw error;
      case 'Other':
        throw error;
      default:
        return error.kind satisfies never;
    }
  }
}

async function begin(signing: Signing, request: AuthorizedRequest, isSecondTry: boolean): Promise<string> {
  const signIn = signing.signIn(request);
  const question = { kind: 'Begin', service: signIn.service } as const;
  const { exchange, token } = await signing.session().ask(question, signIn, request.signal);
  if (token === undefined) throw new KerberosError('Other', 'Kerberos gave no token to begin with.');
  signing.exchanges.set(request, { number: exchange, isSecondTry });
  return negotiateHeader(token);
}

/** With the newest keytab, and tickets that are got with it. */
async function beginAnew(signing: Signing, request: AuthorizedRequest): Promise<string> {
  const session = signing.session();
  await session.keytab.refresh(request.signal, 'Now');
  session.forgetTickets();
  return begin(signing, request, true);
}

async function answerChallenge(
  signing: Signing,
  challenges: readonly string[],
  request: AuthorizedRequest,
): Promise<string> {
  const challenge = negotiateChallenge(challenges);
  if (challenge.kind === 'NotOffered') throw notOffered(request.origin, challenge.schemes);
  const exchange = signing.exchanges.get(request);
  if (exchange === undefined) return begin(signing, request, false);
  const signIn = signing.signIn(request);
  let reason: string | undefined;
  if (challenge.kind === 'Token') {
    const question = { kind: 'Continue', exchange: exchange.number, token: challenge.token } as const;
    try {
      const { token } = await signing.session().ask(question, signIn, request.signal);
      if (token !== undefined) return negotiateHeader(token);
    } catch (error) {
      if (!(error instanceof KerberosError)) throw error;
      reason = error.message;
    }
  }
  // What was refused may be a ticket for a key that the service no longer has, or that has expired by its clock.
  if (!exchange.isSecondTry) return beginAnew(signing, request);
  throw ticketRefused(signIn, reason);
}

async function verify(signing: Signing, challenges: readonly string[], request: AuthorizedRequest): Promise<void> {
  const challenge = negotiateChallenge(challenges);
  const exchange = signing.exchanges.get(request);
  const signIn = signing.signIn(request);
  if (exchange === undefined || challenge.kind !== 'Token') throw notProven(signIn);
  const question = { kind: 'Continue', exchange: exchange.number, token: challenge.token } as const;
  const { isComplete } = await signing.session().ask(question, signIn, request.signal);
  if (!isComplete) throw notProven(signIn);
}
