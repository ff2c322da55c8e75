import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CertificateAuthority } from '../../certificate-authority.ts';

/** A web server with the revocation lists of an authority, as clients and gateways find them on the internet. */
export interface RevocationServer {
  /** Without a slash at the end. */
  readonly url: string;
  /** Publishes both lists of an authority; `revoked` are certificates in PEM that the intermediate has issued. */
  publish(authority: CertificateAuthority, revoked?: readonly string[]): Promise<void>;
  /** Takes the lists away. */
  withdraw(): void;
  close(): Promise<void>;
}

/** Starts on 127.0.0.1, with nothing published. */
export async function startRevocationServer(): Promise<RevocationServer> {
  const lists = new Map<string, Uint8Array>();
  const server = createServer((request, response) => {
    const list = lists.get(request.url ?? '');
    response.writeHead(list === undefined ? 404 : 200, { 'Content-Type': 'application/pkix-crl' }).end(list);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    publish: async (authority, revoked = []) => {
      lists.set('/root.crl', await authority.revocationList('Root', []));
      lists.set('/issuing.crl', await authority.revocationList('Intermediate', revoked));
    },
    withdraw: () => lists.clear(),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
