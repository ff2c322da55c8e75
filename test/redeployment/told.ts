import type { CMGStatusDeployment } from '../../src/api/v1alpha1/cmg.generated.ts';
import { isDecided, withRecord } from '../../src/controllers/cmg/redeployment/records.ts';
import { type SitePlacement, sitePlanAfter } from '../../src/controllers/cmg/redeployment/site-plan.ts';
import type { Plan } from '../../src/redeployment/planner.ts';
import type { DeploymentRecord, Records } from '../../src/redeployment/record.ts';
import { toTimestamp } from '../../src/runtime/conditions.ts';
import { cmgAt, nameOf, type Told, type World } from './world.ts';

/** A deployment in the status, as far as the planner remembers it. */
export function inStatus(record: DeploymentRecord): CMGStatusDeployment {
  const { id, identity, serviceName, wantedSince } = record;
  const bare = { id, identity, serviceName, createdAt: toTimestamp(wantedSince) } as unknown as CMGStatusDeployment;
  return withRecord(bare, record);
}

/**
 * What a round of a CMG tells them in its status. A decision is written down before anything follows from it; the plan for the site
 * is then that of the next round.
 *
 * @param seen the world that the site was looked at in, last
 */
export function toldBy(seen: World, at: number, before: Records, plan: Plan): Told | undefined {
  const { told, suspended, onlyObserved, deletion, hasSite } = cmgAt(seen, at);
  if (!hasSite || suspended || onlyObserved || deletion) {
    return told;
  }
  const { deployments } = plan.records;
  const known = deployments.map((record) => ({ ...inStatus(record), ...told?.plan.get(record.id) }));
  const actions = isDecided(before, plan.records) ? [] : plan.actions;
  const sites = seen.siteUp
    ? sitePlanAfter(known, placementOn(seen, at), { actions, handingOver: plan.handingOver })
    : known.length > 1
      ? (told?.plan ?? new Map())
      : new Map();
  const active = activeOf(seen, at, plan.records);
  const now: Told = { plan: sites, ...(active === undefined ? {} : { active }) };
  return told !== undefined && isSameTold(told, now) ? told : now;
}

function isSameTold(one: Told, other: Told): boolean {
  const lines = ({ plan, active }: Told) => JSON.stringify([active, [...plan]]);
  return lines(one) === lines(other);
}

function placementOn(world: World, at: number): SitePlacement {
  const points = world.points.filter(({ cmg }) => cmg === at);
  return {
    pointsOf: (serviceName) => points.filter(({ linkedTo }) => linkedTo === serviceName).map(({ name }) => name),
    isInGroups: (serviceName) => cmgAt(world, at).group.includes(serviceName),
  };
}

/** The wanted one once it is advertised, and until then the one before. */
function activeOf(world: World, at: number, { deployments }: Records): string | undefined {
  const { told, wish } = cmgAt(world, at);
  const standing = deployments.filter(({ stage: { phase } }) => phase !== 'Deleting');
  const wanted = standing.find(({ serviceName }) => serviceName === nameOf(at, wish));
  const { run } = wanted ?? {};
  if (
    wanted?.stage.phase === 'Active' &&
    (standing.length === 1 || (run !== undefined && run.otherwiseSince === undefined))
  ) {
    return wanted.id;
  }
  const isThere = ({ stage: { phase } }: DeploymentRecord) => phase === 'Active' || phase === 'Superseded';
  return (standing.find(({ id }) => id === told?.active) ?? standing.find(isThere))?.id;
}
