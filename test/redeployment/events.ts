import { HOUR, MINUTE } from '../../src/redeployment/instant.ts';
import { type Consent, type DeploymentRecord, NO_RECORDS } from '../../src/redeployment/record.ts';
import { settleWorld } from './effects.ts';
import type { Crash } from './execution.ts';
import { OUTAGE, passTime } from './progress.ts';
import {
  type Cmg,
  cmgAt,
  type Gateway,
  IDENTITIES,
  isOfSite,
  KEYS,
  nameOf,
  type Point,
  type World,
  withCmg,
  withGateway,
  withPoint,
} from './world.ts';

/** Something that people or the world do to the operator. */
export interface Happening {
  /** What it is called in the matrix; an edit may be several things at once. */
  readonly names: readonly EventName[];
  /** The CMG that it happens to; `undefined`: to both. */
  readonly cmg: number | undefined;
  /** What people decide, what goes wrong, and what undoes something of before, which does not count as another event. */
  readonly kind: 'Decision' | 'Fault' | 'Healing';
  readonly apply: (world: World) => World;
}

/** The rows of the matrix. */
export const EVENT_NAMES = [
  'edit',
  'second edit',
  'revert',
  'same prefix',
  'certificate change',
  'suspend',
  'resume',
  'stop',
  'start',
  'only observe',
  'manage again',
  'delete the CMG',
  'delete the CMG and retain its gateways',
  'retain what is left',
  'delete the carrier',
  'claimed as a carrier',
  'consent to an outage',
  'consent to retire',
  'withdraw the consent',
  'connection point lost',
  'connection point repaired',
  'connection point unlinked by hand',
  'connection point connected',
  'connection point added',
  'boundary group lost',
  'site down',
  'site up',
  'Azure down',
  'Azure up',
  'VMs fail',
  'VMs serve again',
  'VMs stopped by hand',
  'service name does not resolve',
  'service name resolves again',
  'scale set deleted by hand',
  'group deleted by hand',
  'status lost',
  'tags lost',
  'adopted',
  'credentials lost',
  'credentials restored',
  'site record lost',
  'site record made again',
  'operator down for two hours',
  'crash after the status',
  'crash after the tags',
  'crash after the first action',
  'local clock steps',
  'local clock set right',
  'clocks jump ahead',
  'clocks jump back',
  'certificate unreadable',
  'certificate readable',
  'devices hidden',
  'devices visible',
  'content missing',
  'content distributed',
  'content unreadable',
  'content readable',
  'quota missing',
  'quota there',
  'deletions of the hour used up',
  'deletions free again',
  'a day passes',
  'clients learn the name',
  'gateway provisioned',
  'gateway deleted',
] as const;

/** A row of the matrix. */
export type EventName = (typeof EVENT_NAMES)[number];

/** All that may happen in this world, but for crashes. */
export function happenings(world: World): readonly Happening[] {
  return [
    ...world.cmgs.flatMap((cmg, at) => (cmg.gone ? [] : happeningsTo(world, cmg, at))),
    ...globalHappenings(world),
  ];
}

/** What undoes something of before, of all that may happen. */
export function healings(world: World): readonly Happening[] {
  return isInOrder(world) ? [] : happenings(world).filter(({ kind }) => kind === 'Healing');
}

/** Whether nothing is there to be undone, as mostly: what may happen then need not be made up. */
function isInOrder(world: World): boolean {
  const { contentMissing, contentUnreadable, siteUp, azureUp, certificateReadable, devicesHidden, deletionsUsedUp } =
    world;
  const isDisturbed =
    contentMissing || contentUnreadable || devicesHidden || deletionsUsedUp || world.localClockOff !== 0;
  return (
    !isDisturbed &&
    siteUp &&
    azureUp &&
    certificateReadable &&
    world.points.every(({ broken }) => !broken) &&
    world.cmgs.every((cmg, at) => cmg.gone || isCmgInOrder(cmg, at))
  );
}

function isCmgInOrder(cmg: Cmg, at: number): boolean {
  const { suspended, stopped, onlyObserved, deletion, retain, consents, quota, gateways } = cmg;
  const isHeld = suspended || stopped || onlyObserved || (deletion && !retain) || consents.length > 0 || !quota;
  return !isHeld && gateways.every((gateway) => isGatewayInOrder(at, gateway));
}

