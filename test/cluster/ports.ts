import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the range that Linux (32768 and up) and macOS (49152 and up) take for outgoing connections: a port from there
 * could be gone when a server that was stopped wants it back.
 */
const FIRST = 20_000;
const LAST = 32_000;
const ATTEMPTS = 200;

/**
 * Picks `count` different ports on which nothing listens now. Another process may be faster: whoever starts a server
 * on one has to be ready to start again on another.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let attempt = 0; ports.size < count; attempt++) {
    if (attempt === ATTEMPTS) throw new Error(`found no ${count} free ports between ${FIRST} and ${LAST}`);
    const port = randomInt(FIRST, LAST);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
