import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../runtime/clock.ts';
import { TimeoutError } from '../../runtime/timeout.ts';
import { explainFailure, moduleMissing, type SignIn } from './failures.ts';
import { createKeytabCopy, type KeytabCopy } from './keytab.ts';
import type { TicketReply } from './messages.ts';
import { makePrivateDirectory } from './private-directory.ts';
import { createTicketProcess, type TicketQuestion } from './ticket-process.ts';

export interface SessionOptions {
  /** The account with its realm, such as `svc-cmg@CONTOSO.COM`. */
  readonly principal: string;
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

/** What one Site has while it signs in: a process, and a directory with settings, keytab and tickets. */
export interface Session {
  readonly keytab: KeytabCopy;
  /**
   * Asks the process.
   *
   * @throws KerberosError that says what to do, Error when the process ends, and the signal's reason
   */
  ask(question: TicketQuestion, signIn: SignIn, signal: AbortSignal): Promise<TicketReply & { readonly kind: 'Done' }>;
  /** The next that is begun gets new tickets. */
  forgetTickets(): void;
  /** Ends the process and removes the directory. */
  close(): Promise<void>;
}

const KEYTAB = 'keytab';
const TICKETS = 'tickets';

/** Makes the directory; the process is started when it is first asked. `configuration` is the content of `krb5.conf`. */
export function openSession(options: SessionOptions, configuration: string): Session {
  const { principal, readKeytab, clock, nativeModule = 'kerberos', timeoutMs } = options;
  const directory = makePrivateDirectory(options.directory ?? tmpdir());
  const settings = {
    KRB5_CONFIG: directory.write('krb5.conf', configuration),
    KRB5_CLIENT_KTNAME: `FILE:${join(directory.path, KEYTAB)}`,
    KRB5CCNAME: `FILE:${join(directory.path, TICKETS)}`,
    // No mechanism beside those of the library itself: what a machine has installed may be NTLM.
    GSS_MECH_CONFIG: directory.write('mechanisms', ''),
    // Failures are told apart by their text.
    LC_ALL: 'C',
  };
  const { LD_LIBRARY_PATH } = process.env;
  const inherited = options.environment ?? (LD_LIBRARY_PATH === undefined ? {} : { LD_LIBRARY_PATH });
  const environment = { ...inherited, ...settings };
  const tickets = createTicketProcess({ nativeModule, principal, clock, timeoutMs, environment });
  const forgetTickets = () => directory.remove(TICKETS);
  const writeKeytab = (keytab: Uint8Array) => {
    directory.write(KEYTAB, keytab);
    forgetTickets();
  };
  return {
    keytab: createKeytabCopy(readKeytab, writeKeytab, clock),
    ask: async (question, signIn, signal) => {
      const reply = await tickets.ask(question, signal).catch((error: unknown) => {
        throw error instanceof TimeoutError ? explainFailure('timed out', signIn) : error;
      });
      return doneOrThrow(reply, signIn);
    },
    forgetTickets,
    close: async () => {
      await tickets.stop();
      directory.close();
    },
  };
}

function doneOrThrow(reply: TicketReply, signIn: SignIn): TicketReply & { readonly kind: 'Done' } {
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
