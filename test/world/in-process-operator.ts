import type { CMG } from '../../src/api/v1alpha1/cmg.generated.ts';
import { createAzureAccess } from '../../src/controllers/cmg/azure-access.ts';
import { createContentComparisons } from '../../src/controllers/cmg/content-comparisons.ts';
import { type CmgControllerDependencies, cmgReconcile } from '../../src/controllers/cmg/controller.ts';
import { createDeletionBudget } from '../../src/controllers/cmg/deletion-budget.ts';
import { createDriftSweep } from '../../src/controllers/cmg/drift-sweep.ts';
import { createGatewayWatches } from '../../src/controllers/cmg/gateway-watches.ts';
import { CMG_KIND, FIELD_MANAGER } from '../../src/controllers/cmg/kind.ts';
import { kubernetesConfigMaps, kubernetesSecrets } from '../../src/controllers/cmg/kubernetes-secrets.ts';
import { createGatewayMemories } from '../../src/controllers/cmg/memory.ts';
import { kubernetesNamespaces } from '../../src/controllers/cmg/namespaces.ts';
import { createOperationsStore } from '../../src/controllers/cmg/operations-secret.ts';
import { createRevocationLists } from '../../src/controllers/cmg/revocation-lists.ts';
import { createRolloutBrake } from '../../src/controllers/cmg/rollout-brake.ts';
import { REQUEST_ANNOTATION } from '../../src/controllers/cmg/scope.ts';
import type { SiteScope } from '../../src/controllers/cmg/site-scope.ts';
import { VM_MODELS } from '../../src/gateway/vm-models.ts';
import type { ResolveName } from '../../src/probe/resolve-name.ts';
import { createListFetch } from '../../src/probe/revocation-list-fetch.ts';
import type { TlsProbe } from '../../src/probe/tls-probe.ts';
import type { ClientPass, PassQuestion } from '../../src/redeployment/client-gate.ts';
import { backoffDelay } from '../../src/runtime/backoff.ts';
import type { KubernetesClient } from '../../src/runtime/client.ts';
import type { RecordedEvent } from '../../src/runtime/event-series.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import type { ManualClock } from '../../src/runtime/manual-clock.ts';
import { type KubernetesObject, keyOf } from '../../src/runtime/objects.ts';
import {
  annotationChanged,
  deletionStarted,
  finalizersChanged,
  generationChanged,
  or,
} from '../../src/runtime/predicates.ts';
import { DEFAULT_QUEUE_BACKOFF } from '../../src/runtime/queue.ts';
import { seededRandom } from '../../src/runtime/random.ts';
import type { ObjectStore } from '../../src/runtime/store.ts';
import type { MemoryKubernetes } from './memory-kubernetes.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** The operator's defaults. */
export const DRIFT_INTERVAL_MS = 600_000;
export const FULL_READ_INTERVAL_MS = 3_600_000;
const COMPARISON_INTERVAL_MS = 3_600_000;

/** So often it is looked whether a search for changes, which has a time of its own, has queued something. */
const LONGEST_STEP_MS = 30_000;

/**
 * The whole CMG controller in this process, on a clock that is moved by hand from one reconcile to the next: one worker,
 * and no time goes by while it works. What it keeps in memory goes with it.
 */
export interface InProcessOperator {
  readonly isAlive: boolean;
  /** As SIGKILL does: from this moment on nothing that it does has any effect. */
  kill(): void;
  /** Events that were told, the oldest first. */
  readonly events: readonly RecordedEvent[];
  /** How many reconciles have ended. */
  readonly reconciles: number;
  /** The next reconcile, and the time until then. Nothing once it has been killed. */
  step(): Promise<void>;
  /** Reconciles whatever is due within `ms`, which then have gone by. */
  runFor(ms: number): Promise<void>;
  /** Steps until `done` holds, or it has been killed. Fails when that takes more than `longestMs` or too many reconciles. */
  runUntil(done: () => boolean, longestMs?: number): Promise<void>;
}

export interface InProcessOperatorOptions {
  readonly world: SimulatedWorld;
  readonly kubernetes: MemoryKubernetes;
  readonly clock: ManualClock;
  /** Stands before the API server, such as for faults. Default: nothing does. */
  readonly client?: KubernetesClient;
  /** UID of the namespace kube-system. Default `c1`. */
  readonly clusterUid?: string;
  /** Default 1. */
  readonly seed?: number;
  /** The site of the gateways. Default: they have none. */
  readonly site?: SiteScope;
  /** Connects to gateways. Default: nothing does, as no process stands behind the VMs of this simulated Azure. */
  readonly probe?: TlsProbe;
  /** Looks names up. Default: nothing does. */
  readonly resolveName?: ResolveName;
  /** What a pass over the devices of the site shows. Default: none is ever made. */
  readonly countClients?: (question: PassQuestion, now: number) => ClientPass;
}

