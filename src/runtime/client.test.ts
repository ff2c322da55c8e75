import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startScriptedServer } from '../../test/scripted-server.ts';
import { ApiConnectionError, ApiError, isTransient, isUnauthorized } from './api-error.ts';
import { createKubernetesClient } from './client.ts';
import { systemClock } from './clock.ts';
import { createInformer } from './informer.ts';
import { KubeConfig } from './kube-config.ts';
import { silentLogger } from './logger.ts';
import { createManualClock } from './manual-clock.ts';
import { CONFIG_MAP, type ConfigMap } from './objects.ts';
import { seededRandom } from './random.ts';

const LASTING = { signal: new AbortController().signal };
const KEY = { namespace: 'a', name: 'one' };

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

interface Options {
  readonly clock?: typeof systemClock;
  readonly kubeConfig?: KubeConfig;
  readonly user?: object;
  readonly requested?: (code: string, method: string) => void;
}

async function setUp(
  answer: Answer,
  { clock = systemClock, kubeConfig = new KubeConfig(), user = {}, requested = () => {} }: Options = {},
) {
  const server = await startScriptedServer(answer);
  kubeConfig.loadFromClusterAndUser(
    { name: 'test', server: `${server.url}/prefix`, skipTLSVerify: true },
    { name: 'test', ...user },
  );
  const client = createKubernetesClient({ kubeConfig, clock, userAgent: 'test/1', metrics: { requested } });
  onTestFinished(async () => {
    await client.close();
    await server.close();
  });
  return { server, client };
}

function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('It did not reject.'),
    (error: unknown) => error,
  );
}

/** Answers with each of `answers` once, then with the last again and again. */
function inTurn(...answers: readonly Answer[]): Answer {
  let next = 0;
  return (request, response) => answers[Math.min(next++, answers.length - 1)]?.(request, response);
}

const ok: Answer = (_, response) => json(response, 200, { metadata: KEY });

