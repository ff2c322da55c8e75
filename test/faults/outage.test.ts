import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SERVED_TAG } from '../../src/gateway/mark.ts';
import { isJsonObject } from '../../src/json.ts';
import { type Condition, findCondition } from '../../src/runtime/conditions.ts';
import { startLives } from './life-options.ts';
import { logRequests, type RequestLog } from './request-log.ts';
import { createFaultStage, type FaultStage } from './stage.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The longest pause between two tries at what Azure does not answer, with its spread. */
const ONE_POLL_MS = 3 * MINUTE * 1.2;

const FLEET = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];

let lives: Awaited<ReturnType<typeof startLives>>;
let stage: FaultStage;
beforeAll(async () => {
  const started = await startLives();
  lives = { ...started, certificate: await started.world.authority.issue({ commonName: '*.contoso.com' }) };
}, 60_000);
afterAll(() => lives?.close());
beforeEach(() => {
  lives.world.azure.control.reset();
  stage = createFaultStage(lives);
  return () => stage.operator.kill();
});

interface Outage {
  readonly begun: number;
  readonly log: RequestLog;
  /** Times at which something of a CMG was written. */
  readonly statusWrites: readonly number[];
  /** Conditions that say that Azure does not answer, ten minutes after the first did. */
  readonly early: readonly (readonly Condition[])[];
}

/** An hour in which nothing in Azure answers, sign-in and blobs included. */
async function outage(): Promise<Outage> {
  const { clock, world } = lives;
  const { faults } = world.azure.control;
  const begun = clock.now();
  const statusWrites: number[] = [];
  const forget = stage.kubernetes.observe((_before, after) => {
    if (after?.kind === 'CMG') statusWrites.push(clock.now());
  });
  faults.add({ match: { urlPattern: '.' }, times: 'always', action: { kind: 'dropConnection' } });
  const log = logRequests(faults, () => clock.now());
  await stage.operator.runFor(20 * MINUTE);
  const early = FLEET.map(unreachable);
  await stage.operator.runFor(begun + HOUR - clock.now());
  log.end();
  forget();
  faults.clear();
  return { begun, log, statusWrites, early };
}

/** The conditions of a gateway that say that Azure does not answer. */
function unreachable(name: string) {
  const conditions = stage.cmg(name)?.status?.conditions ?? [];
  return conditions.filter(({ reason }) => reason === 'AzureUnreachable');
}

/** Waits until gateways are ready, and Azure has been told that clients may depend on them, which is the last write. */
async function atRest(names: readonly string[]): Promise<void> {
  await stage.runUntil(stage.isSettled);
  const isMarked = (name: string) => {
    const { tags } = stage.resource('Microsoft.ManagedIdentity/userAssignedIdentities', name) ?? {};
    return isJsonObject(tags) && tags[SERVED_TAG] === 'Yes';
  };
  await stage.runUntil(() => names.every(isMarked));
  // The search for changes that comes with it has everything read once more.
  await stage.operator.runFor(2 * MINUTE);
}

/** How long it takes until everything is ready again. */
async function recovery(): Promise<number> {
  const begun = lives.clock.now();
  await stage.runUntil(stage.isSettled);
  return lives.clock.now() - begun;
}

function busiestMinute({ requests }: RequestLog): number {
  const minutes = new Map<number, number>();
  for (const { at } of requests) {
    const minute = Math.floor(at / MINUTE);
    minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
  }
  return Math.max(0, ...minutes.values());
}

const acceptedWrites = () =>
  lives.world.azure.control.writes.map(({ method, path }) => `${method} ${path.replaceAll(/[0-9a-f-]{36}/g, '*')}`);

