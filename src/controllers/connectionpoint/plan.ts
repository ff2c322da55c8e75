import type { ConnectionPoint } from '../../api/v1alpha1/connectionpoint.generated.ts';
import { isSameName } from '../../site/names.ts';
import type { ClientFacingRole, ConnectionPointRole, ServiceRecord } from '../../site/site.ts';
import type { Finding } from '../cmg/finding.ts';
import { type GatewayOfCmg, OUTAGE_ANNOTATION } from '../site/gateway-of-cmg.ts';

/** What a plan is made from. */
export interface ConnectionPointFacts {
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
  const { spec, installed, gateway, roles, records } = facts;
  const role = roles.find(({ siteSystem }) => isSameName(siteSystem, spec.siteSystem));
  if (gateway.leaving === 'Deleted') {
    return planLeaving(facts, role);
  }
  if (spec.role === 'Standby') {
    return planStandby(facts, role);
  }
  if (role !== undefined && isLinkedTo(role, gateway.serviceName)) {
    return installed === undefined ? { kind: 'Remember', installed: false } : { kind: 'Keep', role };
  }
  const record = records.find(({ serviceName }) => isSameName(serviceName, gateway.serviceName));
  if (record === undefined || !gateway.isRegistered || gateway.deployment === undefined || gateway.isOnlyObserved) {
    return { kind: 'Hold', role, finding: waitsForGateway(gateway) };
  }
  if (installed === undefined || (role === undefined && !installed)) {
    return { kind: 'Remember', installed: role === undefined };
  }
  if (role === undefined) {
    return { kind: 'Install', record };
  }
  const hindrance = hindranceToLeave(facts, role, record);
  return hindrance ?? { kind: 'Link', record, role };
}

/** Plans for an object that is being deleted. */
export function planRemoval(facts: ConnectionPointFacts): ConnectionPointPlan {
  const { spec, roles, installed, gateway } = facts;
  const role = roles.find(({ siteSystem }) => isSameName(siteSystem, spec.siteSystem));
  if (role === undefined || installed !== true || spec.deletionPolicy === 'Retain' || gateway.leaving === 'Retained') {
    return { kind: 'Absent' };
  }
  return hindranceToLeave(facts, role, undefined) ?? { kind: 'Uninstall', role };
}

/** Without its gateway, a role that the operator installed has no use. One that was there before stays, linked to nothing. */
function planLeaving({ installed }: ConnectionPointFacts, role: ConnectionPointRole | undefined): ConnectionPointPlan {
  return role !== undefined && installed === true ? { kind: 'Uninstall', role } : { kind: 'Absent' };
}

/** A standby's role is there only while a second gateway of the CMG needs it. */
function planStandby(facts: ConnectionPointFacts, role: ConnectionPointRole | undefined): ConnectionPointPlan {
  if (role === undefined) {
    return { kind: 'Absent' };
  }
  if (facts.installed !== true) {
    return { kind: 'LeaveAlone', role };
  }
  return hindranceToLeave(facts, role, undefined) ?? { kind: 'Uninstall', role };
}

/**
 * What speaks against taking a role away from the gateway that it is linked to: it is the last one that serves the gateway's
 * clients, or nobody knows whose gateway it is.
 */
function hindranceToLeave(
  { known, records, roles }: ConnectionPointFacts,
  role: ConnectionPointRole,
  to: ServiceRecord | undefined,
): Extract<ConnectionPointPlan, { kind: 'Hold' }> | undefined {
  const { serviceName } = role;
  if (serviceName === undefined || !records.some((record) => isSameName(record.serviceName, serviceName))) {
    return undefined;
  }
  const gateway = known.find((each) => isSameName(each.serviceName, serviceName));
  if (gateway === undefined) {
    const message = `${role.siteSystem} is linked to the gateway ${serviceName}, which no CMG knows and which may serve clients. It is left alone. Link it yourself if it is to move, or declare that gateway as a CMG.`;
    const finding: Finding = { type: 'Linked', status: 'False', reason: 'UnknownGateway', message };
    return { kind: 'Hold', role, finding, ...(to === undefined ? {} : { linkByHand: to }) };
  }
  const others = roles.some(
    (other) =>
      other !== role &&
      other.serviceName !== undefined &&
      isSameName(other.serviceName, serviceName) &&
      isConnected(other),
  );
  const isFree = others || gateway.deployment === undefined || gateway.leaving === 'Deleted';
  if (isFree || gateway.outageConsent === gateway.deployment) {
    return undefined;
  }
  const [namespace, name] = gateway.key.split('/');
  const message = `${role.siteSystem} has the last connected connection point of the gateway ${serviceName}, whose clients would be cut off. It stays linked. Add another ConnectionPoint for the CMG ${gateway.key}; or consent: kubectl annotate cmg ${name} -n ${namespace} ${OUTAGE_ANNOTATION}=${gateway.deployment}`;
  return {
    kind: 'Hold',
    role,
    finding: { type: 'Linked', status: 'False', reason: 'LastConnectionPoint', message },
  };
}

function waitsForGateway(gateway: GatewayOfCmg): Finding {
  const waiting = { type: 'Linked', status: 'False', reason: 'WaitingForGateway' } as const;
  if (!gateway.hasSite) {
    return { ...waiting, message: `The CMG ${gateway.key} names no Site. Set its spec.siteRef.` };
  }
  if (gateway.deployment === undefined) {
    return {
      ...waiting,
      message: `The gateway of the CMG ${gateway.key} does not serve yet. It is linked once it does.`,
    };
  }
  return {
    ...waiting,
    message: `The site has no usable record of the gateway ${gateway.serviceName} yet; see the condition SiteRegistered of the CMG ${gateway.key}.`,
  };
}

export function isLinkedTo(role: ConnectionPointRole, serviceName: string): boolean {
  return role.serviceName !== undefined && isSameName(role.serviceName, serviceName);
}

export function isConnected({ connectedness }: ConnectionPointRole): boolean {
  return connectedness === 'Connected' || connectedness === 'PartlyConnected';
}
