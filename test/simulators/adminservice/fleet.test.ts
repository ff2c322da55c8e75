import { describe, expect, test } from 'vitest';
import { createFleet, type Fleet } from './fleet.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A Monday. */
const BEGIN = Date.UTC(2026, 0, 5);
const OLD = 'old.contoso.com';
const NEW = 'new.contoso.com';
const ALWAYS_INTERNET = { commuters: 0, alwaysIntranet: 0, oftenOff: 0 };

/** A fleet that knows the old gateway; what there is can be changed. */
function start(shares = ALWAYS_INTERNET, size = 400) {
  const gateways = { advertised: [OLD], serving: new Set([OLD]) };
  const fleet = createFleet({
    size,
    startedAt: BEGIN,
    shares,
    foreignShare: 0,
    surroundings: { advertised: () => gateways.advertised, serves: (name) => gateways.serving.has(name) },
  });
  const change = (at: number, advertised: readonly string[], serving = advertised) => {
    fleet.advanceTo(at);
    gateways.advertised = [...advertised];
    gateways.serving = new Set(serving);
  };
  return { fleet, change };
}

function clientsOf(fleet: Fleet) {
  return Array.from({ length: fleet.size }, (_, place) => fleet.at(place));
}

function through(fleet: Fleet, gateway: string | undefined): number {
  return clientsOf(fleet).filter((client) => client.gateway === gateway).length;
}

describe('clients on the internet', () => {
  test('poll for policy once an hour, each at its own time', () => {
    const { fleet } = start();
    fleet.advanceTo(BEGIN + 10 * HOUR);
    const ages = clientsOf(fleet).map(({ lastPolicyRequest = 0 }) => BEGIN + 10 * HOUR - lastPolicyRequest);
    expect(Math.max(...ages)).toBeLessThanOrEqual(HOUR);
    expect(Math.max(...ages)).toBeGreaterThan(0.9 * HOUR);
    expect(new Set(ages).size).toBeGreaterThan(390);
  });

  test('learn of a new gateway within 25 hours, and then choose between the two by chance', () => {
    const { fleet, change } = start();
    change(BEGIN + HOUR, [OLD, NEW]);
    fleet.advanceTo(BEGIN + 6 * HOUR);
    expect(through(fleet, NEW)).toBeGreaterThan(0);
    expect(through(fleet, NEW)).toBeLessThan(120);
    fleet.advanceTo(BEGIN + 27 * HOUR);
    expect(Math.abs(through(fleet, NEW) - 200)).toBeLessThan(60);
    expect(fleet.cutOff).toEqual([]);
  });

  test('are cut off when all that they know is gone, and only those', () => {
    const { fleet, change } = start();
    change(BEGIN + HOUR, [OLD, NEW]);
    change(BEGIN + 13 * HOUR, [NEW]);
    fleet.advanceTo(BEGIN + 15 * HOUR);
    expect(fleet.cutOff.length).toBeGreaterThan(100);
    expect(fleet.cutOff.length).toBeLessThan(300);
    expect(fleet.cutOff[0]).toMatchObject({ offBefore: 0, knows: [OLD] });
    expect(fleet.cutOffNow).toBe(fleet.cutOff.length);
    expect(through(fleet, NEW)).toBe(400 - fleet.cutOffNow);
  });

  test('are not when they were given a day', () => {
    const { fleet, change } = start();
    change(BEGIN + HOUR, [OLD, NEW]);
    change(BEGIN + 27 * HOUR, [NEW]);
    fleet.advanceTo(BEGIN + 10 * DAY);
    expect(fleet.cutOff).toEqual([]);
  });

  test('come back when a gateway that they know does, and are remembered as cut off', () => {
    const { fleet, change } = start();
    change(BEGIN + HOUR, [OLD], []);
    change(BEGIN + 3 * HOUR, [OLD]);
    fleet.advanceTo(BEGIN + 5 * HOUR);
    expect(fleet.cutOffNow).toBe(0);
    expect(fleet.cutOff).toHaveLength(400);
  });
});

describe('other habits', () => {
  test('commuters are on the intranet by day and learn there what they need', () => {
    const { fleet, change } = start({ commuters: 1, alwaysIntranet: 0, oftenOff: 0 });
    fleet.advanceTo(BEGIN + 12 * HOUR);
    expect(through(fleet, undefined)).toBe(400);
    fleet.advanceTo(BEGIN + 20 * HOUR);
    expect(through(fleet, OLD)).toBe(400);
    change(BEGIN + 20 * HOUR, [NEW]);
    fleet.advanceTo(BEGIN + 22 * HOUR);
    expect(fleet.cutOffNow).toBe(400);
    fleet.advanceTo(BEGIN + DAY + 10 * HOUR);
    expect(fleet.cutOffNow).toBe(0);
  });

  test('some are off for days, and find nothing when they come back too late', () => {
    const { fleet, change } = start({ commuters: 0, alwaysIntranet: 0, oftenOff: 1 });
    change(BEGIN + HOUR, [OLD, NEW]);
    change(BEGIN + 27 * HOUR, [NEW]);
    fleet.advanceTo(BEGIN + 9 * DAY);
    expect(fleet.cutOff.length).toBeGreaterThan(0);
    expect(fleet.cutOff.every(({ offBefore }) => offBefore > HOUR)).toBe(true);
  });

  test('the intranet needs no gateway', () => {
    const { fleet, change } = start({ commuters: 0, alwaysIntranet: 1, oftenOff: 0 });
    change(BEGIN + HOUR, []);
    fleet.advanceTo(BEGIN + 2 * DAY);
    expect(fleet.cutOff).toEqual([]);
    expect(clientsOf(fleet).every(({ isOnInternet }) => !isOnInternet)).toBe(true);
  });
});

test('in steps or at once, the same happens', () => {
  const [steps, once] = [start(undefined, 50), start(undefined, 50)];
  for (let time = BEGIN; time <= BEGIN + DAY; time += 7 * 60_000) steps.fleet.advanceTo(time);
  steps.fleet.advanceTo(BEGIN + DAY);
  once.fleet.advanceTo(BEGIN + DAY);
  expect(clientsOf(steps.fleet)).toEqual(clientsOf(once.fleet));
});
