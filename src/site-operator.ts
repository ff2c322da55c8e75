import type { BoundaryGroupReference } from './api/v1alpha1/boundarygroupreference.generated.ts';
import type { CMG } from './api/v1alpha1/cmg.generated.ts';
import type { ConnectionPoint } from './api/v1alpha1/connectionpoint.generated.ts';
import type { Site as SiteObject } from './api/v1alpha1/site.generated.ts';
import {
  BY_GROUP,
  boundaryGroupReferenceProcedure,
  groupsOf,
} from './controllers/boundarygroupreference/controller.ts';
import { BOUNDARY_GROUP_REFERENCE_KIND } from './controllers/boundarygroupreference/kind.ts';
import { FIELD_MANAGER } from './controllers/cmg/kind.ts';
import { REQUEST_ANNOTATION } from './controllers/cmg/scope.ts';
import type { SiteScope } from './controllers/cmg/site-scope.ts';
import { BY_SITE_SYSTEM, connectionPointProcedure, siteSystemOf } from './controllers/connectionpoint/controller.ts';
import { CONNECTION_POINT_KIND } from './controllers/connectionpoint/kind.ts';
import { type ManagedObject, type ObjectProcedure, objectReconcile } from './controllers/object-reconcile.ts';
import { BY_SITE_CODE, siteCodeOf, siteProcedure } from './controllers/site/controller.ts';
import { gatewayOfCmg, isSameGateway, serviceNamesOf } from './controllers/site/gateway-of-cmg.ts';
import { SITE_KIND } from './controllers/site/kind.ts';
import { liveCmgs } from './controllers/site/live-cmg.ts';
import type { OpenSite, SiteAccess, SiteSignIn } from './controllers/site/site-access.ts';
import { usableSite } from './controllers/site/usable-site.ts';
import type { SiteMetrics } from './observability/site-metrics.ts';
import type { KubernetesClient } from './runtime/client.ts';
import { type Clock, systemClock } from './runtime/clock.ts';
import { findCondition } from './runtime/conditions.ts';
import { createConsistencyGate } from './runtime/consistency-gate.ts';
import { type Controller, createController, type Source } from './runtime/controller.ts';
import type { EventRecorder } from './runtime/events.ts';
import { createInformer, type Informer, type InformerOptions } from './runtime/informer.ts';
import type { Logger } from './runtime/logger.ts';
import type { RuntimeMetrics } from './runtime/metrics.ts';
import { type KubernetesObject, keyOf } from './runtime/objects.ts';
import {
  annotationChanged,
  deletionStarted,
  finalizersChanged,
  generationChanged,
  or,
  type Predicate,
} from './runtime/predicates.ts';
import type { Random } from './runtime/random.ts';
import { storeSource } from './runtime/sources.ts';
import type { ObjectStore } from './runtime/store.ts';
import { createAdminService } from './site/admin-service/admin-service.ts';
import { bearerAuthentication, type SiteAuthentication } from './site/authentication.ts';
import { createSite } from './site/create-site.ts';
import { kerberosAuthentication } from './site/kerberos/authentication.ts';

/** Caches of what gateways need on their sites. */
export interface SiteInformers {
  readonly sites: Informer<SiteObject>;
  readonly connectionPoints: Informer<ConnectionPoint>;
  readonly boundaryGroupReferences: Informer<BoundaryGroupReference>;
}

/** Names of indexes: objects by the Site, the CMG, the Secret or the gateway that they name. */
const BY_SITE = 'bySite';
const BY_CMG = 'byCmg';
const BY_SECRET = 'bySecret';
const BY_SERVICE_NAME = 'byServiceName';

type NamesSite = {
  readonly metadata: { readonly namespace: string };
  readonly spec: { readonly siteRef?: { readonly name: string } };
};

/** The index of objects by the Site that they name, as `namespace/name`. */
export function siteReference({ metadata, spec }: NamesSite): readonly string[] {
  return spec.siteRef === undefined ? [] : [`${metadata.namespace}/${spec.siteRef.name}`];
}

function cmgReference({ metadata, spec }: ConnectionPoint | BoundaryGroupReference): readonly string[] {
  return [`${metadata.namespace}/${spec.cmgRef.name}`];
}

