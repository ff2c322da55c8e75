import type {
  BoundaryGroupReference,
  BoundaryGroupReferenceStatusMember,
} from '../../api/v1alpha1/boundarygroupreference.generated.ts';
import { isSameName } from '../../site/names.ts';
import type { BoundaryGroup, BoundaryGroupMember, ServiceRecord } from '../../site/site.ts';
import type { Finding } from '../cmg/finding.ts';
import {
  activeDeployment,
  type DeploymentOfCmg,
  deploymentByName,
  type GatewayOfCmg,
  holdOnSite,
} from '../site/gateway-of-cmg.ts';
import { successorInReach } from '../site/successor.ts';
import { usableRecord } from '../site/usable-record.ts';

/** What a plan is made from. */
export interface ReferenceFacts {
  readonly spec: Pick<BoundaryGroupReference['spec'], 'connection' | 'preferCloudSources' | 'deletionPolicy'>;
  /** Gateways that the object has put into the group, or found there, as recorded. */
  readonly members: readonly BoundaryGroupReferenceStatusMember[];
  /** What the group's flag was before it was changed, as recorded. */
  readonly preferredBefore: boolean | undefined;
  readonly gateway: GatewayOfCmg;
  /** Names of the gateways of all CMGs. */
  readonly known: readonly string[];
  readonly records: readonly ServiceRecord[];
  readonly group: BoundaryGroup;
  /** What the group references on the site. */
  readonly present: readonly BoundaryGroupMember[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What to do next about one reference. One step at a time: each is read back before the next. */
export type ReferencePlan =
  | { readonly kind: 'Keep' }
  | { readonly kind: 'Hold'; readonly finding: Finding }
  /** What was there before is written down first, before it is too late to tell. */
  | {
      readonly kind: 'Remember';
      readonly members: readonly BoundaryGroupReferenceStatusMember[];
      readonly preferredBefore: boolean | undefined;
    }
  | { readonly kind: 'Add'; readonly record: ServiceRecord }
  | { readonly kind: 'SetPreference'; readonly preferCloudSources: boolean }
  | { readonly kind: 'Remove'; readonly member: BoundaryGroupReferenceStatusMember }
  /** What is recorded is not in the group any more. */
  | { readonly kind: 'Forget'; readonly members: readonly BoundaryGroupReferenceStatusMember[] }
  /** Nothing of this object is left in the group. */
  | { readonly kind: 'Gone' };

/** Plans for an object that is not being deleted. Every wanted gateway is in the group before another one is taken out. */
export function planReference(facts: ReferenceFacts): ReferencePlan {
  return unlessHeld(facts, planAsWanted(facts));
}

/** Plans for an object that is being deleted: what it added goes, and what it changed goes back. */
export function planRemoval(facts: ReferenceFacts, sharesPreference: boolean): ReferencePlan {
  return unlessHeld(facts, planUndoing(facts, sharesPreference));
}

/** While nothing is to be changed for the CMG, what is as it should be stays, and everything else waits. */
function unlessHeld({ gateway }: ReferenceFacts, plan: ReferencePlan): ReferencePlan {
  const message = holdOnSite(gateway);
  if (message === undefined || plan.kind === 'Keep' || plan.kind === 'Gone' || plan.kind === 'Forget') {
    return plan;
  }
  return { kind: 'Hold', finding: { type: 'Associated', status: 'False', reason: 'WaitingForCmg', message } };
}

function planAsWanted(facts: ReferenceFacts): ReferencePlan {
  const { spec, gateway, records, group, members } = facts;
  if (gateway.leaving === 'Deleted') {
    // Whoever put it there: a reference to a gateway that is deleted is of no use to anybody.
    return planLeaving(facts, members.filter(isDeletedWith(facts)));
  }
  const wanted = wantedDeployments(gateway);
  const joining = planJoining(facts, wanted);
  if (joining !== undefined) {
    return joining;
  }
  const missing = wanted.find((deployment) => usableRecord(gateway, deployment, records) === undefined);
  if (missing !== undefined || gateway.isOnlyObserved) {
    return { kind: 'Hold', finding: waitsForGateway(gateway, missing) };
  }
  const left = planLeaving(
    facts,
    members.filter((member) => isLeaving(facts, wanted, member)),
  );
  if (left.kind !== 'Gone') {
    return left;
  }
  const kept = gateway.deployments.find((deployment) => isHeld(facts, deployment));
  if (kept !== undefined) {
    return { kind: 'Hold', finding: waitsForSuccessor(facts, kept) };
  }
  if (wanted.length === 0) {
    const isReplaced = saysWhoIsIn(gateway) || gateway.deployments.some(({ phase }) => phase === 'Deleting');
    return { kind: 'Hold', finding: isReplaced ? noneIsWanted(gateway) : waitsForGateway(gateway, undefined) };
  }
  if (spec.preferCloudSources !== undefined && group.preferCloudSources !== spec.preferCloudSources) {
    return { kind: 'SetPreference', preferCloudSources: spec.preferCloudSources };
  }
  return { kind: 'Keep' };
}

/**
 * The gateways that every group of the CMG is to reference: those of which its status says so, which it does while it has
 * several, or else the one that serves. One that is being deleted is not among them, whatever the status says.
 */
export function wantedDeployments(gateway: GatewayOfCmg): readonly DeploymentOfCmg[] {
  const active = activeDeployment(gateway);
  const named = saysWhoIsIn(gateway)
    ? gateway.deployments.filter(({ inBoundaryGroups }) => inBoundaryGroups === true)
    : active === undefined
      ? []
      : [active];
  return named.filter(({ phase }) => phase !== 'Deleting');
}

/** Whether a member is a gateway that goes with its CMG: one that was there before stays, and so does one that no CMG knows. */
function isDeletedWith(facts: ReferenceFacts): (member: BoundaryGroupReferenceStatusMember) => boolean {
  return (member) =>
    deploymentByName(facts.gateway, member.serviceName)?.stays !== true && !isUnknownGateway(facts, member);
}

/**
 * Whether the site has a gateway of which no CMG knows: its CMG may have lost its status. It may serve clients, whoever put it into
 * the group.
 */
function isUnknownGateway(
  { known, records }: ReferenceFacts,
  { serviceName }: BoundaryGroupReferenceStatusMember,
): boolean {
  const record = records.find((each) => isSameName(each.serviceName, serviceName));
  const isThere = record !== undefined && record.state.kind !== 'Deleting';
  return isThere && !known.some((name) => isSameName(name, serviceName));
}

function saysWhoIsIn({ deployments }: GatewayOfCmg): boolean {
  return deployments.some(({ inBoundaryGroups }) => inBoundaryGroups !== undefined);
}

/** The next step towards the wanted gateways in the group, as far as the site has their records. */
function planJoining(facts: ReferenceFacts, wanted: readonly DeploymentOfCmg[]): ReferencePlan | undefined {
  const { spec, gateway, records, present } = facts;
  if (gateway.isOnlyObserved) {
    return undefined;
  }
  for (const deployment of wanted) {
    const record = usableRecord(gateway, deployment, records);
    if (record === undefined) {
      continue;
    }
    const remembered = remember(facts, record);
    if (remembered !== undefined) {
      return remembered;
    }
    const member = present.find(({ nalPath }) => isSameName(nalPath, record.nalPath));
    if (member?.connection !== spec.connection) {
      return { kind: 'Add', record };
    }
  }
  return undefined;
}

/** Whether a member leaves once all wanted ones are in. */
function isLeaving(
  facts: ReferenceFacts,
  wanted: readonly DeploymentOfCmg[],
  member: BoundaryGroupReferenceStatusMember,
): boolean {
  const { gateway, now } = facts;
  const { serviceName, adopted } = member;
  const deployment = deploymentByName(gateway, serviceName);
  if (deployment?.phase === 'Deleting') {
    return true;
  }
  if (wanted.length === 0 || (deployment !== undefined && wanted.includes(deployment))) {
    return false;
  }
  if (deployment !== undefined && saysWhoIsIn(gateway)) {
    // Whoever put it there: it is on its way out. One that serves on is not, whatever is said of it for the moment.
    const mayHandOver = deployment.phase === 'Draining' && successorInReach(gateway, deployment, now) !== undefined;
    return deployment.inBoundaryGroups === false && (mayHandOver || !deployment.served);
  }
  return !adopted && !isUnknownGateway(facts, member);
}

/** Whether a gateway that is to leave stays in the group, as nobody has seen lately that its successor is in reach of every client. */
function isHeld({ gateway, members, present, now }: ReferenceFacts, deployment: DeploymentOfCmg): boolean {
  const { phase, served, inBoundaryGroups, serviceName } = deployment;
  const member = members.find((each) => isSameName(each.serviceName, serviceName));
  const isIn = member !== undefined && present.some(({ nalPath }) => isSameName(nalPath, member.nalPath));
  const isToLeave = phase === 'Draining' && served && inBoundaryGroups === false;
  return isToLeave && isIn && successorInReach(gateway, deployment, now) === undefined;
}

function waitsForSuccessor({ group }: ReferenceFacts, { serviceName }: DeploymentOfCmg): Finding {
  const message = `The gateway ${serviceName}, which hands over, stays in the boundary group ${group.name}: the one that takes its place has not been seen lately in reach of every client. It leaves when that is so.`;
  return { type: 'Associated', status: 'False', reason: 'SuccessorLost', message };
}

/** Writes down, before the first change, what was there before. */
function remember(
  { spec, members, preferredBefore, present, group }: ReferenceFacts,
  record: ServiceRecord,
): Extract<ReferencePlan, { kind: 'Remember' }> | undefined {
  const known = members.find(({ serviceName }) => isSameName(serviceName, record.serviceName));
  const before = spec.preferCloudSources === undefined ? undefined : (preferredBefore ?? group.preferCloudSources);
  if (known !== undefined && isSameName(known.nalPath, record.nalPath) && before === preferredBefore) {
    return undefined;
  }
  const adopted = known?.adopted ?? present.some(({ nalPath }) => isSameName(nalPath, record.nalPath));
  const now = { serviceName: record.serviceName, nalPath: record.nalPath, adopted };
  return { kind: 'Remember', members: [...members.filter((each) => each !== known), now], preferredBefore: before };
}

function planUndoing(facts: ReferenceFacts, sharesPreference: boolean): ReferencePlan {
  const { spec, members, gateway, group, preferredBefore } = facts;
  if (spec.deletionPolicy === 'Retain' || gateway.leaving === 'Retained') {
    return { kind: 'Gone' };
  }
  const ours =
    gateway.leaving === 'Deleted' ? members.filter(isDeletedWith(facts)) : members.filter(({ adopted }) => !adopted);
  const left = planLeaving(facts, ours);
  if (left.kind !== 'Gone') {
    return left;
  }
  const changed = preferredBefore !== undefined && preferredBefore !== spec.preferCloudSources;
  // Somebody else has changed it since: theirs it is.
  const isOurs = group.preferCloudSources === spec.preferCloudSources;
  return changed && isOurs && !sharesPreference
    ? { kind: 'SetPreference', preferCloudSources: preferredBefore }
    : { kind: 'Gone' };
}

function planLeaving(
  { present, members }: ReferenceFacts,
  leaving: readonly BoundaryGroupReferenceStatusMember[],
): ReferencePlan {
  const isPresent = ({ nalPath }: BoundaryGroupReferenceStatusMember) =>
    present.some((each) => isSameName(each.nalPath, nalPath));
  const member = leaving.find(isPresent);
  if (member !== undefined) {
    return { kind: 'Remove', member };
  }
  return leaving.length === 0
    ? { kind: 'Gone' }
    : { kind: 'Forget', members: members.filter((each) => !leaving.includes(each)) };
}

function waitsForGateway(
  { key, hasSite, isOnlyObserved }: GatewayOfCmg,
  deployment: DeploymentOfCmg | undefined,
): Finding {
  const waiting = { type: 'Associated', status: 'False', reason: 'WaitingForGateway' } as const;
  if (!hasSite) {
    return { ...waiting, message: `The CMG ${key} names no Site. Set its spec.siteRef.` };
  }
  if (isOnlyObserved) {
    return {
      ...waiting,
      message: `The CMG ${key} has managementPolicy Observe, so that its gateway is added nowhere.`,
    };
  }
  return deployment === undefined
    ? { ...waiting, message: `The gateway of the CMG ${key} does not serve yet. It is added once it does.` }
    : {
        ...waiting,
        message: `The site has no usable record of the gateway ${deployment.serviceName} yet; see the condition SiteRegistered of the CMG ${key}.`,
      };
}

function noneIsWanted({ key }: GatewayOfCmg): Finding {
  const message = `The CMG ${key} replaces its gateway, and has none at the moment that a boundary group could reference.`;
  return { type: 'Associated', status: 'False', reason: 'WaitingForGateway', message };
}

/** The boundary group that an object names, or why there is none. */
export function findGroup(
  { name, id }: BoundaryGroupReference['spec']['boundaryGroup'],
  groups: readonly BoundaryGroup[],
): BoundaryGroup | string {
  const found = groups.filter((group) => (id === undefined ? isSameName(group.name, name ?? '') : group.id === id));
  const [first] = found;
  const what = id === undefined ? `named "${name}"` : `with the id ${id}`;
  if (first === undefined) {
    return `The site has no boundary group ${what}. Create it, or correct spec.boundaryGroup in a new object.`;
  }
  return found.length === 1
    ? first
    : `The site has ${found.length} boundary groups ${what}: ${found.map((group) => group.id).join(', ')}. Use the id in a new object.`;
}

/** What of an object claims something of a boundary group. */
export interface ReferenceClaim {
  readonly cmg: string;
  readonly connection: string;
  readonly preferCloudSources: boolean | undefined;
}

/** Whether two objects for one group cannot both have their way: the same gateway twice, or another preference. */
export function areInConflict(left: ReferenceClaim, right: ReferenceClaim): boolean {
  return (
    left.cmg === right.cmg ||
    (left.preferCloudSources !== undefined &&
      right.preferCloudSources !== undefined &&
      left.preferCloudSources !== right.preferCloudSources)
  );
}