/** Nothing but an endless loop reconciles so often in one wait. */
const MOST_RECONCILES = 1500;

/** Starts an operator. All CMGs are queued at once, as they are when its caches fill. */
export function startInProcessOperator(options: InProcessOperatorOptions): InProcessOperator {
  const { kubernetes, clock } = options;
  const random = seededRandom(options.seed ?? 1);
  const ending = new AbortController();
  const dueAt = new Map<string, number>();
  const failures = new Map<string, number>();
  const events: RecordedEvent[] = [];
  let reconciles = 0;
  const isAlive = () => !ending.signal.aborted;
  const enqueue = (key: string) => void dueAt.set(key, clock.now());
  const { reconcile, endSources } = createController(options, { random, isAlive, events, enqueue });
  const forget = kubernetes.observe((before, after) => {
    const key = keyOf(after ?? before ?? { metadata: { name: '' } });
    if ((after ?? before)?.kind === 'CMG') {
      if (after === undefined) dueAt.delete(key);
      else if (QUEUES(before, after)) enqueue(key);
    } else if (after !== undefined && !isOperators(after)) {
      for (const cmg of kubernetes.objects(CMG_KIND.plural)) enqueue(keyOf(cmg));
    }
  });
  for (const cmg of kubernetes.objects(CMG_KIND.plural)) enqueue(keyOf(cmg));

  const next = () => [...dueAt].toSorted(([, left], [, right]) => left - right)[0];
  const work = async (key: string) => {
    dueAt.delete(key);
    const again = (afterMs: number) => {
      const before = dueAt.get(key);
      dueAt.set(key, Math.min(before ?? Number.POSITIVE_INFINITY, clock.now() + afterMs));
    };
    try {
      const context = { signal: ending.signal, logger: silentLogger, reconcileId: String(reconciles) };
      const result = await reconcile(key, context);
      failures.delete(key);
      if (result.kind === 'RequeueAfter') again(result.afterMs);
    } catch {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      again(backoffDelay(DEFAULT_QUEUE_BACKOFF, count, random));
    }
    reconciles += 1;
  };
  /** Moves on to what is due next, but not further than `until`; answers its key. */
  const moveOn = async (until: number): Promise<string | undefined> => {
    for (;;) {
      const [key, at] = next() ?? [undefined, Number.POSITIVE_INFINITY];
      const target = Math.min(at, until);
      if (target > clock.now()) {
        await clock.advance(Math.min(target - clock.now(), LONGEST_STEP_MS));
      } else {
        return at <= until ? key : undefined;
      }
    }
  };
  const step = async () => {
    const key = await moveOn(Number.MAX_SAFE_INTEGER);
    if (key !== undefined) await work(key);
  };
  return {
    get isAlive() {
      return isAlive();
    },
    kill: () => {
      forget();
      endSources();
      ending.abort(new Error('The operator has been killed.'));
    },
    events,
    get reconciles() {
      return reconciles;
    },
    step,
    runFor: async (ms) => {
      const end = clock.now() + ms;
      for (let key = await moveOn(end); key !== undefined && isAlive(); key = await moveOn(end)) {
        await work(key);
      }
    },
    runUntil: async (done, longestMs = 6 * 3_600_000) => {
      const [begun, first] = [clock.now(), reconciles];
      while (isAlive() && !done()) {
        if (clock.now() - begun > longestMs || reconciles - first > MOST_RECONCILES) {
          const conditions = kubernetes.objects(CMG_KIND.plural).map(({ status }) => status);
          const waited = `after ${(clock.now() - begun) / 1000} s and ${reconciles - first} reconciles`;
          throw new Error(`Not there ${waited}: ${JSON.stringify(conditions, null, 1)}`);
        }
        await step();
      }
    },
  };
}

/** What of a change of a CMG makes the operator look at it. */
const QUEUES = or(generationChanged, deletionStarted, finalizersChanged, annotationChanged(REQUEST_ANNOTATION));

function isOperators({ metadata }: KubernetesObject): boolean {
  return metadata.labels?.['app.kubernetes.io/managed-by'] === 'cmg-operator';
}

