import type { PassQuestion } from '../../redeployment/client-gate.ts';
import { DAY, HOUR } from '../../redeployment/instant.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createManualClock } from '../../runtime/manual-clock.ts';
import type { DevicePass, DeviceRow, Site, SiteAnswer } from '../../site/site.ts';
import { type ClientCountRequest, createClientCounts } from './client-counts.ts';

/** The site's clock is ahead of the operator's, so that whoever takes the one for the other is found out. */
export const SKEW = 5 * DAY;

/** A reading of all devices that the test leads. */
export interface Reading {
  readonly signal: AbortSignal;
  /** How long after the beginning of the test, by the operator's clock. */
  readonly begunAt: number;
  page(rows: readonly DeviceRow[], dated?: 'Undated'): void;
  end(answer: SiteAnswer<DevicePass>): void;
  fail(error: unknown): void;
}

export interface LedSite {
  readDevices: Site['readDevices'];
  readonly readings: Reading[];
  /** Called as soon as a reading begins. */
  answer: (reading: Reading) => void;
}

export function deviceRow(change: Partial<DeviceRow> = {}): DeviceRow {
  return {
    ResourceID: 1,
    IsClient: true,
    IsObsolete: false,
    CNIsOnInternet: true,
    IsAlwaysInternet: false,
    LastActiveTime: null,
    CNAccessMP: 'new.contoso.com/CCM_Proxy_MutualAuth/1',
    LastPolicyRequest: null,
    ...change,
  };
}

/** Counts by hand: the operator's clock, sites that the test leads, and CMGs that ask whenever they are queued. */
export function countsWorld() {
  const clock = createManualClock();
  const beginning = clock.monotonic();
  const siteNow = () => clock.now() + SKEW;
  const queued: string[] = [];
  const asking = new Map<string, () => ClientCountRequest>();
  const counts = createClientCounts({ clock, logger: silentLogger, intervalMs: HOUR, forgetAfterMs: 3 * HOUR });
  const stop = counts.source((key) => {
    queued.push(key);
    // As a reconcile does, a moment later.
    clock.schedule(0, () => ask(key));
  });
  const ask = (key: string) => {
    const request = asking.get(key);
    if (request !== undefined) counts.request(request());
  };

  const question = (change: Partial<PassQuestion> = {}): PassQuestion => ({
    serviceName: 'new.contoso.com',
    advertisedSince: siteNow() - 2 * DAY,
    ignoreInactiveFor: 14 * DAY,
    ...change,
  });
  const newSite = () => ledSite(() => clock.monotonic() - beginning, siteNow);
  return {
    clock,
    counts,
    site: newSite(),
    newSite,
    queued,
    siteNow,
    question,
    stop,
    ask,
    /** From now on the CMG asks whenever it is queued; it does so now too. */
    begin: (name: string, request: Partial<ClientCountRequest> & Pick<ClientCountRequest, 'site'>) => {
      const whole = {
        siteKey: 'gateways/ps1',
        question: question(),
        whom: 'Successor' as const,
        notBefore: siteNow(),
        ...request,
      };
      const metadata = { namespace: 'gateways', name, uid: `uid-${name}` };
      asking.set(`gateways/${name}`, () => ({
        cmg: { metadata },
        ...whole,
        question: { ...whole.question },
        now: siteNow(),
      }));
      ask(`gateways/${name}`);
    },
    end: (name: string) => asking.delete(`gateways/${name}`),
    complete: (devices: number): SiteAnswer<DevicePass> => ({
      kind: 'Answered',
      date: siteNow(),
      value: { kind: 'Complete', devices },
    }),
  };
}

function ledSite(elapsed: () => number, siteNow: () => number): LedSite {
  const site: LedSite = {
    readings: [],
    answer: () => {},
    readDevices: (onRows, { signal }) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        const reading: Reading = {
          signal,
          begunAt: elapsed(),
          page: (rows, dated) => onRows(rows, dated === 'Undated' ? undefined : siteNow()),
          end: resolve,
          fail: reject,
        };
        site.readings.push(reading);
        site.answer(reading);
      }),
  };
  return site;
}
