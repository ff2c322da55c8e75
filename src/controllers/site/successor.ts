import type { DeploymentOfCmg, GatewayOfCmg } from './gateway-of-cmg.ts';

/**
 * How long a look at a gateway holds, milliseconds. A look at a redeployment is made every two minutes, what it saw is written down
 * every ten at most, and the clock of the answers and that of the operator may be five minutes apart.
 */
const RECENT_MS = 20 * 60_000;

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
  return isStanding && seenInReachAt !== undefined && now - seenInReachAt <= RECENT_MS ? successor : undefined;
}
