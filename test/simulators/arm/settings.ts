import { BUILT_IN_ROLES, catalogueAvailability, VM_SIZES } from './catalogue.ts';
import type { MetricChange } from './metrics.ts';
import type { DenyPolicy } from './policies.ts';
import type { Capacity, RoleDefinition, SizeAvailability, VirtualMachineSize } from './world.ts';

/** What the control API can turn in the simulated Azure. Times are simulated seconds. */
export interface Settings {
  /** Replaces what providers take for an operation, by key such as `virtualMachineScaleSets/put`. */
  readonly durations: Map<string, number>;
  /** Multiplies every duration, those set above too. 0: operations are over as soon as they have begun. */
  durationFactor: number;
  /** Limits by `<subscription>/<region>/<quota>`, `<region>/<quota>`, or `<quota>` for all regions, in lower case. */
  readonly quotas: Map<string, number>;
  /** How sizes stand, by `<region>/<size>` in lower case, where it differs from the catalogue. */
  readonly sizes: Map<string, SizeAvailability>;
  /** Hardware for VMs by `<region>/<size>` in lower case. What is not named is always there. */
  readonly capacity: Map<string, Capacity>;
  /** How long after a change Azure Resource Graph shows it. */
  graphLagSeconds: number;
  /** How long after an event the activity log shows it. */
  activityLogLagSeconds: number;
  /** How long after a minute its metrics are known. */
  metricLagSeconds: number;
  /**
   * Values of metrics from some time on, the oldest first: by `<id>/<metric>`, or `<type>/<metric>` for all of a type, in
   * lower case. What flows is a rate a second. `SimulatorControl.setMetric` adds to them.
   */
  readonly metrics: Map<string, readonly MetricChange[]>;
  /** How long after a role assignment the data plane of storage honours it. */
  roleLagSeconds: number;
  /** Whether requests beyond Azure's limits get 429. */
  throttling: boolean;
  /** Why extensions of scale sets fail: by `<id of the scale set>/<extension>`, or `<extension>` for all, in lower case. */
  readonly extensionFailures: Map<string, string>;
  /** Policies that deny writes. */
  policies: readonly DenyPolicy[];
}

/** The limit of a quota that nobody set. Room for a few hundred gateways. */
const DEFAULT_QUOTA = 4000;

/** Settings as a simulator begins with. */
export function defaultSettings(): Settings {
  return {
    durations: new Map(),
    durationFactor: 1,
    quotas: new Map(),
    sizes: new Map(),
    capacity: new Map(),
    graphLagSeconds: 5,
    activityLogLagSeconds: 120,
    metricLagSeconds: 60,
    metrics: new Map(),
    roleLagSeconds: 5,
    throttling: false,
    extensionFailures: new Map(),
    policies: [],
  };
}

/** Simulated seconds that something takes. */
export function durationOf(settings: Settings, key: string, fallback: number): number {
  return (settings.durations.get(key) ?? fallback) * settings.durationFactor;
}

/** Limit of a subscription's quota in a region. */
export function quotaOf({ quotas }: Settings, subscriptionId: string, location: string, name: string): number {
  const quota = name.toLowerCase();
  const own = quotas.get(`${subscriptionId.toLowerCase()}/${location}/${quota}`);
  return own ?? quotas.get(`${location}/${quota}`) ?? quotas.get(quota) ?? DEFAULT_QUOTA;
}

const SIZES: ReadonlyMap<string, VirtualMachineSize> = new Map(VM_SIZES.map((size) => [size.name.toLowerCase(), size]));

/** The VM size of that name, whatever its case. */
export function sizeOf(name: string): VirtualMachineSize | undefined {
  return SIZES.get(name.toLowerCase());
}

/** How a VM size stands in a region. */
export function sizeAvailabilityOf(settings: Settings, name: string, location: string): SizeAvailability {
  const size = sizeOf(name);
  if (size === undefined) return 'NotOffered';
  return settings.sizes.get(`${location}/${size.name.toLowerCase()}`) ?? catalogueAvailability(size.name, location);
}

export const ROLES: ReadonlyMap<string, RoleDefinition> = new Map(BUILT_IN_ROLES.map((role) => [role.name, role]));
