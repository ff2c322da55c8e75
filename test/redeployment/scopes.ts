import { plan } from '../../src/redeployment/planner.ts';
import { happenings } from './events.ts';
import type { Bounds } from './exploration.ts';
import { settle } from './settling.ts';
import { JUST_APPLIED, SETTLED, type World } from './world.ts';

/** What is explored, in parts that do not need each other. */
export type ScopeName = keyof typeof SCOPES;

const BEGINNINGS: ReadonlyMap<string, World> = new Map([
  ['settled', SETTLED],
  ['just applied', JUST_APPLIED],
]);

/** The worlds that a change goes through when nothing else happens, for each change that can be made at the beginning. */
export function alongTheWay(): ReadonlyMap<string, World> {
  way ??= findTheWay();
  return way;
}

let way: ReadonlyMap<string, World> | undefined;

function findTheWay(): ReadonlyMap<string, World> {
  const edits = happenings(SETTLED).filter(({ names }) => names.includes('edit'));
  const ways = edits.flatMap(({ names, cmg, apply }) =>
    settle(apply(SETTLED), plan).path.map(
      (world, step) => [`step ${step} after ${names.join(', ')} of ${cmg}`, world] as const,
    ),
  );
  const first = settle(JUST_APPLIED, plan).path.map(
    (world, step) => [`step ${step} of the first gateway`, world] as const,
  );
  return new Map([...ways, ...first]);
}

const WHOLE = { states: Number.POSITIVE_INFINITY, isShallow: false, untilFirst: false };

/** The parts of the bounded model. */
export const SCOPES = {
  /** Two decisions at any two moments, of either CMG. */
  decisions: (): Bounds => ({ ...WHOLE, starts: BEGINNINGS, decisions: 2, faults: 0 }),
  /** One thing that goes wrong at any moment of any redeployment that is left alone, in every order of what follows. */
  faults: (): Bounds => ({ ...WHOLE, starts: alongTheWay(), decisions: 0, faults: 1 }),
  /** One of anything, at any moment of any redeployment that is left alone before and after. */
  disturbances: (): Bounds => ({ ...WHOLE, starts: alongTheWay(), decisions: 1, faults: 1, isShallow: true }),
  /** One decision likewise. */
  rollbacks: (): Bounds => ({ ...WHOLE, starts: alongTheWay(), decisions: 1, faults: 0 }),
} satisfies Readonly<Record<string, () => Bounds>>;
