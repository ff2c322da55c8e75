import type { ConnectionPoint } from '../../api/v1alpha1/connectionpoint.generated.ts';
import { findCondition } from '../../runtime/conditions.ts';
import { manualStep } from '../../site/manual-steps.ts';
import { isSameName } from '../../site/names.ts';
import { type ConnectionPointRole, isSiteFailure, type ManualStep, type WriteResult } from '../../site/site.ts';
import type { Finding } from '../cmg/finding.ts';
import type { Happening } from '../cmg/report.ts';
import type { ObjectReport, StatusParts } from '../object-reconcile.ts';
import { connectionPorts, type DeploymentOfCmg, deploymentByName } from '../site/gateway-of-cmg.ts';
import { describeSteps, stepsForStatus } from '../site/manual-steps.ts';
import { siteProblem } from '../site/site-problem.ts';
import { assignmentOf } from './assignment.ts';
import type { PointRound } from './controller.ts';
import { type ConnectionPointFacts, type ConnectionPointPlan, isLinkedTo } from './plan.ts';

/** How soon it is looked whether the site shows a change that it has accepted. */
const READ_BACK_MS = 5_000;

/** How often it is looked whether a person has acted, or a server has connected. */
const PERSON_MS = 60_000;

/** The parts of the status until now. */
export function partsOf({ status }: ConnectionPoint): StatusParts<ConnectionPoint> {
  const { observedGeneration: _generation, conditions: _conditions, ...parts } = status ?? {};
  return parts;
}

/**
 * What a round came to, as conditions and status.
 *
 * @param result of the change that the plan asked for; `undefined`: it asked for none
 */
export function reportOf(
  round: PointRound,
  facts: ConnectionPointFacts,
  plan: ConnectionPointPlan,
  result: WriteResult | undefined,
): ObjectReport<ConnectionPoint> {
  const { finding, steps, againAfterMs } = linkedOf(round, facts, plan, result);
  const role = facts.roles.find(({ siteSystem }) => isSameName(siteSystem, facts.spec.siteSystem));
  const linked = plan.kind === 'Keep' ? plan.role : undefined;
  const connected = connectedOf(facts, linked);
  const waitsForServer = linked !== undefined && connected.status !== 'True';
  const standsBy = finding.reason === 'Standby';
  return {
    findings: [
      { type: 'ReferencesResolved', status: 'True', reason: 'Succeeded', message: 'Site and CMG are there.' },
      finding,
      standsBy ? { ...finding, type: 'Connected' } : connected,
    ],
    happenings: linked === undefined ? [] : portsChanged(round, facts, linked),
    status: { ...statusOf(facts, plan, role), manualSteps: stepsForStatus(steps) },
    againAfterMs: againAfterMs ?? (waitsForServer ? PERSON_MS : round.dependencies.intervalMs),
    ...(standsBy ? { readyMessage: finding.message } : {}),
  };
}

interface Linked {
  readonly finding: Finding;
  readonly steps: readonly ManualStep[];
  readonly againAfterMs?: number;
}

function linkedOf(
  round: PointRound,
  facts: ConnectionPointFacts,
  plan: ConnectionPointPlan,
  result: WriteResult | undefined,
): Linked {
  const { siteSystem } = facts.spec;
  const done = (reason: 'Succeeded' | 'Standby', message: string): Linked => ({
    finding: { type: 'Linked', status: 'True', reason, message },
    steps: [],
  });
  switch (plan.kind) {
    case 'Keep':
      return done(
        'Succeeded',
        `${siteSystem} is linked to the gateway ${gatewayLinkedTo(facts, plan.role).serviceName}.`,
      );
    case 'LeaveAlone':
      return done(
        'Standby',
        `${siteSystem} stands by, and has a connection point that the operator did not install and leaves alone.`,
      );
    case 'Absent':
      return facts.spec.role === 'Standby'
        ? done('Standby', `${siteSystem} stands by. It gets the role only while a second gateway needs it.`)
        : { finding: gatewayLeft(facts), steps: [] };
    case 'Remember':
      return {
        finding: changing(`The role on ${siteSystem} is about to be linked to ${assignedName(facts)}.`),
        steps: [],
        againAfterMs: 0,
      };
    case 'Hold':
      return { finding: plan.finding, steps: byHand(plan, siteSystem), againAfterMs: PERSON_MS };
    case 'Install':
    case 'Link':
    case 'Uninstall':
      return ofWrite(round, plan.kind, siteSystem, assignedName(facts), result);
    default:
      return plan satisfies never;
  }
}