function secretReference({ metadata, spec }: SiteObject): readonly string[] {
  const { bearer, kerberos } = spec.adminService.auth;
  const names = [bearer?.secretRef.name, kerberos?.keytabSecretRef.name];
  return names.flatMap((name) => (name === undefined ? [] : [`${metadata.namespace}/${name}`]));
}

export function createSiteInformers(common: Omit<InformerOptions<never>, 'kind' | 'indexes'>): SiteInformers {
  return {
    sites: createInformer<SiteObject>({
      ...common,
      kind: SITE_KIND,
      indexes: { [BY_SITE_CODE]: (site) => [siteCodeOf(site)], [BY_SECRET]: secretReference },
    }),
    connectionPoints: createInformer<ConnectionPoint>({
      ...common,
      kind: CONNECTION_POINT_KIND,
      indexes: {
        [BY_SITE]: siteReference,
        [BY_CMG]: cmgReference,
        [BY_SITE_SYSTEM]: (point) => [siteSystemOf(point)],
        [BY_SERVICE_NAME]: ({ status }) =>
          status?.serviceName === undefined ? [] : [status.serviceName.toLowerCase()],
      },
    }),
    boundaryGroupReferences: createInformer<BoundaryGroupReference>({
      ...common,
      kind: BOUNDARY_GROUP_REFERENCE_KIND,
      indexes: { [BY_SITE]: siteReference, [BY_CMG]: cmgReference, [BY_GROUP]: groupsOf },
    }),
  };
}

/**
 * Opens ways to AdminServices. Connections, pauses and tokens live by the machine's own clock, what is shared between
 * objects by that of the gateways.
 *
 * @param options the version of the operator, the clock of the gateways, and the fence before each write
 */