function isGatewayInOrder(at: number, gateway: Gateway): boolean {
  const { healthy, resolves, mark, withoutCredentials, withoutRecord } = gateway;
  const hasItsTags = mark !== undefined || isOfSite(at, gateway);
  return healthy && resolves && hasItsTags && withoutCredentials !== true && withoutRecord !== true;
}

/** The crashes, as events. */
export const CRASHES: Readonly<Record<Crash, EventName>> = {
  AfterStatus: 'crash after the status',
  AfterTags: 'crash after the tags',
  AfterFirstAction: 'crash after the first action',
};

function happeningsTo(world: World, cmg: Cmg, at: number): readonly Happening[] {
  const one = (name: EventName, change: Partial<Cmg>, kind: Happening['kind'] = 'Fault'): Happening => ({
    names: [name],
    cmg: at,
    kind,
    apply: (then) => withCmg(then, at, change),
  });
  const isCarrier = world.claim?.carrier === KEYS[at];
  const spec = (name: EventName, change: Partial<Cmg>, kind: Happening['kind'] = 'Decision'): Happening => ({
    names: change.deletion === true && isCarrier ? [name, 'delete the carrier'] : [name],
    cmg: at,
    kind,
    apply: (then) => withCmg(then, at, { ...change, generation: cmgAt(then, at).generation + 1 }),
  });
  return [
    ...edits(cmg, at),
    cmg.suspended ? spec('resume', { suspended: false }, 'Healing') : spec('suspend', { suspended: true }),
    cmg.stopped ? spec('start', { stopped: false }, 'Healing') : spec('stop', { stopped: true }),
    cmg.onlyObserved
      ? spec('manage again', { onlyObserved: false }, 'Healing')
      : spec('only observe', { onlyObserved: true }),
    ...(cmg.deletion
      ? []
      : [
          spec('delete the CMG', { deletion: true }),
          spec('delete the CMG and retain its gateways', { deletion: true, retain: true }),
        ]),
    // It saves what can still be saved, as a revert does.
    ...(cmg.deletion && !cmg.retain ? [spec('retain what is left', { retain: true }, 'Healing')] : []),
    ...consents(cmg, at),
    ...(cmg.consents.length > 0 ? [one('withdraw the consent', { consents: [] }, 'Healing')] : []),
    cmg.quota ? one('quota missing', { quota: false }) : one('quota there', { quota: true }, 'Healing'),
    ...(cmg.group.length > 0 ? [one('boundary group lost', { group: [] })] : []),
    ...(cmg.records.deployments.length > 0 ? [one('status lost', withoutStatus(cmg))] : []),
    ...claims(world, cmg, at),
    ...pointHappenings(world, at),
    ...cmg.gateways.flatMap((gateway) => gatewayHappenings(cmg, at, gateway)),
  ];
}

/** The object is made anew, as from a backup. */
function withoutStatus({ object }: Cmg): Partial<Cmg> {
  return {
    object: object + 1,
    records: NO_RECORDS,
    told: undefined,
  };
}

/** The other CMG has seen a little while ago that this one could carry its clients, and acts on it now. */
function claims({ claim, cmgs }: World, { hasSite, records }: Cmg, at: number): readonly Happening[] {
  const isAtWork = ({ gone, deletion, suspended, onlyObserved }: Cmg) =>
    !(gone || deletion || suspended || onlyObserved);
  const claimant = cmgs.findIndex((other, index) => index !== at && isAtWork(other) && other.hasSite);
  const [only, ...more] = records.deployments;
  const couldCarry = hasSite && only?.stage.phase === 'Active' && more.length === 0;
  return claim !== undefined || claimant === -1 || !couldCarry
    ? []
    : [
        {
          names: ['claimed as a carrier'],
          cmg: at,
          // Somebody has changed the spec of the other one.
          kind: 'Decision',
          apply: (then) => ({ ...then, claim: { claimant: KEYS[claimant] ?? '', carrier: KEYS[at] ?? '' } }),
        },
      ];
}

function edits(cmg: Cmg, at: number): readonly Happening[] {
  return (IDENTITIES[at] ?? []).flatMap((_identity, wish) => (wish === cmg.wish ? [] : [editTo(cmg, at, wish)]));
}

