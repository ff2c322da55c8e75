import type { Acted, Violation } from './invariants.ts';
import { cmgAt, KEYS, serves, type World } from './world.ts';

/** (d) No serving deployment that is not draining loses its last connection point. */
export function judgePoint({ before, after, at, action, records }: Acted): readonly Violation[] {
  const from = action.kind === 'LinkPoint' || action.kind === 'UnlinkPoint' ? action.from : undefined;
  const loser = records.deployments.find(({ serviceName }) => serviceName === from);
  if (from === undefined || loser === undefined || cmgAt(before, at).deletion) {
    return [];
  }
  const gateway = cmgAt(before, at).gateways.find(({ id }) => id === loser.id);
  const isLeaving = loser.stage.phase === 'Draining' || loser.stage.phase === 'Deleting';
  const connected = (world: World) => world.points.some(({ linkedTo, connected: is }) => linkedTo === from && is);
  const isLast = connected(before) && !connected(after);
  return gateway !== undefined && serves(gateway) && !isLeaving && isLast
    ? [{ invariant: 'd', what: `${loser.id} of ${KEYS[at]} serves and loses its last connection point` }]
    : [];
}

/** Rule 5: what drains leaves a boundary group for a successor that is in it. */
export function judgeGroup({ seen, at, action, records }: Acted): readonly Violation[] {
  const leaver =
    action.kind === 'LeaveGroup' ? records.deployments.find(({ id }) => id === action.deployment) : undefined;
  const { group } = cmgAt(seen, at);
  const isFollowed = records.deployments.some(
    ({ id, serviceName }) => leaver !== undefined && id !== leaver.id && group.includes(serviceName),
  );
  return leaver?.stage.phase === 'Draining' && !isFollowed
    ? [{ invariant: 'rule 5', what: `${leaver.id} of ${KEYS[at]} leaves its group, and no other one is in it` }]
    : [];
}
