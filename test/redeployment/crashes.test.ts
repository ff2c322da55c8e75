import { afterAll, beforeAll, expect, it } from 'vitest';
import { CONSENT_ANNOTATIONS } from '../../src/redeployment/consent-command.ts';
import { beginDisturbedRun, type Disturbance, type Write } from '../faults/disturbance.ts';
import { differences, nameOf } from '../faults/enumeration.ts';
import { acceptedWrites, isAtRest, type LifeOutcome, stateOf } from '../faults/life.ts';
import {
  createRedeploymentStage,
  DAY,
  HOUR,
  type Lives,
  named,
  placedIn,
  type RedeploymentStage,
  startRedeploymentLives,
  timeOnly,
} from './stage.ts';

/**
 * In CI the operator dies at every write, which takes four minutes of a processor. Elsewhere at one in so many, at others each
 * day, so that in as many days it has died at each.
 */
const ONE_IN = Number(process.env.REDEPLOYMENT_CRASHES_ONE_IN ?? (process.env.CI === 'true' ? 1 : 40));
/** The day, as long as nobody names another one. */
const SEED = Number(process.env.REDEPLOYMENT_SEED ?? Math.floor(Date.now() / 86_400_000));

let lives: Lives;
beforeAll(async () => {
  lives = await startRedeploymentLives();
}, 60_000);
afterAll(() => lives?.close());

interface RedeployedLife {
  readonly outcome: LifeOutcome;
  /** From the change of the spec on. */
  readonly writes: readonly Write[];
}

/** A redeployment, from the change of the spec on. Resolves to Azure and Kubernetes as they were on the way and at the end. */
type Procedure = (stage: RedeploymentStage) => Promise<LifeOutcome['states']>;

/** A gateway that serves is redeployed, to the end. At most one write ends the operator. */
async function redeploy(procedure: Procedure, disturbance?: Disturbance): Promise<RedeployedLife> {
  const { control } = lives.world.azure;
  let stage: RedeploymentStage | undefined;
  control.reset();
  const kill = () => stage?.operator.kill();
  const run = beginDisturbedRun({ faults: control.faults, disturbance, kill });
  stage = createRedeploymentStage(lives, { between: run.between, keepsFaults: true });
  try {
    await stage.ready(timeOnly);
    const first = run.writes.length;
    const states = await procedure(stage);
    if (disturbance !== undefined && !run.hasMet) throw new Error('The write did not come that was to go wrong.');
    const history = stage.kubernetes.history;
    const outcome = { states, accepted: acceptedWrites(stage, disturbance), storedBlobs: 0, history };
    return { outcome, writes: run.writes.slice(first) };
  } finally {
    kill();
    run.end();
    control.faults.clear();
  }
}

/** The next gateway is made beside the one before, which stays for a day. */
async function sideBySide(stage: RedeploymentStage): Promise<LifeOutcome['states']> {
  stage.change(named('fabrikam.contoso.com'), (spec) => ({
    ...spec,
    azure: { ...spec.azure, resourceGroup: { ...spec.azure.resourceGroup, name: 'rg-fabrikam' } },
  }));
  await stage.runUntil(() => stage.phases().includes('contoso Superseded') && isAtRest(stage), 3 * HOUR);
  await stage.letPass(HOUR);
  await stage.runUntil(() => isAtRest(stage));
  const both = stateOf(stage);
  await stage.letPass(DAY - 2 * HOUR);
  await stage.runUntil(() => stage.deployments().length === 1 && isAtRest(stage), 4 * HOUR);
  // When the gateway was last seen to be advertised is forgotten after an hour in which nobody asked.
  await stage.letPass(3 * HOUR);
  await stage.runUntil(() => isAtRest(stage));
  return { 'beginning of the wait': both, redeployment: stateOf(stage) };
}

/** The gateway goes before the next one is made under its name, by a person's word. */
async function deleteFirst(stage: RedeploymentStage): Promise<LifeOutcome['states']> {
  stage.change(placedIn('northeurope', 'rg-north'));
  await stage.runUntil(() => stage.reason('Redeploying') === 'NoOtherActiveCMG', HOUR);
  await stage.letPass(HOUR);
  const waiting = stateOf(stage);
  stage.annotate({ [CONSENT_ANNOTATIONS.AllowClientOutage]: stage.idOf('contoso.contoso.com') });
  await stage.runUntil(() => stage.gateways().includes('contoso northeurope') && isAtRest(stage), 3 * HOUR);
  await stage.letPass(3 * HOUR);
  await stage.runUntil(() => isAtRest(stage));
  return { 'wait for a person': waiting, redeployment: stateOf(stage) };
}

async function deviation(
  procedure: Procedure,
  write: Write,
  fault: Disturbance['fault'],
  expected: LifeOutcome,
): Promise<readonly string[]> {
  const found = await redeploy(procedure, { write, fault }).then(
    ({ outcome }) => differences(expected, outcome),
    (error: unknown) => [String(error).slice(0, 400)],
  );
  return found.length === 0 ? [] : [[`${fault}, ${nameOf(write)}`, ...found].join('\n  ')];
}

it.each([
  { what: 'beside the one before', procedure: sideBySide, fewest: 40 },
  { what: 'under the name of the one before', procedure: deleteFirst, fewest: 30 },
])(
  'wherever the operator dies while a gateway is made $what, the end is the same and nothing is made or deleted twice',
  {
    timeout: 1_200_000,
  },
  async ({ what, procedure, fewest }) => {
    const { outcome, writes } = await redeploy(procedure);
    const deviations: string[] = [];
    let runs = 0;
    for (const [number, fault] of (['crash before it', 'crash after it'] as const).entries()) {
      const first = (SEED + number * Math.ceil(ONE_IN / 2)) % ONE_IN;
      for (const write of writes.filter((_, at) => at % ONE_IN === first)) {
        runs += 1;
        deviations.push(...(await deviation(procedure, write, fault, outcome)));
      }
    }
    console.log(
      `${writes.length} writes while a gateway is made ${what}; one in ${ONE_IN} ended the operator, before it and after it: ${runs} runs. REDEPLOYMENT_SEED=${SEED} repeats them, REDEPLOYMENT_CRASHES_ONE_IN=1 asks for all.`,
    );
    expect(writes.length).toBeGreaterThan(fewest);
    expect(deviations).toEqual([]);
  },
);
