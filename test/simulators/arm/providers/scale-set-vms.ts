import type { JsonObject } from '../../../../src/json.ts';
import { ArmFault } from '../arm-fault.ts';
import { objectsAt, textAt, valueAt } from '../json-path.ts';
import type { ActionRequest, Outcome, ResourceRequest, ResourceType } from '../provider.ts';
import type { StoredResource, World } from '../world.ts';
import { type NetworkPath, networkPath } from './network-path.ts';
import type { InstanceAction } from './scale-set-changes.ts';
import {
  instanceProfiles,
  instanceView,
  isServing,
  provisioningState,
  type ScaleSetInstance,
} from './scale-set-instances.ts';
import { SCALE_SET_API_VERSIONS, SCALE_SET_TYPE, scaleSetState } from './scale-set-state.ts';
import { instanceAction } from './scale-sets.ts';
import { findSecret, type SecretVersion } from './vault-secrets.ts';

const PROFILE = 'properties.virtualMachineProfile';
function vmDocument(scaleSet: StoredResource, instance: ScaleSetInstance, now: number): JsonObject {
  const { instanceId, vmId, createdAt, modelFingerprint } = instance;
  return {
    name: `${scaleSet.name}_${instanceId}`,
    id: `${scaleSet.id}/virtualMachines/${instanceId}`,
    type: `${SCALE_SET_TYPE}/virtualMachines`,
    location: scaleSet.document.location,
    ...(scaleSet.document.tags === undefined ? {} : { tags: scaleSet.document.tags }),
    instanceId,
    sku: { name: textAt(instance.model, 'sku.name') ?? '', tier: textAt(instance.model, 'sku.tier') ?? 'Standard' },
    properties: {
      latestModelApplied: modelFingerprint === scaleSetState(scaleSet).modelFingerprint,
      modelDefinitionApplied: 'VirtualMachineScaleSet',
      ...instanceProfiles(scaleSet.id, instance),
      provisioningState: provisioningState(instance, now),
      vmId,
      timeCreated: new Date(createdAt).toISOString(),
    },
  };
}

function vms(request: ResourceRequest): readonly JsonObject[] {
  const { world, parent, query } = request;
  if (parent === undefined) return [];
  const now = world.now();
  const expanded = /instanceView/i.test(query.get('$expand') ?? '');
  const path = expanded ? networkPath(world, parent) : { probed: false, open: false };
  return scaleSetState(parent).instances.map((instance) => {
    const document = vmDocument(parent, instance, now);
    if (!expanded) return document;
    const instanceView = viewOf(world, parent, instance, path);
    return { ...document, properties: { ...(document.properties as JsonObject), instanceView } };
  });
}

/** The view of an instance, with what the probe of its network finds. */
function viewOf(world: World, scaleSet: StoredResource, instance: ScaleSetInstance, path: NetworkPath): JsonObject {
  const found = world.machines?.isHealthy(scaleSet.id, instance.instanceId) ?? path.open;
  return instanceView(instance, world.now(), path.probed ? found && isServing(instance, world.now()) : undefined);
}

function instanceOf({ parent, name, id }: ResourceRequest): { scaleSet: StoredResource; instance: ScaleSetInstance } {
  const instance = parent && scaleSetState(parent).instances.find((candidate) => candidate.instanceId === name);
  if (parent === undefined || instance === undefined) {
    throw new ArmFault(404, 'NotFound', `The entity was not found: ${id}.`);
  }
  return { scaleSet: parent, instance };
}

function actionOnOne(action: InstanceAction) {
  return (request: ActionRequest): Outcome => {
    const { scaleSet, instance } = instanceOf(request);
    return instanceAction(request, scaleSet, action, new Set([instance.instanceId]));
  };
}

/** `Microsoft.Compute/virtualMachineScaleSets/virtualMachines`: the VMs of a scale set, by instance id. */
export const scaleSetVirtualMachines: ResourceType = {
  type: `${SCALE_SET_TYPE}/virtualMachines`,
  apiVersions: SCALE_SET_API_VERSIONS,
  tracked: false,
  missing: ({ name }) => new ArmFault(404, 'InstanceIdNotFound', `The instance ${name} was not found.`),
  list: vms,
  get: (request) => vms(request).find((document) => document.instanceId === request.name),
  delete: (request) => {
    const { scaleSet, instance } = instanceOf(request);
    return instanceAction(request, scaleSet, 'delete', new Set([instance.instanceId]));
  },
  actions: {
    'GET instanceView': (request) => {
      const { scaleSet, instance } = instanceOf(request);
      const path = networkPath(request.world, scaleSet);
      return { status: 200, body: viewOf(request.world, scaleSet, instance, path) };
    },
    'POST reimage': actionOnOne('reimage'),
    'POST reimageall': actionOnOne('reimage'),
    'POST start': actionOnOne('start'),
    'POST restart': actionOnOne('restart'),
    'POST redeploy': actionOnOne('redeploy'),
    'POST poweroff': actionOnOne('poweroff'),
    'POST deallocate': actionOnOne('deallocate'),
  },
};

/** A gateway VM as whoever plays its inside needs it. */
export interface GatewayInstance {
  readonly instanceId: string;
  /** Whether the VM runs and its setup succeeded. */
  readonly serving: boolean;
  /** Whether clients from the internet reach it. */
  readonly reachable: boolean;
  /** Extensions of the model that the VM stands on, protected settings included. */
  readonly extensions: readonly JsonObject[];
  /** Certificates of that model, as the vault holds them; those that are gone from the vault are missing. */
  readonly certificates: readonly SecretVersion[];
}

/** The VMs of a scale set as they are now; none when there is no such scale set. */
export function gatewayInstances(world: World, scaleSetId: string): readonly GatewayInstance[] {
  const scaleSet = world.get(scaleSetId);
  if (scaleSet?.type !== SCALE_SET_TYPE) return [];
  const { open } = networkPath(world, scaleSet);
  return scaleSetState(scaleSet).instances.map((instance) => {
    const serving = isServing(instance, world.now());
    return {
      instanceId: instance.instanceId,
      serving,
      reachable: serving && open,
      extensions: objectsAt(instance.model, `${PROFILE}.extensionProfile.extensions`),
      certificates: certificatesOf(world, instance.model),
    };
  });
}

/** Certificates that a model gives its VMs, as the vault holds them. */
export function certificatesOf(world: World, model: JsonObject): SecretVersion[] {
  return objectsAt(model, `${PROFILE}.osProfile.secrets`)
    .flatMap((group) => objectsAt(group, 'vaultCertificates'))
    .flatMap((certificate) => findSecret(world, String(valueAt(certificate, 'certificateUrl'))).secret ?? []);
}
