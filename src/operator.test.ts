import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { readConfig } from './config.ts';
import { runOperator } from './operator.ts';
import { KubeConfig } from './runtime/kube-config.ts';
import { silentLogger } from './runtime/logger.ts';

/** A server that takes connections and never says a word. */
async function silentServer(): Promise<Server> {
  const server = createServer((socket) => {
    onTestFinished(() => void socket.destroy());
  });
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function run(server: string, stop: AbortSignal) {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser({ name: 'c', server, skipTLSVerify: false }, { name: 'u', token: 'token' });
  const outcome = readConfig(['--installation-id', 'test', '--http-bind-address', '127.0.0.1:0'], {});
  if (outcome.kind !== 'Run') throw new Error(JSON.stringify(outcome));
  const { config } = outcome;
  return runOperator({ config, version: 'test', kubeConfig, cloudOverrides: {}, logger: silentLogger }, stop);
}

it('ends in order when it is told to while the API server does not answer', async () => {
  const server = await silentServer();
  const stop = new AbortController();
  const connected = once(server, 'connection');
  const running = run(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, stop.signal);
  await connected;
  stop.abort(new Error('Received SIGTERM.'));
  expect(await running).toEqual({ kind: 'Stopped', drained: true });
});

it('fails when the API server is not there', async () => {
  const server = await silentServer();
  const { port } = server.address() as AddressInfo;
  server.close();
  const outcome = await run(`https://127.0.0.1:${port}`, new AbortController().signal);
  expect(outcome).toMatchObject({ kind: 'Failed', error: { message: expect.stringContaining('ECONNREFUSED') } });
});
