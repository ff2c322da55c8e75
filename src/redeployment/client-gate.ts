import type { Instant } from './instant.ts';
import { DAY, HOUR, MINUTE } from './instant.ts';

/**
 * The fields of one row of `SMS_CombinedDeviceResources` that the gate reads, as the AdminService returns them. Microsoft
 * does not document the class; public tools read these fields.
 */
export interface DeviceRow {
  readonly IsClient: boolean | null;
  readonly IsObsolete: boolean | null;
  /** The channel of client notification came in from the internet. */
  readonly CNIsOnInternet: boolean | null;
  readonly IsAlwaysInternet: boolean | null;
  /** ISO 8601. */
  readonly LastActiveTime: string | null;
  /** Access point of client notification: a management point, or `<service name>/CCM_Proxy_…`. */
  readonly CNAccessMP: string | null;
  /** ISO 8601. */
  readonly LastPolicyRequest: string | null;
}

/** The names of the fields, for `$select`. */
export const DEVICE_FIELDS = [
  'IsClient',
  'IsObsolete',
  'CNIsOnInternet',
  'IsAlwaysInternet',
  'LastActiveTime',
  'CNAccessMP',
  'LastPolicyRequest',
] as const satisfies readonly (keyof DeviceRow)[];

/** What a pass over the devices is to find out. */
export interface PassQuestion {
  /** Service name of the successor. */
  readonly serviceName: string;
  /** Begin of the successor's unbroken run of being advertised. */
  readonly advertisedSince: Instant;
  /** `spec.redeployment.ignoreClientsInactiveFor`, milliseconds. */
  readonly ignoreInactiveFor: number;
}

/** Counts of clients under one reading of the times. */
export interface ClientCounts {
  readonly eligible: number;
  readonly refreshed: number;
}

/** What a pass has counted so far; of constant size. */
export interface ClientPass {
  readonly question: PassQuestion;
  /** When the first page was asked for, by the `Date` of its answer. */
  readonly begunAt: Instant;
  /** Devices seen, of every kind. */
  readonly devices: number;
  /** Rows in which a field is missing or of another type than expected. */
  readonly unreadable: number;
  /** With times taken as UTC. */
  readonly asUtc: ClientCounts;
  /** With times taken as up to 14 hours off, in the direction that keeps the gate shut. */
  readonly anyZone: ClientCounts;
  /** How far the newest policy request lies behind the `Date` of the answer that brought it; negative when ahead. */
  readonly newestLag: number | undefined;
  /** Whether every page was read to the end. */
  readonly complete: boolean;
}

/** No zone on earth is farther from UTC than this. */
const WIDEST_ZONE = 14 * HOUR;
/** Values this near to `Date` can only be UTC. */
const ZONE_PROOF = 10 * MINUTE;
/** Clients ask for their gateways once a day, and look after 25 hours if they have none. */
export const LOCATION_CYCLE = DAY + HOUR;
/** Share of the devices of the beginning that must still be visible. */
const VISIBLE_PERCENT = 90;

/** A pass in which nothing is counted yet. */
export function beginPass(question: PassQuestion, begunAt: Instant): ClientPass {
  const none: ClientCounts = { eligible: 0, refreshed: 0 };
  return {
    question,
    begunAt,
    devices: 0,
    unreadable: 0,
    asUtc: none,
    anyZone: none,
    newestLag: undefined,
    complete: false,
  };
}

/** Counts one device. @param date the `Date` of the answer that brought it */
export function countDevice(pass: ClientPass, row: DeviceRow, date: Instant): ClientPass {
  const devices = pass.devices + 1;
  if (!isReadable(row)) {
    return { ...pass, devices, unreadable: pass.unreadable + 1 };
  }
  const policy = timeOf(row.LastPolicyRequest);
  const lag = policy === undefined ? undefined : date - policy;
  const newestLag = lag === undefined || (pass.newestLag !== undefined && pass.newestLag <= lag) ? pass.newestLag : lag;
  return {
    ...pass,
    devices,
    newestLag,
    asUtc: countClient(pass.asUtc, row, pass.question, date, 0),
    anyZone: countClient(pass.anyZone, row, pass.question, date, WIDEST_ZONE),
  };
}

/** The pass after its last page. */
export function finishPass(pass: ClientPass): ClientPass {
  return { ...pass, complete: true };
}

function countClient(
  counts: ClientCounts,
  row: DeviceRow,
  question: PassQuestion,
  date: Instant,
  zone: number,
): ClientCounts {
  if (!isEligible(row, question, date, zone)) {
    return counts;
  }
  return { eligible: counts.eligible + 1, refreshed: counts.refreshed + (isRefreshed(row, question, zone) ? 1 : 0) };
}

/** A client of which the site does not know whether it is on the internet, or when it was last active, counts. */
function isEligible(row: DeviceRow, { ignoreInactiveFor }: PassQuestion, date: Instant, zone: number): boolean {
  if (row.IsClient !== true || row.IsObsolete === true) {
    return false;
  }
  if (row.CNIsOnInternet === false && row.IsAlwaysInternet !== true) {
    return false;
  }
  const active = timeOf(row.LastActiveTime);
  return active === undefined || active + zone >= date - ignoreInactiveFor;
}