function editTo(cmg: Cmg, at: number, wish: number): Happening {
  const { deployments } = cmg.records;
  const recorded = (test: (record: DeploymentRecord) => boolean) => deployments.some(test);
  const isRevert = recorded(({ identity }) => identity === IDENTITIES[at]?.[wish]);
  const samePrefix = recorded(({ serviceName }) => serviceName === nameOf(at, wish));
  const isRunning = deployments.length > 1 || !recorded(({ identity }) => identity === IDENTITIES[at]?.[cmg.wish]);
  const kinds: readonly (readonly [EventName, boolean])[] = [
    ['edit', true],
    ['second edit', isRunning],
    ['revert', isRevert],
    [at === 0 ? 'same prefix' : 'certificate change', samePrefix && !isRevert],
  ];
  return {
    names: kinds.filter(([, is]) => is).map(([name]) => name),
    cmg: at,
    kind: 'Decision',
    apply: (world) => withWish(world, at, wish),
  };
}

/** The time that was counted for what is wanted anew counts no longer. */
function withWish(world: World, at: number, wish: number): World {
  const { gateways, generation } = cmgAt(world, at);
  return withCmg(world, at, {
    wish,
    generation: generation + 1,
    gateways: gateways.map((gateway) => (gateway.identity === wish ? { ...gateway, credit: 0 } : gateway)),
  });
}

/** A person may consent to what concerns any of the deployments. An annotation holds one value. */
function consents({ consents: given, records }: Cmg, at: number): readonly Happening[] {
  const kinds: readonly (readonly [EventName, Consent['kind']])[] = [
    ['consent to an outage', 'AllowClientOutage'],
    ['consent to retire', 'ConfirmRetire'],
  ];
  return records.deployments.flatMap(({ id }) =>
    kinds
      .filter(([, kind]) => !given.some((each) => each.kind === kind && each.deployment === id))
      .map(([name, kind]) => ({
        names: [name],
        cmg: at,
        kind: 'Decision' as const,
        apply: (world: World) => withConsent(world, at, { kind, deployment: id }),
      })),
  );
}

/** The world with a person's word in its annotation. */
export function withConsent(world: World, at: number, consent: Consent): World {
  const others = cmgAt(world, at).consents.filter(({ kind }) => kind !== consent.kind);
  return withCmg(world, at, { consents: [...others, consent] });
}

function pointHappenings(world: World, at: number): readonly Happening[] {
  const ofPoints = world.points.filter(({ cmg }) => cmg === at).flatMap((point) => happeningsToPoint(point, at));
  const added: Happening = {
    names: ['connection point added'],
    cmg: at,
    kind: 'Decision',
    apply: (then) => withSpare(then, at),
  };
  return hasSpare(world, at) ? ofPoints : [...ofPoints, added];
}

function happeningsToPoint({ name, broken, linkedTo }: Point, at: number): readonly Happening[] {
  const to = (event: EventName, change: Partial<Point>, kind: Happening['kind']): Happening => ({
    names: [event],
    cmg: at,
    kind,
    apply: (then) => settleWorld(withPoint(then, name, change)),
  });
  return [
    broken
      ? to('connection point repaired', { broken: false }, 'Healing')
      : to('connection point lost', { broken: true, connected: false }, 'Fault'),
    ...(linkedTo === undefined
      ? []
      : [to('connection point unlinked by hand', { linkedTo: undefined, connected: false }, 'Fault')]),
  ];
}

function hasSpare({ points }: World, at: number): boolean {
  return points.some(({ name }) => name === `spare-${at}`);
}

/** The world with another standby connection point for a CMG. */
export function withSpare(world: World, at: number): World {
  const spare = {
    name: `spare-${at}`,
    cmg: at,
    role: 'Standby' as const,
    linkedTo: undefined,
    connected: false,
    broken: false,
  };
  return { ...world, points: [...world.points, spare] };
}

/** With its record, the site loses what linked connection points and boundary groups to it. */
function recordLost(at: number, { id, identity }: Gateway): Happening {
  const name = nameOf(at, identity);
  return {
    names: ['site record lost'],
    cmg: at,
    kind: 'Fault',
    apply: (world) => {
      const unlinked = world.points
        .filter(({ cmg, linkedTo }) => cmg === at && linkedTo === name)
        .reduce((then, point) => withPoint(then, point.name, { linkedTo: undefined, connected: false }), world);
      const group = cmgAt(world, at).group.filter((member) => member !== name);
      return settleWorld(withCmg(withGateway(unlinked, at, id, { withoutRecord: true }), at, { group }));
    },
  };
}

