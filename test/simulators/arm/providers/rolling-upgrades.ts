import type { JsonObject } from '../../../../src/json.ts';
import { type ArmErrorBody, ArmFault } from '../arm-fault.ts';
import { objectAt, objectsAt, textAt, valueAt } from '../json-path.ts';
import type { ActionRequest, OperationPlan, Outcome } from '../provider.ts';
import type { World } from '../world.ts';
import { actOnInstances, type BegunChange, storeScaleSet } from './scale-set-changes.ts';
import { type RollingUpgrade, scaleSetState } from './scale-set-state.ts';
import { gatewayInstances } from './scale-set-vms.ts';

/**
 * Rolling upgrades: Azure brings the VMs of a scale set to its model batch by batch, and gives up when too many of them are
 * not healthy. https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-upgrade-policy
 */

/** An operation that works on in steps. */
export type SteppedChange = BegunChange & Required<Pick<OperationPlan, 'proceed'>>;

const POLICY = 'properties.upgradePolicy';
const PROFILE = 'properties.virtualMachineProfile';

/** Refuses upgrades in batches where nothing tells whether a VM is well. */
export function refuseWithoutHealth(model: JsonObject): void {
  const probe = textAt(model, `${PROFILE}.networkProfile.healthProbe.id`);
  const extension = objectsAt(model, `${PROFILE}.extensionProfile.extensions`).some((item) =>
    /^ApplicationHealth(Windows|Linux)$/.test(textAt(item, 'properties.type') ?? ''),
  );
  if (probe !== undefined || extension) return;
  throw new ArmFault(
    400,
    'BadRequest',
    'Rolling Upgrade mode is not supported for this Virtual Machine Scale Set because a health probe or health extension was not provided.',
  );
}

/** Whether a change of the model is to be brought to VMs batch by batch. */
export function upgradesInBatches(model: JsonObject): boolean {
  return valueAt(model, `${POLICY}.mode`) === 'Rolling';
}

/** Carries out a change, and then brings all VMs that stand on another model to the new one. */
export function thenUpgradeInBatches(id: string, change: BegunChange): SteppedChange {
  let stage: 'Change' | 'Upgrade' = 'Change';
  let failure: ArmErrorBody | undefined;
  let batch: BegunChange | undefined;
  return {
    durationSeconds: change.durationSeconds,
    isOver: (world) => (stage === 'Change' ? change : batch)?.isOver(world) ?? true,
    proceed: (world) => {
      if (stage === 'Change') {
        failure = change.onDone(world);
        const pending = failure === undefined ? outdated(world, id) : [];
        if (pending.length === 0) return undefined;
        begin(world, id, pending);
        stage = 'Upgrade';
      } else if (batch !== undefined) {
        const pause = endBatch(world, id, batch.onDone(world));
        batch = undefined;
        if (pause === undefined || pause > 0) return pause;
      }
      batch = nextBatch(world, id);
      return batch?.durationSeconds;
    },
    onDone: (world) => failure ?? (stage === 'Upgrade' ? upgradeOf(world, id)?.error : undefined),
  };
}

function outdated(world: World, id: string): readonly string[] {
  const scaleSet = world.get(id);
  if (scaleSet === undefined) return [];
  const { instances, modelFingerprint } = scaleSetState(scaleSet);
  return instances.filter((item) => item.modelFingerprint !== modelFingerprint).map(({ instanceId }) => instanceId);
}

function begin(world: World, id: string, pending: readonly string[]): void {
  const now = world.now();
  const policy = objectAt(world.get(id)?.document, `${POLICY}.rollingUpgradePolicy`);
  save(world, id, {
    code: 'RollingForward',
    policy,
    startedAt: now,
    lastAction: 'Start',
    lastActionAt: now,
    pending,
    inProgress: [],
    successful: [],
    failed: [],
    error: undefined,
  });
}