function isRefreshed(row: DeviceRow, { serviceName, advertisedSince }: PassQuestion, zone: number): boolean {
  if (isThrough(row.CNAccessMP, serviceName)) {
    return true;
  }
  const policy = timeOf(row.LastPolicyRequest);
  return policy !== undefined && policy - zone >= advertisedSince + LOCATION_CYCLE;
}

/** The name has to end where a path begins: one gateway's name may be the beginning of another's. */
function isThrough(accessPoint: string | null, serviceName: string): boolean {
  const point = accessPoint?.toLowerCase() ?? '';
  const name = serviceName.toLowerCase();
  return point === name || point.startsWith(`${name}/`);
}

function isReadable(row: DeviceRow): boolean {
  const flags = [row.IsClient, row.IsObsolete, row.CNIsOnInternet, row.IsAlwaysInternet];
  const texts = [row.LastActiveTime, row.CNAccessMP, row.LastPolicyRequest];
  return (
    flags.every((flag) => flag === null || typeof flag === 'boolean') &&
    texts.every((text) => text === null || typeof text === 'string') &&
    [row.LastActiveTime, row.LastPolicyRequest].every((time) => time === null || isTime(timeOf(time)))
  );
}

function isTime(time: Instant | undefined): boolean {
  return time !== undefined && !Number.isNaN(time);
}

/** ISO 8601 as OData writes it. A time without an offset is taken as UTC, as the others are until it is proven. */
const TIME = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?)(Z|[+-]\d{2}:\d{2})?$/;

function timeOf(text: string | null): Instant | undefined {
  const [, time, offset = 'Z'] = TIME.exec(text ?? '') ?? [];
  return time === undefined ? undefined : Date.parse(`${time}${offset}`);
}

/** Why the gate is shut. */
export type ShutBecause =
  | 'NoPass'
  | 'Incomplete'
  | 'BegunTooEarly'
  | 'DevicesUnreadable'
  | 'FewerDevicesVisible'
  | 'NoDevicesVisible'
  | 'TooFewRefreshed';

/** What a pass says of the gate. Unknown is shut. */
export type GateJudgement =
  | { readonly kind: 'Open'; readonly eligible: number; readonly refreshed: number }
  | {
      readonly kind: 'Shut';
      readonly because: ShutBecause;
      readonly eligible?: number;
      readonly refreshed?: number;
    };

/** What the gate asks of a pass. */
export interface GateTerms {
  readonly serviceName: string;
  readonly advertisedSince: Instant;
  /** `spec.redeployment.requiredRefreshPercent`. */
  readonly requiredPercent: number;
  /** The pass has to begin at this instant or later. */
  readonly notBefore: Instant;
  /** Devices visible when the redeployment began; `undefined` when nobody counted them. */
  readonly devicesAtBeginning: number | undefined;
}

/** Whether the times of the pass are known to be UTC. */
export function isZoneProven({ newestLag }: ClientPass): boolean {
  return newestLag !== undefined && Math.abs(newestLag) <= ZONE_PROOF;
}

/** The counts that count: a reading of the times that is not proven keeps the gate shut rather than opens it. */
export function countsOf(pass: ClientPass): ClientCounts {
  return isZoneProven(pass) ? pass.asUtc : pass.anyZone;
}

/** Whether a pass answers the question of these terms, and began late enough and was read to the end. */
export function isUsablePass(pass: ClientPass, terms: GateTerms): boolean {
  return unusable(pass, terms) === undefined;
}

function unusable(pass: ClientPass, terms: GateTerms): ShutBecause | undefined {
  const { serviceName, advertisedSince } = pass.question;
  if (serviceName !== terms.serviceName || advertisedSince !== terms.advertisedSince) {
    return 'NoPass';
  }
  if (!pass.complete) {
    return 'Incomplete';
  }
  return pass.begunAt < terms.notBefore ? 'BegunTooEarly' : undefined;
}

/** Judges a pass. */
export function judgeGate(pass: ClientPass | undefined, terms: GateTerms): GateJudgement {
  if (pass === undefined) {
    return { kind: 'Shut', because: 'NoPass' };
  }
  const because = unusable(pass, terms);
  if (because !== undefined) {
    return { kind: 'Shut', because };
  }
  const counts = countsOf(pass);
  const shut = shutBecause(pass, counts, terms);
  return shut === undefined ? { kind: 'Open', ...counts } : { kind: 'Shut', because: shut, ...counts };
}

function shutBecause(pass: ClientPass, counts: ClientCounts, terms: GateTerms): ShutBecause | undefined {
  if (pass.unreadable > 0) {
    return 'DevicesUnreadable';
  }
  if (pass.devices === 0) {
    return 'NoDevicesVisible';
  }
  const { devicesAtBeginning } = terms;
  if (devicesAtBeginning === undefined || pass.devices * 100 < devicesAtBeginning * VISIBLE_PERCENT) {
    return 'FewerDevicesVisible';
  }
  return counts.refreshed * 100 < counts.eligible * terms.requiredPercent ? 'TooFewRefreshed' : undefined;
}
