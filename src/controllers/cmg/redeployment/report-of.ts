import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import { type Identity, isSameIdentity } from '../../../redeployment/identity.ts';
import type { GatewayWish } from '../../../redeployment/observed.ts';
import type { DeploymentRecord } from '../../../redeployment/record.ts';
import { toTimestamp } from '../../../runtime/conditions.ts';
import { isSameName } from '../../../site/names.ts';
import { identityOf } from '../deployment.ts';
import { type Finding, SHORT_RETRY_MS } from '../finding.ts';
import type { Report } from '../report.ts';
import { expiryHappenings, withCertificate } from './certificate-of-deployment.ts';
import { stepsForContent } from './content-steps.ts';
import { CANDIDATE } from './deployment-scope.ts';
import type { FoundFacts } from './found.ts';
import { isSeveral, wantedAmong } from './observe-all.ts';
import { isSuccessorAwaited, noGatewayFindings } from './outage.ts';
import { phaseHappenings } from './phase-events.ts';
import type { DeploymentsInput, PlannedRound } from './reconcile.ts';
import { isHeldContentMissing, plannedOf, watchesInStatus, withRecord } from './records.ts';
import { redeployingFinding } from './redeploying-finding.ts';
import { redeploymentOf } from './redeployment-status.ts';
import { type SitePlan, sitePlanAfter } from './site-plan.ts';

/** How often a redeployment is looked at: a break in what has to last without one is seen in time. */
const LOOK_EVERY_MS = 120_000;

/** How soon the tags of a lone gateway say what was decided of it, as that clients may depend on it. */
const MARK_AFTER_MS = 60_000;

/** What one round comes to, in the words of the status. */
export function reportOf(input: DeploymentsInput, wish: GatewayWish, result: PlannedRound): Report {
  const { round, planned, decided, happenings, steps, againAfterMs } = result;
  const deployments = deploymentsAfter(input, result);
  const wanted = wantedAmong(deployments, wish);
  const isProposed = round.candidate !== undefined && wanted?.id !== round.candidate.deployment?.id;
  const main = round.looks.get(wanted?.id ?? '')?.report;
  const leader = leaderOf(deployments, wanted);
  const leading = combined(round.candidate, round.looks.get(leader?.id ?? '')?.report);
  const isSpokenFor = wanted !== undefined && main === undefined && round.candidate === undefined;
  const report = main ?? (isSpokenFor ? withoutCertificate(leading) : leading);
  const inStatus = { ...plannedOf(planned.records), ...watchesInStatus(round.carrierWatches) };
  const isLacking =
    deployments.length === 1 &&
    isHeldContentMissing({ deployments, planned: inStatus }) &&
    planned.conditions.length > 0;
  const { metadata, status } = input.scope.cmg;
  const isRedeploying =
    isSeveral(deployments, wanted, round.observed.claim, wish) ||
    isSuccessorAwaited(status, deployments, wanted) ||
    isLacking;
  const { namespace } = metadata;
  const { countFailure } = input;
  const finding = isRedeploying
    ? redeployingFinding({ result, deployments, wanted, told: report, countFailure, namespace })
    : undefined;
  const before = status?.deployments ?? [];
  const others = [...round.looks.values()].flatMap(({ report }) => (report === undefined ? [] : [report.againAfterMs]));
  const about = wanted ?? leader;
  return {
    ...report,
    findings: [
      ...report.findings,
      ...(finding === undefined ? [] : [finding, ...noGatewayFindings(deployments, wish.serviceName)]),
    ],
    happenings: [
      ...[...round.looks.values()].flatMap(({ report }) => report?.happenings ?? []),
      ...phaseHappenings(status ?? {}, deployments),
      ...expiryHappenings(before, deployments, wanted?.id, namespace),
      ...happenings,
    ],
    ...certificateOf(input, planned.records.wanted, report),
    ...(about === undefined ? {} : { deployment: about }),
    deployments,
    steps: [
      ...steps,
      ...(main?.steps ?? []),
      ...(isRedeploying ? stepsForContent(input.content?.comparisons ?? [], deployments) : []),
    ],
    ...activeOf(input, deployments, wanted, planned.records.deployments),
    planned: inStatus,
    redeployment: isRedeploying
      ? redeploymentOf(input, wish, { deployments, wanted, leader, finding, result })
      : 'None',
    againAfterMs: Math.min(
      decided ? afterDecision(planned.records, before, isRedeploying || deployments.length === 0) : againAfterMs,
      isProposed ? Math.max(report.againAfterMs, SHORT_RETRY_MS) : report.againAfterMs,
      ...others,
      isRedeploying ? LOOK_EVERY_MS : Number.POSITIVE_INFINITY,
    ),
  };
}

