import type { ClientPass } from '../../src/redeployment/client-gate.ts';
import type { ContentComparison, ContentStanding } from '../../src/redeployment/content.ts';
import { DAY, HOUR } from '../../src/redeployment/instant.ts';
import type {
  CarrierFacts,
  ContentReading,
  GatewayWish,
  LiveFacts,
  Observed,
  ObservedDeployment,
  ObservedMark,
  ObservedSite,
  Seen,
} from '../../src/redeployment/observed.ts';
import type { DeploymentRecord, HeldItem } from '../../src/redeployment/record.ts';
import {
  type Cmg,
  cmgAt,
  type Gateway,
  IDENTITIES,
  isAdvertised,
  isFound,
  isNobodys,
  isOfSite,
  KEYS,
  nameOf,
  type World,
} from './world.ts';

/** What the clocks of Azure and of the site show. */
export function dateOf({ time, allClocksOff }: World): number {
  return time + allClocksOff;
}

/** What the CMG declares. */
export function wishOf(world: World, at: number): GatewayWish {
  const { generation, wish, suspended, stopped, onlyObserved, deletion, retain, terms } = cmgAt(world, at);
  return {
    key: KEYS[at] ?? '',
    generation,
    identity: IDENTITIES[at]?.[wish] ?? {},
    serviceName: nameOf(at, wish),
    management: onlyObserved ? 'Observe' : 'Manage',
    suspended,
    power: stopped ? 'Stopped' : 'Running',
    terms,
    ...(deletion ? { deletion: retain ? ('Retain' as const) : ('Delete' as const) } : {}),
  };
}

/** What the operator sees of the world when it reconciles a CMG. */
export function observe(world: World, at: number): Observed {
  const cmg = cmgAt(world, at);
  const claim = claimSeen(world, at);
  const isSiteRead = cmg.hasSite && world.siteUp;
  return {
    localTime: dateOf(world) + world.localClockOff,
    deployments: observedDeployments(world, cmg, at),
    inventory: world.azureUp ? 'Complete' : 'Partial',
    site: observedSite(world, at),
    otherGateways: world.cmgs.flatMap((other, index) =>
      index === at ? [] : other.gateways.map(({ identity }) => nameOf(index, identity)),
    ),
    ...(claim === undefined ? {} : { claim }),
    carriers: carriersFor(world, at),
    consents: cmg.consents,
    clientPasses: isSiteRead ? cmg.records.deployments.flatMap((record) => passOver(world, at, record)) : [],
    ...(isSiteRead ? { devices: visibleDevices(world) } : {}),
    certificateReadable: world.certificateReadable,
    preflight: { passed: cmg.quota && areNamesFree(world, at), wholePassed: cmg.quota },
    mayDeleteGateway: !world.deletionsUsedUp,
    freshId: adopted(cmg, at)?.id ?? `d${cmg.made + 1}`,
    ...(cmg.hasSite
      ? {
          content: world.siteUp ? [...comparisons(world, cmg), ...checks(world, cmg)] : [],
          contentReadings: world.siteUp ? readings(world, cmg) : [],
        }
      : {}),
  };
}

/** All that an operator sees besides the CMG itself, which has a site. Two worlds in which this is the same are the same to it. */
export function surroundingsOf(world: World, at: number): string {
  const { points, cmgs, claim, ...rest } = world;
  const seen: unknown[] = [...Object.values(rest), claim?.claimant, claim?.carrier];
  for (const { name, cmg, linkedTo, connected } of points) {
    if (cmg === at) seen.push(name, linkedTo, connected);
  }
  for (const [index, { gateways }] of cmgs.entries()) {
    if (index !== at) seen.push(...gateways.map(({ identity }) => identity));
  }
  for (const carrier of carriersFor(world, at)) seen.push(...Object.values(carrier));
  return seen.join();
}

/** The gateway that the site has made already of what it is asked for. */
function adopted({ gateways, records, wish }: Cmg, at: number): Gateway | undefined {
  return gateways.find(
    (gateway) =>
      isOfSite(at, gateway) &&
      gateway.identity === wish &&
      gateway.azure !== 'Absent' &&
      !records.deployments.some(({ id }) => id === gateway.id),
  );
}

/** A claim stands in the object of the site. */
function claimSeen(world: World, at: number): World['claim'] {
  return cmgAt(world, at).hasSite ? world.claim : undefined;
}

