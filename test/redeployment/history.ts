import fc from 'fast-check';
import { plan } from '../../src/redeployment/planner.ts';
import { type Happening, happenings } from './events.ts';
import { reconcile } from './execution.ts';
import type { Violation } from './invariants.ts';
import { LONG_TIME, passObserved, passTime, pendingProgress, SHORT_TIME } from './progress.ts';
import { ALONE, JUST_APPLIED, SETTLED, type World } from './world.ts';

/** One step of a history; the number chooses among what is possible in the world of that moment. */
export type Step =
  | { readonly kind: 'Happening'; readonly choice: number }
  | { readonly kind: 'Race'; readonly cmg: number; readonly choice: number }
  | { readonly kind: 'Reconcile'; readonly cmg: number }
  | { readonly kind: 'Progress'; readonly choice: number }
  | { readonly kind: 'Minutes' | 'Hours' };

const choice = fc.nat({ max: 200 });
const cmg = fc.constantFrom(0, 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('Happening' as const), choice }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('Race' as const), cmg, choice }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('Reconcile' as const), cmg }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('Progress' as const), choice }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('Minutes' as const, 'Hours' as const) }) },
);

/** A history that has happened. */
export interface Told {
  readonly world: World;
  readonly story: readonly string[];
  readonly violations: readonly Violation[];
}

/** Lets a history happen, and tells it. */
export function tell(begin: World, steps: readonly Step[]): Told {
  let told: Told = { world: begin, story: [], violations: [] };
  for (const each of steps) {
    told = take(told, each);
    if (told.violations.length > 0) break;
  }
  return told;
}

function take({ world, story }: Told, each: Step): Told {
  const goOn = (next: World, line: string, violations: readonly Violation[] = []): Told => ({
    world: next,
    story: [...story, line],
    violations,
  });
  switch (each.kind) {
    case 'Happening': {
      const happening = chosen(happenings(world), each.choice);
      return goOn(happening.apply(world), nameOf(happening));
    }
    case 'Race': {
      const happening = chosen(happenings(world), each.choice);
      const done = reconcile(world, each.cmg, plan, { meanwhile: happening.apply });
      return goOn(done.world, `reconcile ${each.cmg}, meanwhile ${nameOf(happening)}`, done.violations);
    }
    case 'Reconcile': {
      const done = reconcile(world, each.cmg, plan);
      return goOn(done.world, `reconcile ${each.cmg}`, done.violations);
    }
    case 'Progress': {
      const pending = pendingProgress(world);
      if (pending.length === 0) return { world, story, violations: [] };
      const progress = chosen(pending, each.choice);
      return goOn(progress.apply(world), progress.name);
    }
    case 'Minutes':
      return goOn(passTime(world, SHORT_TIME), 'a quarter of an hour passes');
    case 'Hours':
      // Where the operator has something to do it does it; a day in one step is for a world that waits.
      return isAtRest(world)
        ? goOn(passObserved(world, LONG_TIME), 'twenty-five hours pass')
        : { world, story, violations: [] };
  }
}

function isAtRest(world: World): boolean {
  return world.cmgs.every((_cmg, at) => reconcile(world, at, plan).world === world);
}

function chosen<T>(from: readonly T[], number: number): T {
  const item = from[number % from.length];
  if (item === undefined) throw new Error('There is nothing to choose from.');
  return item;
}

function nameOf({ names, cmg: at }: Happening): string {
  return `${names.join(', ')}${at === undefined ? '' : at === 0 ? ' (one)' : ' (two)'}`;
}

/** Of two CMGs on a site, and of one that names no site or retires by time only; with every event of the bounded model. */
export const HISTORIES: fc.Arbitrary<readonly [World, readonly Step[]]> = fc.tuple(
  fc.constantFrom(SETTLED, JUST_APPLIED, ...ALONE.values()),
  fc.array(step, { maxLength: 80, size: 'max' }),
);
