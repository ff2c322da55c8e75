import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Agent, request } from 'node:https';
import { pipeline } from 'node:stream/promises';

/** Headers that belong to one connection, or that the simulator sets itself. */
const OWN_HEADERS = new Set(['connection', 'keep-alive', 'date', 'transfer-encoding']);

/**
 * Streams a request to Azurite and its answer back. Resolves when all of it is on its way.
 *
 * @param onAnswer told the status before the client learns of it: whatever follows from it has to be true by then; says
 *   whether the client is to learn of it at all, or finds the connection closed
 */
export function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  target: string,
  agent: Agent,
  onAnswer: (status: number) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const { host: _host, connection: _connection, ...headers } = incoming.headers;
    const onward = request(target, { method: incoming.method, headers, agent }, (answer) => {
      const own = Object.entries(answer.headers).filter(([name]) => !OWN_HEADERS.has(name));
      const { statusCode = 502 } = answer;
      if (!onAnswer(statusCode)) {
        incoming.socket.destroy();
        answer.resume();
        resolve();
        return;
      }
      response.writeHead(statusCode, Object.fromEntries(own));
      pipeline(answer, response).then(resolve, reject);
    });
    onward.on('error', reject);
    pipeline(incoming, onward).catch(reject);
  });
}
