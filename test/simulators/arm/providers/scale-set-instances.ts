import type { JsonObject } from '../../../../src/json.ts';
import { objectAt, objectsAt, textAt } from '../json-path.ts';
import {
  type ExtensionFailure,
  type ExtensionsResult,
  extensionError,
  extensionViews,
} from './scale-set-extensions.ts';

/**
 * The VMs of a scale set. Each is a record of what was done to it and when that is through, so that its state at any
 * instant is a function of the instant: nothing here runs on its own.
 */

/** What is being done to an instance, until `endsAt` (milliseconds since the epoch). */
export interface InstanceActivity {
  readonly kind: 'creating' | 'updating' | 'starting' | 'stopping' | 'deallocating' | 'restarting' | 'deleting';
  readonly endsAt: number;
}

/** Power once the activity is over. */
export type InstancePower = 'running' | 'stopped' | 'deallocated';

export interface ScaleSetInstance {
  readonly instanceId: string;
  readonly vmId: string;
  readonly computerName: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly activity: InstanceActivity;
  readonly power: InstancePower;
  readonly extensions: ExtensionsResult;
  /** How often its extensions were begun. */
  readonly setups: number;
  /** The model it was last brought to, secrets included. */
  readonly model: JsonObject;
  /** Fingerprint of that model. */
  readonly modelFingerprint: string;
}

/** How long the steps in an instance's life take, in milliseconds, and how its extensions end. */
export interface InstanceTiming {
  readonly create: number;
  readonly update: number;
  readonly power: number;
  /** `ByProcess`: until the processes in the VM have ended, who then say so. */
  readonly extensions: number | 'ByProcess';
  /** Why the extensions fail; `undefined` when they succeed. */
  readonly extensionFailure: ExtensionFailure | undefined;
}

/** A VM that starts now, with its extensions after it. */
export function newInstance(
  instanceId: number,
  identity: { readonly vmId: string; readonly model: JsonObject; readonly modelFingerprint: string },
  now: number,
  timing: InstanceTiming,
): ScaleSetInstance {
  const { vmId, model, modelFingerprint } = identity;
  const prefix = textAt(model, 'properties.virtualMachineProfile.osProfile.computerNamePrefix') ?? 'vm';
  return {
    instanceId: String(instanceId),
    vmId,
    computerName: `${prefix}${instanceId.toString(36).toUpperCase().padStart(6, '0')}`,
    createdAt: now,
    activity: { kind: 'creating', endsAt: now + timing.create },
    power: 'running',
    extensions: {
      endsAt: timing.extensions === 'ByProcess' ? Number.POSITIVE_INFINITY : now + timing.create + timing.extensions,
      failure: timing.extensionFailure,
    },
    setups: 1,
    model,
    modelFingerprint,
  };
}

/** Brings an instance to a model: it does not serve until that is done, and its extensions run again. */
export function upgraded(
  instance: ScaleSetInstance,
  model: JsonObject,
  modelFingerprint: string,
  now: number,
  timing: InstanceTiming,
): ScaleSetInstance {
  const endsAt = now + timing.update;
  return {
    ...instance,
    model,
    modelFingerprint,
    activity: { kind: 'updating', endsAt },
    extensions: {
      endsAt: timing.extensions === 'ByProcess' ? Number.POSITIVE_INFINITY : endsAt,
      failure: timing.extensionFailure,
    },
    setups: instance.setups + 1,
  };
}

/** Starts, stops, deallocates or restarts an instance. */
export function powered(
  instance: ScaleSetInstance,
  kind: 'starting' | 'stopping' | 'deallocating' | 'restarting',
  now: number,
  timing: InstanceTiming,
): ScaleSetInstance {
  const power = {
    starting: 'running',
    restarting: 'running',
    stopping: 'stopped',
    deallocating: 'deallocated',
  } as const;
  return { ...instance, power: power[kind], activity: { kind, endsAt: now + timing.power } };
}

/** When everything that was begun on the instance is through. Infinity while only a process in it knows. */
export function settledAt(instance: ScaleSetInstance): number {
  return instance.power === 'running'
    ? Math.max(instance.activity.endsAt, instance.extensions.endsAt)
    : instance.activity.endsAt;
}

/** Whether the gateway inside answers: it runs, nothing is being done to it, and its extensions succeeded. */
export function isServing(instance: ScaleSetInstance, now: number): boolean {
  const { activity, power, extensions } = instance;
  return power === 'running' && now >= activity.endsAt && now >= extensions.endsAt && extensions.failure === undefined;
}

/** The state Azure shows for the instance as a whole. */
export function provisioningState(instance: ScaleSetInstance, now: number): string {
  const { activity, extensions } = instance;
  if (now < settledAt(instance)) {
    if (activity.kind === 'creating') return 'Creating';
    return activity.kind === 'deleting' ? 'Deleting' : 'Updating';
  }
  return instance.power === 'running' && extensions.failure !== undefined ? 'Failed' : 'Succeeded';
}

function powerCode(instance: ScaleSetInstance, now: number): string | undefined {
  const { activity, power } = instance;
  if (now >= activity.endsAt) return power;
  switch (activity.kind) {
    case 'creating':
      return undefined;
    case 'starting':
    case 'restarting':
      return 'starting';
    case 'stopping':
      return 'stopping';
    case 'deallocating':
      return 'deallocating';
    case 'updating':
    case 'deleting':
      return power;
    default:
      return activity.kind satisfies never;
  }
}

