import type { CMG, CMGStatus } from '../../api/v1alpha1/cmg.generated.ts';
import type { Site } from '../../api/v1alpha1/site.generated.ts';
import { isConflict, isInvalid, isNotFound } from '../../runtime/api-error.ts';
import { applyStatusIfChanged } from '../../runtime/apply.ts';
import type { KubernetesClient } from '../../runtime/client.ts';
import { findCondition } from '../../runtime/conditions.ts';
import type { ConsistencyGate } from '../../runtime/consistency-gate.ts';
import type { Reconcile, ReconcileContext, ReconcileResult } from '../../runtime/controller.ts';
import type { EventRecorder } from '../../runtime/events.ts';
import { addFinalizerPatch, type JsonPatchOperation, removeFinalizerPatch } from '../../runtime/finalizers.ts';
import type { Logger } from '../../runtime/logger.ts';
import { type KubernetesObject, keyOf, type ObjectKey, type ResourceKind } from '../../runtime/objects.ts';
import type { ObjectStore } from '../../runtime/store.ts';
import { logEnd } from '../log-end.ts';
import { SITE_KIND } from '../site/kind.ts';
import { unforeseenFailure } from '../unforeseen-failure.ts';
import type { ClientCounts } from './client-counts.ts';
import { type ContentComparisons, knownContent } from './content-comparisons.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import { type GatewayWatches, noteLook } from './gateway-watches.ts';
import { CMG_KIND, FIELD_MANAGER } from './kind.ts';
import { isManaged, type ManagedCmg } from './managed-cmg.ts';
import type { GatewayMemories } from './memory.ts';
import { observeGateway } from './observe.ts';
import { followOnSite, type OnSiteInput } from './on-site.ts';
import type { OperationsStore } from './operations-secret.ts';
import { type DeploymentsInput, reconcileDeployments } from './redeployment/reconcile.ts';
import { type RemovalRound, removeDeployments } from './redeployment/remove-deployments.ts';
import type { Happening, Report } from './report.ts';
import { observedStays } from './retain.ts';
import { type CommonScope, REQUEST_ANNOTATION, type Scope } from './scope.ts';
import type { SiteScope } from './site-scope.ts';
import { failedStatus, reportedStatus } from './status.ts';
import { eventsOfChange } from './status-events.ts';

/** Keeps a CMG in the API server until its gateway is gone from Azure. */
export const FINALIZER = 'configmgr.io/gateway';

/** What the controller works with besides what one reconcile is given. */
export interface CmgControllerDependencies
  extends Pick<
    Scope,
    | 'installationId'
    | 'clusterUid'
    | 'driftIntervalMs'
    | 'fullReadIntervalMs'
    | 'sweep'
    | 'secrets'
    | 'configMaps'
    | 'namespaces'
    | 'deletionBudget'
    | 'vmModels'
    | 'rollouts'
    | 'revocationLists'
    | 'azure'
    | 'probe'
    | 'resolveName'
    | 'clock'
    | 'random'
  > {
  readonly client: KubernetesClient;
  readonly store: ObjectStore<CMG>;
  readonly gate: ConsistencyGate;
  readonly operations: OperationsStore;
  readonly events: EventRecorder;
  readonly site: SiteScope;
  readonly memories: GatewayMemories;
  readonly watches: GatewayWatches;
  readonly clientCounts: Pick<ClientCounts, 'passes' | 'progress' | 'request' | 'forget'>;
  readonly content: Pick<ContentComparisons, 'comparisons' | 'readings' | 'request' | 'forget'>;
  readonly metrics: Pick<GatewayMetrics, 'driftRepaired'>;
}

/** The procedure for one CMG: fetch, delete or provision, then write the status once. */
export function cmgReconcile(dependencies: CmgControllerDependencies): Reconcile {
  const { store } = dependencies;
  return async (key, context) => {
    const cmg = store.get(key);
    if (cmg === undefined) {
      return { kind: 'Done' };
    }
    try {
      if (cmg.metadata.deletionTimestamp !== undefined) {
        return await reconcileDeletion(dependencies, cmg, key, context);
      }
      if (cmg.spec.suspend) {
        dependencies.watches.forget(cmg.metadata.uid);
        return { kind: 'Done' };
      }
      return isManaged(cmg)
        ? await reconcileGateway(dependencies, cmg, key, context)
        : await reconcileObserved(dependencies, cmg, key, context);
    } catch (error) {
      // The object has changed since the cache saw it; the change itself brings it back.
      if (isConflict(error) || isNotFound(error)) {
        context.logger.debug({ err: error }, 'The CMG has changed meanwhile.');
        return { kind: 'RequeueAfter', afterMs: 1000 };
      }
      await showFailure(dependencies, cmg, key, error, context);
      throw error;
    }
  };
}

