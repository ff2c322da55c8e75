import type { CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import type { ResourceKey } from '../../azure/desired-resource.ts';
import type { ResourceAction } from '../../azure/resource-plan.ts';
import type { GatewayDeployment } from '../../gateway/deployment.ts';
import { resourceIds } from '../../gateway/ids.ts';
import { type GatewayInstance, stoppedInstances } from '../../gateway/instances.ts';
import { blobEndpoint, gatewayAddress, gatewayFqdn } from '../../gateway/outputs.ts';
import { CERTIFICATE_TAG, MODEL_TAG, SETTINGS_TAG } from '../../gateway/tags.ts';
import { findCondition } from '../../runtime/conditions.ts';
import type { AzureSession } from './azure-access.ts';
import { azureFindings, describeDifferences, type Occasion, titleOf } from './azure-findings.ts';
import { deploymentStatus } from './deployment-status.ts';
import { driftAuthors } from './drift-authors.ts';
import type { Finding } from './finding.ts';
import { messagesOf } from './instance-findings.ts';
import { type InstancesOutcome, reconcileInstances, SCALE_SET } from './instances.ts';
import { type KeptWork, keptWork, withRenewalBegun } from './kept-round.ts';
import type { SetupFilesMemory } from './memory.ts';
import type { OperationsStore } from './operations-secret.ts';
import { withoutOwnMark } from './own-mark.ts';
import type { Happening, Report } from './report.ts';
import { type ActOutcome, carryOutPlan, nextDue, type ObservedGateway, type ResourcesInput } from './resources.ts';
import { earlierModelIsMidway, rolloutTurn, withRollout } from './rollout.ts';
import type { Scope } from './scope.ts';
import { probeService } from './service-probe.ts';
import { ensureSetupFiles } from './setup-files.ts';
import { isThrottledLook, noteThrottledLook, standsUnseen } from './throttled-looks.ts';
import { waitingModelNote } from './vm-model.ts';

/** Provisioning that takes longer is told as a warning. Microsoft names 5 to 15 minutes ("Set up a cloud management gateway"). */
const SLOW_PROVISIONING_MS = 15 * 60_000;

/** One round of writes for a gateway whose record exists and whose prerequisites are met. */
export interface Round {
  readonly scope: Scope;
  readonly store: OperationsStore;
  readonly session: AzureSession;
  readonly deployment: GatewayDeployment;
  readonly record: CMGStatusDeployment;
  readonly input: ResourcesInput;
  readonly observed: ObservedGateway;
}

/**
 * Steps 5 to 7: the files of the setup are stored, what may be written now is written, and the VMs are looked at, by
 * connecting to the gateway once Azure finds all of them healthy.
 */
export async function writeAndFollow(whole: Round): Promise<Report> {
  const { scope, store, deployment, input } = whole;
  // What the operator writes into the mark is nothing that anybody waits for, and excuses no drift beside it.
  const round: Round = { ...whole, observed: withoutOwnMark(scope.memory, whole.observed) };
  const { observed } = round;
  const occasion = occasionOf(round);
  const kept = keptWork(round);
  const setupFiles = await bringSetupFiles(round, kept);
  const mayWriteScaleSet = await mayWrite(round, kept, setupFiles);
  const held = heldBack(round, mayWriteScaleSet);
  const written = await carryOutPlan(input, whole.observed, held);
  const address = gatewayAddress(observed.resources);
  const instances = await reconcileInstances(input, observed, written, {
    wanted: deployment.instances,
    lookEveryMs: scope.driftIntervalMs,
    confirm: () => probeService(scope, { deployment: asPresented(deployment, kept), address }),
    turn: () => (kept?.isRecorded === false ? { kind: 'Later', holders: [] } : rolloutTurn(round)),
    rollingOut: round.record.rollout !== undefined,
  });
  if (instances?.rollout === 'Over') {
    scope.rollouts.release(scope.cmg);
  }
  const acted = instances?.acted ?? written;
  await store.write(scope.cmg, input.operations, acted.operations, scope.signal);

  noteThrottledLook(
    scope,
    instances?.isThrottled === true || [...scope.memory.failures.values()].some(isThrottledLook),
  );
  const now = scope.clock.now();
  const slow = occasion === 'Provisioning' && now - Date.parse(round.record.createdAt) > SLOW_PROVISIONING_MS;
  const filesMissing = setupFiles?.kind === 'Missing' ? setupFiles : undefined;
  const findings: Finding[] = [
    ...azureFindings({
      observed: { ...observed, operations: acted.operations },
      memory: scope.memory,
      occasion,
      slow,
      packageProblem: filesMissing?.problem,
      standsUnseen: standsUnseen(scope, 'AzureReady'),
      stopped: messagesOf(stoppedInstances(instances?.instances ?? [])),
      note: waitingModelNote(scope, round.record),
    }),
    ...healthFindings(round, occasion, slow, instances),
  ];
  const begun = kept?.renewed !== undefined && !kept.isRecorded ? now : undefined;
  const due = [nextDue(input, whole.observed, acted, held), instances?.dueAt, filesMissing?.notBefore, begun].filter(
    (at) => at !== undefined,
  );
  return {
    findings,
    happenings: await happeningsOf(round, occasion, written, instances?.started ?? []),
    ...(kept === undefined ? {} : { remarks: kept.remarks }),
    deployment: withRenewalBegun(scope, recordAfter(round, acted, findings, outcomeFor(kept, instances)), kept),
    againAfterMs: due.length === 0 ? untilNextComparison(scope) : Math.max(0, Math.min(...due) - now),
  };
}

/**
 * A little longer than the drift interval, so that every observation is old enough by then, and that gateways which were
 * looked at together, as after a restart, do not come back together.
 */
function untilNextComparison({ driftIntervalMs, random }: Scope): number {
  return driftIntervalMs * (1.001 + 0.1 * random());
}

/** What is not written now. Of a gateway that is only kept and has lost its VMs or its group nothing is made anew: it is to go. */
function heldBack({ scope, observed }: Round, mayWriteScaleSet: boolean): ReadonlySet<ResourceKey> {
  const isGone = [SCALE_SET, 'resourceGroup'].some((key) => observed.states.get(key)?.kind === 'Absent');
  if (scope.upkeep === 'KeepServing' && isGone) {
    return new Set(observed.graph.map(({ key }) => key));
  }
  return new Set(mayWriteScaleSet ? [] : [SCALE_SET]);
}

/** Whether the scale set may be written now. That it has failed is alone no reason to write that of a gateway that is only kept up. */
async function mayWrite(
  round: Round,
  kept: KeptWork | undefined,
  setupFiles: SetupFilesMemory | undefined,
): Promise<boolean> {
  const action = round.observed.plan.actions.find(({ resource }) => resource.key === SCALE_SET);
  if (kept !== undefined && (action?.kind !== 'Update' || action.differences.length === 0)) {
    return false;
  }
  const bringsModel = kept === undefined || kept.renewed !== undefined;
  return !bringsModel || (setupFiles?.kind === 'Stored' && !(await earlierModelIsMidway(round)));
}

function asPresented(deployment: GatewayDeployment, kept: KeptWork | undefined): GatewayDeployment {
  const sha256Fingerprint = kept?.presents ?? deployment.certificate.sha256Fingerprint;
  return { ...deployment, certificate: { ...deployment.certificate, sha256Fingerprint } };
}

/** A rollout is not over before what it brings is in the model of the VMs. */
function outcomeFor(kept: KeptWork | undefined, seen: InstancesOutcome | undefined): InstancesOutcome | undefined {
  return kept?.renewed === undefined || seen === undefined ? seen : { ...seen, rollout: 'Unchanged' };
}

/** Keys that must be in place before files can be uploaded. */
const SETUP_FILES_NEED = ['storageAccount', 'packagesContainer', 'operatorStorageRole'];

/** `undefined`: what the upload needs is not in place yet, or there is nothing to be uploaded. */
async function bringSetupFiles(round: Round, kept: KeptWork | undefined): Promise<SetupFilesMemory | undefined> {
  const { scope, session, observed } = round;
  const deployment = kept === undefined ? round.deployment : kept.isRecorded ? kept.renewed : undefined;
  if (deployment === undefined) {
    return undefined;
  }
  const endpoint = blobEndpoint(observed.resources);
  const open = new Set([
    ...observed.plan.actions.map(({ resource }) => resource.key),
    ...observed.plan.waiting.map(({ key }) => key),
  ]);
  if (endpoint === undefined || SETUP_FILES_NEED.some((key) => open.has(key))) {
    scope.memory.setupFiles = undefined;
    return undefined;
  }
  return ensureSetupFiles(scope, session, deployment, endpoint);
}

/**
 * Why Azure is written now. A gateway that was as declared with this very spec and certificate, and is not any more, has
 * been changed by others.
 */
function occasionOf({ scope, record, observed }: Round): Occasion {
  if (record.phase !== 'Active') {
    return 'Provisioning';
  }
  const { metadata, status } = scope.cmg;
  const inSync = findCondition(status?.conditions, 'InSync');
  const applied =
    inSync?.observedGeneration === metadata.generation && inSync.reason !== 'Updating' && !bringsContent(observed);
  return applied ? 'RepairingDrift' : 'Updating';
}

/** Tags that tell what resources were made from: the content of Secrets and ConfigMaps, the model of the operator. */
const TELLS_CONTENT: ReadonlyMap<ResourceKey, readonly string[]> = new Map([
  ['certificate', [CERTIFICATE_TAG]],
  [SCALE_SET, [SETTINGS_TAG, MODEL_TAG]],
]);

/** Whether the operator has something new for Azure without a change of the spec, by the tags that tell. */
function bringsContent({ plan }: ObservedGateway): boolean {
  return plan.actions.some((action) => differsIn(action, TELLS_CONTENT.get(action.resource.key) ?? []));
}

function differsIn(action: ResourceAction, tags: readonly string[]): boolean {
  const paths = tags.length === 0 ? [] : ['tags', ...tags.map((tag) => `tags.${tag}`)];
  return action.kind === 'Update' && action.differences.some(({ path }) => paths.includes(path));
}

/** Without one of these a gateway cannot be reached, whatever its VMs say. */
const SERVING: readonly ResourceKey[] = ['publicIpAddress', 'loadBalancer', SCALE_SET];

function healthFindings(
  { scope, observed }: Round,
  occasion: Occasion,
  slow: boolean,
  instances: InstancesOutcome | undefined,
): readonly Finding[] {
  const gone = SERVING.find((key) => observed.states.get(key)?.kind === 'Absent');
  if (occasion !== 'Provisioning' && gone !== undefined) {
    const message = `The ${titleOf(gone)} is missing, so that the gateway serves nobody. It is made again.`;
    return [{ type: 'ServiceHealthy', status: 'False', reason: 'InstancesUnhealthy', message }];
  }
  if (instances?.isThrottled === true && standsUnseen(scope, 'ServiceHealthy')) {
    return [];
  }
  const seen = instances?.finding;
  if (seen?.reason === 'InstancesStarting' && slow) {
    const message = `${seen.message} Provisioning has taken longer than 15 minutes, which is unusual. It goes on.`;
    return [{ ...seen, reason: 'ProvisioningSlow', message }];
  }
  return seen === undefined ? [] : [seen];
}

function recordAfter(
  { scope, deployment, record, observed }: Round,
  acted: ActOutcome,
  findings: readonly Finding[],
  seen: InstancesOutcome | undefined,
): CMGStatusDeployment {
  const holds = (condition: Finding['type']) =>
    findings.some(({ type, status }) => type === condition && status === 'True');
  const made = record.phase === 'Active' || (holds('ServiceHealthy') && holds('AzureReady'));
  const readyBefore = observed.states.get(SCALE_SET)?.kind === 'Absent' ? 0 : (record.instances?.ready ?? 0);
  return deploymentStatus(withRollout(record, seen?.rollout ?? 'Unchanged', scope.clock.now()), {
    phase: made ? 'Active' : 'Provisioning',
    observed,
    operations: acted.operations,
    fqdn: gatewayFqdn(observed.resources),
    address: gatewayAddress(observed.resources),
    wanted: deployment.instances,
    ready: seen?.instances?.filter(({ ready }) => ready).length ?? readyBefore,
  });
}

/** A repair is told when Azure has accepted it. */
async function happeningsOf(
  round: Round,
  occasion: Occasion,
  written: ActOutcome,
  started: readonly GatewayInstance[],
): Promise<readonly Happening[]> {
  const { scope, session, deployment, observed } = round;
  const repaired = occasion === 'RepairingDrift' && written.accepted > 0 && observed.plan.actions.length > 0;
  // No change of the spec stops a VM.
  const isStarted = occasion !== 'Provisioning' && started.length > 0;
  if (!repaired && !isStarted) {
    return [];
  }
  const actions = repaired ? observed.plan.actions.map(({ resource }) => resource.id) : [];
  const changed = isStarted ? [...actions, resourceIds(deployment).scaleSet] : actions;
  const authors = await driftAuthors(scope, session, deployment, changed);
  const who = authors === '' ? 'somebody else' : authors;
  const what = [repaired ? `${describeDifferences(observed)}.` : '', isStarted ? messagesOf(started) : ''];
  const note = `Azure was changed by ${who}; it is being set back: ${what.filter((each) => each !== '').join(' ')}`;
  return [{ type: 'Warning', reason: 'DriftRepaired', action: 'RepairDrift', note }];
}