/** Name of the gateway that the role is to be linked to, as far as there is one. */
function assignedName({ gateway, name, spec }: ConnectionPointFacts): string {
  const assignment = assignmentOf(gateway, name, spec.role);
  return assignment.kind === 'Assigned' ? assignment.deployment.serviceName : gateway.serviceName;
}

/** The gateway of the CMG that a role is linked to; without a deployment of that name, the one that there will be. */
function gatewayLinkedTo(
  { gateway }: ConnectionPointFacts,
  { serviceName }: ConnectionPointRole,
): Pick<DeploymentOfCmg, 'serviceName' | 'instances'> & Partial<Pick<DeploymentOfCmg, 'id'>> {
  return (serviceName === undefined ? undefined : deploymentByName(gateway, serviceName)) ?? gateway;
}

function gatewayLeft({ gateway, roles, spec }: ConnectionPointFacts): Finding {
  const reason = { type: 'Linked', status: 'False', reason: 'WaitingForGateway' } as const;
  if (gateway.leaving === 'Deleted') {
    return { ...reason, message: `The gateway ${gateway.serviceName} is being deleted with the CMG ${gateway.key}.` };
  }
  const role = roles.find(({ siteSystem }) => isSameName(siteSystem, spec.siteSystem));
  const message = `The gateway ${role?.serviceName ?? gateway.serviceName} is being deleted. ${spec.siteSystem} is linked to another one once there is one.`;
  return { ...reason, message };
}

function changing(message: string): Finding {
  return { type: 'Linked', status: 'False', reason: 'SiteChanging', message };
}

const DOING = {
  Install: 'Installing the role on',
  Link: 'Linking the role on',
  Uninstall: 'Uninstalling the role on',
} as const;

function ofWrite(
  { point, dependencies }: PointRound,
  kind: keyof typeof DOING,
  siteSystem: string,
  serviceName: string,
  result: WriteResult | undefined,
): Linked {
  const doing = `${DOING[kind]} ${siteSystem}`;
  if (result?.kind === 'Manual') {
    const message = describeSteps([result.step]);
    return {
      finding: { type: 'Linked', status: 'False', reason: 'ManualStepRequired', message },
      steps: [result.step],
      againAfterMs: PERSON_MS,
    };
  }
  if (result !== undefined && isSiteFailure(result)) {
    const before = findCondition(point.status?.conditions, 'Linked');
    const { retryAfterMs, ...problem } = siteProblem(doing, result, before, dependencies.now(), 'False');
    return { finding: { type: 'Linked', ...problem }, steps: [], againAfterMs: retryAfterMs };
  }
  const to = kind === 'Uninstall' ? '' : ` to the gateway ${serviceName}`;
  return {
    finding: changing(`${doing}${to}: the site has accepted it, and does not show it yet.`),
    steps: [],
    againAfterMs: READ_BACK_MS,
  };
}

/** A link that the operator does not make, as it may cut off clients of a gateway that nobody knows. */
function byHand(
  { linkByHand, role }: Extract<ConnectionPointPlan, { kind: 'Hold' }>,
  siteSystem: string,
): readonly ManualStep[] {
  if (linkByHand === undefined || role?.serviceName === undefined) {
    return [];
  }
  const condition = `Only if no client needs the gateway ${role.serviceName} through it.`;
  return [manualStep('linkConnectionPoint', { siteSystem, siteCode: role.siteCode, service: linkByHand }, condition)];
}