export function siteOpener(options: {
  readonly version: string;
  readonly clock: Clock;
  readonly fence: () => void;
  readonly metrics: SiteMetrics;
}): OpenSite {
  return ({ url, caBundle, signIn, allowUnproven }) => {
    const { authentication, close: closeSignIn } = authenticationOf(signIn);
    const service = createAdminService({
      url,
      caBundle,
      authentication,
      clock: systemClock,
      fence: options.fence,
      onRequest: options.metrics.requested,
      userAgent: `cmg-operator/${options.version}`,
    });
    const { facts, driver } = service;
    const close = async () => {
      // Both are ended, whatever becomes of the other.
      const [connections, tickets] = await Promise.allSettled([service.close(), closeSignIn()]);
      const failed = [connections, tickets].find((one) => one.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    };
    return { site: createSite({ facts, drivers: [driver], allowUnproven, clock: options.clock }), close };
  };
}

function authenticationOf(signIn: SiteSignIn): {
  readonly authentication: SiteAuthentication;
  readonly close: () => Promise<void>;
} {
  switch (signIn.kind) {
    case 'Bearer':
      return { authentication: bearerAuthentication(signIn.readToken, systemClock), close: () => Promise.resolve() };
    case 'Kerberos': {
      const authentication = kerberosAuthentication({ ...signIn, clock: systemClock });
      return { authentication, close: authentication.close };
    }
    default:
      return signIn satisfies never;
  }
}

export interface SiteParts {
  readonly client: KubernetesClient;
  readonly cmgs: ObjectStore<CMG>;
  readonly informers: SiteInformers;
  /** Metadata of Secrets; `undefined` where they are not watched. */
  readonly secrets: Informer<KubernetesObject> | undefined;
  readonly access: SiteAccess;
  readonly events: EventRecorder;
  readonly metrics: RuntimeMetrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Milliseconds between two looks at a site while nothing happens. */
  readonly intervalMs: number;
}

/** The site of CMGs as their controller sees it. */
export function siteScope({ informers, access }: Pick<SiteParts, 'informers' | 'access'>): SiteScope {
  const { sites, connectionPoints, boundaryGroupReferences } = informers;
  return {
    siteOf: ({ metadata, spec }) => usableSite(sites.store, access, metadata.namespace, spec.siteRef?.name ?? ''),
    siteObjectOf: ({ metadata, spec }) => sites.store.get(`${metadata.namespace}/${spec.siteRef?.name ?? ''}`),
    siteObjectsBeside: (cmg) =>
      sites.store.list().filter(({ metadata }) => metadata.namespace === cmg.metadata.namespace),
    connectionPointsOf: (cmg) => connectionPoints.store.byIndex(BY_CMG, cmg),
    boundaryGroupReferencesOf: (cmg) => boundaryGroupReferences.store.byIndex(BY_CMG, cmg),
  };
}

/** What of objects on its site concerns a CMG. */
export function siteSourcesOfCmgs(
  cmgs: ObjectStore<CMG>,
  { sites, connectionPoints, boundaryGroupReferences }: SiteInformers,
): readonly Source[] {
  return [
    storeSource({
      store: sites.store,
      when: or(usabilityChanged, claimChanged),
      keysOf: (site) => cmgs.byIndex(BY_SITE, keyOf(site)).map(keyOf),
    }),
    storeSource({ store: connectionPoints.store, when: or(generationChanged, readinessChanged), keysOf: cmgReference }),
    storeSource({ store: boundaryGroupReferences.store, when: membersChanged, keysOf: cmgReference }),
  ];
}

/** The controllers of Sites, ConnectionPoints and BoundaryGroupReferences. */
export function createSiteControllers(parts: SiteParts): readonly Controller[] {
  const { informers, cmgs, access, clock, client, intervalMs } = parts;
  const { sites, connectionPoints, boundaryGroupReferences } = informers;
  const shared = { cmgs, sites: sites.store, live: liveCmgs(client), access, now: clock.now, intervalMs };
  return [
    controllerOf(
      parts,
      'site',
      sites.store,
      siteProcedure({
        sites: sites.store,
        access,
        usersOf: usersOf(parts),
        isClaimant: isClaimant(parts),
        now: clock.now,
        intervalMs,
      }),
      [...siteSources(parts)],
    ),
    controllerOf(
      parts,
      'connectionpoint',
      connectionPoints.store,
      connectionPointProcedure({ ...shared, points: connectionPoints.store }),
      [
        claimSource(connectionPoints.store, BY_SITE_SYSTEM, (point) => [siteSystemOf(point)]),
        dependentsOfSite(sites.store, connectionPoints.store),
        storeSource({
          store: cmgs,
          when: gatewayChanged,
          keysOf: (cmg) => [
            ...connectionPoints.store.byIndex(BY_CMG, keyOf(cmg)).map(keyOf),
            ...serviceNamesOf(gatewayOfCmg(cmg)).flatMap((name) =>
              connectionPoints.store.byIndex(BY_SERVICE_NAME, name.toLowerCase()).map(keyOf),
            ),
          ],
        }),
      ],
    ),
    controllerOf(
      parts,
      'boundarygroupreference',
      boundaryGroupReferences.store,
      boundaryGroupReferenceProcedure({ ...shared, references: boundaryGroupReferences.store }),
      [
        claimSource(boundaryGroupReferences.store, BY_GROUP, groupsOf),
        dependentsOfSite(sites.store, boundaryGroupReferences.store),
        storeSource({
          store: cmgs,
          when: gatewayChanged,
          keysOf: (cmg) => boundaryGroupReferences.store.byIndex(BY_CMG, keyOf(cmg)).map(keyOf),
        }),
      ],
    ),
  ];
}

/** Reconciles of these kinds wait for a site most of the time, and are few. */
const CONCURRENCY = 5;

function controllerOf<T extends ManagedObject>(
  { client, events, metrics, clock, random, logger }: SiteParts,
  name: string,
  store: ObjectStore<T>,
  procedure: ObjectProcedure<T>,
  sources: readonly Source[],
): Controller {
  const gate = createConsistencyGate({ clock: systemClock, logger });
  store.subscribe((event) => {
    if (event.type === 'deleted') {
      gate.forget(keyOf(event.object));
      procedure.forget?.(event.object);
    }
  });
  return createController({
    name,
    clock,
    random,
    logger,
    metrics: { controller: metrics.controller(name, CONCURRENCY), workQueue: metrics.workQueue(name) },
    concurrency: CONCURRENCY,
    timeoutClock: systemClock,
    gate,
    sources: [
      storeSource({
        store,
        when: or(generationChanged, deletionStarted, finalizersChanged, annotationChanged(REQUEST_ANNOTATION)),
      }),
      ...sources,
    ],
    reconcile: objectReconcile({ client, store, gate, events, clock, fieldManager: FIELD_MANAGER }, procedure),
  });
}

function siteSources({ informers, cmgs, secrets }: SiteParts): readonly Source[] {
  const { sites, connectionPoints, boundaryGroupReferences } = informers;
  const naming = (store: ObjectStore<KubernetesObject & NamesSite>) =>
    storeSource({ store, when: generationChanged, keysOf: siteReference });
  return [
    claimSource(sites.store, BY_SITE_CODE, (site) => [siteCodeOf(site)]),
    naming(cmgs),
    naming(connectionPoints.store),
    naming(boundaryGroupReferences.store),
    ...(secrets === undefined
      ? []
      : [
          storeSource({
            store: secrets.store,
            keysOf: (secret) => sites.store.byIndex(BY_SECRET, keyOf(secret)).map(keyOf),
          }),
        ]),
  ];
}

/** When one of several that claim the same comes or goes, or turns out to, the others are looked at again. */
function claimSource<T extends KubernetesObject>(
  store: ObjectStore<T>,
  index: string,
  claimsOf: (object: T) => readonly string[],
): Source {
  return storeSource({
    store,
    when: (old, current) =>
      old === undefined ||
      current === undefined ||
      JSON.stringify([claimsOf(old), old.spec]) !== JSON.stringify([claimsOf(current), current.spec]),
    keysOf: (object) => claimsOf(object).flatMap((claim) => store.byIndex(index, claim).map(keyOf)),
  });
}

function dependentsOfSite(sites: ObjectStore<SiteObject>, dependents: ObjectStore<KubernetesObject>): Source {
  return storeSource({
    store: sites,
    when: usabilityChanged,
    keysOf: (site) => dependents.byIndex(BY_SITE, keyOf(site)).map(keyOf),
  });
}

/** What names a Site, in words. */
function usersOf({ informers, cmgs }: SiteParts): (site: SiteObject) => readonly string[] {
  const { connectionPoints, boundaryGroupReferences } = informers;
  return (site) =>
    [cmgs, connectionPoints.store, boundaryGroupReferences.store].flatMap((store: ObjectStore<KubernetesObject>) =>
      store.byIndex(BY_SITE, keyOf(site)).map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    );
}

/** Whether the CMG of that name may hold a claim on a Site: it exists, and stays. */
function isClaimant({ cmgs }: SiteParts): (site: SiteObject, name: string) => boolean {
  return ({ metadata: { namespace, name: siteName } }, name) => {
    const cmg = cmgs.get(`${namespace}/${name}`);
    return cmg?.metadata.deletionTimestamp === undefined && cmg?.spec.siteRef?.name === siteName;
  };
}

/** Whether what is on a site has reason to look again: it can be used, or cannot any more, or says so otherwise. */
const usabilityChanged: Predicate<SiteObject> = (old, current) => usabilityOf(old) !== usabilityOf(current);

/** Whether the CMGs of a site have reason to look again who carries whose clients. */
const claimChanged: Predicate<SiteObject> = (old, current) =>
  JSON.stringify(old?.status?.outageClaim) !== JSON.stringify(current?.status?.outageClaim);

function usabilityOf(site: SiteObject | undefined): string {
  const reachable = findCondition(site?.status?.conditions, 'Reachable');
  return JSON.stringify([
    site?.metadata.uid,
    site?.spec.suspend,
    site?.spec.allowUnproven,
    reachable?.status,
    reachable?.message,
    reachable?.observedGeneration === site?.metadata.generation,
    site?.status?.version,
  ]);
}

const gatewayChanged: Predicate<CMG> = (old, current) =>
  old === undefined || current === undefined || !isSameGateway(old, current);

const readinessChanged: Predicate<ConnectionPoint> = (old, current) => readinessOf(old) !== readinessOf(current);

function readinessOf(point: ConnectionPoint | undefined): string {
  const { status, reason, message } = findCondition(point?.status?.conditions, 'Ready') ?? {};
  return JSON.stringify([status, reason, message, point?.status?.connected, point?.status?.serviceName]);
}

const membersChanged: Predicate<BoundaryGroupReference> = (old, current) =>
  JSON.stringify(old?.status?.members) !== JSON.stringify(current?.status?.members);
