import type { JsonObject } from '../../../../src/json.ts';
import type { ArmErrorBody } from '../arm-fault.ts';
import { objectsAt, textAt, valueAt } from '../json-path.ts';
import type { OperationPlan } from '../provider.ts';
import type { StoredResource, World } from '../world.ts';
import { withCheckedIdentities } from './assigned-identities.ts';
import { withEtag } from './network-writes.ts';
import { referencesOf, resolveReference } from './references.ts';
import { allocate } from './scale-set-capacity.ts';
import { capacityOf, certificateFailure, extensionFailure, refuseTooManyModels } from './scale-set-checks.ts';
import { extensionError } from './scale-set-extensions.ts';
import {
  type InstanceTiming,
  newInstance,
  powered,
  provisioningState,
  type ScaleSetInstance,
  settledAt,
  upgraded,
} from './scale-set-instances.ts';
import { modelFingerprint, visibleModel } from './scale-set-model.ts';
import { SCALE_SET_TYPE, type ScaleSetState, scaleSetState } from './scale-set-state.ts';

/** What a change of a scale set does to its VMs, and how long that takes. */

/** A change that has begun. */
export type BegunChange = Required<Pick<OperationPlan, 'durationSeconds' | 'isOver' | 'onDone'>>;

/** Makes `model` that of the scale set, and adds and removes VMs until there are as many as it says. */
export function applyModel(
  world: World,
  { id, name }: Pick<StoredResource, 'id' | 'name'>,
  current: StoredResource | undefined,
  model: JsonObject,
): BegunChange {
  const now = world.now();
  const before: ScaleSetState | undefined = current && scaleSetState(current);
  const fingerprint = modelFingerprint(model);
  if (before !== undefined) refuseTooManyModels(name, before, fingerprint);
  const timing = instanceTiming(world, id, model);
  const present = before?.instances ?? [];
  const missing = capacityOf(model) - present.length;
  const rolled =
    before !== undefined &&
    fingerprint !== before.modelFingerprint &&
    valueAt(model, 'properties.upgradePolicy.mode') === 'Automatic';
  const failure = missing > 0 || rolled ? certificateFailure(world, model) : undefined;
  const allocation = allocate(world, model, failure === undefined ? missing : 0);

  const firstId = before?.nextInstanceId ?? 0;
  const added = Array.from({ length: allocation.granted }, (_, index) =>
    newInstance(firstId + index, { vmId: world.uuid(), model, modelFingerprint: fingerprint }, now, timing),
  );
  const leaving = new Set(instancesToRemove(present, -missing, textsOfRules(model)));
  const updateEnds = now + world.duration('virtualMachineScaleSets/update', 30) * 1000;
  const kept = present.map((instance): ScaleSetInstance => {
    if (leaving.has(instance))
      return { ...instance, power: 'stopped', activity: { kind: 'deleting', endsAt: updateEnds } };
    // A write is also a new try for VMs that could not be set up.
    const retried = provisioningState(instance, now) === 'Failed' && instance.modelFingerprint === fingerprint;
    return (rolled || retried) && failure === undefined
      ? upgraded(instance, model, fingerprint, now, timing)
      : instance;
  });
  const touched = kept.filter((instance, index) => instance !== present[index] && !leaving.has(instance));
  const state = {
    model,
    modelFingerprint: fingerprint,
    instances: [...kept, ...added],
    nextInstanceId: firstId + added.length,
    rollingUpgrade: before?.rollingUpgrade,
  };
  storeScaleSet(world, { id, name }, current, state);
  if (added.length > 0) renewLoadBalancerEtags(world, model);
  return begun(world, id, {
    endsAt: Math.max(before === undefined ? now : updateEnds, ...[...kept, ...added].map(knownEnd)),
    changed: [...added, ...touched].map((instance) => instance.instanceId),
    failure: failure ?? allocation.failure,
  });
}

function textsOfRules(model: JsonObject): readonly unknown[] {
  const rules = valueAt(model, 'properties.scaleInPolicy.rules');
  return Array.isArray(rules) ? rules : [];
}

