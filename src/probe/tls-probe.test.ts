import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createCertificateAuthority } from '../../test/certificate-authority.ts';
import { createTlsProbe, type TlsProbeOptions } from './tls-probe.ts';

const SERVICE_NAME = 'granitefalls.contoso.com';

async function listening(server: Server): Promise<number> {
  const sockets: Socket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

async function gateway(options: TlsOptions = {}) {
  const authority = await createCertificateAuthority('Contoso');
  const issued = await authority.issue({ commonName: SERVICE_NAME, key: 'ECDSA' });
  const names: (string | undefined)[] = [];
  const server = createTlsServer({
    cert: issued.certificatePem,
    key: issued.privateKeyPem,
    SNICallback: (name, done) => {
      names.push(name);
      done(null);
    },
    ...options,
  });
  server.on('tlsClientError', () => {});
  server.on('secureConnection', (socket) => socket.on('error', () => {}));
  return { port: await listening(server), issued, names };
}

const probe = (port: number, options: TlsProbeOptions = {}, signal = new AbortController().signal) =>
  createTlsProbe(options)({ address: '127.0.0.1', port, serverName: SERVICE_NAME }, signal);

describe('a TLS probe', () => {
  test('tells which certificate is presented, and asks for the name', async () => {
    const { port, issued, names } = await gateway();
    const expected = new X509Certificate(issued.certificatePem).fingerprint256.replaceAll(':', '').toLowerCase();
    const presented = await probe(port);
    expect(presented).toMatchObject({
      kind: 'Presented',
      sha256Fingerprint: expected,
      subject: expect.stringContaining(`CN=${SERVICE_NAME}`),
    });
    const chain = presented.kind === 'Presented' ? presented.chain : [];
    expect(chain.map((certificate) => certificate.toString())).toEqual([`${issued.certificatePem.trim()}\n`]);
    expect(names).toEqual([SERVICE_NAME]);
  });

  test('sees the certificate of a server that would like one of the client', async () => {
    const { port } = await gateway({ requestCert: true, rejectUnauthorized: false });
    expect(await probe(port)).toMatchObject({ kind: 'Presented' });
  });

  test('tells that nobody listens', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    expect(await probe(port)).toEqual({ kind: 'NoConnection', message: 'the connection was refused' });
  });

  test('tells that what listens does not speak TLS', async () => {
    const port = await listening(createServer((socket) => socket.on('error', () => {}).end('220 ready\r\n')));
    expect(await probe(port)).toMatchObject({ kind: 'NoCertificate' });
  });

  test('tells that a connection is closed at once', async () => {
    const port = await listening(createServer((socket) => socket.on('error', () => {}).destroy()));
    expect(await probe(port)).toMatchObject({ kind: 'NoCertificate' });
  });

  test('does not wait for ever for a server that says nothing', async () => {
    const port = await listening(createServer((socket) => socket.on('error', () => {})));
    expect(await probe(port, { timeoutMs: 50 })).toEqual({ kind: 'NoCertificate', message: 'no answer in time' });
  });

  test('ends when it is asked to', async () => {
    const port = await listening(createServer((socket) => socket.on('error', () => {})));
    const stop = new AbortController();
    const running = probe(port, {}, stop.signal);
    stop.abort(new Error('over'));
    await expect(running).rejects.toThrow('over');
  });
});