/** The `instanceView` of an instance. `healthy` is what a probe finds; `undefined` when nothing probes. */
export function instanceView(instance: ScaleSetInstance, now: number, healthy: boolean | undefined): JsonObject {
  const time = new Date(Math.min(now, settledAt(instance))).toISOString();
  const state = provisioningState(instance, now);
  const power = powerCode(instance, now);
  const windows = textAt(instance.model, 'properties.virtualMachineProfile.storageProfile.osDisk.osType') === 'Windows';
  return {
    platformUpdateDomain: Number(instance.instanceId) % 5,
    platformFaultDomain: Number(instance.instanceId) % 5,
    ...(power === 'running'
      ? {
          computerName: instance.computerName,
          osName: windows ? 'Windows Server 2022 Datacenter Azure Edition' : 'ubuntu',
          osVersion: windows ? '10.0.20348.2700' : '24.04',
          vmAgent: {
            vmAgentVersion: '2.7.41491.1121',
            statuses: [
              status(
                'ProvisioningState/succeeded',
                'Ready',
                time,
                'GuestAgent is running and processing the extensions.',
              ),
            ],
            extensionHandlers: [],
          },
        }
      : {}),
    disks: [],
    ...(power === 'running' ? { extensions: extensionViews(instance.model, instance.extensions, now, time) } : {}),
    ...(healthy === undefined || power !== 'running' ? {} : { vmHealth: { status: healthStatus(healthy, time) } }),
    hyperVGeneration: 'V2',
    statuses: [
      provisioningStatus(instance, state, time),
      ...(power === undefined ? [] : [status(`PowerState/${power}`, `VM ${power}`)]),
    ],
  };
}

function provisioningStatus(instance: ScaleSetInstance, state: string, time: string): JsonObject {
  const { failure } = instance.extensions;
  const display = PROVISIONING_DISPLAY[state] ?? state;
  if (state !== 'Failed' || failure === undefined) {
    return status(`ProvisioningState/${state.toLowerCase()}`, display, time);
  }
  const { code, message } = extensionError(instance.model, failure);
  return status(`ProvisioningState/failed/${code}`, display, time, message, 'Error');
}

const PROVISIONING_DISPLAY: Readonly<Record<string, string>> = {
  Succeeded: 'Provisioning succeeded',
  Failed: 'Provisioning failed',
  Creating: 'Creating',
  Updating: 'Updating',
  Deleting: 'Deleting',
};

function status(code: string, displayStatus: string, time?: string, message?: string, level = 'Info'): JsonObject {
  return {
    code,
    level,
    displayStatus,
    ...(message === undefined ? {} : { message }),
    ...(time === undefined ? {} : { time }),
  };
}

function healthStatus(healthy: boolean, time: string): JsonObject {
  return healthy
    ? status(
        'HealthState/healthy',
        'The VM is reporting itself as healthy or there is no health probe configured.',
        time,
      )
    : status('HealthState/unhealthy', 'The VM is reporting itself as unhealthy.', time, undefined, 'Error');
}

/** The `instanceView` of the whole set: counts of the states of instances and extensions. */
export function scaleSetView(instances: readonly ScaleSetInstance[], setState: string, now: number): JsonObject {
  const time = new Date(now).toISOString();
  const views = instances.map((instance) => instanceView(instance, now, undefined));
  const names = new Set(
    views.flatMap((view) => objectsAt(view, 'extensions').map((extension) => String(extension.name))),
  );
  return {
    virtualMachine: {
      statusesSummary: summary(
        instances.map((instance) => `ProvisioningState/${provisioningState(instance, now).toLowerCase()}`),
      ),
    },
    extensions: [...names].map((name) => ({
      name,
      statusesSummary: summary(
        views.flatMap((view) =>
          objectsAt(view, 'extensions')
            .filter((extension) => extension.name === name)
            .map((extension) => textAt(objectsAt(extension, 'statuses')[0], 'code') ?? ''),
        ),
      ),
    })),
    statuses: [status(`ProvisioningState/${setState.toLowerCase()}`, PROVISIONING_DISPLAY[setState] ?? setState, time)],
    orchestrationServices: [],
  };
}

function summary(codes: readonly string[]): JsonObject[] {
  return [...new Set(codes)].map((code) => ({ code, count: codes.filter((other) => other === code).length }));
}

/** The network interfaces, disks and names that an instance gets from its model, as `virtualMachines` shows them. */
export function instanceProfiles(scaleSetId: string, instance: ScaleSetInstance): JsonObject {
  const profile = objectAt(instance.model, 'properties.virtualMachineProfile');
  const {
    computerNamePrefix: _prefix,
    adminPassword: _password,
    customData: _data,
    ...osProfile
  } = objectAt(profile, 'osProfile');
  const interfaces = objectsAt(profile, 'networkProfile.networkInterfaceConfigurations');
  const vm = `${scaleSetId}/virtualMachines/${instance.instanceId}`;
  return {
    hardwareProfile: {},
    storageProfile: {
      imageReference: { ...objectAt(profile, 'storageProfile.imageReference') },
      osDisk: { name: `${instance.computerName}_OsDisk`, ...objectAt(profile, 'storageProfile.osDisk') },
      dataDisks: [],
    },
    osProfile: { computerName: instance.computerName, ...osProfile },
    networkProfile: { networkInterfaces: interfaces.map((item) => ({ id: `${vm}/networkInterfaces/${item.name}` })) },
    networkProfileConfiguration: { networkInterfaceConfigurations: interfaces },
  };
}
