import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { announcePort, certificateInStore, machineSize } from './machine.ts';
import type { Settings } from './settings.ts';

/**
 * What the service of the reference package does: what a gateway is to those who connect to it. It holds no content and leads to no
 * site; it lets in whom the settings say, and tells them so.
 */

/** Who was let in, or why nobody was. */
export type Decision =
  | { readonly kind: 'Admitted'; readonly as: string }
  | { readonly kind: 'Refused'; readonly why: string };

/** Paths as management points have them: the id stands for one of them. */
const MUTUAL_AUTHENTICATION = /^\/CCM_Proxy_MutualAuth\/([^/]+)(?:\/|$)/i;
const SERVER_AUTHENTICATION = /^\/CCM_Proxy_ServerAuth\/([^/]+)(?:\/|$)/i;

function tlsOptions({ tls, clientAuthentication, certificateThumbprintSha256 }: Settings): ServerOptions {
  const authorities = clientAuthentication.trustedCertificates.map(
    (der) => `-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----\n`,
  );
  return {
    pfx: certificateInStore(certificateThumbprintSha256),
    passphrase: '',
    // OpenSSL takes the hashes of TLS 1.0 and 1.1 on its lowest level of security only.
    ...(tls.minimumVersion === '1.0'
      ? { minVersion: 'TLSv1' as const, ciphers: 'DEFAULT@SECLEVEL=0' }
      : { minVersion: 'TLSv1.2' as const }),
    ca: authorities,
    // Clients with a token have no certificate, and come to the same port.
    requestCert: true,
    rejectUnauthorized: false,
  };
}

/** Both checks read certificates or tokens with libraries that most gateways never need, so they load when asked for. */
async function decide(settings: Settings, request: IncomingMessage): Promise<Decision | undefined> {
  const path = request.url ?? '';
  if (MUTUAL_AUTHENTICATION.test(path)) {
    const { admitCertificate } = await import('./client-certificates.ts');
    return admitCertificate(settings.clientAuthentication, request.socket as TLSSocket);
  }
  if (SERVER_AUTHENTICATION.test(path)) {
    const { admitToken } = await import('./client-tokens.ts');
    return admitToken(settings.entra, request.headers.authorization);
  }
  return undefined;
}

/** What those who connect are told beside what they ask for, so that tests see what they have reached. */
interface Served {
  /** Of the package. */
  readonly version: string;
  readonly vmSize: string;
}

async function answer(
  settings: Settings,
  gateway: Served,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume();
  const decision = await decide(settings, request);
  const [status, body] =
    decision === undefined
      ? other(settings, gateway, request.url ?? '')
      : decision.kind === 'Refused'
        ? [401, { error: decision.why }]
        : [200, { serviceName: settings.serviceName, client: decision.as }];
  const text = JSON.stringify(body);
  response.writeHead(status as number, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(request.method === 'HEAD' ? '' : text);
}

function other({ content }: Settings, gateway: Served, path: string): readonly [status: number, body: object] {
  if (/^\/content(\/|$)/i.test(path)) {
    return content.enabled ? [200, { gateway }] : [404, { error: 'This gateway serves no content.' }];
  }
  const paths = '/CCM_Proxy_MutualAuth/<id>, /CCM_Proxy_ServerAuth/<id> and /content';
  return [404, { error: `Only ${paths} are served.`, gateway }];
}

export interface ServeOptions {
  /** By default what the settings say. */
  readonly tls?: ServerOptions;
  /** Of the package. Default `reference`. */
  readonly version?: string;
}

/** Serves until the machine ends it. */
export async function serve(settings: Settings, options: ServeOptions = {}): Promise<void> {
  const { tls = tlsOptions(settings), version = 'reference' } = options;
  const { clients, connectionPoints } = settings.ports;
  const gateway = { version, vmSize: await machineSize() };
  for (const port of new Set([clients, connectionPoints])) {
    const server = createServer(tls, (request, response) => {
      answer(settings, gateway, request, response).catch((error: unknown) => {
        console.error(error);
        response.destroy();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await announcePort(port, (server.address() as AddressInfo).port);
  }
}
