import { carriedFindings, whyNobodyCarries } from './carrier-words.ts';
import { couldBeGivenPoint } from './connection-points.ts';
import { consentCommand } from './consent-command.ts';
import { contentFinding, contentNote } from './content.ts';
import type { CreationVerdict } from './creation.ts';
import type { Finding, RedeploymentReason } from './finding.ts';
import { gateMessage, gateReason } from './gate-words.ts';
import { heldContentFindings, unlistedNote, unreadFinding } from './held-content.ts';
import { creationHold, retirementHold } from './holds.ts';
import { isForPersonToDelete, isForPersonToMake, isNeededFirst, isOthers } from './others.ts';
import type { DeploymentRecord } from './record.ts';
import { isSiteAbandoned } from './removal.ts';
import { isInWaiting, isMoreRecent, retiringBehind, type Successors } from './retirement.ts';
import type { NamesVerdict } from './same-prefix.ts';
import { factsOf, hasConsent, type Situation } from './situation.ts';
import { isDetached, isWaitingForTurn } from './stages.ts';
import { isSkewed } from './time-credit.ts';
import { isWanted } from './wanted.ts';
import { type Conjunct, isOwnershipLost, isPresentable, isStanding, lacking } from './words.ts';

/** What a plan found out on its way. */
export interface Verdicts {
  readonly successors: Successors;
  readonly names: NamesVerdict;
  readonly creation: CreationVerdict;
}

/** What the conditions are to say of the situation as it is after the plan. */
export function conditionsOf(situation: Situation, verdicts: Verdicts): readonly Finding[] {
  const { records } = situation;
  const ofCreation = creationFindings(situation, verdicts);
  const ofRecords = records.deployments.flatMap((record) => recordFindings(situation, record, verdicts));
  // What becomes of the gateway that holds the names is what the next one waits for.
  const isOwedToHolder = ofCreation.some(({ reason }) => reason === 'WaitingForNames');
  return [
    ...holdFindings(situation),
    ...(isOwedToHolder ? [...ofRecords, ...ofCreation] : [...ofCreation, ...ofRecords]),
    ...waitFindings(situation, verdicts.successors),
    ...heldContentFindings(situation),
    ...siteFindings(situation),
  ];
}

const HOLD_MESSAGES: Readonly<Partial<Record<RedeploymentReason, string>>> = {
  CarriesClientsOf:
    'It stays as it is until the other one has been advertised for its wait. If that one is suspended or only observed, let it go on.',
  CertificateUnreadable: 'The Secret of the server certificate cannot be read: no gateway is made, drained or deleted.',
  ClockSkew:
    'The clock of the operator and those of Azure and the site differ by more than five minutes. No wait counts and nothing is retired. Set the clock of the node right.',
};

function holdFindings(situation: Situation): readonly Finding[] {
  const hold = retirementHold(situation);
  const { records, wanted, observed, wish } = situation;
  const isMade = wanted?.stage.phase !== 'Provisioning' || creationHold(situation) === undefined;
  const isIdle = records.deployments.length === 1 && wanted !== undefined && isMade && wish.power === 'Running';
  if (hold === undefined || hold === 'Stopped' || (isIdle && hold !== 'CarriesClientsOf')) {
    return [];
  }
  if (hold !== 'CarriesClientsOf') {
    return [{ reason: hold, message: `${HOLD_MESSAGES[hold]}` }];
  }
  const whose = `This CMG carries the clients of ${observed.claim?.claimant}.`;
  const carries: Finding = { reason: hold, message: `${whose} ${HOLD_MESSAGES[hold]}` };
  // The wait of the other one does not count either, which nobody else tells once its gateway serves.
  return isSkewed(situation) ? [carries, { reason: 'ClockSkew', message: `${HOLD_MESSAGES.ClockSkew}` }] : [carries];
}

function creationFindings(situation: Situation, { names, creation }: Verdicts): readonly Finding[] {
  if (creation.kind !== 'Wait' || creation.reason === 'Stopped' || creation.reason === 'Unknown') {
    return [];
  }
  if (names.kind === 'NotRead') {
    return [unreadFinding(situation, names)];
  }
  const { reason } = creation;
  const holder = names.kind === 'Free' ? undefined : names.holder;
  const about = holder === undefined ? {} : { deployment: holder.id };
  const note = holder === undefined ? '' : unlistedNote(situation, holder);
  const message = `${creationMessage(situation, reason, holder)}${note}`;
  return [{ reason, ...about, message }, ...idlePoints(situation, reason)];
}