/** How soon a decision that is written down is followed. Who reads that a gateway is about to be deleted has time to object. */
function afterDecision(
  { deployments }: PlannedRound['planned']['records'],
  before: readonly CMGStatusDeployment[],
  isUrgent: boolean,
): number {
  const isAnnouncedNow = deployments.some(
    ({ id, announced }) =>
      announced !== undefined && before.find((each) => each.id === id)?.announcedDeletion !== announced,
  );
  // Where there is none left, nobody else looks.
  return isAnnouncedNow ? LOOK_EVERY_MS : isUrgent ? 0 : MARK_AFTER_MS;
}

/**
 * What is said of one gateway in the place of another, which has been set back while it drained and was only looked at. The
 * certificate is the one's own: the other would be held against it.
 */
function withoutCertificate({
  certificate: _certificate,
  certificateThumbprint: _thumbprint,
  ...report
}: Report): Report {
  return report;
}

/** What the status says of the certificate is of what was wanted until now, and nothing of what is from now on. */
function certificateOf(
  { scope }: DeploymentsInput,
  wanted: Identity | undefined,
  { certificate }: Report,
): Pick<Report, 'certificate'> {
  const before = scope.cmg.status?.planned?.identity;
  const isAnother = before !== undefined && wanted !== undefined && !isSameIdentity(before, wanted);
  return certificate === undefined && isAnother ? { certificate: 'None' } : {};
}

/** The deployments with what was seen of them, and with what the planner remembers. */
function deploymentsAfter(input: DeploymentsInput, { round, planned, decided }: PlannedRound): CMGStatusDeployment[] {
  const { cmg } = input.scope;
  const before = new Map((cmg.status?.deployments ?? []).map((deployment) => [deployment.id, deployment]));
  const known = planned.records.deployments.map((record) => deploymentOf(input, round, before.get(record.id), record));
  const { site } = round.siteFacts;
  const placement = {
    pointsOf: (serviceName: string) =>
      site.kind === 'Read'
        ? site.points
            .filter(({ linkedTo }) => linkedTo !== undefined && isSameName(linkedTo, serviceName))
            .map(({ name }) => name)
        : [],
    isInGroups: (serviceName: string) =>
      site.kind === 'Read' && site.groups.some(({ members }) => members.some((each) => isSameName(each, serviceName))),
  };
  const onSite =
    site.kind !== 'Read'
      ? new Map<string, SitePlan>()
      : sitePlanAfter(known, placement, { ...planned, actions: decided ? [] : planned.actions });
  if (known.length > 1 && site.kind === 'Unreachable') {
    return known;
  }
  return known.map(({ connectionPoints: _points, inBoundaryGroups: _groups, ...deployment }) => ({
    ...deployment,
    ...onSite.get(deployment.id),
  }));
}

/** A deployment in the status, with what was seen of it and what the planner remembers. */
export function deploymentOf(
  { scope, memories }: DeploymentsInput,
  round: Pick<PlannedRound['round'], 'looks' | 'scopes' | 'found' | 'candidate'>,
  before: CMGStatusDeployment | undefined,
  record: DeploymentRecord,
): CMGStatusDeployment {
  const proposal = round.candidate?.deployment;
  if (before === undefined && proposal?.id === record.id) {
    // What was read for the proposal need not be read again.
    const { uid } = scope.cmg.metadata;
    // Something was there already, and nobody knows whether clients depend on it.
    const isDoubtful = proposal.served === true && !round.found.has(record.id);
    memories.rename(`${uid} ${CANDIDATE}`, `${uid} ${record.id}`);
    const proposed = withRecord(proposal, isDoubtful ? { ...record, served: 'Yes' } : record);
    const { certificate } = partsFound(round.found.get(record.id));
    return withAccess(
      scope,
      certificate === undefined
        ? withCertificate(proposed, round.candidate?.certificate, scope.clock.now())
        : { ...proposed, certificate },
    );
  }
  const { report, adopted } = round.looks.get(record.id) ?? {};
  const seen = report?.deployment ?? before;
  const found = seen ?? {
    id: record.id,
    // Of one that was found in Azure its tags may not tell everything.
    identity: { ...identityOf(scope.cmg), ...(record.identity as CMGStatusDeployment['identity']) },
    serviceName: record.serviceName,
    phase: 'Active',
    createdAt: toTimestamp(record.wantedSince),
    ...partsFound(round.found.get(record.id)),
  };
  const known = { ...found, ...sitePartsOf(before), ...(adopted === undefined ? {} : { adopted }) };
  const remembered = withRecord(known, record);
  const deployment = withCertificate(remembered, report?.certificate, scope.clock.now());
  return round.scopes.get(record.id)?.upkeep === 'AsDeclared' ? withAccess(scope, deployment) : deployment;
}