const WITHOUT_SITE: SiteScope = {
  siteOf: () => ({ kind: 'Wait', why: 'Suspended' }),
  siteObjectOf: () => undefined,
  siteObjectsBeside: () => [],
  connectionPointsOf: () => [],
  boundaryGroupReferencesOf: () => [],
};

interface Parts {
  readonly random: () => number;
  readonly isAlive: () => boolean;
  readonly events: RecordedEvent[];
  readonly enqueue: (key: string) => void;
}

function createController(options: InProcessOperatorOptions, { random, isAlive, events, enqueue }: Parts) {
  const { world, kubernetes, clock } = options;
  const { azure } = world;
  const fence = () => {
    if (!isAlive()) throw new Error('The operator has been killed.');
  };
  const client = guarded(options.client ?? kubernetes.client, fence);
  const store = storeOf(kubernetes);
  const sweep = createDriftSweep({
    clock,
    logger: silentLogger,
    installationId: 'test',
    intervalMs: DRIFT_INTERVAL_MS,
    isWatched: (key) => store.get(key) !== undefined,
  });
  const content = createContentComparisons({
    clock,
    logger: silentLogger,
    intervalMs: COMPARISON_INTERVAL_MS,
    forgetAfterMs: 6 * COMPARISON_INTERVAL_MS,
  });
  const ends = [sweep.source(enqueue), content.source(enqueue)];
  const reconcile = cmgReconcile({
    client,
    store,
    // The store is the API server itself.
    gate: { wrote: () => {}, forget: () => {}, isReady: () => true },
    operations: createOperationsStore(client, FIELD_MANAGER),
    events: { record: (_regarding, event) => void events.push(event), stop: async () => {} },
    memories: createGatewayMemories(),
    watches: createGatewayWatches(),
    clientCounts: countedBy(options),
    content,
    metrics: { driftRepaired: () => {} },
    site: options.site ?? WITHOUT_SITE,
    installationId: 'test',
    clusterUid: options.clusterUid ?? 'c1',
    driftIntervalMs: DRIFT_INTERVAL_MS,
    fullReadIntervalMs: FULL_READ_INTERVAL_MS,
    sweep,
    vmModels: VM_MODELS,
    rollouts: createRolloutBrake(store, 1),
    revocationLists: createRevocationLists({ clock, logger: silentLogger, fetchList: createListFetch() }),
    secrets: kubernetesSecrets(client),
    configMaps: kubernetesConfigMaps(client),
    namespaces: kubernetesNamespaces(client),
    deletionBudget: createDeletionBudget({ client, namespace: 'cmg-system', perHour: 3 }),
    azure: createAzureAccess({
      clock,
      cloudOverrides: { AzurePublicCloud: { resourceManagerEndpoint: azure.url, authorityHost: azure.url } },
      userAgent: 'cmg-operator/test',
      fence,
      httpClient: {
        sendRequest: async (request) => {
          fence();
          return azure.httpClient.sendRequest(request);
        },
      },
    }),
    probe: options.probe,
    resolveName: options.resolveName,
    clock,
    random,
  });
  const endSources = () => {
    for (const end of ends) end();
  };
  return { reconcile, endSources };
}

/** Passes over the devices of a site that end as soon as they are asked for. */
function countedBy({ countClients, clock }: InProcessOperatorOptions): CmgControllerDependencies['clientCounts'] {
  const counted = new Map<string, readonly ClientPass[]>();
  return {
    passes: (uid) => counted.get(uid) ?? [],
    progress: () => undefined,
    request: ({ cmg: { metadata }, question }) => {
      const pass = countClients?.(question, clock.now());
      const others = (counted.get(metadata.uid) ?? []).filter(
        (each) => each.question.serviceName !== question.serviceName,
      );
      if (pass !== undefined) counted.set(metadata.uid, [...others, pass]);
    },
    forget: (uid) => void counted.delete(uid),
  };
}

/** A client whose requests, readings included, do not leave a process that is no more. */
function guarded(client: KubernetesClient, fence: () => void): KubernetesClient {
  return new Proxy(client, {
    get: (target, name, receiver) => {
      fence();
      return Reflect.get(target, name, receiver);
    },
  });
}

function storeOf(kubernetes: MemoryKubernetes): ObjectStore<CMG> {
  const list = () => kubernetes.objects(CMG_KIND.plural) as readonly CMG[];
  return {
    get size() {
      return list().length;
    },
    hasSynced: true,
    get: (key) => list().find((cmg) => keyOf(cmg) === key),
    list,
    byIndex: () => [],
    resourceVersionOf: () => '',
    subscribe: () => () => {},
  };
}
