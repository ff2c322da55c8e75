import { once } from 'node:events';
import { request } from 'node:https';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { IssuedCertificate } from '../../certificate-authority.ts';
import type { LocalEndpoint } from './public-addresses.ts';

/** What a client of a gateway does: connects to where it is, by the name that its certificate is for. */
export interface Visit {
  readonly endpoint: LocalEndpoint | undefined;
  readonly serviceName: string;
  /** PEM of the roots that the client trusts; without them it takes any certificate. */
  readonly trusted?: string;
  readonly client?: Pick<IssuedCertificate, 'chainPem' | 'privateKeyPem'>;
  readonly token?: string;
  /** The only version of TLS that the client speaks. */
  readonly tls?: 'TLSv1' | 'TLSv1.2' | 'TLSv1.3';
}

/** What came of it. */
export type Outcome =
  | { readonly kind: 'Unreachable' }
  /** TLS did not come about, for the reason that OpenSSL gives. */
  | { readonly kind: 'NoTls'; readonly message: string }
  | { readonly kind: 'Answered'; readonly status: number; readonly body: unknown };

function optionsOf({ endpoint, serviceName, trusted, client, tls }: Visit): ConnectionOptions {
  return {
    ...endpoint,
    servername: serviceName,
    ...(trusted === undefined ? { rejectUnauthorized: false } : { ca: trusted }),
    ...(client === undefined ? {} : { cert: client.chainPem, key: client.privateKeyPem }),
    // OpenSSL speaks TLS 1.0 on its lowest level of security only.
    ...(tls === undefined ? {} : { minVersion: tls, maxVersion: tls, ciphers: 'DEFAULT@SECLEVEL=0' }),
  };
}

/** Asks for a path, such as `/CCM_Proxy_MutualAuth/72057594037927941`. */
export async function visit(path: string, to: Visit): Promise<Outcome> {
  const { endpoint, token } = to;
  if (endpoint === undefined) return { kind: 'Unreachable' };
  return new Promise((resolve) => {
    const sent = request(
      {
        ...optionsOf(to),
        path,
        agent: false,
        headers: { Host: to.serviceName, ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
        });
        response.on('end', () =>
          resolve({ kind: 'Answered', status: response.statusCode ?? 0, body: JSON.parse(text) }),
        );
      },
    );
    sent.on('error', ({ code, message }: NodeJS.ErrnoException) =>
      resolve(code === 'ECONNREFUSED' ? { kind: 'Unreachable' } : { kind: 'NoTls', message }),
    );
    sent.end();
  });
}

/** SHA-256 of the certificate that is served, in lower-case hexadecimal digits; `undefined` when nothing is. */
export async function servedCertificate(to: Visit): Promise<string | undefined> {
  if (to.endpoint === undefined) return undefined;
  const socket: TLSSocket = connect(optionsOf(to));
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase();
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}
