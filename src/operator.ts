import { hostname } from 'node:os';
import { Registry } from 'prom-client';
import type { CMG } from './api/v1alpha1/cmg.generated.ts';
import type { CloudOverrides } from './azure/clouds.ts';
import { requestType } from './azure/request-type.ts';
import type { OperatorConfig } from './config.ts';
import { type AzureAccess, createAzureAccess } from './controllers/cmg/azure-access.ts';
import { cmgReconcile } from './controllers/cmg/controller.ts';
import { createDeletionBudget } from './controllers/cmg/deletion-budget.ts';
import { createDriftSweep, type DriftSweep } from './controllers/cmg/drift-sweep.ts';
import { createGatewayMetrics, type GatewayMetrics } from './controllers/cmg/gateway-metrics.ts';
import { createGatewayWatches } from './controllers/cmg/gateway-watches.ts';
import { CMG_KIND, FIELD_MANAGER } from './controllers/cmg/kind.ts';
import { kubernetesConfigMaps, kubernetesSecrets } from './controllers/cmg/kubernetes-secrets.ts';
import { createGatewayMemories } from './controllers/cmg/memory.ts';
import { kubernetesNamespaces } from './controllers/cmg/namespaces.ts';
import { createOperationsStore } from './controllers/cmg/operations-secret.ts';
import { ADOPT_ANNOTATION } from './controllers/cmg/ownership.ts';
import { createRevocationLists } from './controllers/cmg/revocation-lists.ts';
import { createRolloutBrake } from './controllers/cmg/rollout-brake.ts';
import { REQUEST_ANNOTATION } from './controllers/cmg/scope.ts';
import { configMapReferences, secretReferences } from './controllers/cmg/secret-references.ts';
import { createSiteEvidence, type SiteEvidence } from './controllers/cmg/site-evidence.ts';
import { createSiteAccess, type SiteAccess } from './controllers/site/site-access.ts';
import { VM_MODELS, type VmModels } from './gateway/vm-models.ts';
import {
  type CacheMetrics,
  collectProcessMetrics,
  createAzureMetrics,
  createCacheMetrics,
} from './observability/metrics.ts';
import { createSiteMetrics } from './observability/site-metrics.ts';
import { createResolveName, type ResolveName } from './probe/resolve-name.ts';
import { createListFetch } from './probe/revocation-list-fetch.ts';
import { createTlsProbe, type Dial } from './probe/tls-probe.ts';
import { CONSENT_ANNOTATIONS } from './redeployment/consent-command.ts';
import { announcing } from './runtime/announced-controller.ts';
import { createKubernetesClient, type KubernetesClient } from './runtime/client.ts';
import { type Clock, systemClock } from './runtime/clock.ts';
import { createConsistencyGate } from './runtime/consistency-gate.ts';
import { type Controller, createController, type Source } from './runtime/controller.ts';
import { createEventRecorder, type EventRecorder } from './runtime/events.ts';
import { cacheSyncCheck, startEventLoopCheck, startHealthServer, workerProgressCheck } from './runtime/health.ts';
import { createInformer, type Informer } from './runtime/informer.ts';
import type { KubeConfig } from './runtime/kube-config.ts';
import { kubernetesLease } from './runtime/kubernetes-lease.ts';
import { createIdentity, LeaderElector } from './runtime/leader-election.ts';
import type { Logger } from './runtime/logger.ts';
import { type ManagerOutcome, runManager } from './runtime/manager.ts';
import { createRuntimeMetrics, type RuntimeMetrics } from './runtime/metrics.ts';
import { CONFIG_MAP, type KubernetesObject, keyOf, type ResourceKind, SECRET } from './runtime/objects.ts';
import { annotationChanged, deletionStarted, finalizersChanged, generationChanged, or } from './runtime/predicates.ts';
import { type Random, systemRandom } from './runtime/random.ts';
import { storeSource } from './runtime/sources.ts';
import type { ObjectStore } from './runtime/store.ts';
import {
  createSiteControllers,
  createSiteInformers,
  type SiteInformers,
  siteOpener,
  siteReference,
  siteScope,
  siteSourcesOfCmgs,
} from './site-operator.ts';

const LEASE_NAME = 'cmg-operator';

