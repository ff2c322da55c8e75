import type { SitePlan } from '../../src/controllers/cmg/redeployment/site-plan.ts';
import type { Identity } from '../../src/redeployment/identity.ts';
import { DAY, HOUR, MINUTE } from '../../src/redeployment/instant.ts';
import type { OutageClaim, RedeploymentTerms } from '../../src/redeployment/observed.ts';
import { type Consent, type DeploymentMark, NO_RECORDS, type Records } from '../../src/redeployment/record.ts';

/** One physical gateway, as it is. */
export interface Gateway {
  readonly id: string;
  /** Which of the CMG's identities it has. */
  readonly identity: number;
  readonly azure: 'Whole' | 'Partial' | 'Absent';
  /** Somebody has asked Azure to delete it. */
  readonly deleting: boolean;
  readonly running: boolean;
  /** Its VMs serve while they run. */
  readonly healthy: boolean;
  /** The service name resolves to it. */
  readonly resolves: boolean;
  /**
   * What its tags say; `undefined`: somebody took them away. One that the site made carries none: of it, what the status says of
   * it; `undefined` also where nobody remembers that it was asked for.
   */
  readonly mark: DeploymentMark | undefined;
  /** The Secret is gone by which it is looked after in Azure. Default: it is there. */
  readonly withoutCredentials?: boolean;
  /** The site has no record of it, although it is there. Default: it has. */
  readonly withoutRecord?: boolean;
  /** Clients have learned its name. */
  readonly known: boolean;
  /** Of the test, not of the world: how long it has been advertised in time that counts, up to two days. */
  readonly reach: number;
  /** Of the test: the same, since it was last wanted anew. */
  readonly credit: number;
  /** Of the test: for how long it has not been advertised. */
  readonly absence: number;
  /** Of the test: a point or a group has carried its name; without a site, the operator has seen it serve. */
  readonly hasServed: boolean;
}

/** What the status of a CMG tells the controllers of its connection points and boundary groups. */
export interface Told {
  readonly active?: string;
  /** By the ids of deployments. */
  readonly plan: ReadonlyMap<string, SitePlan>;
}

/** One CMG with what belongs to it. */
export interface Cmg {
  /** Whether it names a site. */
  readonly hasSite: boolean;
  /** How often the object has been made, with the same name and another UID. */
  readonly object: number;
  readonly terms: RedeploymentTerms;
  readonly generation: number;
  /** Which identity its spec asks for. */
  readonly wish: number;
  readonly suspended: boolean;
  readonly stopped: boolean;
  /** `managementPolicy: Observe`. */
  readonly onlyObserved: boolean;
  readonly deletion: boolean;
  /** `deletionPolicy: Retain`. */
  readonly retain: boolean;
  /** The object is gone. */
  readonly gone: boolean;
  readonly consents: readonly Consent[];
  /** Its status. */
  readonly records: Records;
  readonly gateways: readonly Gateway[];
  /** Gateways made so far, for new ids. */
  readonly made: number;
  /** Names of its boundary group's members. */
  readonly group: readonly string[];
  /** The whole preflight of what is wanted passes. */
  readonly quota: boolean;
  /** Only where connection points and boundary groups are objects of their own. */
  readonly told?: Told | undefined;
}

/** A connection point on the site. */
export interface Point {
  readonly name: string;
  readonly cmg: number;
  readonly role: 'Primary' | 'Standby';
  readonly linkedTo: string | undefined;
  /** It has connected to the gateway that it is linked to. */
  readonly connected: boolean;
  /** Its server is out of order. */
  readonly broken: boolean;
}