async function reconcileGateway(
  dependencies: CmgControllerDependencies,
  cmg: ManagedCmg,
  key: string,
  context: ReconcileContext,
): Promise<ReconcileResult> {
  const finalizer = addFinalizerPatch(cmg.metadata, FINALIZER);
  if (finalizer !== undefined) {
    return changeFinalizers(dependencies, cmg, key, finalizer, context);
  }
  const report = await reconcileDeployments(deploymentsInput(dependencies, cmg, context));
  if (report.redeployment === 'None') {
    dependencies.clientCounts.forget(cmg.metadata.uid);
    dependencies.content.forget(cmg.metadata.uid);
  }
  const followed = await followOnSite(onSiteInput(dependencies, cmg, context), report);
  noteLook(dependencies, cmg.metadata, followed.findings);
  return finish(dependencies, cmg, key, followed, context);
}

/** Nothing in Azure goes with a CMG that is only observed, so that nothing has to keep it from going. */
async function reconcileObserved(
  dependencies: CmgControllerDependencies,
  cmg: CMG,
  key: string,
  context: ReconcileContext,
): Promise<ReconcileResult> {
  const finalizer = removeFinalizerPatch(cmg.metadata, FINALIZER);
  dependencies.watches.forget(cmg.metadata.uid);
  if (finalizer !== undefined) {
    return changeFinalizers(dependencies, cmg, key, finalizer, context);
  }
  const report = await observeGateway(scopeOf(dependencies, cmg, context));
  const followed = await followOnSite(onSiteInput(dependencies, cmg, context), report);
  return finish(dependencies, cmg, key, followed, context);
}

/** The change itself brings the object back; so it ends here. */
async function changeFinalizers(
  { client, gate, store }: CmgControllerDependencies,
  cmg: CMG,
  key: string,
  body: readonly JsonPatchOperation[],
  context: ReconcileContext,
): Promise<ReconcileResult> {
  const patched = await patchFinalizers(client, cmg, body, context);
  if (patched !== undefined) {
    gate.wrote(key, store, patched);
  }
  return { kind: 'RequeueAfter', afterMs: patched === undefined ? 1000 : 0 };
}

async function reconcileDeletion(
  dependencies: CmgControllerDependencies,
  cmg: CMG,
  key: string,
  context: ReconcileContext,
): Promise<ReconcileResult> {
  const { client, gate, memories, events } = dependencies;
  const finalizer = removeFinalizerPatch(cmg.metadata, FINALIZER);
  if (finalizer === undefined) {
    return { kind: 'Done' };
  }
  const round: RemovalRound = isManaged(cmg)
    ? await removeDeployments(deploymentsInput(dependencies, cmg, context))
    : { kind: 'Over', happenings: observedStays(cmg) };
  if (round.kind === 'Waiting') {
    // In a namespace that is being deleted nobody takes events any more.
    logEnd(context.logger, round.report.happenings);
    return finish(dependencies, cmg, key, round.report, context);
  }
  if ((await patchFinalizers(client, cmg, finalizer, context)) === undefined) {
    return { kind: 'RequeueAfter', afterMs: 1000 };
  }
  recordHappenings(events, cmg, round.happenings);
  logEnd(context.logger, round.happenings);
  gate.forget(key);
  memories.forget(cmg.metadata.uid);
  return { kind: 'Done' };
}

