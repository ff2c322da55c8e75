import type { CMG, CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import { wasThereBefore } from '../../redeployment/others.ts';
import { findCondition, toTimestamp } from '../../runtime/conditions.ts';
import type { Finding } from './finding.ts';
import type { Happening } from './report.ts';
import type { Scope } from './scope.ts';

/** Why a gateway is left in Azure although its CMG goes, as an event. */
export type Retention = Happening & { readonly action: 'Delete' };

/** Why a gateway is left in Azure that does not go with its CMG. */
export async function retentionOf(scope: Scope, record: CMGStatusDeployment): Promise<Retention> {
  const { deletionPolicy } = scope.cmg.spec;
  if (wasThereBefore(record)) {
    return { type: 'Normal', reason: 'Retained', action: 'Delete', note: notOurs(record) };
  }
  if (deletionPolicy === 'Retain') {
    const note = `The gateway stays in Azure, in the resource group ${record.identity.resourceGroup}; nobody looks after it any more.`;
    return { type: 'Normal', reason: 'Retained', action: 'Delete', note };
  }
  const occasion = (await isNamespaceBeingDeleted(scope))
    ? `The namespace ${scope.cmg.metadata.namespace} is being deleted, but spec.deletionProtection is true`
    : 'The CMG was deleted although spec.deletionProtection is true';
  const note = `${occasion}: ${stays(record)} Apply the same manifest again to have it looked after, or to delete it with spec.deletionProtection: false.`;
  return { type: 'Warning', reason: 'DeletionProtected', action: 'Delete', note };
}

/** What is told when a CMG goes that is only observed. */
export function observedStays({ status }: CMG): readonly Happening[] {
  return (status?.deployments ?? []).map((record) => ({
    type: 'Normal',
    reason: 'Retained',
    action: 'Delete',
    note: `The gateway was only observed, and ${stays(record)}`,
  }));
}

function notOurs(record: CMGStatusDeployment): string {
  return `The operator did not make the gateway: ${stays(record)}`;
}

/** How long a namespace that is being deleted waits for a gateway that cannot be removed. */
const PATIENCE_MS = 3_600_000;

/** Why a removal waits for a person. */
export type BlockedReason = 'DeletionBlocked' | 'ManualDeletionRequired';

const BLOCKED: Readonly<Record<BlockedReason, string>> = {
  DeletionBlocked: 'The gateway cannot be removed from Azure.',
  ManualDeletionRequired: 'The gateway goes with its CMG, and the site made it.',
};

/** What comes of a removal that a person would have to help. */
export type Blocked =
  | { readonly kind: 'Waiting'; readonly finding: Finding; readonly againAfterMs: number }
  | { readonly kind: 'GivenUp'; readonly retention: Retention };

/**
 * A removal that cannot go on waits for a person. Where the whole namespace is being deleted it does so for an hour, and
 * then leaves the gateway in Azure: its Secrets are gone for good, as nothing new can be made in such a namespace.
 *
 * @param why in sentences
 * @param reason whether the operator cannot remove it, or a person is to have the site do it
 */
export async function blockedRemoval(
  scope: Scope,
  record: Pick<CMGStatusDeployment, 'identity'>,
  why: string,
  retryAfterMs: number,
  reason: BlockedReason = 'DeletionBlocked',
): Promise<Blocked> {
  const message = `${BLOCKED[reason]} ${why} Or set spec.deletionPolicy to Retain, which leaves it in Azure.`;
  const blocked = { type: 'AzureReady', status: 'False', reason } as const;
  if (!(await isNamespaceBeingDeleted(scope))) {
    return { kind: 'Waiting', finding: { ...blocked, message }, againAfterMs: retryAfterMs };
  }
  const now = scope.clock.now();
  const until = blockedSince(scope, reason) + PATIENCE_MS;
  // Once the status says that the gateway stays, it does.
  if (now >= until || findCondition(scope.cmg.status?.conditions, 'AzureReady')?.reason === 'Retained') {
    const note = `The gateway could not be removed for an hour, and the namespace ${scope.cmg.metadata.namespace} is being deleted: ${stays(record)} Delete the group there. ${why}`;
    return { kind: 'GivenUp', retention: { type: 'Warning', reason: 'DeletionGivenUp', action: 'Delete', note } };
  }
  const promise = `The namespace is being deleted and does not wait for ever: from ${toTimestamp(until)} on the gateway is left in Azure.`;
  const againAfterMs = Math.min(retryAfterMs, until - now);
  return { kind: 'Waiting', finding: { ...blocked, message: `${message} ${promise}` }, againAfterMs };
}

/** Since when the removal has been blocked, by the status: `Stalled` is there for as long, or from before the deletion. */
function blockedSince({ cmg: { metadata, status }, clock }: Scope, reason: BlockedReason): number {
  const stalled = findCondition(status?.conditions, 'Stalled');
  return stalled?.reason === reason
    ? Math.max(Date.parse(stalled.lastTransitionTime), Date.parse(metadata.deletionTimestamp ?? ''))
    : clock.now();
}

function stays({ identity }: Pick<CMGStatusDeployment, 'identity'>): string {
  return `the gateway stays in Azure, in the resource group ${identity.resourceGroup} of the subscription ${identity.subscriptionId}; nobody looks after it any more.`;
}

/** What is told of a gateway that stays because another one of its CMG does. */
export function staysToo({ serviceName, identity: { resourceGroup, subscriptionId } }: CMGStatusDeployment): string {
  return `The gateway ${serviceName} stays in Azure too, in the resource group ${resourceGroup} of the subscription ${subscriptionId}; nobody looks after it any more.`;
}

export function isNamespaceBeingDeleted({ cmg, namespaces, signal }: Scope): Promise<boolean> {
  return namespaces.isBeingDeleted(cmg.metadata.namespace, signal);
}
