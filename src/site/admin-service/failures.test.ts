import { describe, expect, test } from 'vitest';
import type { FaultAction } from '../../../test/simulators/adminservice/faults.ts';
import { type AdminServiceWorld, startAdminServiceWorld } from '../../../test/simulators/adminservice/test-world.ts';
import { createManualClock } from '../../runtime/manual-clock.ts';
import { bearerAuthentication } from '../authentication.ts';

async function readUnder(world: AdminServiceWorld, action: FaultAction) {
  world.site.control.faults.add({ match: { urlPattern: 'SMS_BoundaryGroup$' }, action });
  return world.adminService.facts.boundaryGroups(world);
}

describe('a failure is a value', () => {
  test.each<readonly [what: string, action: FaultAction, expected: object]>([
    ['no answer', { kind: 'dropConnection' }, { kind: 'Unreachable' }],
    ['401', { kind: 'answer', status: 401 }, { kind: 'Unauthorized', status: 401 }],
    ['403', { kind: 'answer', status: 403, message: 'Not yours.' }, { kind: 'Forbidden', message: 'Not yours.' }],
    ['404', { kind: 'answer', status: 404 }, { kind: 'NotFound' }],
    ['409', { kind: 'answer', status: 409 }, { kind: 'Conflict' }],
    ['412', { kind: 'answer', status: 412 }, { kind: 'Conflict' }],
    ['400', { kind: 'answer', status: 400 }, { kind: 'Refused' }],
    ['500', { kind: 'answer', status: 500 }, { kind: 'ServerError', status: 500 }],
    ['503', { kind: 'answer', status: 503 }, { kind: 'ServerError', status: 503 }],
    [
      '503 with a time',
      { kind: 'answer', status: 503, headers: { 'Retry-After': '7' } },
      { kind: 'Throttled', retryAfterMs: 7000 },
    ],
    ['broken JSON', { kind: 'malformedJson' }, { kind: 'InvalidAnswer' }],
    ['a page for people', { kind: 'htmlPage' }, { kind: 'InvalidAnswer' }],
    ['a 404 that is a page for people', { kind: 'htmlPage', status: 404 }, { kind: 'InvalidAnswer', status: 404 }],
    ['another address', { kind: 'answer', status: 302 }, { kind: 'Refused' }],
  ])('%s', async (_what, action, expected) => {
    await using world = await startAdminServiceWorld();
    expect(await readUnder(world, action)).toMatchObject(expected);
    expect(world.site.control.faults.rules[0]?.applied).toBeGreaterThan(0);
    expect(await world.adminService.facts.identity(world)).toMatchObject({
      kind: 'kind' in expected && expected.kind === 'Throttled' ? 'Throttled' : 'Answered',
    });
  });

  test('a slow site, after the time limit', async () => {
    await using world = await startAdminServiceWorld();
    const hasty = world.connect({ requestTimeoutMs: 50 });
    world.site.control.faults.add({ match: { urlPattern: 'SMS_Site' }, action: { kind: 'delay', ms: 60_000 } });
    expect(await hasty.facts.identity(world)).toMatchObject({ kind: 'Unreachable', code: 'Timeout' });
  });

  test('a site whose certificate comes from somebody else', async () => {
    await using world = await startAdminServiceWorld();
    const stranger = world.connect({ caBundle: undefined });
    expect(await stranger.facts.identity(world)).toMatchObject({ kind: 'Unreachable' });
    expect(world.site.control.journal.reads).toBe(0);
  });

  test('an abort is none, and rejects', async () => {
    await using world = await startAdminServiceWorld();
    const stop = new AbortController();
    world.site.control.faults.add({ match: { urlPattern: 'SMS_Site' }, action: { kind: 'delay', ms: 60_000 } });
    const read = world.adminService.facts.identity({ signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(read).rejects.toThrow('enough');
  });
});

test('a site that wants fewer requests is left alone for as long as it says', async () => {
  await using world = await startAdminServiceWorld();
  const clock = createManualClock();
  const adminService = world.connect({ clock });
  const action: FaultAction = { kind: 'answer', status: 429, headers: { 'Retry-After': '30' } };
  world.site.control.faults.add({ match: { urlPattern: 'SMS_Identification' }, action });
  expect(await adminService.facts.identity(world)).toMatchObject({ kind: 'Throttled', retryAfterMs: 30_000 });
  await clock.advance(29_000);
  expect(await adminService.facts.boundaryGroups(world)).toMatchObject({ kind: 'Throttled', retryAfterMs: 1000 });
  expect(world.site.control.journal.reads).toBe(0);
  await clock.advance(1000);
  expect(await adminService.facts.boundaryGroups(world)).toMatchObject({ kind: 'Answered' });
});

describe('a bearer token', () => {
  test('that was replaced is read again when the site refuses the old one', async () => {
    await using world = await startAdminServiceWorld();
    let token = world.site.token;
    const authentication = bearerAuthentication(async () => token, createManualClock());
    const adminService = world.connect({ authentication });
    expect(await adminService.facts.identity(world)).toMatchObject({ kind: 'Answered' });
    token = 'the-next-one';
    world.site.control.rotateToken(token);
    expect(await adminService.facts.identity(world)).toMatchObject({ kind: 'Answered' });
  });

  test('that is refused and still the same is not tried twice', async () => {
    await using world = await startAdminServiceWorld();
    world.site.control.rotateToken('another');
    const answer = await world.adminService.facts.identity(world);
    expect(answer).toMatchObject({ kind: 'Unauthorized', status: 401 });
    expect(JSON.stringify(answer)).not.toContain(world.site.token);
  });

  test.each([
    ['empty', '\n'],
    ['of two lines', 'one\r\nHost: two'],
  ])('that is %s is no token', async (_what, token) => {
    await using world = await startAdminServiceWorld();
    const authentication = bearerAuthentication(async () => token, createManualClock());
    const answer = await world.connect({ authentication }).facts.identity(world);
    expect(answer).toMatchObject({ kind: 'Unauthorized', status: 0 });
  });

  test('is for its own route: the other one wants Kerberos', async () => {
    await using world = await startAdminServiceWorld();
    const answer = await world.connect({ url: `${world.site.url}/AdminService` }).facts.identity(world);
    expect(answer).toMatchObject({ kind: 'Unauthorized', status: 401 });
  });
});

test('only https: addresses are taken', async () => {
  await using world = await startAdminServiceWorld();
  expect(() => world.connect({ url: 'http://site.contoso.com' })).toThrow('begins with https:');
});
