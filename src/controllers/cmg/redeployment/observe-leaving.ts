import type { CMG, CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import { ArmError } from '../../../azure/errors.ts';
import type { Observed, ObservedDeployment, OutageClaim } from '../../../redeployment/observed.ts';
import { isOthers, wasThereBefore } from '../../../redeployment/others.ts';
import { isCarrier } from '../../../redeployment/words.ts';
import { keyOf } from '../../../runtime/objects.ts';
import type { UsableSite } from '../../site/usable-site.ts';
import { describeProblem } from '../azure-problem.ts';
import { SLOW_RETRY_MS } from '../finding.ts';
import { hasLeftLongAgo, staysInAzure } from '../leaving.ts';
import { LOOKING, rememberRefusal } from '../remove.ts';
import type { Scope } from '../scope.ts';
import { azureOf } from './azure-of-deployment.ts';
import { claimInCache, claimNow } from './claim-on-site.ts';
import { cmgOfDeployment, scopeOfDeployment, sharesGroup } from './deployment-scope.ts';
import { NOT_SEARCHED, type Search, search } from './found.ts';
import { type Look, lookInAzure, UNSEEN } from './look.ts';
import { lookAtOthers, presenceWithSite } from './look-at-others.ts';
import type { Round } from './observe-all.ts';
import type { DeploymentsInput } from './reconcile.ts';
import { consentsOf } from './records.ts';
import { readSiteFacts, type SiteFacts, UNREACHABLE } from './site-facts.ts';

/** Why nothing can be said of a gateway that goes. */
export type Trouble =
  /** It passes by itself. */
  | { readonly kind: 'Passing'; readonly message: string; readonly againAfterMs: number }
  /** A person has to do something, in sentences. */
  | { readonly kind: 'Blocked'; readonly why: string; readonly againAfterMs: number };

/** What was found out about the deployments of a CMG that is being deleted. */
export interface LeavingRound
  extends Pick<Round, 'looks' | 'scopes' | 'found' | 'candidate' | 'siteFacts' | 'observed'> {
  /** By the ids of the deployments. */
  readonly troubles: ReadonlyMap<string, Trouble>;
  /** Why it is not known whether the CMG had gateways of which its status does not tell, in sentences; `undefined`: it is. */
  readonly searchFailure: string | undefined;
}

/**
 * Looks at each deployment of a CMG that is being deleted, at its site and at who counts on it. Nothing is kept up any more, and
 * what stays in Azure is not looked at.
 */
export async function observeLeaving(input: DeploymentsInput): Promise<LeavingRound> {
  const { scope } = input;
  const { cmg } = scope;
  const deployments = cmg.status?.deployments ?? [];
  const going = deployments.filter((deployment) => !staysInAzure(cmg) && !wasThereBefore(deployment));
  const scopes = new Map(deployments.map((deployment) => [deployment.id, scopeOf(input, deployment)]));
  const looked = await Promise.all(
    going.map(async (deployment) => [deployment.id, await lookAt(scopes.get(deployment.id), deployment)] as const),
  );
  const looks = new Map(looked.map(([id, { look }]) => [id, look]));
  const troubles = new Map(looked.flatMap(([id, { trouble }]) => (trouble === undefined ? [] : [[id, trouble]])));
  const claim = await claimOn(input);
  // Whoever has written down what there is, has written down that there is nothing.
  const isLost = cmg.status?.deployments === undefined && !staysInAzure(cmg);
  const siteFacts = isLost || going.length > 0 ? await leavingFacts(input) : UNREACHABLE;
  const searched = isLost ? await search(scope, siteFacts) : NOT_SEARCHED;
  const seen = going.map((deployment) => seenOf(input, deployment, looks.get(deployment.id), siteFacts));
  return {
    looks,
    scopes,
    troubles,
    searchFailure:
      searched.inventory === 'Complete' ? undefined : `${NOT_FOUND_OUT} ${searched.failure ?? ''}`.trimEnd(),
    found: searched.facts,
    candidate: undefined,
    siteFacts,
    observed: observedOf(input, seen, searched, siteFacts, claim),
  };
}

const NOT_FOUND_OUT =
  'The status of the CMG does not tell whether it had a gateway, and Azure could not be searched for one.';

/**
 * The CMG as the deployment was asked for. One that still is what the spec names is removed as whom the spec says, so that wrong
 * credentials can be set right.
 */
function scopeOf({ scope, memories }: DeploymentsInput, deployment: CMGStatusDeployment): Scope {
  const { cmg } = scope;
  const shares = sharesGroup(cmg.status?.deployments ?? [], deployment.identity, deployment.id);
  const upkeep = deployment.serviceName === cmg.spec.serviceName ? 'AsDeclared' : 'KeepServing';
  const own = cmgOfDeployment(cmg, { ...deployment, phase: 'Deleting' }, { upkeep, sharesGroup: shares });
  return scopeOfDeployment(scope, own, memories, { id: deployment.id, upkeep: 'KeepServing' });
}

interface Looked {
  readonly look: Look;
  readonly trouble?: Trouble;
}

async function lookAt(scope: Scope | undefined, deployment: CMGStatusDeployment): Promise<Looked> {
  const unseen: Look = { observed: { ...UNSEEN, id: deployment.id } };
  if (scope === undefined) {
    return { look: unseen };
  }
  if (isOthers(deployment)) {
    return lookAtSites(scope, deployment);
  }
  const azure = await azureOf(scope, deployment);
  if (azure.kind === 'Halt') {
    const why = azure.findings.map(({ message }) => message).join(' ');
    const observed = { ...unseen.observed, credentialsMissing: true };
    return { look: { observed }, trouble: { kind: 'Blocked', why, againAfterMs: azure.retryAfterMs } };
  }
  try {
    return judged(await lookInAzure(scope, azure.value, deployment), deployment);
  } catch (error) {
    if (!(error instanceof ArmError)) {
      throw error;
    }
    return { look: unseen, trouble: troubleOf(scope, error, deployment) };
  }
}

async function lookAtSites(scope: Scope, deployment: CMGStatusDeployment): Promise<Looked> {
  const look = await lookAtOthers(scope, deployment);
  if (look.observed.azure !== 'Unknown') {
    return { look };
  }
  const why = (look.report?.findings ?? []).map(({ message }) => message).join(' ');
  return { look, trouble: { kind: 'Blocked', why, againAfterMs: OTHERS_LOOK_MS } };
}

/** How soon it is looked again at a gateway that the site made. */
const OTHERS_LOOK_MS = 60_000;

/** What another cluster looks after is not this one's to delete, and what has lost its tags is nobody's until it is taken back. */
function judged(look: Look, { serviceName }: CMGStatusDeployment): Looked {
  const { observed, otherCluster } = look;
  if (otherCluster !== undefined) {
    const why = `It is looked after from another cluster, whose namespace kube-system has the UID ${otherCluster}.`;
    const unknown = { ...observed, mark: { kind: 'Unknown' } } as const;
    return { look: { ...look, observed: unknown }, trouble: { kind: 'Blocked', why, againAfterMs: SLOW_RETRY_MS } };
  }
  if (observed.mark.kind !== 'Lost') {
    return { look };
  }
  const wayOut =
    observed.adoption === undefined ? '' : ` If it is the gateway's, have it taken back: ${observed.adoption}`;
  const why = `A resource of ${serviceName} does not carry the tags of this CMG any more, so it is not deleted.${wayOut}`;
  return { look, trouble: { kind: 'Blocked', why, againAfterMs: SLOW_RETRY_MS } };
}

function troubleOf({ memory, clock, random }: Scope, error: ArmError, { serviceName }: CMGStatusDeployment): Trouble {
  rememberRefusal({ memory, random, now: clock.now }, LOOKING, 'Read', error);
  const { attempt = 1, notBefore = 0 } = memory.failures.get(LOOKING) ?? {};
  const againAfterMs = Math.max(NEXT_LOOK_MS, notBefore - clock.now());
  const { message, passing } = describeProblem(`Looking at the gateway ${serviceName}`, error, attempt);
  return passing ? { kind: 'Passing', message, againAfterMs } : { kind: 'Blocked', why: message, againAfterMs };
}

/** How soon it is looked again where Azure names no time. */
const NEXT_LOOK_MS = 3000;

/** What decides over clients is not much older than this. */
const SHORT_AGE_MS = 5000;

function leavingFacts({ scope, site }: DeploymentsInput): Promise<SiteFacts> {
  const { cmg, clock, signal } = scope;
  return readSiteFacts({ cmg, site, maxAgeMs: SHORT_AGE_MS, now: clock.now(), signal });
}

/**
 * Who counts on the CMG. Before anything is taken from a gateway the API server itself is asked, with all else that is read live;
 * for one that stays nothing else is, so it is asked here.
 */
async function claimOn(input: DeploymentsInput): Promise<OutageClaim | undefined> {
  const { cmg } = input.scope;
  const cached = claimInCache(input);
  return isCarrier({ key: keyOf(cmg) }, { claim: cached }) || !staysInAzure(cmg) ? cached : claimNow(input);
}

function seenOf(
  { scope, memories, site }: DeploymentsInput,
  deployment: CMGStatusDeployment,
  look: Look | undefined,
  { records }: SiteFacts,
): ObservedDeployment {
  const { cmg } = scope;
  const { id, serviceName, phase } = deployment;
  const unresolved = { resolves: 'Unknown', siteRecord: 'Unknown' } as const;
  const seen: ObservedDeployment = { ...(look?.observed ?? UNSEEN), id, ...unresolved };
  if (isOthers(deployment)) {
    const isAsked =
      cmg.spec.siteRef !== undefined && (records !== undefined || isAwaited(site.siteOf(cmg), cmg, scope.clock.now()));
    return { ...seen, ...presenceWithSite(seen.azure, serviceName, isAsked, records) };
  }
  const { uid, generation } = cmg.metadata;
  const { isRemoved } = memories.of(`${uid} ${id}`, generation, scope.memory.requestedAt);
  return phase === 'Deleting' && isRemoved ? { ...seen, azure: 'Absent' } : seen;
}

/** Whether the word of a site is waited for that has not said anything. Without its Site, nothing will ever answer. */
function isAwaited(site: UsableSite, cmg: CMG, now: number): boolean {
  const isNobodys = site.kind === 'NotUsable' && site.reason === 'SiteNotFound';
  return !isNobodys && !hasLeftLongAgo(cmg, now);
}

function observedOf(
  { scope }: DeploymentsInput,
  seen: readonly ObservedDeployment[],
  { found, inventory }: Search,
  { site }: SiteFacts,
  claim: OutageClaim | undefined,
): Observed {
  return {
    localTime: scope.clock.now(),
    deployments: [...seen, ...found],
    inventory,
    site,
    otherGateways: [],
    ...(claim === undefined ? {} : { claim }),
    carriers: [],
    consents: consentsOf(scope.cmg),
    clientPasses: [],
    certificateReadable: true,
    preflight: { passed: false, wholePassed: false },
    // The fleet brake is asked once something is to be deleted.
    mayDeleteGateway: true,
    freshId: '',
  };
}