describe('the client', () => {
  it('keeps to the path of the server, and says who it is', async () => {
    let seen: IncomingMessage['headers'] = {};
    const { client, server } = await setUp((request, response) => {
      seen = request.headers;
      ok(request, response);
    });
    await client.get(CONFIG_MAP, KEY, LASTING);
    expect(server.requests).toEqual(['GET /prefix/api/v1/namespaces/a/configmaps/one']);
    expect(seen).toMatchObject({ 'user-agent': 'test/1', accept: 'application/json' });
  });

  it('does not let a name lead elsewhere', async () => {
    const { client, server } = await setUp(ok);
    await client.get(CONFIG_MAP, { namespace: 'a', name: '../secrets/x?y' }, LASTING);
    expect(server.requests).toEqual(['GET /prefix/api/v1/namespaces/a/configmaps/..%2Fsecrets%2Fx%3Fy']);
    const nowhere = client.get(CONFIG_MAP, { name: 'one' }, LASTING);
    await expect(nowhere).rejects.toThrow('ConfigMap one needs a namespace.');
  });

  it('asks for new credentials when the old ones are refused, once for each request', async () => {
    const kubeConfig = new KubeConfig();
    let asked = 0;
    kubeConfig.addAuthenticator({
      isAuthProvider: () => true,
      applyAuthentication: async (_, { headers }) => {
        Object.assign(headers ?? {}, { Authorization: `Bearer token-${++asked}` });
      },
    });
    let valid = 'Bearer token-2';
    const { client, server } = await setUp(
      ({ headers: { authorization } }, response) =>
        authorization === valid
          ? json(response, 200, { metadata: KEY })
          : json(response, 401, { kind: 'Status', code: 401, reason: 'Unauthorized', message: 'Unauthorized' }),
      { kubeConfig },
    );
    expect(await client.create(CONFIG_MAP, { metadata: KEY }, LASTING)).toEqual({ metadata: KEY });
    await client.get(CONFIG_MAP, KEY, LASTING);
    expect([asked, server.requests.length]).toEqual([2, 3]);

    valid = 'none';
    const error = await rejectionOf(client.delete(CONFIG_MAP, KEY, LASTING));
    expect(isUnauthorized(error)).toBe(true);
    expect([asked, server.requests.length]).toEqual([3, 5]);
    expect(JSON.stringify(error) + String(error)).not.toContain('token-');
  });

  it('says so when there are no credentials, and asks again the next time', async () => {
    const kubeConfig = new KubeConfig();
    let isBroken = true;
    kubeConfig.addAuthenticator({
      isAuthProvider: () => true,
      applyAuthentication: async () => {
        if (isBroken) throw new Error('the plugin is not installed');
      },
    });
    const { client } = await setUp(ok, { kubeConfig });
    await expect(client.create(CONFIG_MAP, { metadata: KEY }, LASTING)).rejects.toThrow(
      new ApiConnectionError('The kubeconfig gives no credentials: the plugin is not installed'),
    );
    isBroken = false;
    expect(await client.create(CONFIG_MAP, { metadata: KEY }, LASTING)).toEqual({ metadata: KEY });
  });

  it('changes to new connections when the certificates change, and lets go of the old', async () => {
    const kubeConfig = new KubeConfig();
    let certificate = 'first';
    kubeConfig.addAuthenticator({
      isAuthProvider: () => true,
      applyAuthentication: async (_, options) => {
        Object.assign(options, { cert: certificate });
      },
    });
    const clock = createManualClock();
    const ports = new Set<number | undefined>();
    const { client, server } = await setUp(
      (request, response) => {
        ports.add(request.socket.remotePort);
        ok(request, response);
      },
      { kubeConfig, clock },
    );
    for (let minute = 0; minute < 3; minute++) {
      await client.get(CONFIG_MAP, KEY, LASTING);
      await clock.advance(60_000);
    }
    expect(ports.size).toBe(1);
    certificate = 'second';
    await client.get(CONFIG_MAP, KEY, LASTING);
    expect(ports.size).toBe(2);
    await clock.advance(60_000);
    await client.get(CONFIG_MAP, KEY, LASTING);
    await expect.poll(() => server.openConnections()).toBe(1);
  });

  it('reads a token from its file, and leaves the line break out', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'client-test-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const tokenFile = join(directory, 'token');
    await writeFile(tokenFile, 'abc\n');
    let seen: string | undefined;
    const user = { authProvider: { name: 'tokenFile', config: { tokenFile } } };
    const { client } = await setUp(
      (request, response) => {
        seen = request.headers.authorization;
        ok(request, response);
      },
      { user },
    );
    await client.get(CONFIG_MAP, KEY, LASTING);
    expect(seen).toBe('Bearer abc');
  });

  it('waits for a read as long as an overloaded server asks, a few times, and never for a write', async () => {
    const overloaded: Answer = (_, response) => json(response, 429, {}, { 'retry-after': '2' });
    const clock = createManualClock();
    const { client, server } = await setUp(overloaded, { clock });
    const read = rejectionOf(client.get(CONFIG_MAP, KEY, LASTING));
    for (const count of [1, 2]) {
      await expect.poll(() => server.requests.length).toBe(count);
      // The request's own time limit, and then the wait.
      await expect.poll(() => clock.pendingTimers).toBe(1);
      await advanceUntil(clock, () => server.requests.length > count);
    }
    expect(await read).toMatchObject({ status: 429, retryAfterSeconds: 2 });
    expect(server.requests).toHaveLength(3);
    expect(await rejectionOf(client.delete(CONFIG_MAP, KEY, LASTING))).toMatchObject({ status: 429 });
    expect(server.requests).toHaveLength(4);
  });

  it('tries a read once more when its connection breaks, but no write, which may have been made', async () => {
    const broken: Answer = (request) => request.socket.destroy();
    const { client, server } = await setUp(inTurn(broken, ok, broken));
    expect(await client.get(CONFIG_MAP, KEY, LASTING)).toEqual({ metadata: KEY });
    const error = await rejectionOf(client.create(CONFIG_MAP, { metadata: KEY }, LASTING));
    expect(error).toBeInstanceOf(ApiConnectionError);
    expect(String(error)).toMatch(/POST \/api\/v1\/namespaces\/a\/configmaps: no answer from 127\.0\.0\.1:\d+: /);
    expect(isTransient(error)).toBe(true);
    expect(server.requests).toHaveLength(3);
  });

  it('gives up on an answer that does not come, or not to its end', async () => {
    const clock = createManualClock();
    const half: Answer = (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"metadata":');
    };
    for (const answer of [() => {}, half]) {
      const { client, server } = await setUp(answer, { clock });
      const failed = rejectionOf(client.create(CONFIG_MAP, { metadata: KEY }, LASTING));
      await expect.poll(() => server.requests.length).toBe(1);
      await clock.advance(60_000);
      expect(String(await failed)).toBe('ApiConnectionError: POST configmaps "a/one": no answer within 60000 ms.');
      await expect.poll(() => server.openConnections()).toBe(0);
    }
  });

  it('does not repeat what it cannot read', async () => {
    const page = `<html>${'busy '.repeat(100)}</html>`;
    const { client } = await setUp(
      inTurn(
        (_, response) => response.writeHead(502).end(page),
        (_, response) => response.writeHead(200).end('{"data":{"password":"hunter2'),
      ),
    );
    const proxy = await rejectionOf(client.get(CONFIG_MAP, KEY, LASTING));
    expect(proxy).toBeInstanceOf(ApiError);
    expect(String(proxy).length).toBeLessThan(300);
    const cut = await rejectionOf(client.create(CONFIG_MAP, { metadata: KEY }, LASTING));
    expect(String(cut)).toContain('the answer is not JSON');
    expect(String(cut)).not.toContain('hunter2');
  });

  it('counts requests by their answers', async () => {
    const seen: string[] = [];
    const { client } = await setUp(
      inTurn(ok, (request) => request.socket.destroy()),
      {
        requested: (code, method) => seen.push(`${method} ${code}`),
      },
    );
    await client.get(CONFIG_MAP, KEY, LASTING);
    await rejectionOf(client.delete(CONFIG_MAP, KEY, LASTING));
    expect(seen).toEqual(['GET 200', 'DELETE <error>']);
  });

  it('does nothing any more when closed', async () => {
    const { client, server } = await setUp(() => {});
    const pending = rejectionOf(client.create(CONFIG_MAP, { metadata: KEY }, LASTING));
    await expect.poll(() => server.requests.length).toBe(1);
    await client.close();
    expect(await pending).toBeInstanceOf(ApiConnectionError);
    expect(await rejectionOf(client.get(CONFIG_MAP, KEY, LASTING))).toBeInstanceOf(ApiConnectionError);
    await expect.poll(() => server.openConnections()).toBe(0);
  });
});

