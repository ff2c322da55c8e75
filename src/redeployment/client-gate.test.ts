import { describe, expect, it, test } from 'vitest';
import {
  beginPass,
  type ClientPass,
  countDevice,
  type DeviceRow,
  finishPass,
  type GateTerms,
  isZoneProven,
  judgeGate,
} from './client-gate.ts';
import { DAY, HOUR, MINUTE } from './instant.ts';

const ADVERTISED = Date.parse('2026-03-01T00:00:00Z');
/** Two days later: a device that asked for its policy now has refreshed. */
const NOW = ADVERTISED + 48 * HOUR;
const NAME = 'new.contoso.com';
const question = { serviceName: NAME, advertisedSince: ADVERTISED, ignoreInactiveFor: 14 * DAY };
const terms: GateTerms = {
  serviceName: NAME,
  advertisedSince: ADVERTISED,
  requiredPercent: 95,
  notBefore: NOW,
  devicesAtBeginning: 1,
};

const at = (instant: number) => new Date(instant).toISOString();

function device(change: Partial<DeviceRow> = {}): DeviceRow {
  return {
    IsClient: true,
    IsObsolete: false,
    CNIsOnInternet: true,
    IsAlwaysInternet: false,
    LastActiveTime: at(NOW - HOUR),
    CNAccessMP: 'old.contoso.com/CCM_Proxy_MutualAuth/72057594037927941',
    LastPolicyRequest: at(NOW - MINUTE),
    ...change,
  };
}

function passOver(rows: readonly DeviceRow[], begunAt = NOW): ClientPass {
  return finishPass(rows.reduce((pass, row) => countDevice(pass, row, NOW), beginPass(question, begunAt)));
}

/** A device that proves the time zone and counts for nothing else. */
const clock = device({ IsClient: false });
const refreshed = (row: DeviceRow) => passOver([clock, row]).asUtc.refreshed === 1;
const eligible = (row: DeviceRow) => passOver([clock, row]).asUtc.eligible === 1;

describe('a device is eligible', () => {
  test.each<readonly [why: string, change: Partial<DeviceRow>, expected: boolean]>([
    ['that is a client on the internet', {}, true],
    ['that is always on the internet', { CNIsOnInternet: false, IsAlwaysInternet: true }, true],
    ['of which the site does not know where it is', { CNIsOnInternet: null }, true],
    ['of which the site does not know when it was active', { LastActiveTime: null }, true],
    ['that was active just long enough ago', { LastActiveTime: at(NOW - 14 * DAY) }, true],
  ])('%s', (_why, change, expected) => {
    expect(eligible(device(change))).toBe(expected);
  });

  test.each<readonly [why: string, change: Partial<DeviceRow>]>([
    ['no client', { IsClient: false }],
    ['not known to be a client', { IsClient: null }],
    ['obsolete', { IsObsolete: true }],
    ['on the intranet', { CNIsOnInternet: false }],
    ['on the intranet and nothing else is known', { CNIsOnInternet: false, IsAlwaysInternet: null }],
    ['inactive for too long', { LastActiveTime: at(NOW - 14 * DAY - 1) }],
  ])('but not one that is %s', (_why, change) => {
    expect(eligible(device(change))).toBe(false);
  });
});

describe('a client has refreshed', () => {
  const silent = { LastPolicyRequest: at(ADVERTISED) };

  it('when it is connected through the new name, whatever the case', () => {
    expect(refreshed(device({ ...silent, CNAccessMP: 'NEW.contoso.com/CCM_Proxy_MutualAuth/1' }))).toBe(true);
    expect(refreshed(device({ ...silent, CNAccessMP: NAME }))).toBe(true);
  });

  it('but not when it is connected through a name that only begins so', () => {
    expect(refreshed(device({ ...silent, CNAccessMP: 'new.contoso.com.fabrikam.com/CCM_Proxy/1' }))).toBe(false);
    expect(refreshed(device({ ...silent, CNAccessMP: 'new.contoso.comx/CCM_Proxy/1' }))).toBe(false);
  });

  it('when it asked for its policy 25 hours after the new name was advertised, and not before', () => {
    expect(refreshed(device({ LastPolicyRequest: at(ADVERTISED + 25 * HOUR) }))).toBe(true);
    expect(refreshed(device({ LastPolicyRequest: at(ADVERTISED + 25 * HOUR - 1) }))).toBe(false);
  });

  it('but not when the site knows of no request', () => {
    expect(refreshed(device({ LastPolicyRequest: null, CNAccessMP: null }))).toBe(false);
  });
});