/** A reconcile uploads the service package at most once, which may take minutes; everything else is quick. */
const RECONCILE_TIMEOUT_MS = 10 * 60_000;

/** A reconcile that runs for longer than this will not end by itself. */
const STUCK_RECONCILE_MS = 2 * RECONCILE_TIMEOUT_MS;

/** Reconciles that a CMG may miss before the clients that it had counted are forgotten. */
const RECONCILES_MISSED = 3;

/** What the composition root hands in. */
export interface OperatorOptions {
  readonly config: OperatorConfig;
  readonly version: string;
  readonly kubeConfig: KubeConfig;
  readonly cloudOverrides: CloudOverrides;
  readonly logger: Logger;
  /**
   * Time as gateways see it: retries, polls, ages. The connection to Kubernetes, the election and the time limits of
   * reconciles always run on the machine's own clock.
   */
  readonly clock?: Clock;
  /** Time by which it is judged whether a gateway tells too much in events. Default: the machine's. */
  readonly eventPace?: Clock;
  readonly random?: Random;
  /** How gateways are connected to. Default: a plain TCP connection. */
  readonly dial?: Dial;
  /** The models of VMs that this version knows. Default: those of `src/gateway/vm-models.ts`. */
  readonly vmModels?: VmModels;
  /** How the names of gateways are looked up. Default: at the servers that the machine is configured with. */
  readonly resolveName?: ResolveName;
  /** Where its metrics are registered. Default: a registry that nobody else has. */
  readonly registry?: Registry;
  /** Told the port of the HTTP server once it listens. */
  readonly onListening?: (port: number) => void;
  /** Told when the caches are complete and the controllers start, which is after this process became the leader. */
  readonly onStarted?: () => void;
}

/** Runs the operator until `stop` is aborted or it cannot go on. Never rejects. */
export async function runOperator(options: OperatorOptions, stop: AbortSignal): Promise<ManagerOutcome> {
  const { config, logger, kubeConfig, version, clock = systemClock, random = systemRandom } = options;
  const { registry = new Registry() } = options;
  collectProcessMetrics(registry);
  const metrics = createRuntimeMetrics(registry);
  const client = createKubernetesClient({
    kubeConfig,
    clock: systemClock,
    userAgent: `cmg-operator/${version}`,
    metrics: metrics.restClient,
    maxConnections: config['max-concurrent-reconciles'] + 30,
  });
  try {
    const election = config['leader-elect'] ? createElector(options, client, metrics) : undefined;
    const fence = () => election?.fence();
    const azureMetrics = createAzureMetrics(registry);
    const gatewayMetrics = createGatewayMetrics(registry);
    const cacheMetrics = createCacheMetrics(registry);
    const azure = createAzureAccess({
      clock,
      cloudOverrides: options.cloudOverrides,
      userAgent: `cmg-operator/${version}`,
      fence,
      onRequest: ({ method, path, status, durationMs }) =>
        azureMetrics.requested(method, status === 0 ? '<error>' : String(status), requestType(path), durationMs / 1000),
      onPause: (addedMs) => azureMetrics.paused(addedMs / 1000),
    });
    const fenced = client.fencedBy(fence);
    const events = createEventRecorder({
      client: fenced,
      clock: systemClock,
      pace: options.eventPace ?? systemClock,
      random,
      logger,
      reportingController: 'configmgr.io/cmg-operator',
      reportingInstance: hostname().slice(0, 128),
    });
    const informers = createInformers(options, client, random, cacheMetrics);
    const sweep = createDriftSweep({
      clock,
      logger,
      installationId: config['installation-id'],
      intervalMs: config['drift-interval'],
      isWatched: (key) => informers.cmgs.store.get(key) !== undefined,
      onSwept: azureMetrics.swept,
    });
    const evidence = createSiteEvidence(registry, {
      clock,
      logger,
      intervalMs: config['client-count-interval'],
      forgetAfterMs: RECONCILES_MISSED * Math.max(config['client-count-interval'], config['drift-interval']),
    });
    const access = createSiteAccess({
      logger,
      secrets: kubernetesSecrets(fenced),
      openSite: siteOpener({ version, clock, fence, metrics: createSiteMetrics(registry) }),
    });
    const parts = {
      sweep,
      evidence,
      access,
      client: fenced,
      azure,
      events,
      informers,
      metrics,
      gatewayMetrics,
      clock,
      random,
      clusterUid: await readClusterUid(client, stop),
    };
    const controllers: readonly Controller[] = [
      announcing(createCmgController(options, parts), () => {
        gatewayMetrics.observe(informers.cmgs.store);
        options.onStarted?.();
      }),
      ...createSiteControllers({
        ...parts,
        informers: informers.site,
        cmgs: informers.cmgs.store,
        secrets: informers.secrets,
        logger,
        intervalMs: config['drift-interval'],
      }),
    ];
    return await runManager(
      {
        clock: systemClock,
        logger,
        informers: allOf(informers),
        controllers,
        recorder: events,
        startServer: () => startServer(options, registry, informers, controllers),
        ...(election === undefined ? {} : { election }),
      },
      stop,
    ).finally(access.close);
  } catch (error) {
    // Whoever ends it while the API server does not answer has got what was asked for.
    if (stop.aborted) return { kind: 'Stopped', drained: true };
    logger.error({ err: error }, 'The operator cannot start.');
    return { kind: 'Failed', error };
  } finally {
    await client.close();
  }
}

