import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createListFetch } from './revocation-list-fetch.ts';

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/root.crl`;
}

const never = new AbortController().signal;

describe('fetching a list', () => {
  test('gives its content', async () => {
    const address = await serve((_request, response) => response.end('list'));
    expect(await createListFetch()(address, never)).toEqual({ kind: 'Fetched', content: Buffer.from('list') });
  });

  test.each([
    [404, 'Missing'],
    [410, 'Missing'],
    [403, 'Failed'],
    [503, 'Failed'],
    [302, 'Failed'],
  ] as const)('with the answer %i is %s', async (status, kind) => {
    const address = await serve((_request, response) => response.writeHead(status, { Location: '/other' }).end('no'));
    expect(await createListFetch()(address, never)).toEqual({
      kind,
      message: `the server answers with the status ${status}`,
    });
  });

  test('reads no more than it may', async () => {
    const address = await serve((_request, response) => response.end(Buffer.alloc(3000)));
    expect(await createListFetch({ mostBytes: 2999 })(address, never)).toMatchObject({
      kind: 'Failed',
      message: expect.stringContaining('more than 2999 bytes'),
    });
    expect(await createListFetch({ mostBytes: 3000 })(address, never)).toMatchObject({ kind: 'Fetched' });
  });

  test('waits no longer than it may, for an answer that trickles too', async () => {
    const address = await serve((_request, response) => {
      const trickle = setInterval(() => response.write('a'), 20);
      response.on('close', () => clearInterval(trickle));
    });
    expect(await createListFetch({ timeoutMs: 100 })(address, never)).toEqual({
      kind: 'Failed',
      message: 'no answer in time',
    });
  });

  test('says that nothing listens', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    expect(await createListFetch()(`http://127.0.0.1:${port}/`, never)).toEqual({
      kind: 'Failed',
      message: 'the connection was refused',
    });
  });

  test('ends with whoever asked', async () => {
    const asking = new AbortController();
    const address = await serve(() => asking.abort(new Error('The controller ends.')));
    await expect(createListFetch()(address, asking.signal)).rejects.toThrow('The controller ends.');
  });
});