/** The VMs that scale-in takes: the oldest if the policy says so, else the newest. */
function instancesToRemove(
  instances: readonly ScaleSetInstance[],
  count: number,
  rules: readonly unknown[],
): ScaleSetInstance[] {
  if (count <= 0) return [];
  const byAge = [...instances].sort((left, right) => Number(left.instanceId) - Number(right.instanceId));
  return rules.includes('OldestVM') ? byAge.slice(0, count) : byAge.slice(-count);
}

/** What can be done to chosen VMs. */
export type InstanceAction =
  | 'manualupgrade'
  | 'reimage'
  | 'start'
  | 'restart'
  | 'redeploy'
  | 'poweroff'
  | 'deallocate'
  | 'delete';

/** Seconds that each action takes where nothing else is set. */
const ACTION_SECONDS: Readonly<Record<InstanceAction, number>> = {
  manualupgrade: 60,
  reimage: 87,
  start: 60,
  restart: 30,
  redeploy: 120,
  poweroff: 30,
  deallocate: 60,
  delete: 20,
};

/** Does something to the VMs whose ids are given. */
export function actOnInstances(
  world: World,
  scaleSet: StoredResource,
  action: InstanceAction,
  chosen: ReadonlySet<string>,
): BegunChange {
  const state = scaleSetState(scaleSet);
  const now = world.now();
  const ms = world.duration(`virtualMachineScaleSets/${action}`, ACTION_SECONDS[action]) * 1000;
  const timing = { ...instanceTiming(world, scaleSet.id, state.model), update: ms, power: ms };
  const affected = state.instances.filter((instance) => chosen.has(instance.instanceId));
  const failure = actionFailure(world, action, state, affected);
  const act = (instance: ScaleSetInstance): ScaleSetInstance => {
    switch (action) {
      case 'manualupgrade':
      case 'reimage':
        return upgraded(instance, state.model, state.modelFingerprint, now, timing);
      case 'start':
        return powered(instance, 'starting', now, timing);
      case 'restart':
      case 'redeploy':
        return powered(instance, 'restarting', now, timing);
      case 'poweroff':
        return powered(instance, 'stopping', now, timing);
      case 'deallocate':
        return powered(instance, 'deallocating', now, timing);
      case 'delete':
        return { ...instance, power: 'stopped', activity: { kind: 'deleting', endsAt: now + ms } };
      default:
        return action satisfies never;
    }
  };
  const instances = state.instances.map((instance) =>
    failure === undefined && chosen.has(instance.instanceId) ? act(instance) : instance,
  );
  const model = action === 'delete' ? withCapacity(state.model, state.instances.length - affected.length) : state.model;
  storeScaleSet(world, scaleSet, scaleSet, { ...state, model, instances });
  return begun(world, scaleSet.id, {
    endsAt: now + ms,
    changed: affected.map((instance) => instance.instanceId),
    failure,
  });
}

function withCapacity(model: JsonObject, capacity: number): JsonObject {
  const sku = model.sku;
  return { ...model, sku: { ...(typeof sku === 'object' && !Array.isArray(sku) ? sku : {}), capacity } };
}

/** VMs get hardware and certificates when they are made anew, brought to a model, or started on another host. */
function actionFailure(
  world: World,
  action: InstanceAction,
  state: ScaleSetState,
  affected: readonly ScaleSetInstance[],
): ArmErrorBody | undefined {
  if (affected.length === 0) return undefined;
  const anew = affected.filter((instance) => needsHardware(action, state, instance));
  const upgrades = action === 'manualupgrade' || action === 'reimage';
  const certificate = upgrades || anew.length > 0 ? certificateFailure(world, state.model) : undefined;
  return certificate ?? allocate(world, state.model, anew.length).failure;
}

/** A VM that is started after it was deallocated, or gets another size, has to find a host anew. */
function needsHardware(action: InstanceAction, state: ScaleSetState, { power, model }: ScaleSetInstance): boolean {
  if (action === 'start') return power === 'deallocated';
  return action === 'manualupgrade' && textAt(model, 'sku.name') !== textAt(state.model, 'sku.name');
}

