import type { ObservedDeployment } from '../../src/redeployment/observed.ts';
import { plan } from '../../src/redeployment/planner.ts';
import type { DeploymentRecord } from '../../src/redeployment/record.ts';
import { tableOf } from '../redeployment/matrix.ts';
import { dateOf, observe, wishOf } from '../redeployment/observation.ts';
import { exploreWholeModel } from '../redeployment/whole-model.ts';
import { cmgAt, SETTLED } from '../redeployment/world.ts';
import type { Figures } from './main.ts';

/** How long one plan takes, and how many states of the model are explored in which time. */
export async function measurePlanner(tell: (what: string) => void): Promise<Figures> {
  const planMicroseconds = measurePlan();
  tell('exploring the model');
  const { states, transitions, found, matrix, seconds } = await exploreWholeModel();
  for (const { violation, history } of found.slice(0, 3)) {
    tell(`(${violation.invariant}) ${violation.what}\n  ${history.join('\n  ')}`);
  }
  tell(`Transitions by phase and event:\n${tableOf(matrix)}`);
  return {
    planMicroseconds,
    statesExplored: states,
    transitions,
    violations: found.length,
    explorationSeconds: seconds,
  };
}

const DEPLOYMENTS = 5;
const WARM_UP = 20_000;
const ROUNDS = 20_000;
const SAMPLES = 11;

/** Median of several samples, each the mean of many plans; of the time of the processor, whatever else it does. */
function measurePlan(): number {
  const one = planOfMany();
  for (let round = 0; round < WARM_UP; round++) one();
  const samples = Array.from({ length: SAMPLES }, () => {
    const begun = process.cpuUsage();
    for (let round = 0; round < ROUNDS; round++) one();
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / ROUNDS;
  }).sort((left, right) => left - right);
  return samples[Math.floor(SAMPLES / 2)] ?? Number.NaN;
}

/** One CMG with five deployments that all serve: the wanted one and four before it. */
function planOfMany(): () => void {
  const observed = observe(SETTLED, 0);
  const [record] = cmgAt(SETTLED, 0).records.deployments;
  const [seen] = observed.deployments;
  if (record === undefined || seen === undefined || observed.site.kind !== 'Read') {
    throw new Error('The model has no gateway that serves.');
  }
  const numbers = Array.from({ length: DEPLOYMENTS }, (_, at) => at + 1);
  const deployments = numbers.map((number) => numbered(record, number));
  const site = {
    ...observed.site,
    points: deployments.map(({ serviceName }) => ({
      name: serviceName,
      role: 'Primary' as const,
      linkedTo: serviceName,
      connected: 'Yes' as const,
    })),
    groups: [{ name: 'group', members: deployments.map(({ serviceName }) => serviceName) }],
  };
  const world = { ...observed, site, deployments: deployments.map((each) => seenAs(seen, each)) };
  const records = { ...cmgAt(SETTLED, 0).records, deployments, devicesAtBeginning: 100 };
  const wish = { ...wishOf(SETTLED, 0), identity: deployments.at(-1)?.identity ?? {} };
  const now = dateOf(SETTLED);
  return () => {
    plan(wish, records, world, now);
  };
}

function numbered(record: DeploymentRecord, number: number): DeploymentRecord {
  const serviceName = `gateway${number}.contoso.com`;
  return {
    ...record,
    id: `d${number}`,
    serviceName,
    identity: { ...record.identity, serviceName },
    wantedOrder: number,
  };
}

function seenAs(
  seen: ObservedDeployment,
  { id, identity, serviceName, served, wantedSince, wantedOrder }: DeploymentRecord,
): ObservedDeployment {
  const mark = { id, identity, serviceName, served, wantedSince, wantedOrder };
  return { ...seen, id, mark: { kind: 'Read', mark } };
}