/** Whether nothing that nobody knows any more holds the names of what is wanted. */
function areNamesFree(world: World, at: number): boolean {
  const cmg = cmgAt(world, at);
  const { gateways, wish } = cmg;
  const own = adopted(cmg, at);
  return gateways.every(
    (gateway) =>
      gateway.id === own?.id || nameOf(at, gateway.identity) !== nameOf(at, wish) || !isNobodys(world, at, gateway),
  );
}

/**
 * The same, read live before something irreversible.
 *
 * @param known which of the objects of its name the CMG was when it was looked at; as it is now, where nothing is said
 */
export function readLive(world: World, at: number, known = cmgAt(world, at).object): LiveFacts | 'Failed' {
  if (!world.azureUp) {
    return 'Failed';
  }
  const cmg = cmgAt(world, at);
  const claim = claimSeen(world, at);
  return {
    sameObject: !cmg.gone && cmg.object === known,
    generation: cmg.generation,
    consents: cmg.consents,
    marks: new Map(observedDeployments(world, cmg, at).map(({ id, mark }) => [id, mark])),
    site: observedSite(world, at),
    ...(claim === undefined ? {} : { claim }),
    carriers: carriersFor(world, at),
  };
}

function observedDeployments(world: World, { gateways, records }: Cmg, at: number): readonly ObservedDeployment[] {
  const recorded = records.deployments.filter(({ id }) => !gateways.some((gateway) => gateway.id === id));
  return [
    ...gateways
      .filter((gateway) => records.deployments.some(({ id }) => id === gateway.id) || isFound(world, at, gateway))
      .map((gateway) =>
        records.deployments.some(({ id }) => id === gateway.id)
          ? observedDeployment(world, gateway, isOfSite(at, gateway))
          : foundDeployment(gateway, isOfSite(at, gateway)),
      ),
    ...recorded.map(({ id }) => (world.azureUp ? nothingOf(id) : unknownOf(id))),
  ];
}

function observedDeployment({ azureUp }: World, gateway: Gateway, ofSite: boolean): ObservedDeployment {
  const { id, azure, running, healthy, resolves, deleting, withoutCredentials = false, withoutRecord } = gateway;
  if (!azureUp || withoutCredentials) {
    return { ...unknownOf(id), credentialsMissing: withoutCredentials };
  }
  if (azure === 'Absent') {
    return nothingOf(id);
  }
  const isWhole = azure === 'Whole' && !deleting;
  return {
    id,
    azure: deleting ? 'Partial' : azure,
    mark: ofSite ? { kind: 'Others' } : markOf(gateway),
    running: yesIf(!isWhole || running),
    instancesServe: yesIf(isWhole && running && healthy),
    certificatePresented: yesIf(isWhole && running && healthy),
    resolves: yesIf(resolves),
    siteRecord: yesIf(isWhole && withoutRecord !== true),
    credentialsMissing: false,
  };
}

/** Of what no record tells, the mark is found, and nothing else is looked at. A description does not tell whether it has served. */
function foundDeployment({ id, mark }: Gateway, ofSite: boolean): ObservedDeployment {
  const told = mark !== undefined && ofSite ? { ...mark, served: 'Yes' as const, wantedSince: 0 } : mark;
  return { ...unknownOf(id), mark: told === undefined ? { kind: 'Lost' } : { kind: 'Read', mark: told } };
}

function markOf({ mark }: Gateway): ObservedMark {
  return mark === undefined ? { kind: 'Lost' } : { kind: 'Read', mark };
}

function yesIf(holds: boolean): Seen {
  return holds ? 'Yes' : 'No';
}

function nothingOf(id: string): ObservedDeployment {
  return {
    id,
    azure: 'Absent',
    mark: { kind: 'None' },
    running: 'Yes',
    instancesServe: 'No',
    certificatePresented: 'No',
    resolves: 'Yes',
    siteRecord: 'No',
    credentialsMissing: false,
  };
}

function unknownOf(id: string): ObservedDeployment {
  return {
    id,
    azure: 'Unknown',
    mark: { kind: 'Unknown' },
    running: 'Unknown',
    instancesServe: 'Unknown',
    certificatePresented: 'Unknown',
    resolves: 'Unknown',
    siteRecord: 'Unknown',
    credentialsMissing: false,
  };
}