/** Judges the VMs of a batch, and says for how many seconds to pause; `undefined` when the upgrade is over. */
function endBatch(world: World, id: string, error: ArmErrorBody | undefined): number | undefined {
  const upgrade = upgradeOf(world, id);
  if (upgrade === undefined) return undefined;
  const unhealthy = unhealthyInstances(world, id);
  const successful = [...upgrade.successful, ...upgrade.inProgress.filter((instance) => !unhealthy.has(instance))];
  const failed = [...upgrade.failed, ...upgrade.inProgress.filter((instance) => unhealthy.has(instance))];
  const judged = { ...upgrade, successful, failed, inProgress: [] };
  const share = (100 * failed.length) / Math.max(successful.length + failed.length, 1);
  const allowed = percent(upgrade.policy, 'maxUnhealthyUpgradedInstancePercent');
  if (error !== undefined) return end(world, id, judged, 'Faulted', error);
  if (share > allowed) return end(world, id, judged, 'Faulted', tooUnhealthy('Upgraded', share, allowed));
  if (upgrade.lastAction === 'Cancel') return end(world, id, judged, 'Cancelled');
  if (upgrade.pending.length === 0) return end(world, id, judged, 'Completed');
  save(world, id, judged);
  return secondsIn(textAt(upgrade.policy, 'pauseTimeBetweenBatches') ?? '');
}

/** Begins with the next VMs; `undefined` when the upgrade is over. */
function nextBatch(world: World, id: string): BegunChange | undefined {
  const upgrade = upgradeOf(world, id);
  const scaleSet = world.get(id);
  if (upgrade === undefined || scaleSet === undefined) return undefined;
  if (upgrade.lastAction === 'Cancel') return end(world, id, upgrade, 'Cancelled');
  const { instances } = scaleSetState(scaleSet);
  const present = new Set(instances.map(({ instanceId }) => instanceId));
  const pending = upgrade.pending.filter((instance) => present.has(instance));
  if (pending.length === 0) return end(world, id, { ...upgrade, pending }, 'Completed');
  const unhealthy = unhealthyInstances(world, id);
  const share = (100 * unhealthy.size) / instances.length;
  const allowed = percent(upgrade.policy, 'maxUnhealthyInstancePercent');
  if (share > allowed) {
    const when = upgrade.successful.length + upgrade.failed.length === 0 ? 'Before' : 'In';
    return end(world, id, upgrade, 'Faulted', tooUnhealthy(when, share, allowed));
  }
  const ordered =
    valueAt(upgrade.policy, 'prioritizeUnhealthyInstances') === true
      ? pending.toSorted((left, right) => Number(unhealthy.has(right)) - Number(unhealthy.has(left)))
      : pending;
  const size = Math.max(1, Math.floor((instances.length * percent(upgrade.policy, 'maxBatchInstancePercent')) / 100));
  const [inProgress, rest] = [ordered.slice(0, size), ordered.slice(size)];
  save(world, id, { ...upgrade, inProgress, pending: rest });
  const current = world.get(id) ?? scaleSet;
  return actOnInstances(world, current, 'manualupgrade', new Set(inProgress));
}

function end(
  world: World,
  id: string,
  upgrade: RollingUpgrade,
  code: RollingUpgrade['code'],
  error?: ArmErrorBody,
): undefined {
  save(world, id, { ...upgrade, code, error });
}

function upgradeOf(world: World, id: string): RollingUpgrade | undefined {
  const scaleSet = world.get(id);
  return scaleSet === undefined ? undefined : scaleSetState(scaleSet).rollingUpgrade;
}

function save(world: World, id: string, rollingUpgrade: RollingUpgrade): void {
  const scaleSet = world.get(id);
  if (scaleSet !== undefined) storeScaleSet(world, scaleSet, scaleSet, { ...scaleSetState(scaleSet), rollingUpgrade });
}

/** VMs that their probe, or without one the VM itself, says not to be well. */
function unhealthyInstances(world: World, id: string): ReadonlySet<string> {
  const probed = textAt(world.get(id)?.document, `${PROFILE}.networkProfile.healthProbe.id`) !== undefined;
  const unhealthy = gatewayInstances(world, id).filter(({ serving, reachable }) => !(probed ? reachable : serving));
  return new Set(unhealthy.map(({ instanceId }) => instanceId));
}

function percent(policy: JsonObject, name: string): number {
  const value = valueAt(policy, name);
  return typeof value === 'number' ? value : 20;
}

