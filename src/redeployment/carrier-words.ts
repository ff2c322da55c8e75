import type { Finding } from './finding.ts';
import type { CarrierFacts } from './observed.ts';
import type { DeploymentRecord } from './record.ts';
import type { Situation } from './situation.ts';

/** As many CMGs as a message names. */
const MOST_NAMED = 5;

/** Why no other CMG of the site carries the clients, as the end of a sentence; empty where there is no other one. */
export function whyNobodyCarries({ observed: { carriers }, rules }: Situation): string {
  const unfit = carriers.filter((facts) => !rules.mayCarry(facts));
  const named = unfit.slice(0, MOST_NAMED).map((facts) => `${facts.key} ${lackOf(facts)}`);
  const more = unfit.length > MOST_NAMED ? `, and ${unfit.length - MOST_NAMED} more` : '';
  return named.length === 0 ? '' : `, as no other CMG can carry them: ${named.join('; ')}${more}`;
}

/** That another CMG carries the clients of a gateway that they have not had the time to learn yet. */
export function carriedFindings(
  { wish, observed: { claim } }: Situation,
  { id, serviceName }: DeploymentRecord,
): readonly Finding[] {
  const message = `${claim?.carrier} carries the clients until ${serviceName} has been in their reach for the whole wait.`;
  return claim?.claimant === wish.key ? [{ reason: 'WaitingForClients', deployment: id, message }] : [];
}

function lackOf(facts: CarrierFacts): string {
  if (facts.redeploying) return 'is being replaced or deleted itself';
  if (!facts.current) return 'is suspended, or its last change has not been looked at yet';
  if (!facts.ready || !facts.running) return 'is not Ready, or only observed';
  if (facts.advertisedFor < facts.minimumWait)
    return 'has not been seen in reach of every client for its redeployment.minimumWait';
  return 'is not known to enough clients, or they have not been counted yet';
}
