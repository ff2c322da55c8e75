import { isJsonObject, type JsonObject, type JsonValue } from '../../../src/json.ts';
import type { SimulatorControl } from './control.ts';
import { parseDenyPolicy } from './policies.ts';
import type { AllocationFailure, Capacity, GlobalName, SizeAvailability } from './world.ts';
import type { Grant, Subscription } from './world-state.ts';

/** Applies what of the settings a body holds; what it does not mention stays. @throws Error for an unknown name */
export function applySettings(control: SimulatorControl, body: JsonObject): void {
  for (const [name, value] of Object.entries(body)) {
    const apply = SETTINGS[name];
    if (apply === undefined) throw new Error(`There is no setting ${name}.`);
    apply(control, value);
  }
}

type Apply = (control: SimulatorControl, value: JsonValue | undefined) => void;

const SETTINGS: Readonly<Record<string, Apply>> = {
  durations: ({ settings }, value) => setAll(settings.durations, value, Number, (key) => key),
  quotas: ({ settings }, value) => setAll(settings.quotas, value, Number),
  sizes: ({ settings }, value) => setAll(settings.sizes, value, (how) => String(how) as SizeAvailability),
  capacity: ({ settings }, value) => setAll(settings.capacity, value, capacityIn),
  extensionFailures: ({ settings }, value) => setAll(settings.extensionFailures, value, String),
  durationFactor: seconds('durationFactor'),
  graphLagSeconds: seconds('graphLagSeconds'),
  roleLagSeconds: seconds('roleLagSeconds'),
  activityLogLagSeconds: seconds('activityLogLagSeconds'),
  metricLagSeconds: seconds('metricLagSeconds'),
  metrics: (control, value) => {
    for (const [key, item] of entries(value)) control.setMetric(key, Number(item));
  },
  throttling: ({ settings }, value) => {
    settings.throttling = value === true;
  },
  policies: ({ settings }, value) => {
    settings.policies = list(value).map(parseDenyPolicy);
  },
  // `<namespace>` in the first subscription, `<subscription>/<namespace>` in another one.
  registrations: (control, value) => {
    for (const [key, state] of entries(value)) {
      const [namespace = '', subscriptionId] = key.split('/').reverse();
      control.setRegistration(namespace, state === 'Registered' ? 'Registered' : 'NotRegistered', subscriptionId);
    }
  },
  subscriptionStates: (control, value) => {
    for (const [id, state] of entries(value)) control.setSubscriptionState(String(state) as Subscription['state'], id);
  },
  rights: (control, value) => control.setRights(grantsIn(value)),
  deny: (control, value) => control.deny(list(value).map(String)),
  takenNames: (control, value) => {
    for (const taken of list(value)) control.takeName(taken as unknown as GlobalName);
  },
};

type Seconds = 'durationFactor' | 'graphLagSeconds' | 'roleLagSeconds' | 'activityLogLagSeconds' | 'metricLagSeconds';

function seconds(name: Seconds): Apply {
  return ({ settings }, value) => {
    settings[name] = Number(value);
  };
}

function setAll<T>(
  map: Map<string, T>,
  value: JsonValue | undefined,
  read: (item: JsonValue | undefined) => T,
  keyOf = (key: string) => key.toLowerCase(),
): void {
  for (const [key, item] of entries(value)) map.set(keyOf(key), read(item));
}

const ALLOCATION_FAILURES: readonly AllocationFailure[] = [
  'AllocationFailed',
  'ZonalAllocationFailed',
  'OverconstrainedAllocationRequest',
];

/** A number of VMs, or the number and the code: `{"vms": 0, "code": "ZonalAllocationFailed"}`. */
function capacityIn(value: JsonValue | undefined): Capacity {
  const { vms, code = 'AllocationFailed' } = isJsonObject(value) ? value : { vms: value };
  const known = ALLOCATION_FAILURES.find((failure) => failure === code);
  if (typeof vms !== 'number' || known === undefined) {
    throw new Error(`A capacity is a number of VMs, or vms and a code out of ${ALLOCATION_FAILURES.join(', ')}.`);
  }
  return { vms, code: known };
}

/** Rights as a body states them: `[{"scope": "/", "actions": ["*"], "notActions": []}]`. */
export function grantsIn(value: JsonValue | undefined): readonly Grant[] {
  return list(value) as unknown as readonly Grant[];
}

function entries(value: JsonValue | undefined): [string, JsonValue | undefined][] {
  return isJsonObject(value) ? Object.entries(value) : [];
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}
