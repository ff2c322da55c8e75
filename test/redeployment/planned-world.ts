import type { ContentStanding } from '../../src/redeployment/content.ts';
import { HOUR, MINUTE } from '../../src/redeployment/instant.ts';
import type {
  LiveFacts,
  Observed,
  ObservedDeployment,
  ObservedSite,
  RedeploymentTerms,
} from '../../src/redeployment/observed.ts';
import { type Plan, plan } from '../../src/redeployment/planner.ts';
import type { DeploymentRecord, Records } from '../../src/redeployment/record.ts';
import { dateOf, observe, readLive, wishOf } from './observation.ts';
import { alongTheWay, alongTheWayAlone } from './scopes.ts';
import { type Cmg, cmgAt, type World, withCmg } from './world.ts';

/** The first world on the way of a change, of those that the model begins with, in which the first CMG is in these phases. */
export function worldWith(change: string, ...phases: readonly DeploymentRecord['stage']['phase'][]): World {
  for (const [name, world] of [...alongTheWay(), ...alongTheWayAlone()]) {
    const found = cmgAt(world, 0).records.deployments.map(({ stage }) => stage.phase);
    if (name.endsWith(change) && found.join() === phases.join()) return world;
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

/** The plan for the first CMG, where something was read live that differs from what was seen. */
export function planWithLive(world: World, change: (facts: LiveFacts) => LiveFacts | 'Failed'): Plan {
  const live = readLive(world, 0);
  const observed = { ...observe(world, 0), live: live === 'Failed' ? live : change(live) };
  return plan(wishOf(world, 0), cmgAt(world, 0).records, observed, dateOf(world));
}

/** The world after another edit of the first CMG. */
export function edited(world: World, change: Partial<Cmg>): World {
  return withCmg(world, 0, { generation: cmgAt(world, 0).generation + 1, ...change });
}

/** One of the deployments is seen otherwise. */
export function seen(id: string, change: Partial<ObservedDeployment>): Change {
  return (observed) => ({
    ...observed,
    deployments: observed.deployments.map((each) => (each.id === id ? { ...each, ...change } : each)),
  });
}

/** The new gateway is seen otherwise. */
export const withSuccessor = (change: Partial<ObservedDeployment>) => seen('d2', change);

/** The site is seen otherwise. */
export function withSite(change: (site: Extract<ObservedSite, { kind: 'Read' }>) => ObservedSite): Change {
  return (observed) => ({ ...observed, site: observed.site.kind === 'Read' ? change(observed.site) : observed.site });
}

/** Records in which one deployment is another way. */
export function recorded(records: Records, id: string, change: Partial<DeploymentRecord>): Records {
  return {
    ...records,
    deployments: records.deployments.map((each) => (each.id === id ? { ...each, ...change } : each)),
  };
}

/** What is wrong in the hours 1 to 23 of a wait. */
export interface Wrong {
  readonly world?: (world: World) => World;
  /** Of what is seen of the world. */
  readonly seen?: Change;
  /** The world once it is right again. */
  readonly after?: (world: World) => World;
}

/** The records after a wait of some hours that began with a world, with a look every half hour. */
export function historyOf(begin: World, hours: number, wrong: Wrong): Records {
  const { world: during = same, seen: view = asItIs, after = same } = wrong;
  let records = cmgAt(begin, 0).records;
  for (let passed = 0; passed <= hours * HOUR; passed += 30 * MINUTE) {
    const then = { ...begin, time: begin.time + passed };
    if (passed < HOUR) {
      records = planIn(then, asItIs, records).records;
    } else if (passed <= 23 * HOUR) {
      records = planIn(during(then), view, records).records;
    } else {
      records = planIn(after(then), asItIs, records).records;
    }
  }
  return records;
}

const same = (world: World) => world;

/** In the order in which the deployments were made. */
export const phasesOf = ({ deployments }: Records) => deployments.map(({ stage }) => stage.phase);

export const idsOf = ({ deployments }: Records) => deployments.map(({ id }) => id);

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

/** The old one has begun to drain, and nothing has been done yet. */
export const DRAINING: World = withCmg(READY, 0, {
  records: recorded(cmgAt(READY, 0).records, 'd1', { stage: { phase: 'Draining', behind: 'd2' } }),
});

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
