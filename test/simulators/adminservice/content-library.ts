import type { Clock } from '../../../src/runtime/clock.ts';

/** Values of `SMS_DPContentInfo.ObjectType` that are used here. */
export const CONTENT_TYPE = { package: 0, deploymentPackage: 5, bootImage: 258, application: 512 } as const;

/** Values of `SMS_PackageStatusDistPointsSummarizer.State`. */
export const DISTRIBUTION = { installed: 0, pending: 1, failed: 3, removing: 4 } as const;

/** A package of the site, or the content of an application. */
export interface SimulatedContent {
  /** Such as `PS100012`. */
  readonly packageId: string;
  readonly name: string;
  readonly type: number;
}

/** What is in the content library of the site, and which distribution points it is assigned to. */
export interface ContentLibrary {
  readonly items: ReadonlyMap<string, SimulatedContent>;
  add(item: SimulatedContent): void;
  /** State by package, of one distribution point. */
  at(nalPath: string): ReadonlyMap<string, number>;
  /** All distribution points that something is assigned to, by their NAL paths. */
  readonly distributionPoints: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Assigns a package, which is installed after `seconds`. @returns whether it was not assigned yet */
  distribute(nalPath: string, packageId: string, seconds: number): boolean;
  setState(nalPath: string, packageId: string, state: number): void;
  /** Takes a package from a distribution point. */
  remove(nalPath: string, packageId: string): void;
  /** The distribution point is gone. */
  forget(nalPath: string): void;
}

export function createContentLibrary(clock: Clock): ContentLibrary {
  const items = new Map<string, SimulatedContent>();
  const distributionPoints = new Map<string, Map<string, number>>();
  const statesAt = (nalPath: string): Map<string, number> => {
    const states = distributionPoints.get(nalPath) ?? new Map<string, number>();
    distributionPoints.set(nalPath, states);
    return states;
  };
  return {
    items,
    distributionPoints,
    add: (item) => {
      items.set(item.packageId, item);
    },
    at: (nalPath) => distributionPoints.get(nalPath) ?? new Map<string, number>(),
    distribute: (nalPath, packageId, seconds) => {
      const states = statesAt(nalPath);
      if (states.has(packageId)) return false;
      if (seconds === 0) {
        states.set(packageId, DISTRIBUTION.installed);
        return true;
      }
      states.set(packageId, DISTRIBUTION.pending);
      clock.schedule(seconds * 1000, () => {
        if (states.get(packageId) === DISTRIBUTION.pending) states.set(packageId, DISTRIBUTION.installed);
      });
      return true;
    },
    setState: (nalPath, packageId, state) => {
      statesAt(nalPath).set(packageId, state);
    },
    remove: (nalPath, packageId) => {
      statesAt(nalPath).delete(packageId);
    },
    forget: (nalPath) => {
      distributionPoints.delete(nalPath);
    },
  };
}
