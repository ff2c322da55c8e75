import type { JsonObject } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import { objectsAt, replaceAt, withoutNulls } from '../json-path.ts';
import type { ActionRequest, Outcome, ResourceRequest, ResourceType, WriteRequest } from '../provider.ts';
import type { StoredResource } from '../world.ts';
import { withCheckedIdentities } from './assigned-identities.ts';
import { normalisedLocation, refuseBadBody } from './requests.ts';
import {
  cancelRollingUpgrade,
  latestRollingUpgrade,
  refuseWithoutHealth,
  startRollingUpgrade,
  thenUpgradeInBatches,
  upgradesInBatches,
} from './rolling-upgrades.ts';
import { actOnInstances, applyModel, type BegunChange, type InstanceAction } from './scale-set-changes.ts';
import {
  chosenInstances,
  refuseImmutableChange,
  refuseIncomplete,
  refuseUnavailableSize,
  withCheckedNetwork,
} from './scale-set-checks.ts';
import { scaleSetView } from './scale-set-instances.ts';
import { nextModel } from './scale-set-model.ts';
import { SCALE_SET_API_VERSIONS, SCALE_SET_TYPE, scaleSetState } from './scale-set-state.ts';

function write(method: 'PUT' | 'PATCH', request: WriteRequest): Outcome {
  const { world, id, current } = request;
  refuseBadBody('compute', method === 'PUT' ? 'scaleSet' : 'scaleSetUpdate', request, request.body, current?.document);
  refuseWhileBusy(current);
  const before = current && scaleSetState(current).model;
  const body = method === 'PUT' ? withoutNulls(request.body) : request.body;
  const location = normalisedLocation(before?.location ?? body.location);
  const asked = { ...nextModel(method, body, before), location };
  if (before === undefined) refuseIncomplete(asked);
  else refuseImmutableChange(before, asked);
  refuseUnavailableSize(request, asked);
  const model = withCheckedIdentities(world, id, withCheckedNetwork(world, id, asked));
  if (upgradesInBatches(model)) refuseWithoutHealth(model);
  const applied = applyModel(world, request, current, model);
  const change = upgradesInBatches(model) ? thenUpgradeInBatches(id, applied) : applied;
  return current === undefined
    ? { status: 201, operation: operation(change, 'Creating', [61, 30]) }
    : { status: 200, operation: operation(change, 'Updating', [37, 30]) };
}

function operation(change: BegunChange, whileRunning: string, pollRetryAfterSeconds: readonly number[]) {
  return {
    kind: 'AsyncOperation',
    ...change,
    retryAfterSeconds: 10,
    pollRetryAfterSeconds,
    whileRunning,
  } as const;
}

/** One change of a scale set at a time. */
export function refuseWhileBusy(scaleSet: StoredResource | undefined): void {
  if (scaleSet === undefined || scaleSet.provisioningState === 'Succeeded' || scaleSet.provisioningState === 'Failed')
    return;
  throw new ArmFault(
    409,
    'OperationNotAllowed',
    `The operation is not allowed on virtual machine scale set '${scaleSet.name}' since another operation is in progress: its provisioning state is ${scaleSet.provisioningState}.`,
  );
}

function remove({ world, id, current }: ResourceRequest): Outcome {
  return {
    status: current === undefined ? 204 : 202,
    operation: {
      kind: 'AsyncOperationAndLocation',
      durationSeconds: world.duration('virtualMachineScaleSets/delete', 20),
      retryAfterSeconds: 10,
      pollRetryAfterSeconds: [10, 30],
      whileRunning: 'Deleting',
      finalStatus: 204,
      onDone: (then) => {
        then.remove(id);
        return undefined;
      },
    },
  };
}

/** Answers an action on VMs of a scale set: 202, then the operation's URLs. */
export function instanceAction(
  request: Pick<ActionRequest, 'world'>,
  scaleSet: StoredResource,
  action: InstanceAction,
  chosen: ReadonlySet<string>,
): Outcome {
  refuseWhileBusy(scaleSet);
  return {
    status: 202,
    operation: {
      kind: 'AsyncOperationAndLocation',
      ...actOnInstances(request.world, scaleSet, action, chosen),
      retryAfterSeconds: 10,
      whileRunning: 'Updating',
    },
  };
}

function actionOnAll(action: InstanceAction) {
  return (request: ActionRequest): Outcome => {
    const scaleSet = stored(request);
    const needsIds = action === 'manualupgrade' || action === 'delete';
    refuseBadBody(
      'compute',
      needsIds ? 'scaleSetRequiredInstanceIds' : 'scaleSetInstanceIds',
      request,
      request.body ?? {},
      undefined,
    );
    return instanceAction(request, scaleSet, action, chosenInstances(scaleSet, request.body));
  };
}