/** Two CMGs on one site, and the clocks. */
export interface World {
  /** Whether connection points and boundary groups are objects of their own, which follow what a CMG tells. Default: no. */
  readonly apart?: boolean;
  /** True time. */
  readonly time: number;
  /** How far the clocks of Azure, the site and the operator are off, all together. */
  readonly allClocksOff: number;
  /** How far the operator's clock is off those. */
  readonly localClockOff: number;
  /** Gateways lack content that others of their CMG hold. */
  readonly contentMissing: boolean;
  /** Nobody can read what gateways hold. */
  readonly contentUnreadable: boolean;
  readonly siteUp: boolean;
  readonly azureUp: boolean;
  readonly certificateReadable: boolean;
  /** The site shows only half of its devices. */
  readonly devicesHidden: boolean;
  /** The operator may delete no further gateway in this hour. */
  readonly deletionsUsedUp: boolean;
  readonly points: readonly Point[];
  readonly claim: OutageClaim | undefined;
  readonly cmgs: readonly Cmg[];
}

/**
 * What the reckoning of the test takes for a day: an absence that nobody saw, which may hide in a gap of an hour with doubts
 * of ten minutes after it, is counted by the planner and not by the test.
 */
export const WHOLE_DAY = DAY - 75 * MINUTE;

/** Names of the two CMGs. */
export const KEYS = ['contoso/one', 'contoso/two'] as const;

/**
 * Three identities of each CMG: the second has another prefix, the third the prefix of the first. Of the second CMG, the site
 * is asked for the gateway of another prefix.
 */
export const IDENTITIES: readonly (readonly Identity[])[] = [
  [
    { serviceName: 'x.contoso.com', region: 'westeurope' },
    { serviceName: 'y.contoso.com', region: 'westeurope' },
    { serviceName: 'x.contoso.com', region: 'northeurope' },
  ],
  [
    { serviceName: 'u.contoso.com', certificateRevision: '', provisioner: 'Operator' },
    { serviceName: 'v.contoso.com', certificateRevision: '', provisioner: 'Site' },
    { serviceName: 'u.contoso.com', certificateRevision: '1', provisioner: 'Operator' },
  ],
];

/** The two differ in what they ask of a redeployment. */
const TERMS: readonly RedeploymentTerms[] = [
  {
    minimumWait: DAY,
    requiredRefreshPercent: 95,
    ignoreClientsInactiveFor: 14 * DAY,
    deadline: 2 * DAY,
    onDeadline: 'Hold',
    drainFor: HOUR,
    evidence: 'Site',
  },
  {
    minimumWait: DAY,
    requiredRefreshPercent: 95,
    ignoreClientsInactiveFor: 14 * DAY,
    deadline: 2 * DAY,
    onDeadline: 'Retire',
    drainFor: 0,
    evidence: 'Site',
  },
];

/** The service name of an identity. */
export function nameOf(cmg: number, identity: number): string {
  return IDENTITIES[cmg]?.[identity]?.serviceName ?? '';
}

/** Whether the site made a gateway. */
export function isOfSite(cmg: number, { identity }: Pick<Gateway, 'identity'>): boolean {
  return IDENTITIES[cmg]?.[identity]?.provisioner === 'Site';
}

/** Whether a gateway is found that no record tells of: by its tags, or by what the site's record of it has as its description. */
export function isFound(world: World, at: number, gateway: Gateway): boolean {
  const { azure, mark, withoutRecord } = gateway;
  const isReadable = isOfSite(at, gateway)
    ? cmgAt(world, at).hasSite && world.siteUp && withoutRecord !== true
    : world.azureUp;
  return azure !== 'Absent' && mark !== undefined && isReadable;
}

/** What neither the status tells of, nor its tags or its description, if it has any. Where there is a site, it may still name it. */
export function isNobodys(world: World, at: number, gateway: Gateway): boolean {
  const { records } = cmgAt(world, at);
  const hasMark = isOfSite(at, gateway) ? isFound(world, at, gateway) : gateway.mark !== undefined;
  return !hasMark && !records.deployments.some(({ id }) => id === gateway.id);
}

/** Whether a connection point or the boundary group of a CMG names a gateway. */
export function isNamed(world: World, at: number, name: string): boolean {
  return (
    cmgAt(world, at).group.includes(name) || world.points.some((point) => point.cmg === at && point.linkedTo === name)
  );
}

