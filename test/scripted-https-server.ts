import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createCertificateAuthority } from './certificate-authority.ts';

/** A request as the server received it. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** What the server answers. */
export interface ScriptedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: string | Uint8Array | object;
  /** Breaks the connection after the body's bytes instead of ending the answer. */
  readonly breakOff?: boolean;
}

export interface ScriptedServer extends AsyncDisposable {
  /** `https://localhost:<port>` */
  readonly origin: string;
  /** Every request so far, oldest first. */
  readonly requests: readonly ReceivedRequest[];
}

/** Starts an https server on a free local port, which this process then trusts, and which answers as `script` says. */
export async function startScriptedServer(
  script: (request: ReceivedRequest) => ScriptedAnswer | Promise<ScriptedAnswer>,
): Promise<ScriptedServer> {
  const authority = await createCertificateAuthority('Scripted');
  const certificate = await authority.issue({ commonName: 'localhost', names: ['localhost'], key: 'ECDSA' });
  setDefaultCACertificates([...getCACertificates('default'), authority.rootPem]);
  const requests: ReceivedRequest[] = [];
  const server = createServer(
    { cert: certificate.chainPem, key: certificate.privateKeyPem },
    async (incoming, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) {
        chunks.push(chunk);
      }
      const { method = '', url = '', headers } = incoming;
      const request = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') };
      requests.push(request);
      const answer = await script(request);
      const raw = typeof answer.body === 'string' || answer.body instanceof Uint8Array;
      response.writeHead(answer.status, { ...(raw ? {} : { 'Content-Type': 'application/json' }), ...answer.headers });
      const body = raw || answer.body === undefined ? answer.body : JSON.stringify(answer.body);
      if (answer.breakOff === true) {
        response.write(body ?? '', () => incoming.socket.destroy());
      } else {
        response.end(body);
      }
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
