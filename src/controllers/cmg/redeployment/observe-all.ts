import type { CMG, CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { CarrierWatch } from '../../../redeployment/carrier-watch.ts';
import { isSameIdentity } from '../../../redeployment/identity.ts';
import type {
  GatewayWish,
  LiveFacts,
  Observed,
  ObservedDeployment,
  OutageClaim,
  Seen,
} from '../../../redeployment/observed.ts';
import { isOthers } from '../../../redeployment/others.ts';
import { findCondition } from '../../../runtime/conditions.ts';
import type { OperationsStore } from '../operations-secret.ts';
import type { Report } from '../report.ts';
import type { Scope } from '../scope.ts';
import { carriersNow, carriersOf, mayNeedCarrier, NOBODY } from './carriers.ts';
import { claimInCache, claimNow } from './claim-on-site.ts';
import { cmgOfDeployment, operationsOf, scopeOfDeployment, sharesGroup } from './deployment-scope.ts';
import { type FoundFacts, NOT_SEARCHED, search } from './found.ts';
import { marksNow } from './live-marks.ts';
import { keepUp, type Look, lookOnly, UNSEEN } from './look.ts';
import { lookAtOthers, presenceWithSite } from './look-at-others.ts';
import { lookAtSiteGateway, withSiteWork } from './look-at-site-gateway.ts';
import { isSuccessorAwaited } from './outage.ts';
import { propose } from './propose.ts';
import type { DeploymentsInput } from './reconcile.ts';
import { consentsOf, isHeldContentMissing } from './records.ts';
import { resolves } from './resolves.ts';
import { readSiteFacts, type SiteFacts, seenRecord, UNREACHABLE } from './site-facts.ts';

/** All that one round found out about the deployments of a CMG. */
export interface Round {
  readonly looks: ReadonlyMap<string, Look>;
  readonly scopes: ReadonlyMap<string, Scope>;
  /** What Azure tells of deployments that no record tells of, by their ids. */
  readonly found: ReadonlyMap<string, FoundFacts>;
  /** What the procedure says of a gateway that is still to be made, where the spec asks for one that there is not. */
  readonly candidate: Report | undefined;
  readonly siteFacts: SiteFacts;
  readonly observed: Observed;
  /** What is to be remembered of those that may carry its clients. */
  readonly carrierWatches: readonly CarrierWatch[];
}

/** The deployment that the spec asks for, by its identity. */
export function wantedAmong(
  deployments: readonly CMGStatusDeployment[],
  wish: GatewayWish,
): CMGStatusDeployment | undefined {
  return deployments
    .filter(({ phase, identity }) => phase !== 'Deleting' && isSameIdentity(identity, wish.identity))
    .toSorted((left, right) => (right.wantedOrder ?? 0) - (left.wantedOrder ?? 0))[0];
}

/**
 * Whether there is more than the gateway that is wanted, or another CMG carries its clients: the claim is held until it has
 * been advertised for its wait, which is not looked for of one alone.
 */
export function isSeveral(
  deployments: readonly CMGStatusDeployment[],
  wanted: CMGStatusDeployment | undefined,
  claim: OutageClaim | undefined,
  { key }: GatewayWish,
): boolean {
  return deployments.length > 1 || (deployments.length === 1 && (wanted === undefined || claim?.claimant === key));
}

/** Looks at each deployment, keeps up those that stand, and asks whether a missing one could be made. */
export async function observeAll(input: DeploymentsInput, wish: GatewayWish): Promise<Round> {
  const { scope, store } = input;
  const deployments = scope.cmg.status?.deployments ?? [];
  const wanted = wantedAmong(deployments, wish);
  const looks = new Map<string, Look>();
  const scopes = new Map<string, Scope>();
  for (const deployment of deployments) {
    const own = scopeFor(input, deployment, wanted?.id === deployment.id);
    scopes.set(deployment.id, own);
    looks.set(deployment.id, await look(own, operationsOf(store, deployment.id), deployment));
  }
  const candidate = wanted === undefined ? await propose(input, scopes) : undefined;
  const claim = claimInCache(input);
  const isWhole =
    isSeveral(deployments, wanted, claim, wish) ||
    isSuccessorAwaited(scope.cmg.status, deployments, wanted) ||
    (deployments.length === 1 && isHeldContentMissing(scope.cmg.status));
  const wantedLook = looks.get(wanted?.id ?? '');
  const siteFacts = await siteFactsOf(input, isWhole || candidate !== undefined || wantedLook?.work !== undefined);
  if (wanted !== undefined && wantedLook !== undefined) {
    looks.set(wanted.id, withSiteWork(wantedLook, scope, wanted, siteFacts));
  }
  const seen = await Promise.all(
    deployments.map((deployment) => seenOf(input, deployment, looks.get(deployment.id), siteFacts, isWhole)),
  );
  const isSearched = candidate !== undefined && (candidate.deployment !== undefined || isPerhapsInTheWay(candidate));
  const { found, facts, inventory } = isSearched ? await search(scope, siteFacts) : NOT_SEARCHED;
  const certificateReadable = isCertificateReadable(looks, candidate, wanted?.id);
  const carriers =
    wanted === undefined && mayNeedCarrier(scope.cmg) ? await carriersOf(input, input.others, SHORT_AGE_MS) : NOBODY;
  return {
    looks,
    scopes,
    found: facts,
    candidate,
    siteFacts,
    observed: {
      ...observedOf(input, { seen: [...seen, ...found], candidate, siteFacts, deployments, certificateReadable }),
      inventory,
      ...(claim === undefined ? {} : { claim }),
      carriers: carriers.facts,
    },
    carrierWatches: carriers.watches,
  };
}

/** Whether a gateway that could not be made may have another one of this CMG in its way, of which no record tells. */
function isPerhapsInTheWay({ findings }: Report): boolean {
  return findings.some(({ reason }) => reason === 'NameTaken' || reason === 'QuotaExceeded');
}

function scopeFor({ scope, memories }: DeploymentsInput, deployment: CMGStatusDeployment, isWanted: boolean): Scope {
  const deployments = scope.cmg.status?.deployments ?? [];
  const upkeep = isWanted ? 'AsDeclared' : 'KeepServing';
  const shares = sharesGroup(deployments, deployment.identity, deployment.id);
  const cmg = cmgOfDeployment(scope.cmg, deployment, { upkeep, sharesGroup: shares });
  return scopeOfDeployment(scope, cmg, memories, { id: deployment.id, upkeep });
}

async function look(scope: Scope, store: OperationsStore, deployment: CMGStatusDeployment): Promise<Look> {
  if (isOthers(deployment)) {
    return scope.upkeep === 'AsDeclared' ? lookAtSiteGateway(scope, deployment) : lookAtOthers(scope, deployment);
  }
  return deployment.phase === 'Draining' || deployment.phase === 'Deleting'
    ? lookOnly(scope, deployment)
    : keepUp(scope, store, deployment);
}

function siteFactsOf({ scope, site }: DeploymentsInput, isNeeded: boolean): Promise<SiteFacts> {
  const { cmg, signal } = scope;
  if (cmg.spec.siteRef !== undefined && !isNeeded) {
    return Promise.resolve(UNREACHABLE);
  }
  return readSiteFacts({ cmg, site, maxAgeMs: SHORT_AGE_MS, now: scope.clock.now(), signal });
}

/** What decides over clients is not much older than this. */
const SHORT_AGE_MS = 5000;

async function seenOf(
  input: DeploymentsInput,
  deployment: CMGStatusDeployment,
  look: Look | undefined,
  siteFacts: SiteFacts,
  isWhole: boolean,
): Promise<ObservedDeployment> {
  const { scope } = input;
  const { serviceName } = deployment;
  return {
    ...(look?.observed ?? UNSEEN),
    id: deployment.id,
    ...stillLeft(input, deployment, look),
    resolves: isWhole ? await resolves(scope, deployment) : 'Unknown',
    siteRecord: isWhole ? seenRecord(siteFacts, serviceName) : toldRecord(scope),
    ...(isOthers(deployment)
      ? presenceWithSite(
          look?.observed.azure ?? 'Unknown',
          serviceName,
          scope.cmg.spec.siteRef !== undefined,
          siteFacts.records,
        )
      : {}),
  };
}

/** Whether the site has the record of the only gateway, as its condition says. */
function toldRecord({ cmg }: Scope): Seen {
  const told = findCondition(cmg.status?.conditions, 'SiteRegistered')?.status ?? 'Unknown';
  return told === 'Unknown' ? told : told === 'True' ? 'Yes' : 'No';
}

/** Of what is being deleted something is left until the removal has come to its end, the purge of the vault included. */
function stillLeft(
  { memories, scope }: DeploymentsInput,
  { id, phase, identity }: CMGStatusDeployment,
  look: Look | undefined,
): Partial<Pick<ObservedDeployment, 'azure'>> {
  if (phase !== 'Deleting' || isOthers({ identity })) {
    return {};
  }
  const { uid, generation } = scope.cmg.metadata;
  const { isRemoved } = memories.of(`${uid} ${id}`, generation, scope.memory.requestedAt);
  return isRemoved ? { azure: 'Absent' } : look?.observed.azure === 'Absent' ? { azure: 'Partial' } : {};
}

interface Found {
  readonly seen: readonly ObservedDeployment[];
  readonly candidate: Report | undefined;
  readonly siteFacts: SiteFacts;
  readonly deployments: readonly CMGStatusDeployment[];
  readonly certificateReadable: boolean;
}

function observedOf(
  input: DeploymentsInput,
  { seen, candidate, siteFacts, deployments, certificateReadable }: Found,
): Omit<Observed, 'inventory' | 'claim' | 'carriers'> {
  const { scope, others, passes, content } = input;
  const proposal = candidate?.deployment;
  const isNew = proposal !== undefined && deployments.every(({ id }) => id !== proposal.id);
  return {
    localTime: scope.clock.now(),
    deployments: seen,
    site: siteFacts.site,
    otherGateways: serviceNamesOf(others),
    consents: consentsOf(scope.cmg),
    clientPasses: passes,
    ...(content === undefined ? {} : { content: content.comparisons, contentReadings: content.readings }),
    certificateReadable,
    preflight: { passed: isNew, wholePassed: isNew },
    // The fleet brake is asked once something is to be deleted.
    mayDeleteGateway: true,
    freshId: proposal?.id ?? '',
  };
}

/** Whether the server certificates can be read: of an unreadable one nobody knows what was meant by it. */
function isCertificateReadable(
  looks: ReadonlyMap<string, Look>,
  candidate: Report | undefined,
  wantedId: string | undefined,
): boolean {
  const report = candidate ?? looks.get(wantedId ?? '')?.report;
  const reason = report?.findings.find(({ type }) => type === 'CertificateValid')?.reason;
  return reason !== 'SecretNotFound' && reason !== 'CertificateUnreadable';
}

function serviceNamesOf(others: readonly CMG[]): readonly string[] {
  return others.flatMap(({ spec, status }) => [
    spec.serviceName,
    ...(status?.deployments ?? []).map(({ serviceName }) => serviceName),
  ]);
}

/** What is read past every cache before something that cannot be taken back. */
export async function readLive(
  input: DeploymentsInput,
  { scopes, observed }: Pick<Round, 'scopes' | 'observed'>,
): Promise<LiveFacts | 'Failed'> {
  const { scope, site, readCmg } = input;
  const { cmg, signal } = scope;
  const live = await readCmg(cmg, signal);
  if (live === undefined) {
    return 'Failed';
  }
  const [marks, { site: siteNow }, claim, carriers] = await Promise.all([
    marksNow(scopes, cmg.status?.deployments ?? []),
    readSiteFacts({ cmg, site, maxAgeMs: 0, now: scope.clock.now(), signal }),
    claimNow(input),
    carriersNow(input, observed.carriers),
  ]);
  return {
    sameObject: live.metadata.uid === cmg.metadata.uid,
    generation: live.metadata.generation,
    consents: consentsOf(live),
    marks,
    site: siteNow,
    ...(claim === undefined ? {} : { claim }),
    carriers,
  };
}