/** When every history begins. */
export const BEGINNING = Date.parse('2026-03-01T00:00:00Z');

/** Whether the gateways of a CMG that is deleted are to stay as they are. */
export function isToBeLeft({ deletion, retain, onlyObserved }: Cmg): boolean {
  return deletion && (retain || onlyObserved);
}

/** Whether the gateway serves: in truth, not as somebody sees it. */
export function serves({ azure, deleting, running, healthy }: Gateway): boolean {
  return azure === 'Whole' && !deleting && running && healthy;
}

/** Whether the gateway is advertised, in truth. */
export function isAdvertised(world: World, at: number, gateway: Gateway): boolean {
  if (!serves(gateway) || !gateway.resolves) {
    return false;
  }
  const { hasSite, group } = cmgAt(world, at);
  const name = nameOf(at, gateway.identity);
  return (
    !hasSite ||
    (gateway.withoutRecord !== true &&
      world.points.some((point) => point.cmg === at && point.linkedTo === name && point.connected) &&
      group.includes(name))
  );
}

/** How many gateways of a CMG are in reach of every client, and have clients. */
export function reachOf(world: World, at: number): number {
  return cmgAt(world, at).gateways.filter((gateway) => gateway.hasServed && isAdvertised(world, at, gateway)).length;
}

const ABSENT_CMG: Omit<Cmg, 'terms'> = {
  hasSite: true,
  object: 1,
  generation: 1,
  wish: 0,
  suspended: false,
  stopped: false,
  onlyObserved: false,
  deletion: false,
  retain: false,
  gone: false,
  consents: [],
  records: NO_RECORDS,
  gateways: [],
  made: 0,
  group: [],
  quota: true,
};

/** A CMG that was just applied. */
function absent(cmg: number): Cmg {
  const terms = TERMS[cmg];
  if (terms === undefined) {
    throw new Error(`There is no CMG ${cmg}.`);
  }
  return { ...ABSENT_CMG, terms };
}

/** A CMG whose gateway has served for long. */
function settled(cmg: number, wish = 0): Cmg {
  const since = BEGINNING - 10 * DAY;
  const serviceName = nameOf(cmg, wish);
  const identity = IDENTITIES[cmg]?.[wish] ?? {};
  const mark: DeploymentMark = { id: 'd1', identity, serviceName, served: 'Yes', wantedSince: since, wantedOrder: 1 };
  return {
    ...absent(cmg),
    wish,
    records: {
      deployments: [{ ...mark, stage: { phase: 'Active' }, run: { since, seenAt: BEGINNING } }],
      wanted: identity,
      generation: 1,
      lapsed: [],
    },
    gateways: [
      {
        id: 'd1',
        identity: wish,
        azure: 'Whole',
        deleting: false,
        running: true,
        healthy: true,
        resolves: true,
        mark,
        known: true,
        reach: 2 * DAY,
        credit: 2 * DAY,
        absence: 0,
        hasServed: true,
      },
    ],
    made: 1,
    group: [serviceName],
  };
}

/** The same world, in which connection points and boundary groups are objects of their own. */
export function apart(world: World): World {
  const cmgs = world.cmgs.map((cmg): Cmg => {
    const [only] = cmg.records.deployments;
    return { ...cmg, told: { plan: new Map(), ...(only === undefined ? {} : { active: only.id }) } };
  });
  return { ...world, apart: true, cmgs };
}

function point(name: string, cmg: number, role: Point['role'], linkedTo?: string): Point {
  return { name, cmg, role, linkedTo, connected: linkedTo !== undefined, broken: false };
}

const EMPTY_WORLD = {
  time: BEGINNING,
  allClocksOff: 0,
  localClockOff: 0,
  contentMissing: false,
  contentUnreadable: false,
  siteUp: true,
  azureUp: true,
  certificateReadable: true,
  devicesHidden: false,
  deletionsUsedUp: false,
  claim: undefined,
};