function stored({ current, id }: ResourceRequest): StoredResource {
  if (current === undefined) throw new Error(`${id} is not stored`);
  return current;
}

/** `Microsoft.Compute/virtualMachineScaleSets`. */
export const virtualMachineScaleSets: ResourceType = {
  type: SCALE_SET_TYPE,
  apiVersions: SCALE_SET_API_VERSIONS,
  tracked: true,
  etags: true,
  name: {
    pattern: /^(?![_.-])[\w.-]{1,63}(?<![.-])$/,
    refusal: (name) =>
      new ArmFault(400, 'InvalidParameter', `The name '${name}' of a virtual machine scale set is not valid.`, {
        target: 'name',
      }),
  },
  put: (request) => write('PUT', request),
  patch: (request) => write('PATCH', request),
  delete: remove,
  actions: {
    'GET instanceView': (request) => {
      const { internal: _internal, ...scaleSet } = stored(request);
      const { instances } = scaleSetState(stored(request));
      return { status: 200, body: scaleSetView(instances, scaleSet.provisioningState, request.world.now()) };
    },
    'POST manualupgrade': actionOnAll('manualupgrade'),
    'POST reimage': actionOnAll('reimage'),
    'POST reimageall': actionOnAll('reimage'),
    'POST start': actionOnAll('start'),
    'POST restart': actionOnAll('restart'),
    'POST redeploy': actionOnAll('redeploy'),
    'POST poweroff': actionOnAll('poweroff'),
    'POST deallocate': actionOnAll('deallocate'),
    'POST delete': actionOnAll('delete'),
    'POST osRollingUpgrade': (request) => {
      refuseWhileBusy(request.current);
      return startRollingUpgrade(request);
    },
    'POST extensionRollingUpgrade': (request) => {
      refuseWhileBusy(request.current);
      return startRollingUpgrade(request);
    },
    'GET rollingUpgrades/latest': latestRollingUpgrade,
    'POST rollingUpgrades/cancel': cancelRollingUpgrade,
  },
};

const EXTENSIONS = 'properties.virtualMachineProfile.extensionProfile.extensions';

function extensionsOf(request: ResourceRequest): readonly JsonObject[] {
  const { parent } = request;
  return objectsAt(parent?.document, EXTENSIONS).map((extension) => ({
    ...replaceAt(extension, 'properties.provisioningState', 'Succeeded'),
    id: `${parent?.id}/extensions/${extension.name}`,
    type: `${SCALE_SET_TYPE}/extensions`,
  }));
}

function writeExtensions(request: ResourceRequest, extensions: readonly JsonObject[]): BegunChange {
  const { world, parent } = request;
  if (parent === undefined) throw new Error(`${request.id} is in no scale set`);
  refuseWhileBusy(parent);
  const { model } = scaleSetState(parent);
  const next = nextModel('PATCH', replaceAt({}, EXTENSIONS, extensions), model);
  return applyModel(world, parent, parent, next);
}

function others({ parent, name }: ResourceRequest): JsonObject[] {
  const { model } = parent === undefined ? { model: {} } : scaleSetState(parent);
  return objectsAt(model, EXTENSIONS).filter((extension) => !sameName(extension, name));
}

function sameName(extension: JsonObject, name: string): boolean {
  return String(extension.name).toLowerCase() === name.toLowerCase();
}

/** `Microsoft.Compute/virtualMachineScaleSets/extensions`: they are part of the model. */
export const scaleSetExtensions: ResourceType = {
  type: `${SCALE_SET_TYPE}/extensions`,
  apiVersions: SCALE_SET_API_VERSIONS,
  tracked: false,
  missing: () => new ArmFault(404, 'NotFound', 'The entity was not found in this Azure location.'),
  list: extensionsOf,
  get: (request) => extensionsOf(request).find((extension) => sameName(extension, request.name)),
  put: (request) => {
    const before = extensionsOf(request).find((extension) => sameName(extension, request.name));
    refuseBadBody('compute', 'scaleSetExtension', request, request.body, before);
    const asked = { name: request.name, properties: withoutNulls(request.body).properties ?? {} };
    const change = writeExtensions(request, [...others(request), asked]);
    const state = before === undefined ? 'Creating' : 'Updating';
    return {
      status: before === undefined ? 201 : 200,
      body: {
        ...replaceAt(asked, 'properties.provisioningState', state),
        id: request.id,
        type: `${SCALE_SET_TYPE}/extensions`,
      },
      operation: operation(change, 'Updating', [37, 30]),
    };
  },
  delete: (request) => ({
    status: 202,
    operation: {
      ...operation(writeExtensions(request, others(request)), 'Updating', [37, 30]),
      kind: 'AsyncOperationAndLocation',
      finalStatus: 204,
    },
  }),
};