interface Informers {
  readonly cmgs: Informer<CMG>;
  /** Metadata only: values are read at use and never kept. `undefined` where Secrets are only read by name. */
  readonly secrets: Informer<KubernetesObject> | undefined;
  /** Likewise. */
  readonly configMaps: Informer<KubernetesObject> | undefined;
  readonly site: SiteInformers;
}

function allOf({ cmgs, secrets, configMaps, site }: Informers): readonly Informer<KubernetesObject>[] {
  const { sites, connectionPoints, boundaryGroupReferences } = site;
  const watched = [cmgs, secrets, configMaps, sites, connectionPoints, boundaryGroupReferences];
  return watched.filter((informer) => informer !== undefined);
}

function createInformers(
  { config, logger }: OperatorOptions,
  client: KubernetesClient,
  random: Random,
  metrics: CacheMetrics,
): Informers {
  const common = {
    client,
    clock: systemClock,
    random,
    logger,
    onHeard: (resource: string, namespace: string) => metrics.heard(resource, namespace, systemClock.now()),
    ...(config.namespaces.length === 0 ? {} : { namespaces: config.namespaces }),
  };
  const metadataOf = (kind: ResourceKind) =>
    config['watch-secrets'] ? createInformer<KubernetesObject>({ ...common, kind, metadataOnly: true }) : undefined;
  const indexes = { bySecret: secretReferences, byConfigMap: configMapReferences, bySite: siteReference };
  return {
    cmgs: createInformer<CMG>({ ...common, kind: CMG_KIND, indexes }),
    secrets: metadataOf(SECRET),
    configMaps: metadataOf(CONFIG_MAP),
    site: createSiteInformers(common),
  };
}

interface ControllerParts {
  readonly client: KubernetesClient;
  readonly azure: AzureAccess;
  readonly events: EventRecorder;
  readonly informers: Informers;
  readonly metrics: RuntimeMetrics;
  readonly gatewayMetrics: GatewayMetrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly clusterUid: string;
  readonly sweep: DriftSweep;
  readonly evidence: SiteEvidence;
  readonly access: SiteAccess;
}

