import { describe, expect, onTestFinished, test } from 'vitest';
import { ArmError } from '../../azure/errors.ts';
import type { JsonObject } from '../../json.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createManualClock } from '../../runtime/manual-clock.ts';
import type { AzureSession } from './azure-access.ts';
import { createDriftSweep } from './drift-sweep.ts';

const INTERVAL_MS = 600_000;
const VAULT = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/granitefalls';
const NSG = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/granitefalls';

const row = (id: string, properties: JsonObject = {}, owner = 'test/gateways/granitefalls'): JsonObject => ({
  id,
  tag: owner,
  location: 'westeurope',
  properties,
});

/** Resource Graph with `rows`, two of them a page, and sweeps of it. */
function world(rows: JsonObject[]) {
  const clock = createManualClock();
  const queries: string[] = [];
  const queued: string[] = [];
  const outcomes: string[] = [];
  const azure = { rows, failure: undefined as Error | undefined, failsAt: 0, failures: Number.POSITIVE_INFINITY };
  const post = async (_path: string, _version: string, body: JsonObject) => {
    queries.push(String(body.query));
    const skip = Number((body.options as JsonObject).$skipToken ?? 0);
    if (azure.failure !== undefined && skip >= azure.failsAt && azure.failures > 0) {
      azure.failures -= 1;
      throw azure.failure;
    }
    const next = skip + 2 < azure.rows.length ? { $skipToken: String(skip + 2) } : {};
    return { resource: { data: azure.rows.slice(skip, skip + 2), ...next } };
  };
  const sessionOf = (principal: string) =>
    ({
      arm: { post, subscriptionId: 's', cloud: { resourceManagerEndpoint: 'https://management.azure.com' } },
      credential: { principal },
    }) as unknown as AzureSession;
  const session = sessionOf('tenant/application');
  const watched = new Set(['gateways/granitefalls']);
  const sweep = createDriftSweep({
    clock,
    logger: silentLogger,
    installationId: 'test',
    intervalMs: INTERVAL_MS,
    isWatched: (key) => watched.has(key),
    onSwept: (outcome) => outcomes.push(outcome),
  });
  const unsubscribe = sweep.source((key) => queued.push(key));
  onTestFinished(() => {
    unsubscribe();
    expect(clock.pendingTimers).toBe(0);
    follow();
    expect(clock.pendingTimers).toBe(0);
  });
  const follow = () => sweep.follow('gateways/granitefalls', session);
  const next = async () => {
    queued.length = 0;
    follow();
    await clock.advance(INTERVAL_MS);
  };
  return { clock, queries, queued, outcomes, azure, session, sessionOf, watched, sweep, follow, next };
}

