import type { CMG, CMGStatus, CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import { isSameIdentity } from '../../../redeployment/identity.ts';
import { isOthers } from '../../../redeployment/others.ts';
import type { ManagedCmg } from '../managed-cmg.ts';
import type { GatewayMemories } from '../memory.ts';
import type { Operations, OperationsStore } from '../operations-secret.ts';
import type { Scope, Upkeep } from '../scope.ts';

/**
 * The CMG as one of its deployments was asked for, so that the procedure for one gateway can be followed for it: with the
 * fields that a gateway keeps for its life as they were, and with nothing in its status but this deployment. One that is not
 * wanted has its certificate and credentials from where it had them, and as many VMs as it had.
 *
 * @param sharesGroup whether another deployment of the CMG holds the resource group, which then is not this one's to write or
 * to delete
 */
export function cmgOfDeployment(
  cmg: ManagedCmg,
  deployment: CMGStatusDeployment | undefined,
  { upkeep, sharesGroup }: { readonly upkeep: Upkeep; readonly sharesGroup: boolean },
): ManagedCmg {
  const { spec, status } = cmg;
  const identity = deployment?.identity;
  const mode = sharesGroup ? 'UseExisting' : groupModeOf(cmg, deployment);
  const resourceGroup = { name: identity?.resourceGroup ?? spec.azure.resourceGroup.name, mode };
  const kept = upkeep === 'KeepServing' && deployment !== undefined ? asItWas(cmg, deployment) : spec;
  return {
    ...cmg,
    spec: {
      ...kept,
      serviceName: identity?.serviceName ?? spec.serviceName,
      azure: {
        ...kept.azure,
        resourceGroup,
        ...(identity === undefined
          ? {}
          : {
              environment: identity.environment,
              tenantId: identity.tenantId,
              subscriptionId: identity.subscriptionId,
              region: identity.region,
            }),
      },
    },
    ...(status === undefined ? {} : { status: statusOf(status, deployment) }),
  };
}

/** The certificate in a status is that of the gateway that was wanted last: what another one was made with, it does not say. */
function statusOf(status: CMGStatus, deployment: CMGStatusDeployment | undefined): CMGStatus {
  if (deployment === undefined) {
    return { ...status, deployments: [] };
  }
  const { certificate, ...rest } = status;
  const lastWanted = status.planned?.identity;
  // Of one that the site made it says what was presented, which need not have its whole chain.
  const isOwn = !isOthers(deployment) && (lastWanted === undefined || isSameIdentity(deployment.identity, lastWanted));
  const own = isOwn && certificate !== undefined ? { certificate } : {};
  return { ...rest, ...own, deployments: [asProcedureKnowsIt(deployment)] };
}

/**
 * How the operator came by the group of a deployment. What the spec says is about the group that it names. Of another one the
 * record has it, or does not know, and then the group is not the operator's; what is deleted of it, once the deployment is to
 * go, its tags decide.
 */
function groupModeOf({ spec: { azure } }: ManagedCmg, deployment: CMGStatusDeployment | undefined) {
  const { name, mode } = azure.resourceGroup;
  const asked = { subscriptionId: azure.subscriptionId, resourceGroup: name };
  if (deployment === undefined || isInGroupOf(deployment.identity, asked)) {
    return mode;
  }
  const isMade = deployment.resources?.some(({ name: resource }) => resource === 'resourceGroup') === true;
  return isMade || deployment.phase === 'Deleting' ? 'Create' : 'UseExisting';
}

function asItWas({ spec }: ManagedCmg, { credentials, serverCertificate, instances }: CMGStatusDeployment) {
  return {
    ...spec,
    azure: { ...spec.azure, ...(credentials === undefined ? {} : { credentials }) },
    ...(serverCertificate === undefined ? {} : { serverCertificate }),
    vm: { ...spec.vm, instances: instances?.wanted ?? spec.vm.instances },
  };
}

/** For the procedure for one gateway, it is being built, or it is there. */
function asProcedureKnowsIt(deployment: CMGStatusDeployment): CMGStatusDeployment {
  return { ...deployment, phase: deployment.phase === 'Provisioning' ? 'Provisioning' : 'Active' };
}

type GroupPlace = Pick<CMGStatusDeployment['identity'], 'subscriptionId' | 'resourceGroup'>;

/** Whether two gateways are in one resource group. */
export function isInGroupOf(one: GroupPlace, other: GroupPlace): boolean {
  const groupOf = ({ subscriptionId, resourceGroup }: GroupPlace) => `${subscriptionId}/${resourceGroup}`.toLowerCase();
  return groupOf(one) === groupOf(other);
}

/**
 * Whether another deployment that was there before holds the resource group of this one. A group in which others made a gateway
 * is for the spec to name as somebody else's.
 */
export function sharesGroup(
  deployments: readonly CMGStatusDeployment[],
  identity: GroupPlace,
  id: string | undefined,
): boolean {
  const holder = deployments.find((each) => !isOthers(each) && isInGroupOf(each.identity, identity));
  return holder !== undefined && holder.id !== id;
}

/** Under which key the memory of a gateway that is still to be made is kept. */
export const CANDIDATE = 'candidate';

/** What the steps for one deployment work with. */
export function scopeOfDeployment(
  scope: Scope,
  cmg: ManagedCmg,
  memories: Pick<GatewayMemories, 'of'>,
  { id, upkeep }: { readonly id: string; readonly upkeep: Upkeep },
): Scope {
  const { uid, generation } = cmg.metadata;
  return { ...scope, cmg, upkeep, memory: memories.of(`${uid} ${id}`, generation, scope.memory.requestedAt) };
}

/** The running operations of one deployment, out of those of its CMG. */
export function operationsOf(store: OperationsStore, id: string): OperationsStore {
  const prefix = `${id}.`;
  let all: Operations = new Map();
  return {
    read: async (cmg: CMG, signal) => {
      all = await store.read(cmg, signal);
      return new Map(
        [...all].flatMap(([key, operation]) =>
          key.startsWith(prefix) ? [[key.slice(prefix.length), operation] as const] : [],
        ),
      );
    },
    write: (cmg, _previous, operations, signal) => {
      const others = [...all].filter(([key]) => !key.startsWith(prefix));
      const own = [...operations].map(([key, operation]) => [`${prefix}${key}`, operation] as const);
      return store.write(cmg, all, new Map([...others, ...own]), signal);
    },
  };
}
