// The program of the process that holds the tickets of one Site: Kerberos takes its settings from the environment of a
// process, and Sites may be in different realms. Nothing of the operator is loaded here.
import { createRequire } from 'node:module';
import type { TicketReply, TicketRequest } from './messages.ts';

/** What is used of the package `kerberos`. Its own types name the flags wrongly, and may not be installed. */
interface Kerberos {
  readonly GSS_MECH_OID_SPNEGO: number;
  readonly GSS_C_MUTUAL_FLAG: number;
  initializeClient(
    service: string,
    options: { readonly principal: string; readonly mechOID: number; readonly flags: number },
  ): Promise<KerberosClient>;
}

interface KerberosClient {
  readonly contextComplete: boolean;
  /** `null`: there is nothing to send. */
  step(token: string): Promise<string | null>;
}

/** Exchanges that were begun and never finished, because the request failed, are given up beyond this. */
const MOST_EXCHANGES = 256;

const load = createRequire(import.meta.url);
const [, , nativeModule = '', principal = ''] = process.argv;
const exchanges = new Map<number, KerberosClient>();
let lastExchange = 0;
let kerberos: Kerberos | undefined;
/** One at a time: the first gets the ticket, and the others find it. */
let previous: Promise<void> = Promise.resolve();

process.on('message', (request: TicketRequest) => {
  previous = previous.then(() => answer(request));
});
// An exit in order would wait for a domain controller that does not answer.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

async function answer(request: TicketRequest): Promise<void> {
  try {
    kerberos ??= load(nativeModule) as Kerberos;
  } catch (error) {
    process.send?.({ id: request.id, kind: 'ModuleMissing', text: whyNotLoaded(error) } satisfies TicketReply);
    return;
  }
  process.send?.(await carryOut(kerberos, request));
}

/** The package tells only that it has no debug build, whatever kept it from loading the other one. */
function whyNotLoaded(error: unknown): string {
  try {
    load(`${nativeModule}/build/Release/kerberos.node`);
    return textOf(error);
  } catch (reason) {
    return textOf(reason);
  }
}

async function carryOut(loaded: Kerberos, request: TicketRequest): Promise<TicketReply> {
  const { id } = request;
  try {
    switch (request.kind) {
      case 'Begin': {
        const options = { principal, mechOID: loaded.GSS_MECH_OID_SPNEGO, flags: loaded.GSS_C_MUTUAL_FLAG };
        return await step(id, keep(await loaded.initializeClient(request.service, options)), '');
      }
      case 'Continue':
        return await step(id, request.exchange, request.token);
      default:
        return request satisfies never;
    }
  } catch (error) {
    return { id, kind: 'Failed', text: textOf(error) };
  }
}

function keep(client: KerberosClient): number {
  lastExchange += 1;
  exchanges.set(lastExchange, client);
  const [oldest] = exchanges.keys();
  if (exchanges.size > MOST_EXCHANGES && oldest !== undefined) exchanges.delete(oldest);
  return lastExchange;
}

async function step(id: number, exchange: number, token: string): Promise<TicketReply> {
  const client = exchanges.get(exchange);
  if (client === undefined) throw new Error('This exchange has been given up.');
  const next = await client.step(token);
  const isComplete = client.contextComplete;
  if (isComplete) exchanges.delete(exchange);
  return { id, kind: 'Done', exchange, isComplete, ...(next ? { token: next } : {}) };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
