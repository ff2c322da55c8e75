import type { ContentStanding } from '../../src/redeployment/content.ts';
import { HOUR } from '../../src/redeployment/instant.ts';
import type { Observed, ObservedDeployment, ObservedSite, RedeploymentTerms } from '../../src/redeployment/observed.ts';
import { type Plan, plan } from '../../src/redeployment/planner.ts';
import type { DeploymentRecord, Records } from '../../src/redeployment/record.ts';
import { dateOf, observe, readLive, wishOf } from './observation.ts';
import { alongTheWay } from './scopes.ts';
import { type Cmg, cmgAt, type World } from './world.ts';

/** The first world on the way of a change in which the deployments of the first CMG are in these phases. */
export function worldWith(change: string, ...phases: readonly DeploymentRecord['stage']['phase'][]): World {
  for (const [name, world] of alongTheWay()) {
    const found = cmgAt(world, 0).records.deployments.map(({ stage }) => stage.phase);
    if (name.endsWith(`after ${change}`) && found.join() === phases.join()) return world;
  }
  throw new Error(`No world after ${change} has the phases ${phases.join()}.`);
}

/** The new gateway has just become advertised, and clients are taken to know it. */
export const BOTH_SERVE = worldWith('edit of 0', 'Superseded', 'Active');

/** What is seen otherwise than it is. */
export type Change = (observed: Observed) => Observed;
export const asItIs: Change = (observed) => observed;

/** The plan of the first CMG, from what is seen with a change; what is read live is the same. */
export function planIn(
  world: World,
  change: Change = asItIs,
  records: Records = cmgAt(world, 0).records,
  terms: Partial<RedeploymentTerms> = {},
): Plan {
  const known = { ...world, cmgs: world.cmgs.map((cmg, at) => (at === 0 ? { ...cmg, records } : cmg)) };
  const observed = change({ ...observe(known, 0), live: readLive(known, 0) });
  const { live, site, deployments } = observed;
  // What is read live is what is seen.
  const marks = new Map(deployments.map(({ id, mark }) => [id, mark]));
  const confirmed =
    live === undefined || live === 'Failed' ? observed : { ...observed, live: { ...live, site, marks } };
  const wish = wishOf(known, 0);
  return plan({ ...wish, terms: { ...wish.terms, ...terms } }, records, confirmed, dateOf(known));
}

/** The new gateway is seen otherwise. */
export function withSuccessor(change: Partial<ObservedDeployment>): Change {
  return (observed) => ({
    ...observed,
    deployments: observed.deployments.map((each) => (each.id === 'd2' ? { ...each, ...change } : each)),
  });
}

/** The site is seen otherwise. */
export function withSite(change: (site: Extract<ObservedSite, { kind: 'Read' }>) => ObservedSite): Change {
  return (observed) => ({ ...observed, site: observed.site.kind === 'Read' ? change(observed.site) : observed.site });
}

/** In the order in which the deployments were made. */
export const phasesOf = ({ deployments }: Records) => deployments.map(({ stage }) => stage.phase);

/** Content that the new gateway lacks. */
export const LACKING = {
  kind: 'Missing',
  held: 5,
  missing: 4,
  underWay: 0,
  first: ['One', 'Two', 'Three', 'Four'].map((name) => ({ name })),
} as const;

/** The comparisons have come to this. */
export function withContent(standing: ContentStanding): Change {
  return (observed) => ({ ...observed, content: observed.content?.map((each) => ({ ...each, standing })) ?? [] });
}

/** The successor has waited, and clients know it. */
export const READY: World = (() => {
  const time = BOTH_SERVE.time + 26 * HOUR;
  const cmgs = BOTH_SERVE.cmgs.map((cmg) => {
    const gateways = cmg.gateways.map((each) => ({ ...each, known: true }));
    return sightedAt({ ...cmg, gateways }, time);
  });
  return { ...BOTH_SERVE, time, cmgs };
})();

/** The CMG, whose gateways were seen to be advertised until now. */
export function sightedAt(cmg: Cmg, time: number): Cmg {
  const deployments = cmg.records.deployments.map((record) =>
    record.run === undefined ? record : { ...record, run: { ...record.run, seenAt: time } },
  );
  return { ...cmg, records: { ...cmg.records, deployments } };
}

/** No content is asked for. */
export const withoutContent: Change = ({ content: _none, ...observed }) => observed;

/** A person has consented. */
export function withConsents(observed: Observed, consents: Observed['consents']): Observed {
  const { live } = observed;
  return live === undefined || live === 'Failed' ? observed : { ...observed, consents, live: { ...live, consents } };
}
