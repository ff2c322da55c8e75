import type { CMG, CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import { advertisedFor, type CarrierWatch, watchCarrier } from '../../../redeployment/carrier-watch.ts';
import { judgeGate } from '../../../redeployment/client-gate.ts';
import { identityOf, isSameIdentity, prefixKey } from '../../../redeployment/identity.ts';
import type { Instant } from '../../../redeployment/instant.ts';
import type { CarrierFacts, Seen } from '../../../redeployment/observed.ts';
import { waitOf } from '../../../redeployment/retirement.ts';
import { areSkewed } from '../../../redeployment/time-credit.ts';
import { allOf, reachConjuncts } from '../../../redeployment/words.ts';
import { type Condition, findCondition, isConditionTrue } from '../../../runtime/conditions.ts';
import { keyOf } from '../../../runtime/objects.ts';
import { isSameName } from '../../../site/names.ts';
import { IN_REACH } from '../gateway-watches.ts';
import { isManaged, type ManagedCmg } from '../managed-cmg.ts';
import { UNSEEN } from './look.ts';
import type { DeploymentsInput } from './reconcile.ts';
import { watchesOf } from './records.ts';
import { resolves } from './resolves.ts';
import { readSiteFacts, seenRecord } from './site-facts.ts';
import { termsOf } from './wish.ts';

/** Whether the clients of a CMG may need another one to carry them: one of its own gateways has the names that it asks for. */
export function mayNeedCarrier({ spec, status }: CMG): boolean {
  const prefix = prefixKey(spec.serviceName);
  return (
    spec.siteRef !== undefined &&
    status?.deployments?.some(({ serviceName }) => prefixKey(serviceName) === prefix) === true
  );
}

/** What is known of the other CMGs of a site as carriers, and what is to be remembered of them. */
export interface Carriers {
  readonly facts: readonly CarrierFacts[];
  readonly watches: readonly CarrierWatch[];
}

/** What carriers are looked at with. */
export type CarrierInput = Pick<DeploymentsInput, 'site' | 'watches' | 'passes' | 'countClients'> & {
  readonly scope: Pick<DeploymentsInput['scope'], 'cmg' | 'clock' | 'resolveName' | 'signal'> & {
    readonly azure: { readonly serverTime: Pick<DeploymentsInput['scope']['azure']['serverTime'], 'now'> };
  };
};

/** There is none to be looked at. */
export const NOBODY: Carriers = { facts: [], watches: [] };

/** As many as a status remembers; of more, those whose names come first. */
const MOST_CARRIERS = 16;

/**
 * The other CMGs of the site, as carriers of clients whose gateway is away. Whether a gateway alone is in reach of its clients
 * is not written down each hour, as it is while one is replaced: that would be a write in a fleet at rest. So the CMG that
 * needs a carrier watches it from then on, and writes that down: with its own looks at DNS and the site every two minutes, and
 * with the conditions of the carrier, as long as its own round has been within the hour.
 *
 * The time before the watch counts as far as it is proven: since all of the carrier's conditions have been True, and
 * since when this process has come to look at it without a break. Conditions alone prove nothing: they stay as they
 * are while no operator runs. DNS is not among that proof: clients learn of a carrier from the site, whatever its name led to.
 *
 * What is not known counts as not so. Whether clients have come to know it takes a pass over the devices, which is asked for here.
 *
 * @param maxAgeMs how old what is read of the site may be, in milliseconds
 */
export async function carriersOf(input: CarrierInput, others: readonly CMG[], maxAgeMs: number): Promise<Carriers> {
  const first = others.toSorted((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1)).slice(0, MOST_CARRIERS);
  const seen = await Promise.all(first.map((other) => lookAt(input, other, maxAgeMs)));
  return {
    facts: seen.map(({ facts }) => facts),
    watches: seen.flatMap(({ watch }) => watch ?? []),
  };
}

/** What is read live of those that were taken for carriers. */
export async function carriersNow(
  input: DeploymentsInput,
  known: readonly CarrierFacts[],
): Promise<readonly CarrierFacts[]> {
  const { others, readCmg, scope } = input;
  const live = await Promise.all(
    others
      .filter((other) => known.some(({ key }) => key === keyOf(other)))
      .map((other) => readCmg(other, scope.signal)),
  );
  const { facts } = await carriersOf(
    input,
    live.filter((cmg) => cmg !== undefined),
    0,
  );
  return facts;
}

interface Look {
  readonly facts: CarrierFacts;
  readonly watch: CarrierWatch | undefined;
}

async function lookAt(input: CarrierInput, cmg: CMG, maxAgeMs: number): Promise<Look> {
  const { scope } = input;
  const { metadata, spec, status } = cmg;
  const [deployment, ...more] = status?.deployments ?? [];
  const key = keyOf(cmg);
  const facts = {
    key,
    ready: isConditionTrue(status?.conditions, 'Ready'),
    running: deployment?.phase === 'Active',
    // What is suspended is not looked at.
    current: status?.observedGeneration === metadata.generation && !spec.suspend,
    redeploying:
      metadata.deletionTimestamp !== undefined ||
      more.length > 0 ||
      deployment === undefined ||
      !isSameIdentity(deployment.identity, identityOf(spec)),
    minimumWait: waitOf(termsOf(spec.redeployment)),
  };
  if (deployment === undefined || !isManaged(cmg)) {
    const isReady = facts.ready && isManaged(cmg);
    return { facts: { ...facts, ready: isReady, advertisedFor: 0, gateOpen: false }, watch: undefined };
  }
  const now = scope.azure.serverTime.now();
  const isInQuestion = facts.ready && facts.running && facts.current && !facts.redeploying;
  const advertised = isInQuestion ? await advertisedNow(input, cmg, deployment, maxAgeMs) : 'No';
  const watch = watchCarrier(
    watchesOf(scope.cmg).find((each) => each.key === key),
    { key, deployment: deployment.id, advertised, provenSince: provenSince(input, cmg, deployment) },
    { now, counts: !areSkewed(scope.clock.now(), now) },
  );
  const time = advertisedFor(watch, advertised, now);
  const hasWaited = time >= facts.minimumWait;
  const gateOpen = hasWaited && isGateOpen(input, cmg, deployment.serviceName, watch?.run?.since ?? now);
  return { facts: { ...facts, advertisedFor: time, gateOpen }, watch };
}

/** Conditions that say that a gateway is in reach of its clients, of its CMG and of its boundary groups. */
function sayingsOf({ site }: CarrierInput, cmg: ManagedCmg): readonly (Condition | undefined)[] {
  return [
    ...IN_REACH.map((type) => findCondition(cmg.status?.conditions, type)),
    ...site.boundaryGroupReferencesOf(keyOf(cmg)).map(({ status }) => findCondition(status?.conditions, 'Ready')),
  ];
}

/** Whether a gateway is advertised: as its conditions say, unless nobody has looked at it lately, and as DNS and the site do. */
async function advertisedNow(
  input: CarrierInput,
  cmg: ManagedCmg,
  deployment: CMGStatusDeployment,
  maxAgeMs: number,
): Promise<Seen> {
  const isFresh = seenSince(input, cmg) !== undefined;
  const told = allOf([
    ...sayingsOf(input, cmg).map((saying) => ['InstancesServe', SEEN[saying?.status ?? 'Unknown']] as const),
    ['Running', isFresh ? 'Yes' : 'Unknown'],
  ]);
  return told === 'Yes' ? isReached(input, cmg, deployment, maxAgeMs) : told;
}

const SEEN: Readonly<Record<Condition['status'], Seen>> = { True: 'Yes', False: 'No', Unknown: 'Unknown' };

/** Since when a gateway has provably been advertised, in whole seconds as a status has them. */
function provenSince(input: CarrierInput, cmg: ManagedCmg, deployment: CMGStatusDeployment): Instant | undefined {
  const times = sayingsOf(input, cmg).map((saying) => Date.parse(saying?.lastTransitionTime ?? ''));
  const watched = seenSince(input, cmg) ?? Number.NaN;
  const since = Math.max(...times, watched, Date.parse(deployment.wantedSince ?? deployment.createdAt));
  return Number.isNaN(since) || since > input.scope.azure.serverTime.now() ? undefined : Math.ceil(since / 1000) * 1000;
}

function seenSince({ watches, scope }: CarrierInput, { metadata }: ManagedCmg): Instant | undefined {
  return watches.seenSince(metadata.uid, scope.azure.serverTime.now());
}

/** What *advertised* adds to *serving*, as it is now. */
async function isReached(
  { scope, site }: CarrierInput,
  cmg: ManagedCmg,
  deployment: CMGStatusDeployment,
  maxAgeMs: number,
): Promise<Seen> {
  const { serviceName } = deployment;
  const [facts, resolved] = await Promise.all([
    readSiteFacts({ cmg, site, maxAgeMs, now: scope.clock.now(), signal: scope.signal }),
    resolves(scope, deployment),
  ]);
  if (facts.site.kind !== 'Read') {
    return 'Unknown';
  }
  const seen = { ...UNSEEN, id: deployment.id, resolves: resolved, siteRecord: seenRecord(facts, serviceName) };
  const points = facts.site.points.filter(({ linkedTo }) => isSameName(linkedTo ?? '', serviceName));
  return allOf(reachConjuncts(seen, serviceName, facts.site, points));
}

/** Whether clients are taken to know the carrier, by its own terms. */
function isGateOpen(input: CarrierInput, { spec }: ManagedCmg, serviceName: string, since: Instant): boolean {
  const terms = termsOf(spec.redeployment);
  if (terms.evidence === 'TimeOnly') {
    return true;
  }
  const question = { serviceName, advertisedSince: since, ignoreInactiveFor: terms.ignoreClientsInactiveFor };
  const notBefore = since + waitOf(terms);
  input.countClients({ question, notBefore }, 'Carrier');
  const pass = input.passes.find((each) => each.question.serviceName === serviceName);
  const judgement = judgeGate(pass, {
    serviceName,
    advertisedSince: since,
    requiredPercent: terms.requiredRefreshPercent,
    notBefore,
    // Nobody counted them when the carrier was made.
    devicesAtBeginning: pass?.devices,
  });
  return judgement.kind === 'Open';
}
