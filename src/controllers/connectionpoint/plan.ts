import type { ConnectionPoint } from '../../api/v1alpha1/connectionpoint.generated.ts';
import { consentLine } from '../../redeployment/consent-command.ts';
import { isSameName } from '../../site/names.ts';
import type { ClientFacingRole, ConnectionPointRole, ServiceRecord } from '../../site/site.ts';
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
import { assignmentOf } from './assignment.ts';

/** What a plan is made from. */
export interface ConnectionPointFacts {
  /** Name of the object. */
  readonly name: string;
  readonly spec: Pick<ConnectionPoint['spec'], 'siteSystem' | 'role' | 'deletionPolicy'>;
  /** Whether the operator installed the role, or had it installed; `undefined`: never decided. */
  readonly installed: boolean | undefined;
  /** Of the CMG that the object names. */
  readonly gateway: GatewayOfCmg;
  /** Gateways of all CMGs. */
  readonly known: readonly GatewayOfCmg[];
  /** The site's records of gateways. */
  readonly records: readonly ServiceRecord[];
  /** Connection points of the site. */
  readonly roles: readonly ConnectionPointRole[];
  /** Management points and software update points; `undefined`: the site did not say. */
  readonly clientFacingRoles: readonly ClientFacingRole[] | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What to do next about one connection point. */
export type ConnectionPointPlan =
  /** The role is linked as it should be. */
  | { readonly kind: 'Keep'; readonly role: ConnectionPointRole }
  /** The role is not there, and should not be. */
  | { readonly kind: 'Absent' }
  /** A role that others installed on a server that stands by is left alone. */
  | { readonly kind: 'LeaveAlone'; readonly role: ConnectionPointRole }
  /** Whether the role was there before is written down first, before it is too late to tell. */
  | { readonly kind: 'Remember'; readonly installed: boolean }
  | { readonly kind: 'Install'; readonly record: ServiceRecord }
  | { readonly kind: 'Link'; readonly record: ServiceRecord; readonly role: ConnectionPointRole }
  | { readonly kind: 'Uninstall'; readonly role: ConnectionPointRole }
  | {
      readonly kind: 'Hold';
      readonly finding: Finding;
      readonly role: ConnectionPointRole | undefined;
      /** A record to which a person may link the role, where the operator does not. */
      readonly linkByHand?: ServiceRecord;
    };

/** Plans for an object that is not being deleted. */
export function planConnectionPoint(facts: ConnectionPointFacts): ConnectionPointPlan {
  return unlessHeld(facts, planAsAssigned(facts));
}

/** Plans for an object that is being deleted. */
export function planRemoval(facts: ConnectionPointFacts): ConnectionPointPlan {
  return unlessHeld(facts, planUninstallation(facts));
}

/** While nothing is to be changed for the CMG, what is as it should be stays, and everything else waits. */
function unlessHeld(facts: ConnectionPointFacts, plan: ConnectionPointPlan): ConnectionPointPlan {
  const message = holdOnSite(facts.gateway);
  if (message === undefined || plan.kind === 'Keep' || plan.kind === 'Absent' || plan.kind === 'LeaveAlone') {
    return plan;
  }
  return {
    kind: 'Hold',
    role: roleOf(facts),
    finding: { type: 'Linked', status: 'False', reason: 'WaitingForCmg', message },
  };
}

/** The role on the server of the object. */
function roleOf({ spec, roles }: ConnectionPointFacts): ConnectionPointRole | undefined {
  return roles.find(({ siteSystem }) => isSameName(siteSystem, spec.siteSystem));
}

function planAsAssigned(facts: ConnectionPointFacts): ConnectionPointPlan {
  const { spec, name, gateway } = facts;
  const role = roleOf(facts);
  if (gateway.leaving === 'Deleted') {
    if (role === undefined) {
      return planLeaving(facts, role);
    }
    return isLinkedToStaying(gateway, role)
      ? keep(facts, role)
      : (hindranceByUnknown(facts, role, undefined) ?? planLeaving(facts, role));
  }
  const assignment = assignmentOf(gateway, name, spec.role);
  switch (assignment.kind) {
    case 'Assigned':
      return planAssigned(facts, role, assignment.deployment);
    case 'StandsBy':
      return planStandby(facts, role);
    case 'Unassigned':
      return planUnassigned(facts, role);
    case 'NoGateway':
      return role !== undefined && isLinkedTo(role, gateway.serviceName)
        ? keep(facts, role)
        : { kind: 'Hold', role, finding: waitsForGateway(gateway, undefined) };
    default:
      return assignment satisfies never;
  }
}

/** The role is to be there, and linked to one deployment. */
function planAssigned(
  facts: ConnectionPointFacts,
  role: ConnectionPointRole | undefined,
  deployment: DeploymentOfCmg,
): ConnectionPointPlan {
  const { installed, gateway, records } = facts;
  if (role !== undefined && isLinkedTo(role, deployment.serviceName)) {
    return keep(facts, role);
  }
  const record = usableRecord(gateway, deployment, records);
  if (record === undefined || gateway.isOnlyObserved) {
    return { kind: 'Hold', role, finding: waitsForGateway(gateway, deployment) };
  }
  if (installed === undefined || (role === undefined && !installed)) {
    return { kind: 'Remember', installed: role === undefined };
  }
  if (role === undefined) {
    return { kind: 'Install', record };
  }
  return hindranceToHandOver(facts, role) ?? hindranceToLeave(facts, role, record) ?? { kind: 'Link', record, role };
}

function keep({ installed }: ConnectionPointFacts, role: ConnectionPointRole): ConnectionPointPlan {
  return installed === undefined ? { kind: 'Remember', installed: false } : { kind: 'Keep', role };
}

/** While a CMG has several gateways, a primary that it has given none stays with the one that it is linked to. */
function planUnassigned(facts: ConnectionPointFacts, role: ConnectionPointRole | undefined): ConnectionPointPlan {
  const { gateway } = facts;
  const linked = role?.serviceName === undefined ? undefined : deploymentByName(gateway, role.serviceName);
  if (role === undefined || linked === undefined) {
    return { kind: 'Hold', role, finding: waitsForAssignment(gateway) };
  }
  if (linked.phase !== 'Deleting' || gateway.isOnlyObserved) {
    return keep(facts, role);
  }
  // A role that others installed leaves a gateway only by going to another one.
  const next = facts.installed === true ? undefined : activeDeployment(gateway);
  return next === undefined || next.phase === 'Deleting' ? planLeaving(facts, role) : planAssigned(facts, role, next);
}

function planUninstallation(facts: ConnectionPointFacts): ConnectionPointPlan {
  const { spec, installed, gateway } = facts;
  const role = roleOf(facts);
  if (role === undefined || installed !== true || spec.deletionPolicy === 'Retain' || gateway.leaving === 'Retained') {
    return { kind: 'Absent' };
  }
  return hindranceToLeave(facts, role, undefined) ?? { kind: 'Uninstall', role };
}

/** Whether a role serves a gateway that stays when the CMG goes. */
function isLinkedToStaying(gateway: GatewayOfCmg, { serviceName }: ConnectionPointRole): boolean {
  return serviceName !== undefined && deploymentByName(gateway, serviceName)?.stays === true;
}

/** Without its gateway, a role that the operator installed has no use. One that was there before stays, linked to nothing. */
function planLeaving({ installed }: ConnectionPointFacts, role: ConnectionPointRole | undefined): ConnectionPointPlan {
  return role !== undefined && installed === true ? { kind: 'Uninstall', role } : { kind: 'Absent' };
}

/** A standby's role is there only while a second gateway of the CMG needs it, and none does. */
function planStandby(facts: ConnectionPointFacts, role: ConnectionPointRole | undefined): ConnectionPointPlan {
  if (role === undefined) {
    return { kind: 'Absent' };
  }
  if (facts.installed !== true) {
    return { kind: 'LeaveAlone', role };
  }
  if (facts.gateway.leaving === 'Retained') {
    return { kind: 'Keep', role };
  }
  return hindranceToHandOver(facts, role) ?? hindranceToLeave(facts, role, undefined) ?? { kind: 'Uninstall', role };
}

/**
 * What speaks against the next step of a gateway that hands over: nobody has seen lately that its successor is in reach of every
 * client, or the site shows no connection point connected to that one.
 */
function hindranceToHandOver(
  facts: ConnectionPointFacts,
  role: ConnectionPointRole,
): Extract<ConnectionPointPlan, { kind: 'Hold' }> | undefined {
  const { serviceName } = role;
  const holder = serviceName === undefined ? undefined : holderOf(facts.known, serviceName);
  if (holder?.deployment?.phase !== 'Draining' || canHandOver(facts, holder.gateway, holder.deployment, role)) {
    return undefined;
  }
  const message = `${role.siteSystem} stays linked to the gateway ${serviceName}, which hands over: the one that takes its place has not been seen lately in reach of every client, with a connection point of its own that is connected. It goes on when that is so.`;
  return { kind: 'Hold', role, finding: { type: 'Linked', status: 'False', reason: 'SuccessorLost', message } };
}

function canHandOver(
  { roles, now }: ConnectionPointFacts,
  gateway: GatewayOfCmg,
  deployment: DeploymentOfCmg,
  role: ConnectionPointRole,
): boolean {
  const successor = successorInReach(gateway, deployment, now);
  return (
    successor !== undefined &&
    roles.some((other) => other !== role && isLinkedTo(other, successor.serviceName) && isConnected(other))
  );
}

/**
 * What speaks against taking a role away from the gateway that it is linked to: it is the last one that serves the gateway's
 * clients, or nobody knows whose gateway it is.
 */
function hindranceToLeave(
  facts: ConnectionPointFacts,
  role: ConnectionPointRole,
  to: ServiceRecord | undefined,
): Extract<ConnectionPointPlan, { kind: 'Hold' }> | undefined {
  const { known, records, roles } = facts;
  const { serviceName } = role;
  if (serviceName === undefined || !records.some((record) => isSameName(record.serviceName, serviceName))) {
    return undefined;
  }
  const holder = holderOf(known, serviceName);
  if (holder === undefined) {
    return hindranceByUnknown(facts, role, to);
  }
  const others = roles.some((other) => other !== role && isLinkedTo(other, serviceName) && isConnected(other));
  const { gateway, deployment } = holder;
  if (others) {
    return undefined;
  }
  if (deployment === undefined) {
    return gateway.leaving === 'Deleted' ? undefined : { kind: 'Hold', role, finding: waitsForWord(gateway, role) };
  }
  if (
    mayLoseLastPoint(gateway, deployment) ||
    (deployment.phase === 'Draining' && canHandOver(facts, gateway, deployment, role))
  ) {
    return undefined;
  }
  const message = `${role.siteSystem} has the last connected connection point of the gateway ${serviceName}, whose clients would be cut off. It stays linked. Add another ConnectionPoint for the CMG ${gateway.key}; or consent: ${consentLine(gateway.key, 'AllowClientOutage', deployment.id, gateway.hasOutageConsent)}`;
  return {
    kind: 'Hold',
    role,
    finding: { type: 'Linked', status: 'False', reason: 'LastConnectionPoint', message },
  };
}

/** Nobody knows whose the gateway is that a role is linked to, and the site has it. */
function hindranceByUnknown(
  { known, records }: ConnectionPointFacts,
  role: ConnectionPointRole,
  to: ServiceRecord | undefined,
): Extract<ConnectionPointPlan, { kind: 'Hold' }> | undefined {
  const { serviceName } = role;
  const isThere = serviceName !== undefined && records.some((record) => isSameName(record.serviceName, serviceName));
  if (!isThere || holderOf(known, serviceName) !== undefined) {
    return undefined;
  }
  const message = `${role.siteSystem} is linked to the gateway ${serviceName}, which no CMG knows and which may serve clients. It is left alone. Link it yourself if it is to move, or declare that gateway as a CMG.`;
  const finding: Finding = { type: 'Linked', status: 'False', reason: 'UnknownGateway', message };
  return { kind: 'Hold', role, finding, ...(to === undefined ? {} : { linkByHand: to }) };
}

/** The site has the gateway that the CMG wants, and its status says nothing of it: it may have been lost, and be found again. */
function waitsForWord({ key }: GatewayOfCmg, { siteSystem, serviceName }: ConnectionPointRole): Finding {
  const message = `${siteSystem} has the last connected connection point of the gateway ${serviceName}, of which the CMG ${key} says nothing yet. It stays linked until the CMG says whose that gateway is.`;
  return { type: 'Linked', status: 'False', reason: 'WaitingForCmg', message };
}

/** Whose gateway a name on the site stands for: that of a deployment, or that of a CMG that has none by this name yet. */
function holderOf(
  known: readonly GatewayOfCmg[],
  serviceName: string,
): { readonly gateway: GatewayOfCmg; readonly deployment: DeploymentOfCmg | undefined } | undefined {
  const gateway =
    known.find((each) => deploymentByName(each, serviceName) !== undefined) ??
    known.find((each) => isSameName(each.serviceName, serviceName));
  return gateway === undefined ? undefined : { gateway, deployment: deploymentByName(gateway, serviceName) };
}

/** Nobody's client is cut off, or that is decided: by the planner, by who deletes the CMG, or by a person's consent. */
function mayLoseLastPoint({ leaving, outageConsent }: GatewayOfCmg, deployment: DeploymentOfCmg): boolean {
  const { id, phase, served, stays } = deployment;
  return (leaving === 'Deleted' && !stays) || phase === 'Deleting' || !served || outageConsent === id;
}

function waitsForGateway(gateway: GatewayOfCmg, deployment: DeploymentOfCmg | undefined): Finding {
  const waiting = { type: 'Linked', status: 'False', reason: 'WaitingForGateway' } as const;
  if (!gateway.hasSite) {
    return { ...waiting, message: `The CMG ${gateway.key} names no Site. Set its spec.siteRef.` };
  }
  if (deployment === undefined) {
    return {
      ...waiting,
      message: `The gateway of the CMG ${gateway.key} does not serve yet. It is linked once it does.`,
    };
  }
  return {
    ...waiting,
    message: `The site has no usable record of the gateway ${deployment.serviceName} yet; see the condition SiteRegistered of the CMG ${gateway.key}.`,
  };
}

function waitsForAssignment({ key }: GatewayOfCmg): Finding {
  const message = `The CMG ${key} replaces its gateway, and has not said yet to which one this server is to be linked. Until then it is left as it is.`;
  return { type: 'Linked', status: 'False', reason: 'WaitingForGateway', message };
}

export function isLinkedTo(role: ConnectionPointRole, serviceName: string): boolean {
  return role.serviceName !== undefined && isSameName(role.serviceName, serviceName);
}

export function isConnected({ connectedness }: ConnectionPointRole): boolean {
  return connectedness === 'Connected' || connectedness === 'PartlyConnected';
}