function creationMessage(
  situation: Situation,
  reason: RedeploymentReason,
  holder: DeploymentRecord | undefined,
): string {
  const name = situation.wish.serviceName;
  const wayOut =
    holder === undefined
      ? ''
      : ` To let the clients of ${holder.serviceName} be without a gateway meanwhile: ${consentCommand(situation, 'AllowClientOutage', holder)}`;
  switch (reason) {
    case 'NoStandbyConnectionPoint':
      return `${name} is not built: no connection point is free for it. Add a ConnectionPoint with the role Standby for another site system.`;
    case 'WaitingForEarlierRedeployment':
      return `${name} is not built yet: an earlier redeployment has to end first.${wayOut}`;
    case 'NoOtherActiveCMG':
      return `${name} needs the names of the gateway that it replaces, which has to be deleted first. Its clients would have none meanwhile${whyNobodyCarries(situation)}.${wayOut}`;
    case 'OutageClaimTaken':
      return `${name} waits until ${situation.observed.claim?.claimant} has replaced its gateway.${wayOut}`;
    case 'WaitingForNames':
      return `${name} is built when the gateway that holds its names is deleted.`;
    case 'WaitingForPreflight':
      return `${name} is not built: a prerequisite is missing. The condition PrerequisitesMet names it.`;
    case 'TooManyDeployments':
      return `${name} is not built: the CMG has as many gateways as its status can hold. Set the spec back to one of them.`;
    default:
      return `${name} is not built yet.`;
  }
}

/** Where points are missing: gateways that do not serve and could give up their last one. */
function idlePoints(situation: Situation, reason: RedeploymentReason): readonly Finding[] {
  const isAboutPoints = reason === 'NoStandbyConnectionPoint' || reason === 'WaitingForEarlierRedeployment';
  return isAboutPoints ? lastPointFindings(situation) : [];
}

function lastPointFindings(situation: Situation): readonly Finding[] {
  return situation.records.deployments
    .filter((record) => isStanding(record) && !isWanted(situation, record))
    .filter((record) => {
      const { serving, points } = factsOf(situation, record);
      return serving === 'No' && points.length > 0 && !hasConsent(situation, 'AllowClientOutage', record);
    })
    .map((record) => ({
      reason: 'LastConnectionPoint' as const,
      deployment: record.id,
      message: `${record.serviceName} does not serve and keeps its last connection point. Repair it, add a connection point, or give its point away: ${consentCommand(situation, 'AllowClientOutage', record)}`,
    }));
}

function recordFindings(situation: Situation, record: DeploymentRecord, verdicts: Verdicts): readonly Finding[] {
  const found: Finding[] = [];
  const add = (reason: RedeploymentReason, message: string) => found.push({ reason, deployment: record.id, message });
  const name = record.serviceName;
  if (isOwnershipLost(situation, record)) {
    const { adoption } = factsOf(situation, record).seen ?? {};
    const wayOut = adoption === undefined ? '' : ` If it is the gateway's, have it taken back: ${adoption}`;
    add(
      'OwnershipLost',
      `A resource of ${name} does not carry the tags of this CMG any more, so it is neither changed nor deleted.${wayOut}`,
    );
  }
  if (factsOf(situation, record).seen?.credentialsMissing === true) {
    add(
      'OldCredentialsMissing',
      `The credentials that ${name} was made with are gone. It is kept. Restore their Secret.`,
    );
  }
  if (record.announced !== undefined) {
    add('DeletionAnnounced', announcement(record));
  }
  if (isWaitingForTurn(situation, record, verdicts.successors, verdicts.names)) {
    add('DeletionBudget', `${name} waits for its turn to be deleted, and stays as it is until then.`);
  }
  if (isForPersonToDelete(situation, record, verdicts)) {
    add('ManualDeletionRequired', manualDeletion(situation, record, verdicts));
    return found;
  }
  switch (record.stage.phase) {
    case 'Draining':
      found.push(...drainingFindings(situation, record, verdicts.successors));
      break;
    case 'Deleting':
      add(...deletionFinding(situation, record));
      break;
  }
  return found;
}

function drainingFindings(situation: Situation, record: DeploymentRecord, successors: Successors): readonly Finding[] {
  const name = record.serviceName;
  const behind = situation.rules.stillBehind(situation, record, successors);
  if (behind === undefined) {
    return [heldFinding(situation, record, successors)];
  }
  const message = `${name} hands over.${isOthers(record) ? ' The site made it, so it is not stopped.' : ''}`;
  const draining: Finding = { reason: 'Draining', deployment: record.id, message };
  // The next point moves once the last one has connected.
  const isHandingPoints = factsOf(situation, record).points.length > 0;
  return isHandingPoints ? [draining, ...unconnectedFindings(situation, behind)] : [draining];
}

