import type { GatewayWish, Observed, ObservedDeployment, ObservedMark } from '../../src/redeployment/observed.ts';
import { type Plan, plan } from '../../src/redeployment/planner.ts';
import type { DeploymentRecord, Records } from '../../src/redeployment/record.ts';
import { dateOf, observe, readLive, wishOf } from './observation.ts';
import { cmgAt, type World, withCmg } from './world.ts';

/** Changes what is seen. */
export type ChangeOfSight = (observed: Observed) => Observed;

export interface Planned {
  readonly change?: ChangeOfSight;
  readonly records?: Records;
  /** What is read live is not what was seen. */
  readonly differs?: boolean;
}

/** What a world would be, were one gateway of its first CMG the site's. */
export interface SiteMade {
  /** Id of that gateway. */
  readonly theirs: string;
  /** Whom the spec has make the gateway. */
  readonly provisioner: 'Operator' | 'Site';
}

/** A plan for the first CMG in a world, were one of its gateways the site's. */
export function planWithSiteMade(
  world: World,
  { theirs, provisioner }: SiteMade,
  { change = (observed) => observed, records, differs = false }: Planned = {},
): Plan {
  const asTheirs = (record: DeploymentRecord): DeploymentRecord =>
    record.id === theirs ? { ...record, identity: { ...record.identity, provisioner: 'Site' } } : record;
  const before = records ?? cmgAt(world, 0).records;
  const known = withCmg(world, 0, { records: { ...before, deployments: before.deployments.map(asTheirs) } });
  const seen = observe(known, 0);
  const observed = change({
    ...seen,
    deployments: seen.deployments.map((each) => ({ ...each, mark: each.id === theirs ? markOf(each) : each.mark })),
  });
  const wish = wishBy(known, provisioner);
  const live = readLive(known, 0);
  if (live === 'Failed') {
    return plan(wish, cmgAt(known, 0).records, observed, dateOf(known));
  }
  const marks = new Map(observed.deployments.map(({ id, mark }) => [id, mark]));
  const { site } = observed;
  return plan(
    wish,
    cmgAt(known, 0).records,
    { ...observed, live: { ...live, site, marks: differs ? new Map() : marks } },
    dateOf(known),
  );
}

/** Nothing of the operator's is on what the site made. */
function markOf({ azure }: Pick<ObservedDeployment, 'azure'>): ObservedMark {
  return azure === 'Absent' ? { kind: 'None' } : { kind: 'Others' };
}

function wishBy(world: World, provisioner: SiteMade['provisioner']): GatewayWish {
  const wish = wishOf(world, 0);
  return { ...wish, identity: { ...wish.identity, provisioner } };
}

/** Changes what is seen of one gateway. */
export function seenAs(id: string, change: Partial<ObservedDeployment>): ChangeOfSight {
  return (observed) => ({
    ...observed,
    deployments: observed.deployments.map((each) => (each.id === id ? { ...each, ...change } : each)),
  });
}