function createCmgController(options: OperatorOptions, parts: ControllerParts): Controller {
  const { config, logger, dial, resolveName = createResolveName() } = options;
  const { client, clock, random, metrics, informers } = parts;
  const { store } = informers.cmgs;
  const gate = createConsistencyGate({ clock: systemClock, logger });
  const concurrency = config['max-concurrent-reconciles'];
  const memories = createGatewayMemories();
  const watches = createGatewayWatches();
  const { sweep, evidence } = parts;
  const revocationLists = createRevocationLists({ clock, logger, fetchList: createListFetch() });
  store.subscribe((event) => {
    if (event.type === 'deleted') {
      gate.forget(keyOf(event.object));
      memories.forget(event.object.metadata.uid);
      watches.forget(event.object.metadata.uid);
      evidence.forget(event.object.metadata.uid);
    }
  });
  return createController({
    name: 'cmg',
    clock,
    random,
    logger,
    metrics: { controller: metrics.controller('cmg', concurrency), workQueue: metrics.workQueue('cmg') },
    concurrency,
    reconcileTimeoutMs: RECONCILE_TIMEOUT_MS,
    timeoutClock: systemClock,
    gate,
    sources: [
      storeSource({
        store,
        when: or(generationChanged, deletionStarted, finalizersChanged, ...PEOPLE_ASK),
      }),
      ...referencedBy(store, informers.secrets, 'bySecret'),
      ...referencedBy(store, informers.configMaps, 'byConfigMap'),
      ...siteSourcesOfCmgs(store, informers.site),
      sweep.source,
      ...evidence.sources,
      revocationLists.source,
    ],
    reconcile: cmgReconcile({
      client,
      store,
      gate,
      memories,
      watches,
      clientCounts: evidence.clientCounts,
      content: evidence.content,
      clock,
      random,
      events: parts.events,
      metrics: parts.gatewayMetrics,
      site: siteScope({ informers: informers.site, access: parts.access }),
      azure: parts.azure,
      probe: config['gateway-probe'] === 'TLS' ? createTlsProbe(dial === undefined ? {} : { dial }) : undefined,
      resolveName: config['gateway-probe'] === 'TLS' ? resolveName : undefined,
      clusterUid: parts.clusterUid,
      installationId: config['installation-id'],
      driftIntervalMs: config['drift-interval'],
      fullReadIntervalMs: config['full-read-interval'],
      sweep,
      secrets: kubernetesSecrets(client),
      configMaps: kubernetesConfigMaps(client),
      namespaces: kubernetesNamespaces(client),
      deletionBudget: createDeletionBudget({
        client,
        namespace: ownNamespace(options),
        perHour: config['max-deletions-per-hour'],
      }),
      vmModels: options.vmModels ?? VM_MODELS,
      revocationLists,
      rollouts: createRolloutBrake(store, config['max-concurrent-rollouts']),
      operations: createOperationsStore(client, FIELD_MANAGER),
    }),
  });
}

/** Annotations by which people ask for something. */
const PEOPLE_ASK = [REQUEST_ANNOTATION, ADOPT_ANNOTATION, ...Object.values(CONSENT_ANNOTATIONS)].map(annotationChanged);

/** A source of the CMGs that name a changed object. */
function referencedBy(
  cmgs: ObjectStore<CMG>,
  named: Informer<KubernetesObject> | undefined,
  index: 'bySecret' | 'byConfigMap',
): readonly Source[] {
  return named === undefined
    ? []
    : [storeSource({ store: named.store, keysOf: (object) => cmgs.byIndex(index, keyOf(object)).map(keyOf) })];
}

/** Where the operator keeps what is its own: the Lease, and the memory of the fleet brake. */
function ownNamespace({ config, kubeConfig }: OperatorOptions): string {
  return (
    config['leader-election-namespace'] ??
    kubeConfig.getContextObject(kubeConfig.currentContext)?.namespace ??
    'default'
  );
}

function createElector(options: OperatorOptions, client: KubernetesClient, metrics: RuntimeMetrics) {
  return new LeaderElector({
    lease: kubernetesLease(client, { namespace: ownNamespace(options), name: LEASE_NAME }),
    identity: createIdentity(hostname()),
    clock: systemClock,
    random: systemRandom,
    logger: options.logger,
    metrics: metrics.leaderElection(LEASE_NAME),
  });
}

async function startServer(
  options: OperatorOptions,
  registry: Registry,
  informers: Informers,
  controllers: readonly Controller[],
) {
  const eventLoop = startEventLoopCheck(systemClock);
  const server = await startHealthServer({
    ...options.config['http-bind-address'],
    registry,
    liveness: [eventLoop, workerProgressCheck(controllers, STUCK_RECONCILE_MS)],
    readiness: [cacheSyncCheck(allOf(informers))],
  });
  options.onListening?.(server.port);
  return {
    stop: async () => {
      eventLoop.stop();
      await server.stop();
    },
  };
}

/** The UID of kube-system stands for the cluster: it lives as long as the cluster and is the same for every client. */
async function readClusterUid(client: KubernetesClient, signal: AbortSignal): Promise<string> {
  const kind = { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };
  return (await client.get(kind, { name: 'kube-system' }, { signal })).metadata.uid;
}