function observedSite(world: World, at: number): ObservedSite {
  if (!cmgAt(world, at).hasSite) {
    return { kind: 'None' };
  }
  if (!world.siteUp) {
    return { kind: 'Unreachable' };
  }
  return {
    kind: 'Read',
    points: world.points
      .filter(({ cmg }) => cmg === at)
      .map(({ name, role, linkedTo, connected }) => ({
        name,
        role,
        ...(linkedTo === undefined ? {} : { linkedTo }),
        connected: yesIf(connected),
      })),
    groups: [{ name: 'group', members: cmgAt(world, at).group }],
  };
}

/** What each gateway holds. */
const HELD = 5;
const ITEMS: readonly HeldItem[] = [{ packageId: 'PS100001', name: 'content', kind: 'Package' }];

/** What each gateway holds, compared with what each other one holds. */
function comparisons(world: World, { records }: Cmg): readonly ContentComparison[] {
  const standing = standingIn(world);
  return records.deployments.flatMap((old) =>
    records.deployments
      .filter(({ id }) => id !== old.id)
      .map(({ serviceName }) => ({ from: old.serviceName, to: serviceName, standing })),
  );
}

function standingIn({ contentMissing, contentUnreadable }: World): ContentStanding {
  if (contentUnreadable) {
    return { kind: 'Unknown', failure: 'The site does not let the account read it.' };
  }
  return contentMissing
    ? { kind: 'Missing', held: HELD, missing: 1, underWay: 0, first: [{ name: 'content' }] }
    : { kind: 'Complete', held: HELD };
}

/** What was noted of gateways that are gone, compared with what each one holds. */
function checks(world: World, { records }: Cmg): readonly ContentComparison[] {
  const { deployments, heldContent = [] } = records;
  const standing = standingIn(world);
  return heldContent.flatMap(({ deployment, serviceName }) =>
    deployments.map((record) => ({ from: serviceName, to: record.serviceName, gone: deployment, standing })),
  );
}

function readings({ contentUnreadable }: World, { records, gateways }: Cmg): NonNullable<Observed['contentReadings']> {
  return records.deployments.map(({ id }) => {
    const isThere = gateways.some((gateway) => gateway.id === id && gateway.azure !== 'Absent');
    const reading: ContentReading = contentUnreadable
      ? { kind: 'Unknown', failure: 'The site does not let the account read it.' }
      : isThere
        ? { kind: 'Read', held: HELD, items: ITEMS }
        : { kind: 'Gone' };
    return { deployment: id, reading };
  });
}

const DEVICES = 100;

function visibleDevices({ devicesHidden }: World): number {
  return devicesHidden ? DEVICES / 2 : DEVICES;
}

/** A pass that was made just now, for each deployment that is in a run. */
function passOver(world: World, at: number, { id, run, serviceName }: DeploymentRecord): readonly ClientPass[] {
  if (run === undefined) {
    return [];
  }
  const isKnown = cmgAt(world, at).gateways.some((gateway) => gateway.id === id && gateway.known);
  const eligible = visibleDevices(world);
  const counts = { eligible, refreshed: isKnown ? eligible : eligible / 2 };
  return [
    {
      question: { serviceName, advertisedSince: run.since, ignoreInactiveFor: 14 * DAY },
      begunAt: dateOf(world),
      devices: eligible,
      unreadable: 0,
      asUtc: counts,
      anyZone: counts,
      newestLag: 0,
      complete: true,
    },
  ];
}

/** What the other CMG of the site shows of itself: its object and its status. */
export function carriersFor(world: World, at: number): readonly CarrierFacts[] {
  const { hasSite } = cmgAt(world, at);
  return world.cmgs.flatMap((cmg, index): readonly CarrierFacts[] =>
    index === at || cmg.gone || !hasSite || !cmg.hasSite ? [] : [carrierFacts(world, index, cmg)],
  );
}

function carrierFacts(world: World, at: number, cmg: Cmg): CarrierFacts {
  const { records, generation } = cmg;
  const [only] = records.deployments;
  const gateway = cmg.gateways.find(({ id }) => id === only?.id);
  const isReady = gateway !== undefined && isAdvertised(world, at, gateway);
  const run = only?.run;
  return {
    key: KEYS[at] ?? '',
    ready: isReady,
    running: !cmg.stopped,
    current: records.generation === generation,
    redeploying: records.deployments.length !== 1 || cmg.deletion || only?.stage.phase !== 'Active',
    advertisedFor:
      run === undefined || run.otherwiseSince !== undefined || dateOf(world) - run.seenAt > HOUR
        ? 0
        : dateOf(world) - run.since,
    minimumWait: DAY,
    gateOpen: gateway?.known === true && !world.devicesHidden,
  };
}