function watched(name: string, version: number) {
  const metadata = { namespace: 'a', name, uid: name, resourceVersion: String(version), creationTimestamp: '' };
  return { type: 'ADDED', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { name: `${name} ☃` } } };
}

const END_OF_LIST = {
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion: '10', annotations: { 'k8s.io/initial-events-end': 'true' } } },
};

const lines = (...events: readonly object[]) => events.map((event) => `${JSON.stringify(event)}\n`).join('');

describe('an informer over the wire', () => {
  async function follow(answer: Answer) {
    const clock = createManualClock();
    const { client, server } = await setUp(answer, { clock });
    const informer = createInformer<ConfigMap>({
      client,
      kind: CONFIG_MAP,
      clock,
      random: seededRandom(1),
      logger: silentLogger,
    });
    onTestFinished(() => informer.stop());
    informer.start();
    const names = () => informer.store.list().map(({ metadata }) => metadata.name);
    return { clock, server, informer, names };
  }

  it('survives a connection that breaks within a line, and goes on from where it was', async () => {
    const { clock, server, informer, names } = await follow(
      inTurn(
        (request, response) => {
          const bytes = Buffer.from(lines(watched('one', 9), END_OF_LIST, watched('two', 11), watched('three', 12)));
          response.write(bytes.subarray(0, -20), () => setImmediate(() => request.socket.resetAndDestroy()));
        },
        (_, response) => response.write(lines(watched('three', 12))),
      ),
    );
    await advanceUntil(clock, () => informer.store.size === 3);
    expect(names()).toEqual(['one', 'two', 'three']);
    expect(server.requests[1]).toContain('resourceVersion=11');
    await informer.stop();
    await expect.poll(() => server.openConnections()).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('leaves a connection on which nothing comes, and starts anew', async () => {
    const { clock, server, informer, names } = await follow(
      inTurn(
        (_, response) => response.write(lines(watched('one', 9), END_OF_LIST)),
        (_, response) => response.write(lines(watched('two', 20), END_OF_LIST)),
      ),
    );
    await expect.poll(() => informer.store.hasSynced).toBe(true);
    await clock.advance(119_999);
    expect([names(), server.requests.length]).toEqual([['one'], 1]);
    await clock.advance(1);
    await advanceUntil(clock, () => names().includes('two'));
    expect(names()).toEqual(['two']);
    expect(server.requests[1]).toContain('sendInitialEvents=true');
    expect(server.openConnections()).toBe(1);
  });

  it('stops while the server has not even answered', async () => {
    const { clock, server, informer } = await follow(() => {});
    await expect.poll(() => server.requests.length).toBe(1);
    await informer.stop();
    await expect.poll(() => server.openConnections()).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });
});

/** Lets time pass, a tenth of a second for each look, as real I/O goes on beside it. */
async function advanceUntil(clock: ReturnType<typeof createManualClock>, condition: () => boolean): Promise<void> {
  await expect
    .poll(
      async () => {
        if (!condition()) await clock.advance(100);
        return condition();
      },
      { interval: 1, timeout: 10_000 },
    )
    .toBe(true);
}