describe('the sweeps of a subscription', () => {
  test('begin with the first gateway, take one query each, and queue nobody while nothing changes', async () => {
    const { clock, queries, queued, follow, sweep, session, next } = world([row(VAULT), row(NSG)]);
    const begun = clock.now();
    follow();
    follow();
    await clock.advance(0);
    expect(queries).toHaveLength(1);
    expect(queries[0]).toContain("tags['configmgr.io_owner'] startswith_cs 'test/'");
    expect(sweep.unchangedSince(session, VAULT)).toBe(begun);
    await next();
    expect(queries).toHaveLength(2);
    expect(queued).toEqual([]);
    expect(sweep.unchangedSince(session, VAULT.toUpperCase())).toBe(begun);
  });

  const throttled = (retryAfterMs: number) =>
    new ArmError({ status: 429, code: 'TooManyRequests', message: 'Slower.', class: 'Throttled', retryAfterMs });

  test('wait out a pause that Azure asks for in the middle, and lose nothing that was read before', async () => {
    const { clock, queries, outcomes, azure, follow, sweep, session } = world([row(VAULT), row(NSG), row(`${NSG}2`)]);
    Object.assign(azure, { failure: throttled(20_000), failsAt: 2, failures: 1 });
    follow();
    await clock.advance(19_999);
    expect(queries).toHaveLength(2);
    expect(outcomes).toEqual([]);
    await clock.advance(1);
    expect(queries).toHaveLength(3);
    expect(outcomes).toEqual(['success']);
    expect(sweep.unchangedSince(session, `${NSG}2`)).toBeDefined();
  });

  test('give up when a pause would last into the next one', async () => {
    const { clock, queries, outcomes, azure, follow } = world([row(VAULT)]);
    azure.failure = throttled(INTERVAL_MS / 2);
    follow();
    await clock.advance(INTERVAL_MS / 2);
    expect(outcomes).toEqual(['error']);
    expect(queries).toHaveLength(2);
  });

  test('read all pages', async () => {
    const { clock, follow, sweep, session } = world([row(`${NSG}1`), row(`${NSG}2`), row(`${NSG}3`)]);
    follow();
    await clock.advance(0);
    expect(sweep.unchangedSince(session, `${NSG}3`)).toBeDefined();
  });

  test('queue the gateway of a changed resource, and say since when', async () => {
    const { clock, azure, queued, follow, sweep, session, next } = world([row(VAULT), row(NSG)]);
    const begun = clock.now();
    follow();
    await clock.advance(0);
    azure.rows = [row(VAULT), row(NSG, { securityRules: [] })];
    await next();
    expect(queued).toEqual(['gateways/granitefalls']);
    expect(sweep.unchangedSince(session, NSG)).toBe(begun + INTERVAL_MS);
    expect(sweep.unchangedSince(session, VAULT)).toBe(begun);
    await next();
    expect(queued).toEqual([]);
  });

  test('take another order of members for no change', async () => {
    const { clock, azure, queued, follow, next } = world([row(NSG, { a: 1, b: { c: 2, d: 3 } })]);
    follow();
    await clock.advance(0);
    azure.rows = [row(NSG, { b: { d: 3, c: 2 }, a: 1 })];
    await next();
    expect(queued).toEqual([]);
  });

  test('queue the gateway of a resource that is gone, once, and of one that is new', async () => {
    const { clock, azure, queued, follow, sweep, session, next } = world([row(VAULT), row(NSG)]);
    follow();
    await clock.advance(0);
    azure.rows = [row(VAULT)];
    await next();
    expect(queued).toEqual(['gateways/granitefalls']);
    expect(sweep.unchangedSince(session, NSG)).toBe(clock.now());
    await next();
    expect(queued).toEqual([]);
    azure.rows = [row(VAULT), row(NSG)];
    await next();
    expect(queued).toEqual(['gateways/granitefalls']);
  });

  test('say nothing about what they have never shown, or what is not looked after here', async () => {
    const { clock, follow, sweep, session } = world([row(NSG, {}, 'test/gateways/elsewhere')]);
    follow();
    await clock.advance(0);
    expect(sweep.unchangedSince(session, VAULT)).toBeUndefined();
    expect(sweep.unchangedSince(session, NSG)).toBeUndefined();
  });

  test('that fail change nothing, and after three intervals nothing is concluded from the last', async () => {
    const { clock, azure, queued, outcomes, follow, sweep, session, next } = world([row(VAULT)]);
    follow();
    await clock.advance(0);
    azure.failure = new Error('Resource Graph is away.');
    azure.rows = [];
    await next();
    await next();
    await next();
    expect(queued).toEqual([]);
    expect(sweep.unchangedSince(session, VAULT)).toBeDefined();
    await next();
    expect(sweep.unchangedSince(session, VAULT)).toBeUndefined();
    expect(outcomes).toEqual(['success', 'error', 'error', 'error', 'error']);
    azure.failure = undefined;
    azure.rows = [row(VAULT)];
    await next();
    expect(sweep.unchangedSince(session, VAULT)).toBeDefined();
  });

  test('go on with the newest credentials of an identity, and are another identity’s own', async () => {
    const { clock, queries, follow, sweep, session, sessionOf } = world([row(VAULT)]);
    follow();
    await clock.advance(0);
    const other = sessionOf('tenant/other');
    expect(sweep.unchangedSince(other, VAULT)).toBeUndefined();
    sweep.follow('gateways/granitefalls', other);
    await clock.advance(0);
    expect(queries).toHaveLength(2);
    expect(sweep.unchangedSince(other, VAULT)).toBeDefined();
    expect(sweep.unchangedSince(session, VAULT)).toBeDefined();
  });

  test('end with the last gateway', async () => {
    const { clock, queries, follow, watched, sweep, session } = world([row(VAULT)]);
    follow();
    await clock.advance(0);
    watched.clear();
    await clock.advance(3 * INTERVAL_MS);
    expect(queries).toHaveLength(1);
    expect(sweep.unchangedSince(session, VAULT)).toBeUndefined();
  });
});
