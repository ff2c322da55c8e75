import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Frontend } from './frontends.ts';

/** Where a port of a public address is on this machine. */
export interface LocalEndpoint {
  readonly host: '127.0.0.1';
  readonly port: number;
}

/** A port of a public address that is open, and where it is on this machine. */
export interface OpenPort {
  readonly address: string;
  readonly port: number;
  /** Of 127.0.0.1. */
  readonly localPort: number;
}

/**
 * The public addresses as TCP proxies on 127.0.0.1, a port for each port that is open. Where nothing is open, nothing
 * listens: a connection is refused at once, where Azure would leave the client without an answer until it gives up. Tests
 * would have to wait for that, and a proxy that accepts and then hangs up would look open to whoever only connects.
 */
export interface PublicAddresses {
  /** Opens and closes ports so that these are open, and hands new connections to their targets from now on. */
  show(frontends: readonly Frontend[]): void;
  endpoint(address: string, port: number): LocalEndpoint | undefined;
  /** All that is open now. */
  open(): readonly OpenPort[];
  close(): Promise<void>;
}

interface Listener {
  frontend: Frontend;
  readonly server: Server;
  next: number;
}

/** Begins with nothing open. */
export function createPublicAddresses(): PublicAddresses {
  const listeners = new Map<string, Listener>();
  /** A port keeps its place on this machine while it closes and opens again, so that a printed one stays good. */
  const places = new Map<string, number>();
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  };

  const open = (key: string, frontend: Frontend) => {
    const server = createServer({ allowHalfOpen: true }, (client) => {
      keep(client);
      const { targets } = listener.frontend;
      const target = targets[listener.next++ % targets.length];
      if (listeners.get(key) !== listener || target === undefined) {
        client.resetAndDestroy();
        return;
      }
      join(client, target, keep);
    });
    const listener: Listener = { frontend, server, next: 0 };
    listeners.set(key, listener);
    server.on('error', (error: NodeJS.ErrnoException) => {
      // Another program has taken the place meanwhile.
      if (error.code === 'EADDRINUSE' && listeners.get(key) === listener) server.listen(0, '127.0.0.1');
    });
    server.on('listening', () => places.set(key, (server.address() as AddressInfo).port));
    server.listen(places.get(key) ?? 0, '127.0.0.1');
  };

  const keyOf = (address: string, port: number) => `${address}:${port}`;
  const endpoint = (address: string, port: number): LocalEndpoint | undefined => {
    const at = listeners.get(keyOf(address, port))?.server.address();
    return typeof at === 'object' && at !== null ? { host: '127.0.0.1', port: at.port } : undefined;
  };
  return {
    show: (frontends) => {
      const wanted = new Map(frontends.map((frontend) => [keyOf(frontend.address, frontend.port), frontend]));
      for (const [key, { server }] of listeners) {
        if (wanted.has(key)) continue;
        listeners.delete(key);
        server.close();
      }
      for (const [key, frontend] of wanted) {
        const listener = listeners.get(key);
        if (listener === undefined) open(key, frontend);
        else listener.frontend = frontend;
      }
    },
    endpoint,
    open: () =>
      [...listeners.values()].flatMap(({ frontend: { address, port } }) => {
        const local = endpoint(address, port);
        return local === undefined ? [] : [{ address, port, localPort: local.port }];
      }),
    close: async () => {
      const servers = [...listeners.values()].map(({ server }) => server);
      listeners.clear();
      for (const socket of sockets) socket.destroy();
      await Promise.all(
        servers.map((server) => {
          const closed = once(server, 'close');
          server.close();
          return closed;
        }),
      );
    },
  };
}

/** Carries bytes both ways. When one side breaks off, so does the other. */
function join(client: Socket, target: number, keep: (socket: Socket) => void): void {
  const backend = connect({ host: '127.0.0.1', port: target, allowHalfOpen: true });
  keep(backend);
  backend.once('error', () => client.resetAndDestroy());
  client.once('error', () => backend.destroy());
  client.once('close', () => backend.destroy());
  backend.once('close', () => client.destroySoon());
  client.pipe(backend);
  backend.pipe(client);
}
