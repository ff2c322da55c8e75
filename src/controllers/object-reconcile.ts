import type { ObjectMeta } from '../api/object-meta.ts';
import { isConflict, isInvalid, isNotFound } from '../runtime/api-error.ts';
import { applyStatusIfChanged } from '../runtime/apply.ts';
import type { KubernetesClient } from '../runtime/client.ts';
import type { Clock } from '../runtime/clock.ts';
import { type Condition, findCondition } from '../runtime/conditions.ts';
import type { ConsistencyGate } from '../runtime/consistency-gate.ts';
import type { Reconcile, ReconcileContext, ReconcileResult } from '../runtime/controller.ts';
import type { EventRecorder } from '../runtime/events.ts';
import { addFinalizerPatch, type JsonPatchOperation, removeFinalizerPatch } from '../runtime/finalizers.ts';
import type { KubernetesObject, ResourceKind } from '../runtime/objects.ts';
import type { ObjectStore } from '../runtime/store.ts';
import type { Finding } from './cmg/finding.ts';
import type { Happening } from './cmg/report.ts';
import { happeningsOfChange } from './condition-events.ts';
import { logEnd } from './log-end.ts';
import { conditionsAfter, conditionsAfterFailure, type SummaryRules } from './summary.ts';
import { unforeseenFailure } from './unforeseen-failure.ts';

/** An object of one of our kinds. */
export interface ManagedObject extends KubernetesObject {
  readonly metadata: ObjectMeta;
  readonly spec: { readonly suspend: boolean };
  readonly status?: ManagedStatus;
}

interface ManagedStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
}

/** The parts of a status that a procedure states; the rest follows from its findings. */
export type StatusParts<T extends ManagedObject> = Omit<NonNullable<T['status']>, 'observedGeneration' | 'conditions'>;

/** What one round for an object came to. */
export interface ObjectReport<T extends ManagedObject> {
  readonly findings: readonly Finding[];
  /** Default: nothing happened. */
  readonly happenings?: readonly Happening[];
  /** All of the status but its conditions: what is left out is taken away. */
  readonly status: StatusParts<T>;
  /** When to run again at the latest, in milliseconds from now; absent: when something changes. */
  readonly againAfterMs?: number;
  /** Message of `Ready` while it is True, where this round has a better one than the kind's. */
  readonly readyMessage?: string;
}

/** How a round for an object that is being deleted ends. */
export type ObjectRemoval<T extends ManagedObject> =
  | { readonly kind: 'Gone'; readonly happenings?: readonly Happening[] }
  /** Without a report, the status stays as it is until something changes. */
  | { readonly kind: 'Remaining'; readonly report: ObjectReport<T> | undefined };

/** What is particular to a kind. */
export interface ObjectProcedure<T extends ManagedObject> {
  readonly kind: ResourceKind;
  readonly finalizer: string;
  readonly rules: SummaryRules;
  /** Whether the object has to wait at its deletion for what stands for it elsewhere. */
  needsFinalizer(object: T): boolean;
  /** `undefined`: the status stays as it is until something changes. */
  reconcile(object: T, context: ReconcileContext): Promise<ObjectReport<T> | undefined>;
  remove(object: T, context: ReconcileContext): Promise<ObjectRemoval<T>>;
  /** The object is gone. */
  forget?(object: T): void;
}

export interface ObjectReconcileDependencies<T extends ManagedObject> {
  readonly client: Pick<KubernetesClient, 'patch' | 'applyStatus'>;
  readonly store: ObjectStore<T>;
  readonly gate: ConsistencyGate;
  readonly events: EventRecorder;
  readonly clock: Clock;
  /** One name for all that the operator writes. */
  readonly fieldManager: string;
}

/** The procedure for one object: fetch, finalizer, delete or reconcile, then write the status once. */
export function objectReconcile<T extends ManagedObject>(
  dependencies: ObjectReconcileDependencies<T>,
  procedure: ObjectProcedure<T>,
): Reconcile {
  return async (key, context) => {
    const object = dependencies.store.get(key);
    if (object === undefined) {
      return { kind: 'Done' };
    }
    try {
      if (object.metadata.deletionTimestamp !== undefined) {
        return await reconcileDeletion(dependencies, procedure, object, key, context);
      }
      return await reconcileObject(dependencies, procedure, object, key, context);
    } catch (error) {
      // The object has changed since the cache saw it; the change itself brings it back.
      if (isConflict(error) || isNotFound(error)) {
        context.logger.debug({ err: error }, 'The object has changed meanwhile.');
        return { kind: 'RequeueAfter', afterMs: 1000 };
      }
      await showFailure(dependencies, procedure, object, key, error, context);
      throw error;
    }
  };
}

async function reconcileObject<T extends ManagedObject>(
  dependencies: ObjectReconcileDependencies<T>,
  procedure: ObjectProcedure<T>,
  object: T,
  key: string,
  context: ReconcileContext,
): Promise<ReconcileResult> {
  const patch = procedure.needsFinalizer(object)
    ? addFinalizerPatch(object.metadata, procedure.finalizer)
    : removeFinalizerPatch(object.metadata, procedure.finalizer);
  if (patch !== undefined) {
    const { gate, store } = dependencies;
    const patched = await patchFinalizers(dependencies, procedure, object, patch, context);
    if (patched !== undefined) {
      gate.wrote(key, store, patched);
    }
    return { kind: 'RequeueAfter', afterMs: patched === undefined ? 1000 : 0 };
  }
  if (object.spec.suspend) {
    return { kind: 'Done' };
  }
  return finish(dependencies, procedure, object, key, await procedure.reconcile(object, context), context);
}