/** `undefined` when the object has changed since the cache saw it: a patch whose test fails is refused as invalid. */
async function patchFinalizers(
  client: KubernetesClient,
  cmg: CMG,
  body: readonly JsonPatchOperation[],
  context: ReconcileContext,
): Promise<CMG | undefined> {
  try {
    return await client.patch<CMG>(CMG_KIND, cmg.metadata, { type: 'json', body }, context);
  } catch (error) {
    if (isInvalid(error)) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Shows a failure that nobody foresaw. Where that fails too, for want of the API server or of the leadership, the log has
 * it, and what led here is what counts.
 */
async function showFailure(
  dependencies: CmgControllerDependencies,
  cmg: CMG,
  key: string,
  error: unknown,
  context: ReconcileContext,
): Promise<void> {
  const failure = unforeseenFailure(error, context, 'Uploading the service package is what takes longest.');
  if (failure === undefined) {
    return;
  }
  const { message, signal } = failure;
  const { client, clock, gate, store, events } = dependencies;
  const { generation } = cmg.metadata;
  const hasSite = cmg.spec.siteRef !== undefined;
  const { serviceName } = cmg.spec;
  const status = failedStatus(cmg.status, { generation, serviceName, hasSite, message, now: clock.now() });
  try {
    const result = await applyStatusIfChanged(client, CMG_KIND, cmg, status, { fieldManager: FIELD_MANAGER, signal });
    if (result.written) {
      gate.wrote(key, store, result.object);
      recordHappenings(events, cmg, eventsOfChange(cmg.status, status));
    }
  } catch (err) {
    context.logger.debug({ err }, 'The failure could not be shown in the status.');
  }
}

function onSiteInput({ site, clock }: CmgControllerDependencies, cmg: CMG, { signal }: ReconcileContext): OnSiteInput {
  return { cmg, site, now: clock.now(), signal };
}

function deploymentsInput(
  dependencies: CmgControllerDependencies,
  cmg: ManagedCmg,
  context: ReconcileContext,
): DeploymentsInput {
  const { operations, memories, watches, site, client, store, clientCounts, content } = dependencies;
  const { uid } = cmg.metadata;
  const scope = scopeOf(dependencies, cmg, context);
  const onSameSite = (other: CMG) =>
    other.metadata.namespace === cmg.metadata.namespace && other.spec.siteRef?.name === cmg.spec.siteRef?.name;
  return {
    scope,
    store: operations,
    memories,
    watches,
    site,
    others: store.list().filter((other) => other.metadata.uid !== uid && onSameSite(other)),
    passes: clientCounts.passes(uid),
    countFailure: clientCounts.progress(uid)?.failure,
    countClients: ({ question, notBefore }, whom) => {
      const usable = site.siteOf(cmg);
      if (usable.kind === 'Usable') {
        const now = scope.azure.serverTime.now();
        const { object, site: live } = usable;
        clientCounts.request({ cmg, siteKey: keyOf(object), site: live, question, whom, notBefore, now });
      }
    },
    ...knownContent(content, cmg),
    askForContent: (questions) => {
      const usable = site.siteOf(cmg);
      if (usable.kind === 'Usable') {
        content.request({ cmg, site: usable.site, questions });
      }
    },
    readCmg: ({ metadata }, signal) => readLive<CMG>(client, CMG_KIND, metadata, signal),
    readSite: (wanted, signal) => readLive<Site>(client, SITE_KIND, wanted, signal),
    claims: { client, fieldManager: FIELD_MANAGER },
  };
}

async function readLive<T extends KubernetesObject>(
  client: KubernetesClient,
  kind: ResourceKind,
  key: ObjectKey,
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    return await client.get<T>(kind, key, { signal });
  } catch (error) {
    if (isNotFound(error)) {
      return undefined;
    }
    throw error;
  }
}

function scopeOf<C extends CMG>(
  dependencies: CmgControllerDependencies,
  cmg: C,
  { logger, signal }: ReconcileContext,
): CommonScope & { readonly cmg: C } {
  const { uid, generation, annotations } = cmg.metadata;
  const memory = dependencies.memories.of(uid, generation, annotations?.[REQUEST_ANNOTATION]);
  return { ...dependencies, cmg, memory, logger, signal };
}

/** Writes the status once, if it says anything new, and tells people what happened. */
async function finish(
  dependencies: CmgControllerDependencies,
  cmg: CMG,
  key: string,
  report: Report,
  { logger, signal }: ReconcileContext,
): Promise<ReconcileResult> {
  const { client, clock, gate, store, events, metrics } = dependencies;
  // Before the status is written: Azure has been written already, whatever becomes of the status.
  if (report.happenings.some(({ reason }) => reason === 'DriftRepaired')) {
    metrics.driftRepaired(cmg);
  }
  const status = reportedStatus(cmg, report, clock.now());
  const result = await applyStatusIfChanged(client, CMG_KIND, cmg, status, { fieldManager: FIELD_MANAGER, signal });
  if (result.written) {
    gate.wrote(key, store, result.object);
    logProgress(logger, cmg.status, status);
    recordHappenings(events, cmg, eventsOfChange(cmg.status, status));
  }
  recordHappenings(events, cmg, report.happenings);
  return { kind: 'RequeueAfter', afterMs: report.againAfterMs };
}

/** One line for each change of what the gateway comes to, so that its story can be read in the log too. */
function logProgress(logger: Logger, before: CMGStatus | undefined, after: CMGStatus): void {
  const [then, now] = [before, after].map((status) => findCondition(status?.conditions, 'Ready'));
  if (now !== undefined && (then?.reason !== now.reason || then.message !== now.message)) {
    logger.info({ ready: now.status, reason: now.reason }, now.message);
  }
}

function recordHappenings(events: EventRecorder, cmg: CMG, happenings: readonly Happening[]): void {
  for (const happening of happenings) {
    events.record(cmg, happening);
  }
}