/** What Azure tells of a deployment that the planner does not ask for. */
function partsFound(
  found: FoundFacts | undefined,
): Pick<CMGStatusDeployment, 'serverCertificate' | 'credentials' | 'certificate' | 'resources'> {
  if (found === undefined) {
    return {};
  }
  const { mark, ownGroup } = found;
  const { serverCertificate, credentials, madeWith } = mark;
  return {
    // A group that stands here is the operator's.
    resources: ownGroup === undefined ? [] : [{ name: 'resourceGroup', id: ownGroup }],
    ...(serverCertificate === undefined ? {} : { serverCertificate }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(madeWith === undefined ? {} : { certificate: madeWith }),
  };
}

function sitePartsOf(before: CMGStatusDeployment | undefined) {
  const { connectionPoints, inBoundaryGroups } = before ?? {};
  return {
    ...(connectionPoints === undefined ? {} : { connectionPoints }),
    ...(inBoundaryGroups === undefined ? {} : { inBoundaryGroups }),
  };
}

/** With the certificate and credentials that it is kept up with, for the time when the spec names others. */
function withAccess(
  { cmg: { spec } }: DeploymentsInput['scope'],
  deployment: CMGStatusDeployment,
): CMGStatusDeployment {
  return { ...deployment, serverCertificate: spec.serverCertificate, credentials: spec.azure.credentials };
}

/** The newest of those that serve in place of what is wanted. */
function leaderOf(
  deployments: readonly CMGStatusDeployment[],
  wanted: CMGStatusDeployment | undefined,
): CMGStatusDeployment | undefined {
  return deployments
    .filter(({ id, phase }) => id !== wanted?.id && phase !== 'Deleting')
    .toSorted((left, right) => (right.wantedOrder ?? 0) - (left.wantedOrder ?? 0))[0];
}

/** What stands in the way of what is wanted, beside how the gateway stands that serves meanwhile. */
function combined(candidate: Report | undefined, leader: Report | undefined): Report {
  const nothing: Report = { findings: [], happenings: [], againAfterMs: Number.POSITIVE_INFINITY };
  if (candidate === undefined || leader === undefined) {
    return candidate ?? leader ?? nothing;
  }
  const isBeforehand = ({ type }: Finding) => type === 'CertificateValid' || type === 'PrerequisitesMet';
  return {
    ...leader,
    findings: [
      ...candidate.findings.filter(isBeforehand),
      ...leader.findings.filter((finding) => !isBeforehand(finding)),
    ],
    againAfterMs: Math.min(candidate.againAfterMs, leader.againAfterMs),
  };
}

/** The deployment that serves clients: the wanted one once it is advertised, and until then the one before. */
function activeOf(
  { scope }: DeploymentsInput,
  deployments: readonly CMGStatusDeployment[],
  wanted: CMGStatusDeployment | undefined,
  records: readonly DeploymentRecord[],
): Pick<Report, 'activeDeployment'> {
  const isThere = ({ phase }: CMGStatusDeployment) => phase === 'Active' || phase === 'Superseded';
  const run = records.find(({ id }) => id === wanted?.id)?.run;
  const isAlone = deployments.filter(({ phase }) => phase !== 'Deleting').length === 1;
  const isAdvertised = run !== undefined && run.otherwiseSince === undefined;
  if (wanted?.phase === 'Active' && (isAlone || isAdvertised)) {
    return { activeDeployment: wanted.id };
  }
  const before = deployments.find(({ id, phase }) => id === scope.cmg.status?.activeDeployment && phase !== 'Deleting');
  const active = before ?? deployments.find(isThere);
  return active === undefined ? {} : { activeDeployment: active.id };
}

export type RedeploymentParts = {
  readonly deployments: readonly CMGStatusDeployment[];
  readonly wanted: CMGStatusDeployment | undefined;
  readonly leader: CMGStatusDeployment | undefined;
  readonly finding: Finding | undefined;
  readonly result: PlannedRound;
};