async function reconcileDeletion<T extends ManagedObject>(
  dependencies: ObjectReconcileDependencies<T>,
  procedure: ObjectProcedure<T>,
  object: T,
  key: string,
  context: ReconcileContext,
): Promise<ReconcileResult> {
  const patch = removeFinalizerPatch(object.metadata, procedure.finalizer);
  if (patch === undefined) {
    return { kind: 'Done' };
  }
  const removal = await procedure.remove(object, context);
  if (removal.kind === 'Remaining') {
    return finish(dependencies, procedure, object, key, removal.report, context);
  }
  if ((await patchFinalizers(dependencies, procedure, object, patch, context)) === undefined) {
    return { kind: 'RequeueAfter', afterMs: 1000 };
  }
  const { happenings = [] } = removal;
  record(dependencies, object, happenings);
  logEnd(context.logger, happenings);
  dependencies.gate.forget(key);
  procedure.forget?.(object);
  return { kind: 'Done' };
}

/** `undefined` when the object has changed since the cache saw it: a patch whose test fails is refused as invalid. */
async function patchFinalizers<T extends ManagedObject>(
  { client }: ObjectReconcileDependencies<T>,
  { kind }: ObjectProcedure<T>,
  { metadata }: T,
  body: readonly JsonPatchOperation[],
  context: ReconcileContext,
): Promise<T | undefined> {
  try {
    return await client.patch<T>(kind, metadata, { type: 'json', body }, context);
  } catch (error) {
    if (isInvalid(error)) {
      return undefined;
    }
    throw error;
  }
}

async function finish<T extends ManagedObject>(
  dependencies: ObjectReconcileDependencies<T>,
  { kind, rules }: ObjectProcedure<T>,
  object: T,
  key: string,
  report: ObjectReport<T> | undefined,
  context: ReconcileContext,
): Promise<ReconcileResult> {
  if (report === undefined) {
    return { kind: 'Done' };
  }
  const status = statusAfter(object, report, rules, dependencies.clock.now());
  await writeStatus(dependencies, kind, object, key, status, context);
  record(dependencies, object, report.happenings ?? []);
  return report.againAfterMs === undefined
    ? { kind: 'Done' }
    : { kind: 'RequeueAfter', afterMs: Math.max(0, report.againAfterMs) };
}

/** The whole status after a round. */
export function statusAfter<T extends ManagedObject>(
  object: T,
  report: ObjectReport<T>,
  rules: SummaryRules,
  now: number,
): ManagedStatus {
  const round = { generation: object.metadata.generation, findings: report.findings, now };
  const conditions = conditionsAfter(object.status?.conditions, round, {
    ...rules,
    readyMessage: report.readyMessage ?? rules.readyMessage,
  });
  return { ...report.status, ...statusHead(object, conditions) };
}

function statusHead({ metadata }: ManagedObject, conditions: readonly Condition[]): ManagedStatus {
  return { observedGeneration: metadata.generation, conditions };
}

async function writeStatus<T extends ManagedObject>(
  dependencies: ObjectReconcileDependencies<T>,
  kind: ResourceKind,
  object: T,
  key: string,
  status: ManagedStatus,
  { logger, signal }: ReconcileContext,
): Promise<void> {
  const { client, gate, store, fieldManager } = dependencies;
  const result = await applyStatusIfChanged<T>(client, kind, object, status, { fieldManager, signal });
  if (!result.written) {
    return;
  }
  gate.wrote(key, store, result.object);
  const [then, now] = [object.status, status].map((each) => findCondition(each?.conditions, 'Ready'));
  if (now !== undefined && (then?.reason !== now.reason || then.message !== now.message)) {
    logger.info({ ready: now.status, reason: now.reason }, now.message);
  }
  record(dependencies, object, happeningsOfChange(object.status?.conditions, status.conditions ?? []));
}

function record<T extends ManagedObject>(
  { events }: ObjectReconcileDependencies<T>,
  object: T,
  happenings: readonly Happening[],
): void {
  for (const happening of happenings) {
    events.record(object, happening);
  }
}

/**
 * Shows a failure that nobody foresaw. Where that fails too, for want of the API server or of the leadership, the log has
 * it, and what led here is what counts.
 */
async function showFailure<T extends ManagedObject>(
  dependencies: ObjectReconcileDependencies<T>,
  { kind, rules }: ObjectProcedure<T>,
  object: T,
  key: string,
  error: unknown,
  context: ReconcileContext,
): Promise<void> {
  const failure = unforeseenFailure(error, context, 'A site that answers slowly is what takes longest.');
  if (failure === undefined) {
    return;
  }
  const { message, signal } = failure;
  const round = { generation: object.metadata.generation, message, now: dependencies.clock.now() };
  const conditions = conditionsAfterFailure(object.status?.conditions, round, rules);
  try {
    await writeStatus(
      dependencies,
      kind,
      object,
      key,
      { ...object.status, ...statusHead(object, conditions) },
      { ...context, signal },
    );
  } catch (err) {
    context.logger.debug({ err }, 'The failure could not be shown in the status.');
  }
}