/** When what was begun on an instance is through, as far as the clock decides it. */
function knownEnd(instance: ScaleSetInstance): number {
  const end = settledAt(instance);
  return Number.isFinite(end) ? end : instance.activity.endsAt;
}

/** The operation that ends when all VMs concerned have settled, and fails when one could not be made or set up. */
function begun(
  world: World,
  id: string,
  { endsAt, changed, failure }: { endsAt: number; changed: readonly string[]; failure: ArmErrorBody | undefined },
): BegunChange {
  const seconds =
    failure === undefined ? (endsAt - world.now()) / 1000 : world.duration('virtualMachineScaleSets/failure', 30);
  return {
    durationSeconds: Math.max(seconds, 0),
    isOver: (then) => {
      const scaleSet = then.get(id);
      return (
        failure !== undefined ||
        scaleSet === undefined ||
        scaleSetState(scaleSet).instances.every(
          (instance) => !changed.includes(instance.instanceId) || Number.isFinite(settledAt(instance)),
        )
      );
    },
    onDone: (then) => {
      const scaleSet = then.get(id);
      if (scaleSet === undefined) return undefined;
      const state = scaleSetState(scaleSet);
      const instances = state.instances.filter(({ activity }) => activity.kind !== 'deleting');
      if (instances.length < state.instances.length) {
        storeScaleSet(then, scaleSet, scaleSet, { ...state, instances });
        renewLoadBalancerEtags(then, state.model);
      }
      if (failure !== undefined) return failure;
      const failed = instances.find(
        ({ instanceId, extensions }) => changed.includes(instanceId) && extensions.failure !== undefined,
      );
      return failed?.extensions.failure === undefined
        ? undefined
        : extensionError(failed.model, failed.extensions.failure);
    },
  };
}

function instanceTiming(world: World, id: string, model: JsonObject): InstanceTiming {
  const extensions = objectsAt(model, 'properties.virtualMachineProfile.extensionProfile.extensions');
  const failure = extensionFailure(world, id, model);
  // A Windows VM took 222 s in the median of recordings; about a third of that is left to the setup in it.
  return {
    create: world.duration('virtualMachineScaleSets/put', 150) * 1000,
    update: world.duration('virtualMachineScaleSets/manualupgrade', 60) * 1000,
    power: 0,
    extensions:
      extensions.length === 0
        ? 0
        : failure === undefined && world.machines !== undefined
          ? 'ByProcess'
          : world.duration('virtualMachineScaleSets/extension', 72) * 1000,
    extensionFailure: failure,
  };
}

/** Stores a scale set, its document made from its model. */
export function storeScaleSet(
  world: World,
  { id, name }: Pick<StoredResource, 'id' | 'name'>,
  current: StoredResource | undefined,
  state: ScaleSetState,
): StoredResource {
  const etag = world.newEtag();
  const { properties, ...envelope } = withCheckedIdentities(world, id, visibleModel(state.model));
  const document = {
    name,
    id,
    type: SCALE_SET_TYPE,
    ...envelope,
    etag,
    properties: {
      ...(properties as JsonObject),
      provisioningState: 'Succeeded',
      uniqueId: textAt(current?.document, 'properties.uniqueId') ?? world.uuid(),
      timeCreated: textAt(current?.document, 'properties.timeCreated') ?? new Date(world.now()).toISOString(),
    },
  };
  return world.store({ id, type: SCALE_SET_TYPE, document, internal: state, etag });
}

/** The etag of a load balancer changes when VMs join or leave one of its pools. */
function renewLoadBalancerEtags(world: World, model: JsonObject): void {
  const pools = [...referencesOf(model)].filter((id) => id.includes('/backendaddresspools/'));
  const balancers = new Set(pools.map((pool) => resolveReference(world, pool)?.resource.id));
  for (const id of balancers) {
    const balancer = id === undefined ? undefined : world.get(id);
    if (balancer === undefined) continue;
    const etag = world.newEtag();
    world.store({ id: balancer.id, type: balancer.type, document: withEtag(balancer.document, etag), etag });
  }
}