describe('an hour without Azure', { timeout: 180_000 }, () => {
  it('in the midst of a creation delays it, and says since when', async () => {
    stage.apply('alpha');
    const whole = await recovery();
    const undisturbed = acceptedWrites().toSorted();
    stage.operator.kill();
    lives.world.azure.control.reset();
    stage = createFaultStage(lives);
    stage.apply('alpha');
    await stage.operator.runFor(20_000);
    const { begun, log, statusWrites, early } = await outage();

    expect(unreachable('alpha').map(({ type }) => type)).toEqual(['AzureReady', 'Ready', 'Reconciling']);
    for (const type of ['AzureReady', 'Ready']) {
      const { lastTransitionTime = '', status } = stage.condition(type, 'alpha') ?? {};
      expect(status).toBe('Unknown');
      // Looked at every few seconds, it is noticed at once.
      expect(Date.parse(lastTransitionTime) - begun).toBeLessThan(MINUTE / 2);
      expect(Date.parse(lastTransitionTime) - begun).toBeGreaterThan(-1000);
    }
    expect(unreachable('alpha')).toEqual(early[0]);
    expect(statusWrites.length).toBeLessThanOrEqual(3);
    // One operation is polled each minute; the group and the vault are read every three minutes in the end.
    expect(log.requests.length).toBeLessThan(120);
    expect(busiestMinute(log)).toBeLessThan(12);
    expect(log.writes).toEqual([]);

    expect(await recovery()).toBeLessThan(ONE_POLL_MS + whole);
    expect(acceptedWrites().toSorted()).toEqual(undisturbed);
  });

  it('is noticed of a gateway that serves with the next look, and is over with the next try', async () => {
    stage.apply('alpha');
    await atRest(['alpha']);
    const written = acceptedWrites().length;
    const { begun, log, statusWrites, early } = await outage();
    const { status, lastTransitionTime = '' } = stage.condition('Ready', 'alpha') ?? {};
    expect(status).toBe('Unknown');
    // The drift interval with its spread.
    expect(Date.parse(lastTransitionTime) - begun).toBeLessThan(11.1 * MINUTE);
    // Since when stays, although that nobody can sign in either is said later, when the token of before ends.
    const since = early[0]?.map(({ type, lastTransitionTime: at, status: is }) => ({
      type,
      status: is,
      lastTransitionTime: at,
    }));
    expect(unreachable('alpha')).toEqual(
      expect.arrayContaining((since ?? []).map((each) => expect.objectContaining(each))),
    );
    expect(statusWrites.length).toBeLessThanOrEqual(2);
    // From then on one thing is tried at a time, every three minutes in the end, besides the search for changes.
    expect(log.requests.length).toBeLessThan(70);
    expect(await recovery()).toBeLessThan(ONE_POLL_MS);
    expect(acceptedWrites()).toHaveLength(written);
  });

  it('keeps since when, although the operator is started again meanwhile', async () => {
    stage.apply('alpha');
    await stage.runUntil(stage.isSettled);
    const { faults } = lives.world.azure.control;
    faults.add({ match: { urlPattern: '.' }, times: 'always', action: { kind: 'dropConnection' } });
    await stage.operator.runFor(20 * MINUTE);
    const since = stage.condition('Ready', 'alpha')?.lastTransitionTime;
    stage.restart();
    const log = logRequests(faults, () => lives.clock.now());
    await stage.operator.runFor(40 * MINUTE);
    expect(stage.condition('Ready', 'alpha')).toMatchObject({ status: 'Unknown', lastTransitionTime: since });
    expect(log.requests.length).toBeLessThan(40);
    faults.clear();
    expect(await recovery()).toBeLessThan(ONE_POLL_MS);
  });

  it('costs a fleet as many requests as its gateways, and loses none of them', async () => {
    for (const name of FLEET) stage.apply(name);
    await atRest(FLEET);
    const written = acceptedWrites().length;
    const { log, statusWrites } = await outage();
    const ready = FLEET.map((name) => findCondition(stage.cmg(name)?.status?.conditions, 'Ready')?.reason);
    expect(ready).toEqual(FLEET.map(() => 'AzureUnreachable'));
    // When it is noticed, and when what does not answer is another thing: resources, VMs, blobs, and at last the sign-in.
    expect(statusWrites.length).toBeGreaterThanOrEqual(FLEET.length);
    expect(statusWrites.length).toBeLessThanOrEqual(3 * FLEET.length);
    expect(log.requests.length).toBeLessThan(60 * FLEET.length);
    // All notice it within some minutes, and try quickly at first.
    expect(busiestMinute(log)).toBeLessThan(12 * FLEET.length);
    expect(await recovery()).toBeLessThan(ONE_POLL_MS);
    expect(acceptedWrites()).toHaveLength(written);
  });
});
