import { plan } from '../../src/redeployment/planner.ts';
import { settleWorld } from './effects.ts';
import { happenings } from './events.ts';
import type { Bounds } from './exploration.ts';
import { type Settled, settle } from './settling.ts';
import { ALONE, ALONE_APART, apart, JUST_APPLIED, SETTLED, type World, withGateway } from './world.ts';

/** What is explored, in parts that do not need each other. */
export type ScopeName = keyof typeof SCOPES;

type Worlds = ReadonlyMap<string, World>;

/** Two CMGs on one site. */
const PAIRS: Worlds = new Map([
  ['settled', SETTLED],
  ['just applied', JUST_APPLIED],
]);

/** The same, where connection points and boundary groups are objects of their own. */
const PAIRS_APART: Worlds = new Map([...PAIRS].map(([name, world]) => [`${name}, apart`, apart(world)]));

const WAYS = new Map<Worlds, Worlds>();

/** The worlds that a change goes through when nothing else happens, for each change that can be made at these beginnings. */
function waysFrom(beginnings: Worlds): Worlds {
  const ways = WAYS.get(beginnings) ?? new Map([...beginnings].flatMap(([name, world]) => [...wayFrom(name, world)]));
  WAYS.set(beginnings, ways);
  return ways;
}

function wayFrom(name: string, beginning: World, isMeant: (way: Settled) => boolean = () => true): Worlds {
  const edits = happenings(beginning).filter(({ names }) => names.includes('edit'));
  const isFirst = beginning.cmgs.some(({ gateways, gone }) => gateways.length === 0 && !gone);
  const histories = isFirst
    ? [{ what: name, world: beginning }]
    : edits.map(({ names, cmg, apply }) => ({
        what: `${name}, after ${names.join(', ')} of ${cmg}`,
        world: apply(beginning),
      }));
  return new Map(
    histories.flatMap(({ what, world }) => {
      const way = settle(world, plan);
      return isMeant(way) ? way.path.map((then, step) => [`step ${step} of: ${what}`, then] as const) : [];
    }),
  );
}

/** The worlds that two CMGs on one site go through when one of them is changed and nothing else happens. */
export function alongTheWay(): Worlds {
  return waysFrom(PAIRS);
}

/** Those of changes on whose way people had to help. */
function alongTheWayWithHelp(): Worlds {
  return new Map([...PAIRS].flatMap(([name, world]) => [...wayFrom(name, world, ({ asked }) => asked.length > 0)]));
}

/** The same, where connection points and boundary groups are objects of their own. */
export function alongTheWayApart(): Worlds {
  return waysFrom(PAIRS_APART);
}

/** Those of one CMG alone in which a gateway hands over. */
function handingOverApart(): Worlds {
  const isHandingOver = ({ cmgs }: World) =>
    cmgs.some(({ records }) => records.deployments.some(({ stage }) => stage.phase === 'Draining'));
  return new Map([...waysFrom(ALONE_APART)].filter(([, world]) => isHandingOver(world)));
}

/** The same of one CMG that names no site, or retires by time only. */
export function alongTheWayAlone(): Worlds {
  return waysFrom(ALONE);
}

/** The worlds in which a gateway drains, after somebody has deleted its scale set. */
function drainingAndGone(): Worlds {
  return new Map(
    [...alongTheWay()].flatMap(([name, world]) =>
      world.cmgs.flatMap(({ records }, at) =>
        records.deployments
          .filter(({ stage }) => stage.phase === 'Draining')
          .map(({ id }) => {
            const gone = withGateway(world, at, id, { azure: 'Partial' });
            return [`${name}, and ${id} gone`, settleWorld(gone)] as const;
          }),
      ),
    ),
  );
}

const WHOLE = { states: Number.POSITIVE_INFINITY, isShallow: false };

/**
 * The parts of the bounded model. Every event is in each of them, but where it is said otherwise. A CMG without a site and
 * `evidence: TimeOnly` are the worlds of one CMG alone: without a site there is nobody to carry clients or to be carried.
 * Names that do not resolve, `managementPolicy: Observe`, `deletionPolicy: Retain` and the number of deletions of the hour are
 * events in all of them. Longer histories, with several of everything, are those of `histories.test.ts`.
 */
export const SCOPES = {
  /** Two decisions at any two moments, of either CMG, when both have served for long. */
  decisions: (): Bounds => ({ ...WHOLE, starts: new Map([['settled', SETTLED]]), decisions: 2, faults: 0 }),
  /** The same from the first moment of one of them on. */
  beginnings: (): Bounds => ({ ...WHOLE, starts: new Map([['just applied', JUST_APPLIED]]), decisions: 2, faults: 0 }),
  /** One thing that goes wrong at any moment of any redeployment that is left alone, in every order of what follows. */
  faults: (): Bounds => ({ ...WHOLE, starts: alongTheWay(), decisions: 0, faults: 1 }),
  /** One of anything, at any moment of any redeployment that is left alone before and after. */
  disturbances: (): Bounds => ({
    ...WHOLE,
    starts: alongTheWay(),
    decisions: 1,
    faults: 1,
    isShallow: true,
  }),
  /** The same of a CMG that names no site, or retires by time only. */
  disturbancesAlone: (): Bounds => ({
    ...WHOLE,
    starts: alongTheWayAlone(),
    decisions: 1,
    faults: 1,
    isShallow: true,
  }),
  /** One decision, when a gateway has drained and somebody has deleted its scale set. */
  losses: (): Bounds => ({ ...WHOLE, starts: drainingAndGone(), decisions: 1, faults: 0, isShallow: true }),
  /** One decision at any moment of a redeployment on whose way people help, in every order; without help, it is in `decisions`. */
  rollbacks: (): Bounds => ({ ...WHOLE, starts: alongTheWayWithHelp(), decisions: 1, faults: 0 }),
  /** One decision at any moment of any redeployment, where connection points and boundary groups are objects of their own. */
  rollbacksApart: (): Bounds => ({ ...WHOLE, starts: waysFrom(ALONE_APART), decisions: 1, faults: 0 }),
  /** One thing that goes wrong at any moment of any redeployment, likewise. */
  faultsApart: (): Bounds => ({ ...WHOLE, starts: waysFrom(ALONE_APART), decisions: 0, faults: 1 }),
  /** The same, of those in which a gateway hands over. */
  faultsInHandOver: (): Bounds => ({ ...WHOLE, starts: handingOverApart(), decisions: 0, faults: 1 }),
  /** Two things that go wrong, likewise; of what follows, as much as there is time for. */
  twoFaultsInHandOver: (): Bounds => ({
    ...WHOLE,
    starts: handingOverApart(),
    decisions: 0,
    faults: 2,
    states: 900_000,
  }),
  /** One of anything at any moment of a redeployment of either of two CMGs, likewise. */
  disturbancesApart: (): Bounds => ({
    ...WHOLE,
    starts: alongTheWayApart(),
    decisions: 1,
    faults: 1,
    isShallow: true,
  }),
  /** Two decisions of a CMG that names no site, or retires by time only. */
  decisionsAlone: (): Bounds => ({ ...WHOLE, starts: ALONE, decisions: 2, faults: 0 }),
  /** One decision and one thing that goes wrong, with such a CMG, in every order. */
  faultsAlone: (): Bounds => ({ ...WHOLE, starts: ALONE, decisions: 1, faults: 1 }),
} satisfies Readonly<Record<string, () => Bounds>>;
