import type { Action } from './action.ts';
import type { ObservedGroup } from './observed.ts';
import type { DeploymentRecord } from './record.ts';
import type { Situation } from './situation.ts';
import { isMember, isPresentable } from './words.ts';

function groupsOf({ observed }: Situation): readonly ObservedGroup[] {
  return observed.site.kind === 'Read' ? observed.site.groups : [];
}

/** The groups that a deployment is in. */
export function groupsWith(situation: Situation, { serviceName }: DeploymentRecord): readonly ObservedGroup[] {
  return groupsOf(situation).filter(({ members }) => isMember(members, serviceName));
}

/** Rule 5: everything that stands and serves is in every boundary group of the CMG. */
export function joinGroups(situation: Situation): readonly Action[] {
  return situation.records.deployments
    .filter((record) => isPresentable(situation, record))
    .flatMap((record) =>
      groupsOf(situation)
        .filter(({ members }) => !isMember(members, record.serviceName))
        .map(({ name }) => ({ kind: 'JoinGroup', group: name, deployment: record.id }) as const),
    );
}

/** Rule 5: a draining deployment leaves those groups that its successor is in. */
export function leaveGroups(
  situation: Situation,
  record: DeploymentRecord,
  successor: DeploymentRecord,
): readonly Action[] {
  return groupsWith(situation, record)
    .filter(({ members }) => situation.rules.isSuccessorInGroup(members, successor))
    .map(({ name }) => ({ kind: 'LeaveGroup', group: name, deployment: record.id }));
}

/** Whether the successor is in a group that its predecessor leaves. */
export function isSuccessorInGroup(members: readonly string[], { serviceName }: DeploymentRecord): boolean {
  return isMember(members, serviceName);
}

/** Takes a deployment that is being deleted out of every group. */
export function takeOutOfGroups(situation: Situation, record: DeploymentRecord): readonly Action[] {
  return groupsWith(situation, record).map(({ name }) => ({ kind: 'LeaveGroup', group: name, deployment: record.id }));
}
