import type { Action } from '../../src/redeployment/action.ts';
import type { Plan } from '../../src/redeployment/planner.ts';
import type { Violation } from './invariants.ts';
import { carriersFor } from './observation.ts';
import { type Cmg, cmgAt, isOfSite, KEYS, type World } from './world.ts';

/**
 * Rule 7: nothing irreversible is done when what it rests on has changed since it was looked at.
 *
 * @param seen the world that the plan was begun with
 * @param then the world in which it is carried out
 */
export function judgeSecondLook(seen: World, then: World, at: number, plan: Plan): readonly Violation[] {
  const step = seen === then ? undefined : irreversibleStep(seen, at, plan);
  const changed = step === undefined ? [] : changesBetween(seen, then, at);
  return changed.length === 0
    ? []
    : [{ invariant: 'rule 7', what: `${step} of ${KEYS[at]}, though there has changed: ${changed.join(', ')}` }];
}

function irreversibleStep(seen: World, at: number, { actions, records }: Plan): string | undefined {
  const cmg = cmgAt(seen, at);
  const hasServed = (id: string) => cmg.gateways.some((gateway) => gateway.id === id && gateway.hasServed);
  const action = actions.find((each) => isIrreversible(each, hasServed));
  const isTurning = records.deployments.some(
    ({ id, stage }) => stage.phase === 'Deleting' && hasServed(id) && phaseOf(cmg, id) !== 'Deleting',
  );
  return action?.kind ?? (isTurning ? 'the turn to Deleting' : undefined);
}

function isIrreversible(action: Action, hasServed: (id: string) => boolean): boolean {
  switch (action.kind) {
    case 'Stop':
    case 'Delete':
    case 'LeaveGroup':
      return hasServed(action.deployment);
    case 'LinkPoint':
    case 'UnlinkPoint':
      return action.from !== undefined;
    default:
      return false;
  }
}

function phaseOf({ records }: Cmg, id: string): string | undefined {
  return records.deployments.find((record) => record.id === id)?.stage.phase;
}

/** What of all that is read twice is not the same, by the names that mutants give it. */
function changesBetween(seen: World, then: World, at: number): readonly string[] {
  const { hasSite, deletion } = cmgAt(seen, at);
  // A CMG that is deleted does not wait for its site for ever.
  const before = factsOf(seen, at, hasSite && !deletion);
  const after = factsOf(then, at, hasSite && !deletion);
  const changed = Object.keys(before).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  return hasLostCarrier(seen, then, at) ? [...changed, 'the carrier'] : changed;
}

function factsOf(world: World, at: number, isAsked: boolean): Readonly<Record<string, unknown>> {
  const { object, generation, consents, hasSite, group } = cmgAt(world, at);
  return {
    'the object': object,
    'the generation': generation,
    'a consent': consents,
    'the answer of Azure': world.azureUp,
    'the tags': tagsOf(world, at),
    'the answer of the site': !isAsked || world.siteUp,
    'a connection point': isAsked ? pointsOf(world, at) : [],
    'a boundary group': isAsked ? group : [],
    'the claim': hasSite ? world.claim : undefined,
  };
}

function pointsOf({ points }: World, at: number): readonly unknown[] {
  return points.filter(({ cmg }) => cmg === at).map(({ name, linkedTo, connected }) => ({ name, linkedTo, connected }));
}

/** Of what carries tags and is known, by its record or by them. */
function tagsOf(world: World, at: number): readonly unknown[] {
  const { gateways, records } = cmgAt(world, at);
  return gateways
    .filter((gateway) => !isOfSite(at, gateway))
    .filter(({ id, mark }) => mark !== undefined || records.deployments.some((record) => record.id === id))
    .map(({ azure, mark }) => (azure === 'Absent' ? 'None' : mark));
}

/** Whether the CMG that carries the clients of this one was seen to be fit for it, and is so no longer. */
function hasLostCarrier(seen: World, then: World, at: number): boolean {
  return seen.claim?.claimant === KEYS[at] && isCarried(seen, at) && !isCarried(then, at);
}

function isCarried(world: World, at: number): boolean {
  const carrier = carriersFor(world, at).find(({ key }) => key === world.claim?.carrier);
  if (carrier === undefined) {
    return false;
  }
  const { ready, running, current, redeploying, gateOpen, advertisedFor, minimumWait } = carrier;
  return ready && running && current && !redeploying && gateOpen && advertisedFor >= minimumWait;
}
