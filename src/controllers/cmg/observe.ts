import type { CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import { ArmError } from '../../azure/errors.ts';
import { provisioningState } from '../../azure/operations.ts';
import { type SoughtGateway, wantedInstances } from '../../gateway/observed-gateway.ts';
import { isOwnedBy, ownershipOf } from '../../gateway/tags.ts';
import { isOthers } from '../../redeployment/others.ts';
import { toTimestamp } from '../../runtime/conditions.ts';
import { describeProblem } from './azure-problem.ts';
import { readCredentials } from './credentials.ts';
import { withExpiry } from './credentials-expiry.ts';
import { identityChanges, identityOf } from './deployment.ts';
import { findGateway, type GatewaySearch } from './find-gateway.ts';
import { type Finding, SLOW_RETRY_MS } from './finding.ts';
import { judgePresented } from './observed-certificate.ts';
import { notFoundFindings, observedFindings } from './observed-findings.ts';
import { readGateway, type SeenGateway } from './observed-parts.ts';
import { otherDeployments, type RecordedGateways, recordedGateways } from './observed-records.ts';
import { type SeenService, seeService } from './observed-service.ts';
import type { Report } from './report.ts';
import type { CommonScope } from './scope.ts';
import { type SignedIn, signIn } from './sign-in.ts';

/**
 * Looks at a gateway that the operator is not to change, and reports it: credentials, the search for it, its resources and
 * VMs, and what a client sees of it. Nothing here writes to Azure.
 */
export async function observeGateway(scope: CommonScope): Promise<Report> {
  // A redeployment that runs rests, whatever it has come to.
  return { ...(await look(scope)), redeployment: 'None' };
}

async function look(scope: CommonScope): Promise<Report> {
  const credentials = await readCredentials(scope);
  if (credentials.kind === 'Halt') {
    return { findings: credentials.findings, happenings: [], againAfterMs: credentials.retryAfterMs };
  }
  const access = await signIn(scope, credentials.value);
  if (access.kind === 'Halt') {
    return { findings: access.findings, happenings: [], againAfterMs: access.retryAfterMs };
  }
  const records = recordedGateways(scope.cmg);
  if (records.kind === 'Elsewhere') {
    return { findings: [ownGatewayIsElsewhere(records.changes)], happenings: [], againAfterMs: SLOW_RETRY_MS };
  }
  try {
    const report = await observeInAzure(scope, access.value, records);
    return withExpiry(report, credentials.value.expiry, scope.clock.now());
  } catch (error) {
    if (!(error instanceof ArmError)) {
      throw error;
    }
    const { reason, message, passing } = describeProblem('Looking for the gateway', error);
    const finding: Finding = {
      type: 'PrerequisitesMet',
      status: passing ? 'Unknown' : 'False',
      reason,
      message,
    };
    return { findings: [finding], happenings: [], againAfterMs: SLOW_RETRY_MS };
  }
}

async function observeInAzure(
  scope: CommonScope,
  { session }: SignedIn,
  records: Extract<RecordedGateways, { kind: 'Here' }>,
): Promise<Report> {
  const { cmg, clock, signal } = scope;
  const sought = soughtBy(scope);
  const search = await findGateway(session.arm, sought, signal);
  const others = await otherDeployments(scope, session.arm, records);
  if (search.kind !== 'Found') {
    return notFound(sought, search, records, others);
  }
  const gateway = await readGateway(session.arm, sought, search, signal);
  const service = await seeService(scope, gateway);
  const certificate = await judgePresented(service.presented, sought.serviceName, clock.now());
  const findings = [
    mayRead(),
    ...observedFindings({ ...sought, region: cmg.spec.azure.region }, gateway, service).map(beside(others)),
    certificate.finding,
  ];
  const deployment = seenDeployment(scope, records.observed, gateway, service);
  return {
    findings,
    happenings: [],
    deployment,
    deployments: [deployment, ...others],
    againAfterMs: untilNextLook(scope, findings),
    ...(certificate.status === undefined ? {} : { certificate: certificate.status }),
  };
}

function notFound(
  sought: SoughtGateway,
  search: Exclude<GatewaySearch, { kind: 'Found' }>,
  { observed }: Extract<RecordedGateways, { kind: 'Here' }>,
  others: readonly CMGStatusDeployment[],
): Report {
  // The record of one that the operator made is what it is found and removed by.
  const kept = observed === undefined || isOthers(observed) ? [] : [observed];
  return {
    findings: [mayRead(), ...notFoundFindings(sought, search).map(beside(others))],
    happenings: [],
    deployments: [...kept, ...others],
    againAfterMs: SLOW_RETRY_MS,
  };
}

/** With what is to be known of gateways that a redeployment has left beside the one that is observed. */
function beside(others: readonly CMGStatusDeployment[]): (finding: Finding) => Finding {
  const left = others.map(
    ({ serviceName, identity }) =>
      ` Beside it there is ${serviceName} in the resource group ${identity.resourceGroup}, which is left as it is.`,
  );
  return (finding) =>
    finding.type === 'AzureReady' ? { ...finding, message: `${finding.message}${left.join('')}` } : finding;
}

function soughtBy({ cmg: { spec } }: CommonScope): SoughtGateway {
  return {
    subscriptionId: spec.azure.subscriptionId,
    resourceGroup: spec.azure.resourceGroup.name,
    serviceName: spec.serviceName,
    model: spec.deploymentModel,
  };
}

function seenDeployment(
  scope: CommonScope,
  record: CMGStatusDeployment | undefined,
  gateway: SeenGateway,
  service: SeenService,
): CMGStatusDeployment {
  return withWhatIsSeen({ ...recordOf(scope, record, gateway), phase: 'Active' }, gateway, service);
}

/** A recorded gateway with what one look has shown of it. */
export function withWhatIsSeen(
  { fqdn: _fqdn, address: _address, instances: _instances, ...base }: CMGStatusDeployment,
  { heart, parts, instances }: SeenGateway,
  service: SeenService,
): CMGStatusDeployment {
  const ready = instances?.filter((instance) => instance.ready).length;
  const wanted = wantedInstances(heart);
  return {
    ...base,
    ...(service.fqdn === undefined ? {} : { fqdn: service.fqdn }),
    ...(service.address === undefined ? {} : { address: service.address }),
    ...(ready === undefined || wanted === undefined ? {} : { instances: { wanted, ready } }),
    resources: [...parts]
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, { id, resource }]) => ({ name, id, provisioningState: provisioningState(resource) ?? 'Succeeded' })),
  };
}