function connectedOf(facts: ConnectionPointFacts, role: ConnectionPointRole | undefined): Finding {
  const type = 'Connected';
  if (role === undefined) {
    const message = 'The server is not linked to the gateway.';
    return { type, status: 'False', reason: 'WaitingForGateway', message };
  }
  const gateway = gatewayLinkedTo(facts, role);
  const server = `${facts.spec.siteSystem} and the gateway ${gateway.serviceName}`;
  switch (role.connectedness) {
    case 'Connected':
      return { type, status: 'True', reason: 'Succeeded', message: `${server} are connected.` };
    case 'PartlyConnected':
      return {
        type,
        status: 'True',
        reason: 'Succeeded',
        message: `Some connections between ${server} are up, others are not. ${portAdvice(gateway.instances)}`,
      };
    case 'Disconnected':
      return {
        type,
        status: 'False',
        reason: 'Disconnected',
        message: `${server} are not connected. ${portAdvice(gateway.instances)}`,
      };
    case 'Unknown':
      return {
        type,
        status: 'Unknown',
        reason: 'Disconnected',
        message: `The site does not say yet whether ${server} are connected.`,
      };
    default:
      return role.connectedness satisfies never;
  }
}

function portAdvice(instances: number): string {
  return `The server has to reach TCP ${describePorts(connectionPorts(instances))} of the gateway; its SMS_Cloud_ProxyConnector.log tells more.`;
}

function describePorts(ports: readonly number[]): string {
  return ports.length > 2 ? `${ports[0]} to ${ports.at(-1)}` : ports.join(' and ');
}

/** Another number of VMs brings other ports, which a firewall in between may not let through. */
function portsChanged(
  { point }: PointRound,
  facts: ConnectionPointFacts,
  role: ConnectionPointRole,
): readonly Happening[] {
  const { siteSystem } = facts.spec;
  const { instances } = gatewayLinkedTo(facts, role);
  const before = point.status?.ports ?? [];
  const added = connectionPorts(instances).filter((port) => !before.includes(port));
  if (before.length === 0 || added.length === 0) {
    return [];
  }
  const note = `With ${instances} VMs, ${siteSystem} has to reach other ports of the gateway: TCP ${describePorts(added)}. Open them in firewalls in between.`;
  return [{ type: 'Warning', reason: 'ConnectionPortsChanged', action: 'Reconcile', note }];
}

function statusOf(
  facts: ConnectionPointFacts,
  plan: ConnectionPointPlan,
  role: ConnectionPointRole | undefined,
): StatusParts<ConnectionPoint> {
  const { records, installed } = facts;
  const remembered = plan.kind === 'Remember' ? plan.installed : installed;
  const record = records.find(({ serviceName }) => role !== undefined && isLinkedTo(role, serviceName));
  const linked = role === undefined ? undefined : gatewayLinkedTo(facts, role);
  const ours = role !== undefined && linked !== undefined && isLinkedTo(role, linked.serviceName);
  return {
    ...(role === undefined ? {} : { siteCode: role.siteCode }),
    ...(ours && linked.id !== undefined ? { deployment: linked.id } : {}),
    ...(role?.serviceName === undefined ? {} : { serviceName: role.serviceName }),
    ...(record === undefined || record.region === '' ? {} : { region: record.region }),
    ...(ours ? { ports: [...connectionPorts(linked.instances)] } : {}),
    clientCertificate: clientCertificateNeed(facts),
    connected: connectedWord(role),
    ...(remembered === undefined ? {} : { installed: remembered }),
  };
}

function connectedWord(role: ConnectionPointRole | undefined): 'True' | 'False' | 'Partly' | 'Unknown' {
  switch (role?.connectedness) {
    case 'Connected':
      return 'True';
    case 'PartlyConnected':
      return 'Partly';
    case 'Unknown':
      return 'Unknown';
    default:
      return 'False';
  }
}

/**
 * A connection point needs a client authentication certificate when clients use certificates of a PKI and a management point
 * behind it takes HTTPS ("Configure authentication for cloud management gateway").
 */
function clientCertificateNeed({
  gateway,
  clientFacingRoles,
}: Pick<ConnectionPointFacts, 'gateway' | 'clientFacingRoles'>): 'Required' | 'NotRequired' | 'Unknown' {
  if (!gateway.trustsClientCertificates) {
    return 'NotRequired';
  }
  const points = clientFacingRoles?.filter(
    ({ role, allowCmgTraffic }) => role === 'ManagementPoint' && allowCmgTraffic,
  );
  if (points === undefined || points.length === 0) {
    return 'Unknown';
  }
  return points.some(({ protocol }) => protocol === 'Https')
    ? 'Required'
    : points.some(({ protocol }) => protocol === 'Unknown')
      ? 'Unknown'
      : 'NotRequired';
}
