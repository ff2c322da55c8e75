import { expect, test } from 'vitest';
import { createManualClock } from '../runtime/manual-clock.ts';
import { createSite } from './create-site.ts';
import type { DriverName, DriverResult, SiteDriver } from './driver.ts';
import type { SiteAnswer, SiteFacts } from './site.ts';

const signal = new AbortController().signal;
const service = { id: 5, name: 'GraniteFalls.contoso.com' };

/** A driver that stops gateways, and remembers for whom. */
function driverCalled(name: DriverName, result: DriverResult = { kind: 'Accepted', date: 1 }) {
  const stopped: string[] = [];
  const driver: SiteDriver = {
    name,
    changes: {
      stopService: async (target) => {
        stopped.push(target.name);
        return result;
      },
    },
  };
  return { driver, stopped };
}

/** Facts of which only one can be read, counted. */
function countedFacts(answers: () => Promise<SiteAnswer<never>>) {
  let reads = 0;
  const read = () => {
    reads += 1;
    return answers();
  };
  return { facts: { identity: read } as unknown as SiteFacts, reads: () => reads };
}

const noFacts = countedFacts(() => Promise.reject(new Error('Nothing is read here.'))).facts;

function siteWith(drivers: readonly SiteDriver[], allowUnproven: boolean) {
  return createSite({ facts: noFacts, drivers, allowUnproven, clock: createManualClock() });
}

test('the documented way is taken before the inferred one, whatever their order', async () => {
  const [http, cmdlets] = [driverCalled('AdminService'), driverCalled('Cmdlets')];
  const site = siteWith([http.driver, cmdlets.driver], true);
  expect(await site.stopService(service, { signal })).toEqual({ kind: 'Accepted', date: 1 });
  expect([http.stopped, cmdlets.stopped]).toEqual([[], [service.name]]);
});

test('what only an inferred way can do is left to a person, unless unproven writes are allowed', async () => {
  const http = driverCalled('AdminService');
  expect(await siteWith([http.driver], false).stopService(service, { signal })).toEqual({
    kind: 'Manual',
    step: {
      operation: 'StopService',
      instruction:
        'Stop the gateway GraniteFalls.contoso.com. The operator does not: how it would is only inferred, and the Site ' +
        'does not allow unproven writes.',
      cmdlet: "Stop-CMCloudManagementGateway -Name 'GraniteFalls.contoso.com'",
    },
  });
  expect(http.stopped).toEqual([]);
  await siteWith([http.driver], true).stopService(service, { signal });
  expect(http.stopped).toEqual([service.name]);
});

test('a driver that cannot do it here leaves it to the next one', async () => {
  const cmdlets = driverCalled('Cmdlets', { kind: 'NotPossible', reason: 'No console is installed.' });
  const http = driverCalled('AdminService');
  const both = siteWith([http.driver, cmdlets.driver], true);
  expect(await both.stopService(service, { signal })).toMatchObject({ kind: 'Accepted' });
  expect(await siteWith([cmdlets.driver], true).stopService(service, { signal })).toMatchObject({
    kind: 'Manual',
    step: { instruction: 'Stop the gateway GraniteFalls.contoso.com. No console is installed.' },
  });
});

test('a failure is not covered up by another way', async () => {
  const failure: DriverResult = { kind: 'Forbidden', status: 403, message: 'Not yours.' };
  const [http, cmdlets] = [driverCalled('AdminService'), driverCalled('Cmdlets', failure)];
  expect(await siteWith([http.driver, cmdlets.driver], true).stopService(service, { signal })).toEqual(failure);
  expect(http.stopped).toEqual([]);
});

test('facts are shared within the age that is good enough, and read anew after a write', async () => {
  const clock = createManualClock();
  const { facts, reads } = countedFacts(async () => ({ kind: 'Answered', value: undefined as never, date: 1 }));
  const { driver } = driverCalled('Cmdlets');
  const site = createSite({ facts, drivers: [driver], allowUnproven: false, clock });
  await Promise.all([site.identity({ signal, maxAgeMs: 60_000 }), site.identity({ signal, maxAgeMs: 60_000 })]);
  await clock.advance(60_000);
  await site.identity({ signal, maxAgeMs: 60_000 });
  expect(reads()).toBe(1);
  await site.identity({ signal });
  expect(reads()).toBe(2);
  await clock.advance(60_001);
  await site.identity({ signal, maxAgeMs: 60_000 });
  expect(reads()).toBe(3);
  await site.stopService(service, { signal });
  await site.identity({ signal, maxAgeMs: 60_000 });
  expect(reads()).toBe(4);
});

test('a failure is not kept', async () => {
  const answers: SiteAnswer<never>[] = [
    { kind: 'ServerError', status: 500, message: 'no' },
    { kind: 'Answered', value: undefined as never, date: 1 },
  ];
  const { facts } = countedFacts(async () => answers.shift() ?? Promise.reject(new Error('Read too often.')));
  const site = createSite({ facts, drivers: [], allowUnproven: false, clock: createManualClock() });
  expect(await site.identity({ signal, maxAgeMs: 60_000 })).toMatchObject({ kind: 'ServerError' });
  expect(await site.identity({ signal, maxAgeMs: 60_000 })).toMatchObject({ kind: 'Answered' });
});

test('who gives up does not take the answer from others', async () => {
  const clock = createManualClock();
  const stop = new AbortController();
  const { facts } = {
    facts: {
      identity: (options: { readonly signal: AbortSignal }) =>
        new Promise((resolve, reject) => {
          options.signal.addEventListener('abort', () => reject(options.signal.reason));
          if (options.signal === signal) resolve({ kind: 'Answered', value: 'mine', date: 1 });
        }),
    } as unknown as SiteFacts,
  };
  const site = createSite({ facts, drivers: [], allowUnproven: false, clock });
  const first = site.identity({ signal: stop.signal, maxAgeMs: 60_000 });
  const second = site.identity({ signal, maxAgeMs: 60_000 });
  stop.abort(new Error('enough'));
  await expect(first).rejects.toThrow('enough');
  expect(await second).toMatchObject({ kind: 'Answered', value: 'mine' });
});