/** The record of the gateway, with what never changes of it: a new one where another was seen before, or none. */
function recordOf(
  { cmg, clock, installationId, clusterUid }: CommonScope,
  record: CMGStatusDeployment | undefined,
  { heart, type }: SeenGateway,
): Omit<CMGStatusDeployment, 'phase'> {
  const { namespace, name } = cmg.metadata;
  const known = record !== undefined && identityChanges(cmg, record).length === 0 ? record : undefined;
  if (known !== undefined && !isOthers(known)) {
    return known;
  }
  const ours = isOwnedBy(heart.tags, { installationId, clusterUid, namespace, name });
  return {
    id: known?.id ?? (ours ? ownershipOf(heart.tags)?.deploymentId : undefined) ?? 'observed',
    identity: {
      ...identityOf(cmg),
      provisioner: ours ? 'Operator' : 'Site',
      deploymentModel: type.model,
    },
    serviceName: cmg.spec.serviceName,
    createdAt: known?.createdAt ?? toTimestamp(clock.now()),
    // For the time when the spec names others, of the gateway that takes its place.
    credentials: cmg.spec.azure.credentials,
  };
}

function mayRead(): Finding {
  const message = 'The application signs in to Azure, and may look for the gateway.';
  return { type: 'PrerequisitesMet', status: 'True', reason: 'Succeeded', message };
}

function ownGatewayIsElsewhere(changes: readonly string[]): Finding {
  return {
    type: 'AzureReady',
    status: 'False',
    reason: 'RedeploymentRequired',
    message: `The operator made the gateway of this CMG, and the spec names another one now: ${changes.join(', ')}. Set the fields back to observe it, or observe the other one with a CMG of its own.`,
  };
}

/** How soon a gateway is looked at again that does not serve. */
const TROUBLED_LOOK_MS = 60_000;

/** When a gateway is looked at again that others look after. Those looked at together, as after a restart, do not come back together. */
export function untilNextLook({ driftIntervalMs, random }: CommonScope, findings: readonly Finding[]): number {
  const well = findings.every(({ status, reason }) => status === 'True' || reason === 'NotObserved');
  return (well ? driftIntervalMs : Math.min(driftIntervalMs, TROUBLED_LOOK_MS)) * (1 + 0.1 * random());
}
