import { randomBytes, type X509Certificate } from 'node:crypto';
import type { CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import type { DesiredResource, ObservedResources } from '../../azure/desired-resource.ts';
import type { GatewayDeployment } from '../../gateway/deployment.ts';
import { gatewayGraph } from '../../gateway/graph.ts';
import { resourceIds } from '../../gateway/ids.ts';
import { keptScaleSet } from '../../gateway/kept-gateway.ts';
import type { VmModelChoice } from '../../gateway/vm-models.ts';
import { toTimestamp } from '../../runtime/conditions.ts';
import { keyOf } from '../../runtime/objects.ts';
import { readCredentials } from './credentials.ts';
import { withExpiry } from './credentials-expiry.ts';
import { gatewayDeployment, identityOf } from './deployment.ts';
import { type Finding, SLOW_RETRY_MS, type StepResult } from './finding.ts';
import { SCALE_SET } from './instances.ts';
import { readKeptSettings } from './kept-settings.ts';
import type { ManagedCmg } from './managed-cmg.ts';
import { observationAge } from './observation-age.ts';
import type { OperationsStore } from './operations-secret.ts';
import { checkOwnership, type OwnershipOutcome, withOwnership } from './ownership.ts';
import { checkBeforehand, checkPrerequisites } from './prerequisites.ts';
import { markOfDeployment } from './redeployment/mark.ts';
import type { Report } from './report.ts';
import { carryOutPlan, type ObservedGateway, observeGateway, type ResourcesInput } from './resources.ts';
import type { NamesHeld, Scope } from './scope.ts';
import { certificateStatus, checkServerCertificate, type UsableCertificate } from './server-certificate.ts';
import { type SignedIn, signIn } from './sign-in.ts';
import { isAtRest } from './throttled-looks.ts';
import { checkTrustedCertificates, type TrustedAuthorities, withRemarks } from './trusted-certificates.ts';
import { modelHappenings, unknownModel, vmModelOf, withVmModel } from './vm-model.ts';
import { writeAndFollow } from './write-round.ts';

/**
 * Brings the gateway one round closer to its spec: certificates, credentials, a look at Azure, whose the resources are,
 * preflight, writes, service package, VMs. Each step either lets the next one go on or
 * ends the round with what is wrong. Nothing is awaited that takes Azure long.
 */
export async function provisionGateway(scope: Scope, store: OperationsStore): Promise<Report> {
  const certificate = await checkServerCertificate(scope);
  if (certificate.kind === 'Halt') {
    return ended(certificate);
  }
  const trusted = await checkTrustedCertificates(scope);
  const report =
    trusted.kind === 'Halt'
      ? ended(trusted)
      : await provisionWithCertificate(scope, store, certificate.value, trusted.value);
  const valid =
    trusted.kind === 'Halt' ? [] : certificate.findings.map((finding) => withRemarks(finding, trusted.value.remarks));
  const thumbprint = certificate.value.certificate.chain[0]?.fingerprint.replaceAll(':', '');
  return {
    ...report,
    ...(thumbprint === undefined ? {} : { certificateThumbprint: thumbprint }),
    certificate: certificateStatus(certificate.value.certificate),
    findings: [...valid, ...report.findings],
  };
}

async function provisionWithCertificate(
  scope: Scope,
  store: OperationsStore,
  certificate: UsableCertificate,
  { certificates: trustedCertificates }: TrustedAuthorities,
): Promise<Report> {
  const credentials = await readCredentials(scope);
  if (credentials.kind === 'Halt') {
    return ended(credentials);
  }
  const record = recordedDeployment(scope);
  const access = await signIn(scope, credentials.value);
  if (access.kind === 'Halt') {
    return ended(access);
  }
  const report = await provisionInAzure(scope, store, {
    certificate,
    trustedCertificates,
    access: access.value,
    record,
  });
  return withExpiry(report, credentials.value.expiry, scope.clock.now());
}

/** What the first steps have found. */
interface Known {
  readonly certificate: UsableCertificate;
  readonly trustedCertificates: readonly X509Certificate[];
  readonly access: SignedIn;
  readonly record: CMGStatusDeployment | undefined;
}

async function provisionInAzure(scope: Scope, store: OperationsStore, known: Known): Promise<Report> {
  const { record, access } = known;
  const id = record?.id ?? newDeploymentId();
  const planned = deploymentOf(scope, id, known);
  if (record === undefined && scope.namesHeld !== undefined) {
    return proposed(scope, access.session, planned, scope.namesHeld);
  }
  const scaleSet = () => scope.memory.observations.get(resourceIds(planned).scaleSet)?.state;
  const chosenModel = () => vmModelOf(scope, record, scaleSet());
  const withModel = (choice: VmModelChoice) =>
    choice.kind === 'Known' ? { ...planned, vmModel: choice.model } : planned;
  const input: ResourcesInput = {
    arm: access.session.arm,
    graphOf: (seen) => asKept(scope, withModel(chosenModel()), seen),
    operations: await store.read(scope.cmg, scope.signal),
    memory: scope.memory,
    holds: observationAge(scope, access.session, planned),
    yields: isAtRest(scope),
    now: scope.clock.now,
    random: scope.random,
    signal: scope.signal,
  };
  if (record?.phase === 'Active') {
    // Before, everything is read for what is being made anyway.
    scope.sweep.follow(keyOf(scope.cmg), access.session);
  }
  const observed = await observeKept(scope, access.session, input);
  const model = chosenModel();
  const deployment = withModel(model);
  const ownership = checkOwnership(scope, observed, deployment, record);
  if (ownership.kind === 'Halt') {
    return notOurs(scope, store, { input, observed, record, ownership });
  }
  if (model.kind === 'Unknown') {
    return ended({ findings: [unknownModel(model.revision)], retryAfterMs: SLOW_RETRY_MS });
  }
  const first = record === undefined;
  const { adopting } = ownership;
  const prerequisites = await checkPrerequisites({
    scope,
    session: access.session,
    deployment,
    observed,
    first,
    adopting,
  });
  if (prerequisites.kind === 'Halt') {
    return ended(prerequisites);
  }
  if (record === undefined) {
    // The record is written down before the first write to Azure, so that a lost process finds its own work again.
    const findings = [...prerequisites.findings, firstResources()];
    const made = withOwnership(
      newRecord(scope, deployment, ownership.deploymentId ?? id, ownership.deploymentId !== undefined),
      ownership.record,
    );
    return {
      findings,
      happenings: [],
      deployment: withVmModel(scope, made, model, scaleSet()),
      againAfterMs: 0,
    };
  }
  const { session } = access;
  const owned = withVmModel(scope, withOwnership(record, ownership.record), model, scaleSet());
  const written = await writeAndFollow({ scope, store, session, deployment, record: owned, input, observed });
  return {
    ...written,
    findings: [...prerequisites.findings, ...written.findings],
    happenings: [...modelHappenings(scope, record, owned), ...written.happenings],
  };
}

/** What can be known of a gateway whose names are still another one's: everything but whether they are free. */
async function proposed(
  scope: Scope,
  session: SignedIn['session'],
  deployment: GatewayDeployment,
  held: NamesHeld,
): Promise<Report> {
  const prerequisites = await checkBeforehand(scope, session, deployment, held);
  return prerequisites.kind === 'Halt'
    ? ended(prerequisites)
    : {
        findings: prerequisites.findings,
        happenings: [],
        deployment: newRecord(scope, deployment, deployment.id, false),
        againAfterMs: Number.POSITIVE_INFINITY,
      };
}

/** Ends the round without a write, but for the tags by which another cluster learns of this one. */
async function notOurs(
  scope: Scope,
  store: OperationsStore,
  { input, observed, record, ownership }: NotOurs,
): Promise<Report> {
  const { finding, retryAfterMs, takeBack } = ownership;
  if (takeBack !== undefined) {
    const others = new Set(observed.graph.map(({ key }) => key).filter((key) => key !== takeBack));
    const { operations } = await carryOutPlan(input, observed, others);
    await store.write(scope.cmg, input.operations, operations, scope.signal);
  }
  const deployment = record === undefined ? {} : { deployment: withOwnership(record, ownership.record) };
  return { findings: [finding], happenings: [], againAfterMs: retryAfterMs, ...deployment };
}

interface NotOurs {
  readonly input: ResourcesInput;
  readonly observed: ObservedGateway;
  readonly record: CMGStatusDeployment | undefined;
  readonly ownership: Extract<OwnershipOutcome, { kind: 'Halt' }>;
}

/** Of a gateway that is only kept up it is read too what its VMs were told, without which nothing can be added to it. */
async function observeKept(
  scope: Scope,
  session: SignedIn['session'],
  input: ResourcesInput,
): Promise<ObservedGateway> {
  const observed = await observeGateway(input);
  if (scope.upkeep !== 'KeepServing') {
    return observed;
  }
  const before = scope.memory.keptSettings;
  await readKeptSettings(scope, session, observed.resources);
  return scope.memory.keptSettings === before ? observed : observeGateway(input);
}

function asKept(
  { upkeep, memory }: Scope,
  deployment: GatewayDeployment,
  seen: ObservedResources,
): readonly DesiredResource[] {
  const graph = gatewayGraph(deployment, seen);
  return upkeep === 'KeepServing'
    ? graph.map((resource) =>
        resource.key === SCALE_SET ? keptScaleSet(deployment, resource, memory.keptSettings?.kept) : resource,
      )
    : graph;
}

function deploymentOf(scope: Scope, id: string, { certificate, trustedCertificates, access }: Known) {
  const { cmg, installationId, clusterUid } = scope;
  return gatewayDeployment({
    cmg,
    id,
    installationId,
    clusterUid,
    operatorPrincipalId: access.principalId,
    vmModel: scope.vmModels[0],
    authorityHost: access.session.arm.cloud.authorityHost,
    ...certificate,
    trustedCertificates,
    adminPassword: newAdminPassword,
    ...markFor(cmg, id),
  });
}

/** A gateway that is still to be made gets its mark with its record. */
function markFor(cmg: ManagedCmg, id: string): Pick<GatewayDeployment, 'mark'> {
  const deployment = cmg.status?.deployments?.find((each) => each.id === id);
  return deployment === undefined ? {} : { mark: markOfDeployment(deployment) };
}

function recordedDeployment({ cmg }: Scope): CMGStatusDeployment | undefined {
  return cmg.status?.deployments?.find(({ phase }) => phase !== 'Deleting');
}

/** @param served whether clients may have depended on it: of one that is found, nobody knows */
function newRecord(
  { cmg, clock }: Scope,
  gateway: GatewayDeployment,
  id: string,
  served: boolean,
): CMGStatusDeployment {
  const group = { name: 'resourceGroup', id: resourceIds(gateway).resourceGroup };
  return {
    id,
    identity: identityOf(cmg),
    phase: 'Provisioning',
    serviceName: cmg.spec.serviceName,
    createdAt: toTimestamp(clock.now()),
    served,
    // That the group is the operator's has to be known before it is made: the spec may name another one by the next round.
    resources: gateway.resourceGroup.mode === 'Create' ? [group] : [],
  };
}

function firstResources(): Finding {
  const message = 'Waiting for Azure: the first resources.';
  return { type: 'AzureReady', status: 'False', reason: 'Provisioning', message };
}

function ended({ findings, retryAfterMs }: Pick<Halted, 'findings' | 'retryAfterMs'>): Report {
  return { findings, happenings: [], againAfterMs: retryAfterMs };
}

type Halted = Extract<StepResult<never>, { kind: 'Halt' }>;

/** Eight hexadecimal digits: enough to tell the deployments of one CMG apart. */
export function newDeploymentId(): string {
  return randomBytes(4).toString('hex');
}

/** Meets Azure's rules for Windows passwords: 8 to 123 characters of three kinds. Nobody ever needs to know it. */
function newAdminPassword(): string {
  return `Aa1!${randomBytes(24).toString('base64url')}`;
}