describe('the time zone', () => {
  const early = device({ LastPolicyRequest: at(ADVERTISED + 26 * HOUR) });

  it.each([
    ['10 min behind', -10 * MINUTE],
    ['10 min ahead', 10 * MINUTE],
  ])('is proven by a newest value that is %s', (_what, offset) => {
    const pass = passOver([device({ LastPolicyRequest: at(NOW + offset) }), early]);
    expect(isZoneProven(pass)).toBe(true);
    expect(judgeGate(pass, terms).kind).toBe('Open');
  });

  it.each([
    ['older', -10 * MINUTE - 1],
    ['hours ahead', 2 * HOUR],
  ])('is not proven by a newest value that is %s: then 14 hours are taken off', (_what, offset) => {
    const other = device({ LastPolicyRequest: at(NOW + offset), IsClient: false });
    const pass = passOver([other, early]);
    expect(isZoneProven(pass)).toBe(false);
    expect(judgeGate(pass, terms)).toMatchObject({ kind: 'Shut', because: 'TooFewRefreshed', refreshed: 0 });
    const late = device({ LastPolicyRequest: at(ADVERTISED + 39 * HOUR) });
    expect(judgeGate(passOver([other, late]), terms)).toMatchObject({ kind: 'Open', refreshed: 1 });
  });

  it('is not proven while no device has asked for its policy', () => {
    expect(isZoneProven(passOver([device({ LastPolicyRequest: null })]))).toBe(false);
  });

  it('is taken as UTC where a value has none, wherever the operator runs', () => {
    const bare = (instant: number) => at(instant).replace('Z', '');
    expect(isZoneProven(passOver([device({ LastPolicyRequest: bare(NOW) })]))).toBe(true);
    expect(refreshed(device({ LastPolicyRequest: bare(ADVERTISED + 25 * HOUR - 1000) }))).toBe(false);
    expect(refreshed(device({ LastPolicyRequest: bare(ADVERTISED + 25 * HOUR) }))).toBe(true);
  });

  it('counts a client that may just have been active while it is not proven', () => {
    const row = device({ LastActiveTime: at(NOW - 14 * DAY - 13 * HOUR), LastPolicyRequest: null });
    expect(passOver([row])).toMatchObject({ asUtc: { eligible: 0 }, anyZone: { eligible: 1 } });
  });
});

describe('the gate', () => {
  const moved = device();
  const silent = device({ LastPolicyRequest: null });
  const many = (of: number, row: DeviceRow) => Array.from({ length: of }, () => row);

  it('is open from the required share on', () => {
    const open = passOver([...many(95, moved), ...many(5, silent)]);
    const shut = passOver([...many(94, moved), ...many(6, silent)]);
    const asked = { ...terms, devicesAtBeginning: 100 };
    expect(judgeGate(open, asked)).toEqual({ kind: 'Open', eligible: 100, refreshed: 95 });
    expect(judgeGate(shut, asked)).toEqual({
      kind: 'Shut',
      because: 'TooFewRefreshed',
      eligible: 100,
      refreshed: 94,
    });
  });

  it('is open without eligible clients only while devices are visible', () => {
    expect(judgeGate(passOver([clock]), terms)).toEqual({ kind: 'Open', eligible: 0, refreshed: 0 });
    expect(judgeGate(passOver([]), { ...terms, devicesAtBeginning: 0 })).toMatchObject({
      kind: 'Shut',
      because: 'NoDevicesVisible',
    });
  });

  it('is shut when fewer than nine in ten of the devices are visible', () => {
    const asked = { ...terms, devicesAtBeginning: 100 };
    expect(judgeGate(passOver(many(90, moved)), asked).kind).toBe('Open');
    expect(judgeGate(passOver(many(89, moved)), asked)).toMatchObject({ because: 'FewerDevicesVisible' });
  });

  it('is shut when nobody knows how many devices there were', () => {
    const asked = { ...terms, devicesAtBeginning: undefined };
    expect(judgeGate(passOver([moved]), asked)).toMatchObject({ because: 'FewerDevicesVisible' });
  });

  it('is shut without a pass', () => {
    expect(judgeGate(undefined, terms)).toEqual({ kind: 'Shut', because: 'NoPass' });
  });

  it('is shut by a pass that was not read to the end', () => {
    const pass = countDevice(beginPass(question, NOW), moved, NOW);
    expect(judgeGate(pass, terms)).toMatchObject({ because: 'Incomplete' });
  });

  it('is shut by a pass that began too early', () => {
    expect(judgeGate(passOver([moved], NOW - 1), terms)).toMatchObject({ because: 'BegunTooEarly' });
  });

  it('is shut by a pass that asked for another name, or for another run of it', () => {
    const pass = passOver([moved]);
    expect(judgeGate(pass, { ...terms, serviceName: 'other.contoso.com' })).toMatchObject({ because: 'NoPass' });
    expect(judgeGate(pass, { ...terms, advertisedSince: ADVERTISED + 1 })).toMatchObject({ because: 'NoPass' });
  });

  it.each<readonly [what: string, row: object]>([
    ['without a field', { ...moved, CNIsOnInternet: undefined }],
    ['with a flag of another type', { ...moved, IsClient: 'true' }],
    ['with another flag of another type', { ...moved, IsObsolete: 0 }],
    ['with a place of another type', { ...moved, IsAlwaysInternet: 'false' }],
    ['with an access point that is no text', { ...moved, CNAccessMP: 7 }],
    ['with a time that is none', { ...moved, LastPolicyRequest: 'yesterday' }],
    ['with a month that is none', { ...moved, LastActiveTime: '2026-13-01T00:00:00Z' }],
  ])('is shut by a device %s', (_what, row) => {
    expect(judgeGate(passOver([moved, row as DeviceRow]), terms)).toMatchObject({ because: 'DevicesUnreadable' });
  });
});

test('a pass keeps counts only, however many devices it has seen', () => {
  const size = (rows: number) => JSON.stringify(passOver(Array.from({ length: rows }, () => device()))).length;
  expect(size(10_000) - size(10)).toBeLessThan(40);
});