function gatewayHappenings({ records, hasSite }: Cmg, at: number, gateway: Gateway): readonly Happening[] {
  const { id, azure, healthy, running, resolves, mark, deleting, withoutCredentials, withoutRecord } = gateway;
  const to = (name: EventName, change: Partial<Gateway>, kind: Happening['kind'] = 'Fault'): Happening => ({
    names: [name],
    cmg: at,
    kind,
    apply: (then) => settleWorld(withGateway(then, at, id, change)),
  });
  const isThere = azure === 'Whole' && !deleting;
  const recorded = records.deployments.find((record) => record.id === id);
  const hasTags = !isOfSite(at, gateway);
  return [
    ...(isThere && healthy ? [to('VMs fail', { healthy: false })] : []),
    ...(isThere && !healthy ? [to('VMs serve again', { healthy: true }, 'Healing')] : []),
    ...(isThere && running ? [to('VMs stopped by hand', { running: false })] : []),
    ...(isThere && resolves ? [to('service name does not resolve', { resolves: false })] : []),
    ...(resolves ? [] : [to('service name resolves again', { resolves: true }, 'Healing')]),
    ...(isThere ? [to('scale set deleted by hand', { azure: 'Partial' })] : []),
    ...(azure === 'Absent' ? [] : [to('group deleted by hand', { azure: 'Absent', deleting: false })]),
    ...(mark !== undefined && azure !== 'Absent' ? [to('tags lost', { mark: undefined })] : []),
    ...(hasTags && mark === undefined && recorded !== undefined
      ? [to('adopted', { mark: markFor(recorded) }, 'Healing')]
      : []),
    ...(withoutCredentials === true
      ? [to('credentials restored', { withoutCredentials: false }, 'Healing')]
      : recorded === undefined
        ? []
        : [to('credentials lost', { withoutCredentials: true })]),
    ...(withoutRecord === true ? [to('site record made again', { withoutRecord: false }, 'Healing')] : []),
    ...(hasSite && isThere && withoutRecord !== true ? [recordLost(at, gateway)] : []),
  ];
}

/** The tags that a person lets the operator write again. */
export function markFor({ id, identity, serviceName, served, wantedSince, wantedOrder }: DeploymentRecord) {
  return { id, identity, serviceName, served, wantedSince, wantedOrder };
}

function globalHappenings(world: World): readonly Happening[] {
  const to = (name: EventName, change: Partial<World>, kind: Happening['kind'] = 'Fault'): Happening => ({
    names: [name],
    cmg: undefined,
    kind,
    apply: (then) => ({ ...then, ...change }),
  });
  return [
    world.contentMissing
      ? to('content distributed', { contentMissing: false }, 'Healing')
      : to('content missing', { contentMissing: true }),
    world.contentUnreadable
      ? to('content readable', { contentUnreadable: false }, 'Healing')
      : to('content unreadable', { contentUnreadable: true }),
    world.siteUp ? to('site down', { siteUp: false }) : to('site up', { siteUp: true }, 'Healing'),
    world.azureUp ? to('Azure down', { azureUp: false }) : to('Azure up', { azureUp: true }, 'Healing'),
    world.certificateReadable
      ? to('certificate unreadable', { certificateReadable: false })
      : to('certificate readable', { certificateReadable: true }, 'Healing'),
    world.devicesHidden
      ? to('devices visible', { devicesHidden: false }, 'Healing')
      : to('devices hidden', { devicesHidden: true }),
    world.deletionsUsedUp
      ? to('deletions free again', { deletionsUsedUp: false }, 'Healing')
      : to('deletions of the hour used up', { deletionsUsedUp: true }),
    world.localClockOff === 0
      ? to('local clock steps', { localClockOff: 10 * MINUTE })
      : to('local clock set right', { localClockOff: 0 }, 'Healing'),
    to('clocks jump ahead', { allClocksOff: world.allClocksOff + 30 * HOUR }),
    to('clocks jump back', { allClocksOff: world.allClocksOff - 30 * HOUR }),
    { names: ['operator down for two hours'], cmg: undefined, kind: 'Fault', apply: (then) => passTime(then, OUTAGE) },
  ];
}