/** Seconds of a duration such as `PT1M30S`. */
function secondsIn(duration: string): number {
  const [, hours = 0, minutes = 0, seconds = 0] = /^PT?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/.exec(duration) ?? [];
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

function tooUnhealthy(when: 'Before' | 'In' | 'Upgraded', share: number, allowed: number): ArmErrorBody {
  const found = `${Math.round(share)}% of instances are in an unhealthy state`;
  const threshold = `more than the threshold of ${allowed}% configured in the RollingUpgradePolicy. The most impactful error is:  Instance found to be unhealthy or unreachable. For details on rolling upgrades, use http://aka.ms/AzureVMSSRollingUpgrade`;
  switch (when) {
    case 'Before':
      return {
        code: 'MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade',
        message: `Rolling Upgrade failed due to exceeding the MaxUnhealthyInstancePercent value (defined in the RollingUpgradePolicy) before any batch was attempted. ${found}, ${threshold}`,
      };
    case 'In':
      return {
        code: 'MaxUnhealthyInstancePercentExceededInRollingUpgrade',
        message: `Rolling Upgrade failed after exceeding the MaxUnhealthyInstancePercent value defined in the RollingUpgradePolicy. ${found} after being upgraded - ${threshold}`,
      };
    case 'Upgraded':
      return {
        code: 'MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade',
        message: `Rolling Upgrade failed after exceeding the MaxUnhealthyUpgradedInstancePercent value defined in the RollingUpgradePolicy. ${found} after being upgraded - ${threshold}`,
      };
    default:
      return when satisfies never;
  }
}

/** Seconds in which Azure finds that all VMs have the newest image already, as recorded. */
const LOOK_SECONDS = 120;

/** `POST osRollingUpgrade`, `extensionRollingUpgrade`: the simulated VMs always have the newest there is. */
export function startRollingUpgrade({ world, current, id }: ActionRequest): Outcome {
  if (current === undefined) throw new Error(`${id} is not stored`);
  refuseWithoutHealth(scaleSetState(current).model);
  begin(world, id, []);
  return {
    status: 202,
    operation: {
      kind: 'AsyncOperationAndLocation',
      durationSeconds: world.duration('virtualMachineScaleSets/osRollingUpgrade', LOOK_SECONDS),
      whileRunning: 'Updating',
      proceed: (then) => nextBatch(then, id)?.durationSeconds,
    },
  };
}

/** `POST rollingUpgrades/cancel`: what has begun is brought to its end, and nothing after it is begun. */
export function cancelRollingUpgrade({ world, id }: ActionRequest): Outcome {
  const upgrade = upgradeOf(world, id);
  if (upgrade?.code !== 'RollingForward') {
    throw new ArmFault(409, 'OperationNotAllowed', 'There is no ongoing Rolling Upgrade to cancel.');
  }
  save(world, id, { ...upgrade, lastAction: 'Cancel', lastActionAt: world.now() });
  const look = world.duration('virtualMachineScaleSets/cancelRollingUpgrade', 5);
  return {
    status: 202,
    operation: {
      kind: 'AsyncOperationAndLocation',
      durationSeconds: look,
      retryAfterSeconds: 10,
      whileRunning: 'Updating',
      proceed: (then) => (upgradeOf(then, id)?.code === 'RollingForward' ? Math.max(look, 1) : undefined),
    },
  };
}

/** `GET rollingUpgrades/latest`. */
export function latestRollingUpgrade({ world, id, name, current }: ActionRequest): Outcome {
  const upgrade = upgradeOf(world, id);
  if (upgrade === undefined) {
    throw new ArmFault(404, 'NotFound', `There is no rolling upgrade of virtual machine scale set '${name}'.`);
  }
  const { code, startedAt, lastAction, lastActionAt, successful, failed, inProgress, pending, policy, error } = upgrade;
  return {
    status: 200,
    body: {
      properties: {
        policy,
        runningStatus: {
          code,
          startTime: new Date(startedAt).toISOString(),
          lastAction,
          lastActionTime: new Date(lastActionAt).toISOString(),
        },
        progress: {
          successfulInstanceCount: successful.length,
          failedInstanceCount: failed.length,
          inProgressInstanceCount: inProgress.length,
          pendingInstanceCount: pending.length,
        },
        ...(error === undefined ? {} : { error: { ...error } }),
      },
      type: 'Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades',
      location: current?.document.location ?? '',
    },
  };
}
