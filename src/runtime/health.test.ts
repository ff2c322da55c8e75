import { Counter, Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import {
  cacheSyncCheck,
  type HealthCheck,
  type HealthServer,
  startEventLoopCheck,
  startHealthServer,
  workerProgressCheck,
} from './health.ts';
import { createManualClock } from './manual-clock.ts';

const servers: HealthServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function serve(liveness: readonly HealthCheck[], readiness: readonly HealthCheck[], registry = new Registry()) {
  const server = await startHealthServer({ host: '127.0.0.1', port: 0, registry, liveness, readiness });
  servers.push(server);
  return async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, init);
    return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
  };
}

const fine: HealthCheck = { name: 'fine', problem: () => undefined };

describe('startHealthServer', () => {
  it('answers for the state of the moment', async () => {
    let problem: string | undefined = 'waiting for cmgs';
    const get = await serve([fine], [fine, { name: 'informer-sync', problem: () => problem }]);
    expect(await get('/livez')).toMatchObject({ status: 200, body: 'ok' });
    expect(await get('/readyz')).toMatchObject({
      status: 500,
      body: '[+]fine ok\n[-]informer-sync failed: waiting for cmgs\nreadyz check failed\n',
    });
    problem = undefined;
    expect(await get('/readyz')).toMatchObject({ status: 200, body: 'ok' });
    expect(await get('/readyz?verbose')).toMatchObject({
      status: 200,
      body: '[+]fine ok\n[+]informer-sync ok\nreadyz check passed\n',
    });
  });

  it('answers 500 when a check throws, and goes on', async () => {
    const get = await serve([{ name: 'broken', problem: () => JSON.parse('') }], [fine]);
    expect((await get('/livez')).status).toBe(500);
    expect((await get('/readyz')).status).toBe(200);
  });

  it('serves the metrics in the text format of Prometheus', async () => {
    const registry = new Registry();
    new Counter({ name: 'things_total', help: 'Things', registers: [registry] }).inc();
    const get = await serve([], [], registry);
    const { status, type, body } = await get('/metrics');
    expect(status).toBe(200);
    expect(type).toContain('text/plain; version=0.0.4');
    expect(body).toContain('things_total 1');
  });

  it('refuses other paths and methods', async () => {
    const get = await serve([], []);
    expect((await get('/secrets')).status).toBe(404);
    expect((await get('/livez', { method: 'POST' })).status).toBe(405);
    expect(await get('/livez', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
  });

  it('rejects when the port is taken', async () => {
    const first = await startHealthServer({
      host: '127.0.0.1',
      port: 0,
      registry: new Registry(),
      liveness: [],
      readiness: [],
    });
    servers.push(first);
    await expect(
      startHealthServer({ host: '127.0.0.1', port: first.port, registry: new Registry(), liveness: [], readiness: [] }),
    ).rejects.toThrow('EADDRINUSE');
  });
});

describe('startEventLoopCheck', () => {
  it('fails while the loop is blocked and right after, and recovers', async () => {
    const clock = createManualClock();
    let blockedMs = 0;
    const check = startEventLoopCheck({ ...clock, monotonic: () => clock.monotonic() + blockedMs });
    await clock.advance(60_000);
    expect(check.problem()).toBeUndefined();
    blockedMs = 8_000;
    expect(check.problem()).toBe('the event loop was blocked for 7000 ms');
    await clock.advance(1_000);
    expect(check.problem()).toBe('the event loop was blocked for 8000 ms');
    await clock.advance(1_000);
    expect(check.problem()).toBeUndefined();
    check.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('workerProgressCheck', () => {
  it('names the controller whose reconcile does not end', () => {
    const check = (ms: number) =>
      workerProgressCheck([{ name: 'cmg', oldestReconcileMs: () => ms }], 180_000).problem();
    expect(check(180_000)).toBeUndefined();
    expect(check(180_001)).toContain('cmg');
  });
});

describe('cacheSyncCheck', () => {
  it('names the caches that are not complete', () => {
    const informers = [
      { name: 'cmgs', store: { hasSynced: false } },
      { name: 'sites', store: { hasSynced: true } },
    ];
    expect(cacheSyncCheck(informers).problem()).toBe('waiting for cmgs');
    expect(cacheSyncCheck([]).problem()).toBeUndefined();
  });
});
