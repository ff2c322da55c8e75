import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket as TcpSocket } from 'node:net';
import * as dns from 'dns-packet';

/** What a name has. */
export type DnsRecord =
  | { readonly type: 'A'; readonly data: string }
  | { readonly type: 'CNAME'; readonly data: string }
  | { readonly type: 'TXT'; readonly data: readonly string[] };

/** What is known of a name. */
export type DnsAnswer =
  | { readonly kind: 'Records'; readonly records: readonly DnsRecord[] }
  | { readonly kind: 'NoSuchName' }
  /** The server cannot say: SERVFAIL. */
  | { readonly kind: 'Failure' };

export interface DnsServerOptions {
  /** Asked for each name, in lower case and without a dot at the end; aliases are followed by the server. */
  readonly resolve: (name: string) => DnsAnswer;
  /** Default: a free one. */
  readonly port?: number;
}

/** A resolver on 127.0.0.1. */
export interface DnsServer {
  /** The same for UDP and TCP. */
  readonly port: number;
  close(): Promise<void>;
}

const TTL_SECONDS = 1;
const LONGEST_CHAIN = 8;
/** Without EDNS, an answer over UDP has at most so many bytes (RFC 1035, section 4.2.1). */
const PLAIN_UDP_BYTES = 512;
const EDNS_UDP_BYTES = 1232;
/** Times to find a port that is free for UDP and TCP alike. */
const PORT_TRIES = 20;

/** Where a header has its operation code (RFC 1035, section 4.1.1). */
const OPCODE_SHIFT = 11;
const OPCODE_MASK = 15;
const STANDARD_QUERY = 0;

const RCODES = { NoError: 0, FormatError: 1, ServerFailure: 2, NoSuchName: 3, NotImplemented: 4 } as const;

/** Starts a resolver that answers over UDP and TCP. */
export async function startDnsServer({ resolve, port = 0 }: DnsServerOptions): Promise<DnsServer> {
  const { tcp, udp } = await listen(port);
  udp.on('message', (message, { address, port: from }) => {
    const answer = answerTo(message, resolve, 'UDP');
    if (answer !== undefined) udp.send(dns.encode(answer), from, address);
  });
  const connections = new Set<TcpSocket>();
  tcp.on('connection', (socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    socket.on('error', () => {});
    let received = Buffer.alloc(0);
    socket.on('data', (part) => {
      received = Buffer.concat([received, part]);
      // Each message has its length before it, in two bytes.
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        const answer = answerTo(received.subarray(2, end), resolve, 'TCP');
        received = received.subarray(end);
        if (answer === undefined) socket.destroy();
        else socket.write(dns.streamEncode(answer));
      }
    });
  });
  return {
    port: udp.address().port,
    close: async () => {
      const closed = [once(tcp, 'close'), once(udp, 'close')];
      for (const socket of connections) socket.destroy();
      tcp.close();
      udp.close();
      await Promise.all(closed);
    },
  };
}

async function listen(port: number): Promise<{ readonly tcp: Server; readonly udp: Socket }> {
  for (let attempt = 1; ; attempt += 1) {
    const tcp = createServer();
    const udp = createSocket('udp4');
    try {
      tcp.listen(port, '127.0.0.1');
      await once(tcp, 'listening');
      udp.bind((tcp.address() as AddressInfo).port, '127.0.0.1');
      await once(udp, 'listening');
      return { tcp, udp };
    } catch (error) {
      tcp.close();
      udp.close();
      if (port !== 0 || attempt === PORT_TRIES) throw error;
    }
  }
}

/** The answer to a message; `undefined` when that is none that could be answered. */
function answerTo(
  message: Buffer,
  resolve: DnsServerOptions['resolve'],
  transport: 'UDP' | 'TCP',
): dns.Packet | undefined {
  let query: dns.DecodedPacket;
  try {
    query = dns.decode(message);
  } catch {
    return undefined;
  }
  if (query.type !== 'query') return undefined;
  const [question] = query.questions ?? [];
  const { answers, code } =
    question === undefined
      ? { answers: [], code: RCODES.FormatError }
      : (((query.flags ?? 0) >> OPCODE_SHIFT) & OPCODE_MASK) === STANDARD_QUERY
        ? answersTo(question, resolve)
        : { answers: [], code: RCODES.NotImplemented };
  const edns = query.additionals?.find((record): record is dns.OptAnswer => record.type === 'OPT');
  const answer: dns.Packet = {
    type: 'response',
    id: query.id ?? 0,
    flags: ((query.flags ?? 0) & dns.RECURSION_DESIRED) | dns.RECURSION_AVAILABLE | code,
    questions: query.questions ?? [],
    answers,
    additionals: edns === undefined ? [] : [OPT],
  };
  const most = edns === undefined ? PLAIN_UDP_BYTES : Math.max(PLAIN_UDP_BYTES, edns.udpPayloadSize);
  if (transport === 'TCP' || dns.encodingLength(answer) <= most) return answer;
  // The client comes again over TCP.
  return { ...answer, flags: (answer.flags ?? 0) | dns.TRUNCATED_RESPONSE, answers: [] };
}

const OPT: dns.OptAnswer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: EDNS_UDP_BYTES,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

/** The records that answer a question, with the aliases on the way to them. */
function answersTo(
  { name, type }: dns.Question,
  resolve: DnsServerOptions['resolve'],
): { readonly answers: dns.Answer[]; readonly code: number } {
  const answers: dns.Answer[] = [];
  let next = name;
  for (let hop = 0; hop < LONGEST_CHAIN; hop += 1) {
    const owner = next;
    const found = resolve(owner.toLowerCase().replace(/\.$/, ''));
    switch (found.kind) {
      case 'Failure':
        return { answers: [], code: RCODES.ServerFailure };
      case 'NoSuchName':
        return { answers, code: RCODES.NoSuchName };
      case 'Records':
        break;
      default:
        return found satisfies never;
    }
    answers.push(...found.records.filter((record) => record.type === type).map((record) => answerOf(owner, record)));
    const alias = found.records.find((record) => record.type === 'CNAME');
    if (alias === undefined || type === 'CNAME') return { answers, code: RCODES.NoError };
    answers.push(answerOf(owner, alias));
    next = alias.data;
  }
  // A chain without an end.
  return { answers: [], code: RCODES.ServerFailure };
}

function answerOf(name: string, record: DnsRecord): dns.Answer {
  const common = { name, ttl: TTL_SECONDS, class: 'IN' } as const;
  return record.type === 'TXT'
    ? { ...common, type: 'TXT', data: [...record.data] }
    : { ...common, type: record.type, data: record.data };
}
