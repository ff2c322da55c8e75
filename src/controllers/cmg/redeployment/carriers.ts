import type { CMG, CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import { judgeGate } from '../../../redeployment/client-gate.ts';
import { prefixKey } from '../../../redeployment/identity.ts';
import type { Instant } from '../../../redeployment/instant.ts';
import type { CarrierFacts, Seen } from '../../../redeployment/observed.ts';
import { isOthers } from '../../../redeployment/others.ts';
import { waitOf } from '../../../redeployment/retirement.ts';
import { allOf, reachConjuncts } from '../../../redeployment/words.ts';
import { type Condition, findCondition, isConditionTrue } from '../../../runtime/conditions.ts';
import { keyOf } from '../../../runtime/objects.ts';
import { isSameName } from '../../../site/names.ts';
import { identityChanges } from '../deployment.ts';
import { isManaged, type ManagedCmg } from '../managed-cmg.ts';
import { UNSEEN } from './look.ts';
import type { DeploymentsInput } from './reconcile.ts';
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

/**
 * The other CMGs of the site, as carriers of clients whose gateway is away. Whether a gateway alone is in reach of its clients
 * is not written down each hour, as it is while one is replaced; so the time for which it has been is that for which the
 * conditions have been True that say so, and DNS and the site are asked now. What is not known counts as not so. Whether
 * clients have come to know it takes a pass over the devices, which is asked for here.
 *
 * @param maxAgeMs how old what is read of the site may be, in milliseconds
 */
export function carriersOf(
  input: DeploymentsInput,
  others: readonly CMG[],
  maxAgeMs: number,
): Promise<readonly CarrierFacts[]> {
  return Promise.all(others.map((other) => factsOf(input, other, maxAgeMs)));
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
  return carriersOf(
    input,
    live.filter((cmg) => cmg !== undefined),
    0,
  );
}

async function factsOf(input: DeploymentsInput, cmg: CMG, maxAgeMs: number): Promise<CarrierFacts> {
  const { metadata, spec, status } = cmg;
  const [deployment, ...more] = status?.deployments ?? [];
  const minimumWait = waitOf(termsOf(spec.redeployment));
  const facts = {
    key: keyOf(cmg),
    ready: isConditionTrue(status?.conditions, 'Ready'),
    running: deployment?.phase === 'Active',
    // What is suspended is not looked at.
    current: status?.observedGeneration === metadata.generation && !spec.suspend,
    redeploying:
      metadata.deletionTimestamp !== undefined ||
      more.length > 0 ||
      deployment === undefined ||
      identityChanges(cmg, deployment).length > 0,
    minimumWait,
  };
  const isInQuestion = facts.ready && facts.running && facts.current && !facts.redeploying;
  if (!isInQuestion || deployment === undefined || isOthers(deployment) || !isManaged(cmg)) {
    return { ...facts, ready: facts.ready && isManaged(cmg), advertisedFor: 0, gateOpen: false };
  }
  const since = await advertisedSince(input, cmg, deployment, maxAgeMs);
  const advertisedFor = since === undefined ? 0 : Math.max(0, input.scope.azure.serverTime.now() - since);
  const hasWaited = since !== undefined && advertisedFor >= minimumWait;
  return { ...facts, advertisedFor, gateOpen: hasWaited && isGateOpen(input, cmg, deployment.serviceName, since) };
}

/** The conditions of a CMG that say that its gateway serves, and is on its site. */
const SAYING_SO = ['ServiceHealthy', 'SiteRegistered', 'ConnectionPointReady'] as const;

/** Since when a gateway has been advertised, as far as is known; `undefined`: it is not now, or nobody knows. */
async function advertisedSince(
  input: DeploymentsInput,
  cmg: ManagedCmg,
  deployment: CMGStatusDeployment,
  maxAgeMs: number,
): Promise<Instant | undefined> {
  const { scope, site } = input;
  const references = site.boundaryGroupReferencesOf(keyOf(cmg));
  const sayings = [
    ...SAYING_SO.map((type) => findCondition(cmg.status?.conditions, type)),
    ...references.map(({ status }) => findCondition(status?.conditions, 'Ready')),
  ];
  if (!sayings.every(isTrue) || (await isReached(input, cmg, deployment, maxAgeMs)) !== 'Yes') {
    return undefined;
  }
  const times = sayings.map((condition) => Date.parse(condition?.lastTransitionTime ?? ''));
  const since = Math.max(...times, Date.parse(deployment.wantedSince ?? deployment.createdAt));
  return Number.isNaN(since) || since > scope.azure.serverTime.now() ? undefined : since;
}

function isTrue(condition: Condition | undefined): boolean {
  return condition?.status === 'True';
}

/** What *advertised* adds to *serving*, as it is now. */
async function isReached(
  { scope, site }: DeploymentsInput,
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
function isGateOpen(input: DeploymentsInput, { spec }: ManagedCmg, serviceName: string, since: Instant): boolean {
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
