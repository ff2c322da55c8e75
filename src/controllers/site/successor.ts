import type { DeploymentOfCmg, GatewayOfCmg } from './gateway-of-cmg.ts';

/** How far the clock of the answers and that of the operator may be apart, milliseconds. */
const SKEW_MS = 5 * 60_000;

/**
 * How long a look at a gateway holds, milliseconds. A look at a redeployment is made every two minutes, and what it saw is written
 * down every ten at most.
 */
const RECENT_MS = 15 * 60_000 + SKEW_MS;

/**
 * To whom a draining deployment may go on handing over: its successor, if the last look found it in reach of every client and was
 * made lately. `undefined`: to nobody at the moment, and what it has it keeps.
 *
 * The status was written before this step, perhaps by a process that is gone: that it says so is not enough.
 *
 * @param now milliseconds since 1970
 */
export function successorInReach(
  { deployments }: GatewayOfCmg,
  { drainsBehind }: DeploymentOfCmg,
  now: number,
): DeploymentOfCmg | undefined {
  const successor = deployments.find(({ id }) => id === drainsBehind);
  const { phase, seenInReachAt } = successor ?? {};
  const isStanding = phase === 'Active' || phase === 'Superseded';
  return isStanding && seenInReachAt !== undefined && isRecent(now - seenInReachAt) ? successor : undefined;
}

/** What was seen in the future was seen before somebody set the clock back, nobody knows when. */
function isRecent(ageMs: number): boolean {
  return ageMs >= -SKEW_MS && ageMs <= RECENT_MS;
}