/** Both CMGs have served for long; the first has a standby connection point, the second has none. */
export const SETTLED: World = {
  ...EMPTY_WORLD,
  points: [
    point('p-primary', 0, 'Primary', nameOf(0, 0)),
    point('p-standby', 0, 'Standby'),
    point('q-primary', 1, 'Primary', nameOf(1, 0)),
  ],
  cmgs: [settled(0), settled(1)],
};

/** The first CMG was just applied; the second has served for long. */
export const JUST_APPLIED: World = {
  ...SETTLED,
  points: SETTLED.points.map((each) => (each.cmg === 0 ? { ...each, linkedTo: undefined, connected: false } : each)),
  cmgs: [absent(0), settled(1)],
};

/** The first CMG of a world alone, as one that names no site or asks for no evidence of clients. */
function alone(
  { points, cmgs, ...rest }: World,
  change: Pick<Cmg, 'hasSite'> & Pick<RedeploymentTerms, 'evidence'>,
): World {
  const { hasSite, evidence } = change;
  const [first = absent(0), second = absent(1)] = cmgs;
  const group = hasSite ? first.group : [];
  return {
    ...rest,
    points: hasSite ? points.filter(({ cmg }) => cmg === 0) : [],
    cmgs: [
      { ...first, hasSite, group, terms: { ...first.terms, evidence } },
      { ...second, gone: true, records: NO_RECORDS, gateways: [], group: [] },
    ],
  };
}

/** Worlds with one CMG, for what does not depend on another one: it names no site, or retires by time only, or both. */
export const ALONE: ReadonlyMap<string, World> = new Map([
  ['just applied, without a site', alone(JUST_APPLIED, { hasSite: false, evidence: 'Site' })],
  ['settled, without a site', alone(SETTLED, { hasSite: false, evidence: 'Site' })],
  ['settled, by time only', alone(SETTLED, { hasSite: true, evidence: 'TimeOnly' })],
  ['settled, without a site, by time only', alone(SETTLED, { hasSite: false, evidence: 'TimeOnly' })],
]);

/** The second CMG of the settled world alone, with a gateway that the site has made, and a standby connection point. */
const MADE_BY_SITE: World = {
  ...EMPTY_WORLD,
  points: [point('q-primary', 1, 'Primary', nameOf(1, 1)), point('q-standby', 1, 'Standby')],
  cmgs: [{ ...absent(0), gone: true }, settled(1, 1)],
};

/** Worlds with one CMG, whose connection points and boundary groups are objects of their own. */
export const ALONE_APART: ReadonlyMap<string, World> = new Map([
  ['just applied, apart', apart(alone(JUST_APPLIED, { hasSite: true, evidence: 'Site' }))],
  ['settled, apart', apart(alone(SETTLED, { hasSite: true, evidence: 'Site' }))],
  ['settled, made by the site, apart', apart(MADE_BY_SITE)],
]);

/** The world with another state of one CMG. */
export function withCmg(world: World, at: number, change: Partial<Cmg>): World {
  return { ...world, cmgs: world.cmgs.map((cmg, index) => (index === at ? { ...cmg, ...change } : cmg)) };
}

/** The world with another state of one gateway. */
export function withGateway(world: World, at: number, id: string, change: Partial<Gateway>): World {
  const gateways = cmgAt(world, at).gateways.map((each) => (each.id === id ? { ...each, ...change } : each));
  return withCmg(world, at, { gateways });
}

/** The world with another state of one connection point. */
export function withPoint(world: World, name: string, change: Partial<Point>): World {
  return { ...world, points: world.points.map((each) => (each.name === name ? { ...each, ...change } : each)) };
}

/** One of the two CMGs. */
export function cmgAt({ cmgs }: World, at: number): Cmg {
  const cmg = cmgs[at];
  if (cmg === undefined) {
    throw new Error(`There is no CMG ${at}.`);
  }
  return cmg;
}
