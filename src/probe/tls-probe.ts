import { X509Certificate } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';

/** What to connect to, as a client would. */
export interface TlsProbeTarget {
  /** IP address. */
  readonly address: string;
  readonly port: number;
  /** Name that the server is asked for (SNI). */
  readonly serverName: string;
}

/** What a server showed. Messages are phrases that fit after a colon. */
export type TlsProbeResult =
  | {
      readonly kind: 'Presented';
      /** SHA-256 of the certificate, lower-case hexadecimal digits. */
      readonly sha256Fingerprint: string;
      /** Subject of the certificate, such as `CN=granitefalls.contoso.com, O=Contoso`. */
      readonly subject: string;
      /** The certificate and those that the server sent with it, each issued by the next. */
      readonly chain: readonly X509Certificate[];
    }
  /** Nothing accepts connections, or nothing answers in time. */
  | { readonly kind: 'NoConnection'; readonly message: string }
  /** Something accepts connections and does not present a certificate. */
  | { readonly kind: 'NoCertificate'; readonly message: string };

/** Connects once and looks at the certificate. Sends no request. Rejects only when `signal` is aborted. */
export type TlsProbe = (target: TlsProbeTarget, signal: AbortSignal) => Promise<TlsProbeResult>;

/** Opens a TCP connection; the socket may still be connecting. */
export type Dial = (target: Pick<TlsProbeTarget, 'address' | 'port'>) => Socket;

export interface TlsProbeOptions {
  /** Default: a plain TCP connection. */
  readonly dial?: Dial;
  /** Milliseconds for connecting and the handshake together. Default 10 seconds. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;

/** Creates a probe. It trusts whatever is presented: whoever asks compares it with the certificate that should be. */
export function createTlsProbe({ dial = dialTcp, timeoutMs = TIMEOUT_MS }: TlsProbeOptions = {}): TlsProbe {
  return async (target, signal) => {
    signal.throwIfAborted();
    const socket = dial(target);
    try {
      return await handshake(socket, target.serverName, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
    } finally {
      socket.destroy();
      signal.throwIfAborted();
    }
  };
}

function dialTcp({ address, port }: Pick<TlsProbeTarget, 'address' | 'port'>): Socket {
  return connectTcp({ host: address, port });
}

function handshake(socket: Socket, serverName: string, signal: AbortSignal): Promise<TlsProbeResult> {
  return new Promise((resolve) => {
    let connected = false;
    const fail = (message: string) => resolve({ kind: connected ? 'NoCertificate' : 'NoConnection', message });
    const onConnect = () => {
      connected = true;
      const secure = connectTls({ socket, servername: serverName, rejectUnauthorized: false });
      secure.once('secureConnect', () => resolve(presented(secure)));
      secure.once('error', (error) => fail(reasonOf(error)));
      secure.once('close', () => fail('the connection was closed during the handshake'));
    };
    socket.once('error', (error) => fail(reasonOf(error)));
    socket.once('close', () => fail('the connection was closed'));
    signal.addEventListener('abort', () => fail('no answer in time'), { once: true });
    if (socket.connecting) {
      socket.once('connect', onConnect);
    } else {
      onConnect();
    }
  });
}

function presented(socket: TLSSocket): TlsProbeResult {
  // Asked once: a second question after the chain, in whatever form, is answered with nothing.
  const chain = chainOf(socket.getPeerCertificate(true));
  const [certificate] = chain;
  socket.destroy();
  if (certificate === undefined) {
    return { kind: 'NoCertificate', message: 'the server presented no certificate' };
  }
  const sha256Fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  return { kind: 'Presented', sha256Fingerprint, subject: certificate.subject.replaceAll('\n', ', '), chain };
}

/** Node links each certificate with its issuer, and one that issued itself with itself. */
function chainOf(leaf: DetailedPeerCertificate): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  let next: DetailedPeerCertificate | undefined = leaf;
  while (next?.raw !== undefined && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256);
    chain.push(new X509Certificate(next.raw));
    next = next.issuerCertificate;
  }
  return chain;
}

const PHRASES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'no way leads to the address',
  ENETUNREACH: 'no way leads to the address',
  ETIMEDOUT: 'no answer in time',
};

function reasonOf(error: Error & { readonly code?: string }): string {
  return PHRASES[error.code ?? ''] ?? error.message;
}
