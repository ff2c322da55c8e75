import { randomBytes } from 'node:crypto';
import type { CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import { type AzureCredentials, principalId } from '../../azure/credentials.ts';
import { ArmError } from '../../azure/errors.ts';
import { writePkcs12 } from '../../certificates/pkcs12.ts';
import type { ServerCertificate } from '../../certificates/server-certificate.ts';
import type { GatewayDeployment } from '../../gateway/deployment.ts';
import { CARRIES_OWNER_TAGS, gatewayGraph } from '../../gateway/graph.ts';
import { blobEndpoint, gatewayAddress, gatewayFqdn } from '../../gateway/outputs.ts';
import { isOwnedBy } from '../../gateway/tags.ts';
import { findCondition, toTimestamp } from '../../runtime/conditions.ts';
import type { AzureSession } from './azure-access.ts';
import { azureFindings, describeDifferences, type Occasion, titleOf } from './azure-findings.ts';
import { describeProblem } from './azure-problem.ts';
import { readCredentials } from './credentials.ts';
import { gatewayDeployment, identityChanges, identityOf } from './deployment.ts';
import { deploymentStatus } from './deployment-status.ts';
import { type Finding, SLOW_RETRY_MS } from './finding.ts';
import { reconcileInstances } from './instances.ts';
import type { OperationsStore } from './operations-secret.ts';
import { preflight } from './preflight.ts';
import type { Happening, Report } from './report.ts';
import {
  type ActOutcome,
  carryOutPlan,
  nextDue,
  type ObservedGateway,
  observeGateway,
  type ResourcesInput,
} from './resources.ts';
import type { Scope } from './scope.ts';
import { certificateStatus, checkServerCertificate } from './server-certificate.ts';
import { ensureServicePackage } from './service-package.ts';

/** Provisioning that takes longer is told as a warning. Microsoft names 5 to 15 minutes ("Set up a cloud management gateway"). */
const SLOW_PROVISIONING_MS = 15 * 60_000;

/** How soon providers that are being registered are looked at again; it takes about a minute. */
const REGISTRATION_POLL_MS = 10_000;

/**
 * Brings the gateway one round closer to its spec: certificate, credentials, what cannot change in place, a look at
 * Azure, preflight, writes, service package, VMs. Each step either lets the next one go on or ends the round with what is
 * wrong. Nothing is awaited that takes Azure long.
 */
export async function provisionGateway(scope: Scope, store: OperationsStore): Promise<Report> {
  const certificate = await checkServerCertificate(scope);
  if (certificate.kind === 'Halt') {
    return ended(certificate.findings, certificate.retryAfterMs);
  }
  const certificateFacts = { certificate: certificateStatus(certificate.value) };
  const credentials = await readCredentials(scope);
  if (credentials.kind === 'Halt') {
    return {
      ...ended([...certificate.findings, ...credentials.findings], credentials.retryAfterMs),
      ...certificateFacts,
    };
  }
  const record = recordedDeployment(scope);
  const changes = record === undefined ? [] : identityChanges(scope.cmg, record);
  if (changes.length > 0) {
    return { ...ended([...certificate.findings, redeploymentRequired(changes)], SLOW_RETRY_MS), ...certificateFacts };
  }
  const report = await provisionInAzure(scope, store, certificate.value, credentials.value, record);
  return { ...report, ...certificateFacts, findings: [...certificate.findings, ...report.findings] };
}

async function provisionInAzure(
  scope: Scope,
  store: OperationsStore,
  certificate: ServerCertificate,
  credentials: AzureCredentials,
  record: CMGStatusDeployment | undefined,
): Promise<Report> {
  const { azure } = scope.cmg.spec;
  const session = scope.azure.connect(azure.environment, azure.subscriptionId, credentials);
  let operatorPrincipalId: string;
  try {
    operatorPrincipalId = await principalId(session.arm.cloud, session.credential);
  } catch (error) {
    return signInFailed(error);
  }
  const id = record?.id ?? newDeploymentId();
  const pkcs12 = (await writePkcs12(certificate.chain, certificate.privateKey)).toString('base64');
  const { installationId, clusterUid } = scope;
  const deployment = gatewayDeployment({
    cmg: scope.cmg,
    id,
    installationId,
    clusterUid,
    operatorPrincipalId,
    certificate,
    pkcs12: () => pkcs12,
    adminPassword: newAdminPassword,
  });
  const operations = await store.read(scope.cmg, scope.signal);
  const input: ResourcesInput = {
    arm: session.arm,
    graphOf: (observed) => gatewayGraph(deployment, observed),
    operations,
    memory: scope.memory,
    observeEveryMs: scope.driftIntervalMs,
    now: scope.clock.now,
    random: scope.random,
    signal: scope.signal,
  };
  const observed = await observeGateway(input);
  const foreign = foreignResource(observed, deployment.owner);
  if (foreign !== undefined) {
    return ended([notOwned(foreign)], SLOW_RETRY_MS);
  }
  const prerequisites = await checkPrerequisites(scope, session, deployment, observed);
  if (prerequisites.againAfterMs !== undefined) {
    return ended(prerequisites.findings, prerequisites.againAfterMs);
  }
  if (record === undefined) {
    // The record is written down before the first write to Azure, so that a lost process finds its own work again.
    const created = newRecord(scope, id);
    return { ...ended([...prerequisites.findings, ...firstFindings()], 0), deployment: created };
  }
  const round: Round = { scope, store, session, deployment, record, input, observed };
  const acted = await writeAndFollow(round);
  return { ...acted, findings: [...prerequisites.findings, ...acted.findings] };
}

/** One round of writes for a gateway whose record exists and whose prerequisites are met. */
interface Round {
  readonly scope: Scope;
  readonly store: OperationsStore;
  readonly session: AzureSession;
  readonly deployment: GatewayDeployment;
  readonly record: CMGStatusDeployment;
  readonly input: ResourcesInput;
  readonly observed: ObservedGateway;
}

async function writeAndFollow(round: Round): Promise<Report> {
  const { scope, store, deployment, record, input, observed } = round;
  const occasion = occasionOf(scope, record);
  const packageReady = await bringServicePackage(round, observed);
  const held = new Set(packageReady.done ? [] : ['scaleSet']);
  const written = await carryOutPlan(input, observed, held);
  const instances = await reconcileInstances(input, observed, written, deployment.instances);
  const acted = instances?.acted ?? written;
  await store.write(scope.cmg, input.operations, acted.operations, scope.signal);

  const now = scope.clock.now();
  const slow = occasion === 'Provisioning' && now - Date.parse(record.createdAt) > SLOW_PROVISIONING_MS;
  const findings: Finding[] = [
    ...azureFindings({ observed: { ...observed, operations: acted.operations }, memory: scope.memory, occasion, slow }),
    ...packageReady.findings,
    ...(instances === undefined ? [] : [instances.finding]),
  ];
  const serving = findings.some(({ type, status }) => type === 'ServiceHealthy' && status === 'True');
  const complete = findings.some(({ type, status }) => type === 'AzureReady' && status === 'True');
  const due = [nextDue(input, observed, acted), instances?.dueAt, packageReady.dueAt].filter((at) => at !== undefined);
  return {
    findings,
    happenings: happeningsOf(round, occasion, written),
    deployment: deploymentStatus(record, {
      phase: record.phase === 'Active' || (serving && complete) ? 'Active' : 'Provisioning',
      observed,
      operations: acted.operations,
      fqdn: gatewayFqdn(observed.resources),
      address: gatewayAddress(observed.resources),
      wanted: deployment.instances,
      ready: (instances?.instances ?? scope.memory.instances?.seen ?? []).filter(({ ready }) => ready).length,
    }),
    againAfterMs: due.length === 0 ? scope.driftIntervalMs : Math.max(0, Math.min(...due) - now),
  };
}

/** Keys that must be in place before the service package can be uploaded. */
const PACKAGE_NEEDS = ['storageAccount', 'packagesContainer', 'operatorStorageRole'];

async function bringServicePackage(
  { scope, session, deployment }: Round,
  observed: ObservedGateway,
): Promise<{ readonly done: boolean; readonly findings: readonly Finding[]; readonly dueAt: number | undefined }> {
  const endpoint = blobEndpoint(observed.resources);
  const open = new Set([
    ...observed.plan.actions.map(({ resource }) => resource.key),
    ...observed.plan.waiting.map(({ key }) => key),
  ]);
  if (endpoint === undefined || PACKAGE_NEEDS.some((key) => open.has(key))) {
    scope.memory.uploadedPackage = undefined;
    return { done: false, findings: [], dueAt: undefined };
  }
  const result = await ensureServicePackage(scope, session, deployment, endpoint);
  return result.kind === 'Continue'
    ? { done: true, findings: [], dueAt: undefined }
    : { done: false, findings: result.findings, dueAt: scope.clock.now() + result.retryAfterMs };
}

function recordedDeployment({ cmg }: Scope): CMGStatusDeployment | undefined {
  return cmg.status?.deployments?.find(({ phase }) => phase !== 'Deleting');
}

function newRecord({ cmg, clock }: Scope, id: string): CMGStatusDeployment {
  return {
    id,
    identity: identityOf(cmg),
    phase: 'Provisioning',
    serviceName: cmg.spec.serviceName,
    createdAt: toTimestamp(clock.now()),
  };
}

/** Why Azure is written now. A gateway that was Ready with this very spec and differs has been changed by others. */
function occasionOf({ cmg }: Scope, record: CMGStatusDeployment): Occasion {
  if (record.phase !== 'Active') {
    return 'Provisioning';
  }
  const ready = findCondition(cmg.status?.conditions, 'Ready');
  return ready?.reason !== 'Updating' && ready?.observedGeneration === cmg.metadata.generation
    ? 'RepairingDrift'
    : 'Updating';
}

async function checkPrerequisites(
  scope: Scope,
  session: AzureSession,
  deployment: GatewayDeployment,
  observed: ObservedGateway,
): Promise<{ readonly findings: readonly Finding[]; readonly againAfterMs: number | undefined }> {
  const { memory, cmg } = scope;
  const { generation } = cmg.metadata;
  const existing = new Set([...observed.states].filter(([, { kind }]) => kind === 'Present').map(([key]) => key));
  const running = new Set(observed.operations.keys());
  const missing = observed.graph.some(({ key }) => !existing.has(key) && !running.has(key));
  if (memory.preflightPassed !== generation && missing) {
    const problems = await preflight({ scope, session, deployment, existing: new Set([...existing, ...running]) });
    const [first] = problems.toSorted((left, right) => Number(left.passing) - Number(right.passing));
    if (first !== undefined) {
      const message = problems.map((problem) => problem.message).join(' ');
      return {
        findings: [{ type: 'PrerequisitesMet', status: 'False', reason: first.reason, message }],
        againAfterMs: problems.every(({ passing }) => passing) ? REGISTRATION_POLL_MS : SLOW_RETRY_MS,
      };
    }
  }
  memory.preflightPassed = generation;
  const message =
    'Subscription, permissions, providers, region, VM size, quota, resource group and names are in order.';
  return {
    findings: [{ type: 'PrerequisitesMet', status: 'True', reason: 'Succeeded', message }],
    againAfterMs: undefined,
  };
}

interface ForeignResource {
  readonly key: string;
  readonly id: string;
}

/** A resource that has one of our names and does not carry our tags. */
function foreignResource(
  { graph, states }: ObservedGateway,
  owner: GatewayDeployment['owner'],
): ForeignResource | undefined {
  return graph.find(({ key }) => {
    const state = states.get(key);
    return state?.kind === 'Present' && CARRIES_OWNER_TAGS.has(key) && !isOwnedBy(state.resource.tags, owner);
  });
}

function notOwned({ key, id }: ForeignResource): Finding {
  return {
    type: 'AzureReady',
    status: 'False',
    reason: 'ResourceNotOwned',
    message: `The ${titleOf(key)} ${id} exists and does not carry the tags of this CMG, so it is neither changed nor deleted. Remove or rename it, or choose another spec.serviceName or resource group.`,
  };
}

function redeploymentRequired(changes: readonly string[]): Finding {
  return {
    type: 'AzureReady',
    status: 'False',
    reason: 'RedeploymentRequired',
    message: `The gateway exists, and this cannot be changed in place: ${changes.join(', ')}. The gateway is left as it is. Set the fields back, or make a second CMG with another service name, move the clients, and delete this one.`,
  };
}

function signInFailed(error: unknown): Report {
  if (!(error instanceof ArmError)) {
    throw error;
  }
  const { reason, message, passing } = describeProblem('Signing in to Azure', error);
  const finding: Finding = { type: 'PrerequisitesMet', status: passing ? 'Unknown' : 'False', reason, message };
  return ended([finding], passing ? (error.retryAfterMs ?? 30_000) : SLOW_RETRY_MS);
}

function firstFindings(): readonly Finding[] {
  return [
    { type: 'AzureReady', status: 'False', reason: 'Provisioning', message: 'Waiting for Azure: the first resources.' },
  ];
}

function ended(findings: readonly Finding[], againAfterMs: number): Report {
  return { findings, happenings: [], againAfterMs };
}

/** A repair is told once, when Azure has accepted it. */
function happeningsOf({ observed }: Round, occasion: Occasion, written: ActOutcome): readonly Happening[] {
  if (occasion !== 'RepairingDrift' || written.accepted === 0) {
    return [];
  }
  const note = `Azure was changed by somebody else; it is being set back: ${describeDifferences(observed)}.`;
  return [{ type: 'Warning', reason: 'DriftRepaired', action: 'RepairDrift', note }];
}

/** Eight hexadecimal digits: enough to tell the deployments of one CMG apart. */
function newDeploymentId(): string {
  return randomBytes(4).toString('hex');
}

/** Meets Azure's rules for Windows passwords: 8 to 123 characters of three kinds. Nobody ever needs to know it. */
function newAdminPassword(): string {
  return `Aa1!${randomBytes(24).toString('base64url')}`;
}