/** What a draining gateway holds for: its successor is lost, or it is back and has to wait anew. */
function heldFinding(situation: Situation, record: DeploymentRecord, { advertised }: Successors): Finding {
  const { stage, serviceName } = record;
  const successor = situation.records.deployments.find(
    (other) =>
      stage.phase === 'Draining' && other.id === stage.behind && isStanding(other) && isMoreRecent(other, record),
  );
  const isBack = successor !== undefined && factsOf(situation, successor).advertised === 'Yes';
  if (isBack) {
    const message = `${successor.serviceName} is in reach of every client again. ${serviceName} is left as it is until clients have been given the whole time anew.`;
    return { reason: 'WaitingForClients', deployment: record.id, message };
  }
  const why =
    advertised !== undefined && isMoreRecent(advertised, record)
      ? `another gateway takes its place now, ${advertised.serviceName}, and has to be known to clients first`
      : 'the gateway that takes its place is not in reach of every client';
  return { reason: 'SuccessorLost', deployment: record.id, message: `${serviceName} is left as it is: ${why}.` };
}

/** Connection points that are linked to a gateway, and do not connect. */
function unconnectedFindings(situation: Situation, record: DeploymentRecord): readonly Finding[] {
  const names = factsOf(situation, record)
    .points.filter(({ connected }) => connected === 'No')
    .map(({ name }) => name);
  const message = `${names.join(', ')} does not connect to ${record.serviceName}. Look at SMS_Cloud_ProxyConnector.log on its server.`;
  return names.length === 0 ? [] : [{ reason: 'ConnectionPointNotConnected', deployment: record.id, message }];
}

function announcement(record: DeploymentRecord): string {
  const name = record.serviceName;
  return isOthers(record)
    ? `${name} is gone. It is about to be taken out of connection points, boundary groups and the status.`
    : `${name} is about to be deleted. Set the spec back now if it is to stay.`;
}

/** What a person is to know before the gateway is deleted. */
function manualDeletion(situation: Situation, record: DeploymentRecord, { names }: Verdicts): string {
  const { serviceName } = record;
  const step = 'The site made it, so a person has the site delete it, with the step in status.manualSteps.';
  if (record.stage.phase === 'Deleting' && record.stage.because === 'CmgDeleted') {
    return `${serviceName} goes with its CMG. ${step}`;
  }
  if (isNeededFirst(record, names)) {
    return `${serviceName} has to be deleted before ${situation.wish.serviceName} is built. ${step} Its clients have no gateway from then on until the new one serves.`;
  }
  return factsOf(situation, record).seen?.azure === 'Partial'
    ? `The VMs of ${serviceName} are gone, and the site still has its record. ${step}`
    : `${serviceName} has handed over and is not needed any more. ${step} It runs until then.`;
}

function deletionFinding(situation: Situation, record: DeploymentRecord): [RedeploymentReason, string] {
  const name = record.serviceName;
  return isSiteAbandoned(situation) && !isDetached(situation, record)
    ? [
        'LeftOnSite',
        `The site has not let go of ${name} for an hour. It is deleted in Azure; take it out of connection points and boundary groups in the console.`,
      ]
    : ['DeletingDeployment', `${name} is being deleted.`];
}

const CONJUNCTS: Readonly<Record<Conjunct, string>> = {
  Running: 'it does not run',
  InstancesServe: 'not every VM serves',
  CertificatePresented: 'its address does not present its certificate',
  NameResolves: 'the service name does not resolve to it',
  SiteRecord: 'the site has no record of it',
  ConnectedPoint: 'no connection point is connected',
  BoundaryGroups: 'it is not in every boundary group',
};

const OF_THE_GATEWAY: ReadonlySet<Conjunct> = new Set(['Running', 'InstancesServe', 'CertificatePresented']);

/** What the newest gateway still waits for. */
function waitFindings(situation: Situation, successors: Successors): readonly Finding[] {
  const { wanted, records } = situation;
  if (wanted === undefined) {
    return leaderFindings(situation, successors);
  }
  const missing = lacking(situation, wanted);
  if (missing.length > 0) {
    return notAdvertised(situation, wanted, missing);
  }
  const isAlone = !records.deployments.some(
    (other) => other.id !== wanted.id && isInWaiting(situation, other, successors),
  );
  return isAlone ? carriedFindings(situation, wanted) : clientFindings(situation, wanted, successors);
}

/** While what is wanted does not exist, an earlier redeployment is what goes on. */
function leaderFindings(situation: Situation, successors: Successors): readonly Finding[] {
  const waiting = situation.records.deployments.filter((record) => isInWaiting(situation, record, successors));
  const newest = waiting
    .filter(isStanding)
    .reduce<DeploymentRecord | undefined>((found, record) => (isMoreRecent(record, found) ? record : found), undefined);
  if (newest === undefined || waiting.length < 2) {
    return [];
  }
  const missing = lacking(situation, newest);
  return missing.length > 0 ? notAdvertised(situation, newest, missing) : clientFindings(situation, newest, successors);
}

