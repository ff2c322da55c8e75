import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createCertificateAuthority, type IssuedCertificate } from '../certificate-authority.ts';

/** A TLS server on 127.0.0.1. */
export interface TlsServer {
  readonly port: number;
  /** PEM of the root that signed its certificate. */
  readonly caPem: string;
  /** Its certificate, for `localhost`, 127.0.0.1 and the names asked for. */
  readonly certificate: IssuedCertificate;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

interface Identity {
  readonly caPem: string;
  readonly certificate: IssuedCertificate;
}

/** By name and host names: a process that starts many servers makes their keys once. */
const identities = new Map<string, Promise<Identity>>();

/**
 * Starts a server with the certificate authority of this process called `name`. `port` 0 takes a free one; `hostNames` are
 * those that its certificate has beside the local ones.
 */
export async function startTlsServer(
  name: string,
  port: number,
  listener: (incoming: IncomingMessage, response: ServerResponse) => void,
  hostNames: readonly string[] = [],
): Promise<TlsServer> {
  const { caPem, certificate } = await identityOf(name, hostNames);
  const server = createServer(
    { cert: certificate.chainPem, key: certificate.privateKeyPem, keepAlive: true, keepAliveTimeout: 120_000 },
    listener,
  );
  server.requestTimeout = 0;
  server.listen(port, '127.0.0.1');
  await Promise.race([once(server, 'listening'), once(server, 'error').then(([error]) => Promise.reject(error))]);
  return {
    port: (server.address() as AddressInfo).port,
    caPem,
    certificate,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function identityOf(name: string, hostNames: readonly string[]): Promise<Identity> {
  const key = [name, ...hostNames].join(' ');
  const known = identities.get(key) ?? makeIdentity(name, hostNames);
  identities.set(key, known);
  return known;
}

async function makeIdentity(name: string, hostNames: readonly string[]): Promise<Identity> {
  const authority = await createCertificateAuthority(name);
  const certificate = await authority.issue({
    commonName: 'localhost',
    names: ['localhost', '127.0.0.1', ...hostNames],
    key: 'ECDSA',
  });
  return { caPem: authority.rootPem, certificate };
}
