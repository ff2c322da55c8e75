import { beforeEach, expect, test } from 'vitest';
import { HOUR, MINUTE } from '../../redeployment/instant.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createManualClock, type ManualClock } from '../../runtime/manual-clock.ts';
import { type MemorySite, memorySite, serviceRecord, UNREACHABLE } from '../site/site.test-world.ts';
import { type ContentComparisons, createContentComparisons } from './content-comparisons.ts';

const OLD = serviceRecord('old.contoso.com', 1);
const OLDER = serviceRecord('older.contoso.com', 3);
const NEW = serviceRecord('new.contoso.com', 2);
const PACKAGE = { packageId: 'PS100001', name: 'Package', kind: 'Package', state: 'Installed' } as const;

let clock: ManualClock;
let site: MemorySite;
let content: ContentComparisons;
let queued: string[];
let stop: () => void;
beforeEach(() => {
  clock = createManualClock();
  site = memorySite();
  site.records = [OLD, NEW, OLDER];
  site.content.set(OLD.nalPath, [PACKAGE]);
  queued = [];
  content = createContentComparisons({ clock, logger: silentLogger, intervalMs: HOUR, forgetAfterMs: 6 * HOUR });
  stop = content.source((key) => queued.push(key));
});

function ask(name = 'a', from: readonly string[] = ['old.contoso.com'], of = site) {
  const cmg = { metadata: { namespace: 'gateways', name, uid: `uid-${name}` } };
  const questions = from.map((each) => ({ kind: 'Compare' as const, from: each, to: 'new.contoso.com' }));
  content.request({ cmg, site: of, questions });
}

/** Lets what is under way come to its end. */
const settle = () => clock.advance(0);
const kinds = (name = 'a') => content.comparisons(`uid-${name}`).map(({ standing }) => standing.kind);

test('a comparison begins when it is asked for, and queues the CMG when it has ended', async () => {
  expect(kinds()).toEqual([]);
  ask();
  expect(kinds()).toEqual(['Unknown']);
  await settle();
  expect(queued).toEqual(['gateways/a']);
  expect(content.comparisons('uid-a')).toMatchObject([
    { from: 'old.contoso.com', to: 'new.contoso.com', standing: { kind: 'Missing', held: 1, missing: 1 } },
  ]);
  expect(content.gateways()).toEqual([{ namespace: 'gateways', name: 'a', held: 1, missing: 1 }]);
});

test('however often it is asked for, it is made once in an interval, and the CMG is queued for the next', async () => {
  ask();
  await settle();
  const reads = site.reads;
  for (let minutes = 0; minutes < 58; minutes += 2) {
    await clock.advance(2 * MINUTE);
    ask();
  }
  expect(site.reads).toBe(reads);
  queued.length = 0;
  site.content.set(NEW.nalPath, [PACKAGE]);
  await clock.advance(2 * MINUTE);
  expect(queued).toEqual(['gateways/a']);
  ask();
  await settle();
  expect(kinds()).toEqual(['Complete']);
});

test('a failure is told, and tried again after a minute', async () => {
  site.failures.set('ReadContent', UNREACHABLE);
  ask();
  await settle();
  expect(content.comparisons('uid-a')[0]?.standing).toEqual({ kind: 'Unknown', failure: UNREACHABLE.message });
  expect(content.gateways()).toEqual([]);
  site.failures.clear();
  ask();
  await settle();
  expect(kinds()).toEqual(['Unknown']);
  queued.length = 0;
  await clock.advance(MINUTE);
  expect(queued).toEqual(['gateways/a']);
  ask();
  await settle();
  expect(kinds()).toEqual(['Missing']);
});

test('what was found holds for three intervals when comparisons after it fail, and then nothing is known', async () => {
  site.content.set(NEW.nalPath, [PACKAGE]);
  ask();
  await settle();
  site.failures.set('ReadContent', UNREACHABLE);
  for (let passed = 0; passed < 3 * HOUR; passed += 10 * MINUTE) {
    await clock.advance(10 * MINUTE);
    ask();
    await settle();
  }
  expect(kinds()).toEqual(['Complete']);
  await clock.advance(MINUTE);
  expect(content.comparisons('uid-a')[0]?.standing).toEqual({ kind: 'Unknown', failure: UNREACHABLE.message });
});

test('each old gateway is compared, and those that are asked for no more are not', async () => {
  ask('a', ['old.contoso.com', 'older.contoso.com']);
  await settle();
  expect(kinds()).toEqual(['Missing', 'Complete']);
  ask('a', ['older.contoso.com']);
  expect(content.comparisons('uid-a').map(({ from }) => from)).toEqual(['older.contoso.com']);
  expect(content.gateways()).toEqual([{ namespace: 'gateways', name: 'a', held: 0, missing: 0 }]);
});

test('one is made at a time, for whatever site', async () => {
  let running = 0;
  let most = 0;
  const slow = (of: MemorySite): MemorySite => ({
    ...of,
    readContent: async (...rest) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => void clock.schedule(MINUTE, resolve));
      running -= 1;
      return of.readContent(...rest);
    },
  });
  ask('a', undefined, slow(site));
  ask('b', undefined, slow(site));
  await clock.advance(3 * MINUTE);
  expect([kinds('a'), kinds('b')]).toEqual([['Missing'], ['Missing']]);
  expect(most).toBe(1);
});

test('nothing is known any more of another site, and of what is forgotten or not asked for', async () => {
  const other = memorySite();
  ask();
  await settle();
  ask('a', undefined, other);
  expect(kinds()).toEqual(['Unknown']);
  await settle();
  expect(content.comparisons('uid-a')[0]?.standing).toMatchObject({ failure: expect.stringContaining('no record') });
  content.forget('uid-a');
  expect(kinds()).toEqual([]);
  ask();
  await settle();
  await clock.advance(7 * HOUR);
  expect(content.gateways()).toEqual([]);
});

test('nothing is begun or told after the end', async () => {
  ask();
  stop();
  await settle();
  expect(queued).toEqual([]);
  const reads = site.reads;
  ask('b');
  await settle();
  expect(site.reads).toBe(reads);
});

test('what one gateway holds is read, and what another lacks of a list is checked, beside each other', async () => {
  const cmg = { metadata: { namespace: 'gateways', name: 'a', uid: 'uid-a' } };
  const { packageId, name, kind } = PACKAGE;
  const items = [{ packageId, name, kind }];
  const held = { deployment: 'd0', serviceName: 'oldest.contoso.com', held: 1, items };
  const questions = [
    { kind: 'Read', deployment: 'd1', serviceName: 'old.contoso.com' },
    { kind: 'Check', held, to: 'new.contoso.com' },
  ] as const;
  content.request({ cmg, site, questions });
  expect(content.readings('uid-a')).toEqual([{ deployment: 'd1', reading: { kind: 'Unknown' } }]);
  await settle();
  expect(content.readings('uid-a')).toEqual([{ deployment: 'd1', reading: { kind: 'Read', held: 1, items } }]);
  expect(content.comparisons('uid-a')).toMatchObject([
    { from: 'oldest.contoso.com', to: 'new.contoso.com', gone: 'd0', standing: { kind: 'Missing', missing: 1 } },
  ]);
  expect(content.gateways()).toEqual([{ namespace: 'gateways', name: 'a', held: 1, missing: 1 }]);
  const { reads } = site;
  content.request({ cmg, site, questions: structuredClone(questions) });
  await settle();
  expect(site.reads).toBe(reads);
});