function notAdvertised(
  situation: Situation,
  record: DeploymentRecord,
  missing: readonly Conjunct[],
): readonly Finding[] {
  const found: Finding[] = [];
  const add = (reason: RedeploymentReason, message: string) => found.push({ reason, deployment: record.id, message });
  const { serviceName } = record;
  if (isForPersonToMake(situation, record)) {
    add(
      'ManualCreationRequired',
      `${serviceName} is the site's to make: a person has it do so, with the step in status.manualSteps.`,
    );
    return found;
  }
  if (record.stage.phase === 'Provisioning') {
    add('BuildingReplacement', `${serviceName} is being built.`);
  }
  if (record.stage.phase !== 'Provisioning' || factsOf(situation, record).seen?.azure === 'Whole') {
    // What it needs to be reached is not done before it serves.
    const own = missing.filter((each) => OF_THE_GATEWAY.has(each));
    const told = own.length > 0 ? own : missing;
    add(
      'NotAdvertised',
      `${serviceName} is not in reach of every client: ${told.map((each) => CONJUNCTS[each]).join(', ')}.`,
    );
  }
  if (missing.includes('ConnectedPoint')) {
    found.push(...unconnectedFindings(situation, record));
  }
  const isWithoutPoint = isPresentable(situation, record) && factsOf(situation, record).points.length === 0;
  if (isWithoutPoint && situation.observed.site.kind === 'Read' && !couldBeGivenPoint(situation)) {
    const last = lastPointFindings(situation);
    found.push(
      ...(last.length > 0
        ? last
        : [
            {
              reason: 'NoStandbyConnectionPoint' as const,
              deployment: record.id,
              message: `No connection point is free for ${serviceName}. Add a ConnectionPoint with the role Standby for another site system.`,
            },
          ]),
    );
  }
  return found;
}

function clientFindings(situation: Situation, successor: DeploymentRecord, successors: Successors): readonly Finding[] {
  const { waited } = successors;
  const olds = retiringBehind(situation, successor, successors);
  const note = (record: DeploymentRecord) => contentNote(situation, record, successor);
  if (waited?.id !== successor.id) {
    // What drains behind it is told of already, as held.
    const others = olds.filter(({ stage }) => stage.phase !== 'Draining' || stage.behind !== successor.id);
    const message = `Clients are given the time to learn ${successor.serviceName}.${others.map(note).join('')}`;
    return others.length === 0 ? [] : [{ reason: 'WaitingForClients', deployment: successor.id, message }];
  }
  const kept = olds.filter((record) => !hasConsent(situation, 'ConfirmRetire', record));
  const wayOut = (record: DeploymentRecord) => consentCommand(situation, 'ConfirmRetire', record);
  if (situation.rules.isGateOpen(situation, successor)) {
    return kept
      .filter((record) => !situation.rules.isContentThere(situation, record, successor))
      .map((record) => contentFinding(situation, record, successor, wayOut(record)));
  }
  const reason = gateReason(situation, successor);
  return kept.map((record) => ({
    reason,
    deployment: record.id,
    message: `${record.serviceName} is kept: ${gateMessage(situation, successor, reason)}.${note(record)} To retire it all the same: ${wayOut(record)}`,
  }));
}

function siteFindings({ observed, records }: Situation): readonly Finding[] {
  const { site, otherGateways } = observed;
  if (site.kind !== 'Read') {
    return site.kind === 'None'
      ? []
      : [{ reason: 'SiteUnreachable', message: 'The site does not answer. What needs it waits.' }];
  }
  const known = new Set(
    [...records.deployments.map(({ serviceName }) => serviceName), ...otherGateways].map((name) => name.toLowerCase()),
  );
  const isUnknown = (name: string) => !known.has(name.toLowerCase());
  const linked = site.points.flatMap(({ name, linkedTo }): readonly Finding[] =>
    linkedTo === undefined || !isUnknown(linkedTo)
      ? []
      : [
          {
            reason: 'UnknownGateway',
            message: `The connection point ${name} is linked to the gateway ${linkedTo}, which no CMG knows and which may serve clients. It is left alone. Declare that gateway as a CMG with managementPolicy Observe; or, if no client needs it, take the step in status.manualSteps of the ConnectionPoint.`,
          },
        ],
  );
  const referenced = site.groups.flatMap(({ name, members }) =>
    members.filter(isUnknown).map(
      (member): Finding => ({
        reason: 'UnknownGatewayInGroup',
        message: `The boundary group of ${name} references the gateway ${member}, which no CMG knows. It is left alone, as it may serve clients. To have it known, declare it as a CMG with managementPolicy Observe.`,
      }),
    ),
  );
  return [...linked, ...referenced];
}
