import { findCondition } from '../../src/runtime/conditions.ts';
import { type PassingTime, passingTime } from '../world/passing-time.ts';
import { STANDBY_SERVER } from '../world/site-manifests.ts';
import { lookOn, type Onlooker } from './onlooker.ts';
import type { DemoOptions } from './run.ts';
import type { Scene } from './scene.ts';
import { manualStep, placeOnSite } from './site.ts';
import { apply, isReady, StepFailed } from './steps.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How time passes while clients learn of the new gateway: as far at once as a wait outlasts without a look. */
const WAIT = { stepMs: 30 * MINUTE_MS, longestMs: 36 * HOUR_MS };
/** How it passes while the old one goes: as often as a redeployment is looked at. */
const LEAVE = { stepMs: 2 * MINUTE_MS, longestMs: 3 * HOUR_MS };

/** Nobody is off for longer than the wait: who is may find nothing when the old gateway is gone. */
const FLEET = { size: 1000, shares: { commuters: 0.2, alwaysIntranet: 0.15, oftenOff: 0 } };

/** What the status says of going back, one after the other. */
const WAYS_BACK = ['Free', 'NeedsWait', 'Rebuild'] as const;

/** How often what came of an apply is looked at, in milliseconds of the machine's clock. */
const LOOK_EVERY_MS = 100;

interface Act extends Scene, Pick<DemoOptions, 'screen' | 'signal'> {
  readonly onlooker: Onlooker;
  readonly time: PassingTime;
}

/** Shows how the operator replaces a gateway by one in another region and under another name, and what clients notice. */
export async function replaceGateway(
  { screen, signal }: Pick<DemoOptions, 'screen' | 'signal'>,
  scene: Scene,
): Promise<void> {
  scene.site.control.startFleet(FLEET);
  screen.step(`Asking for a gateway in ${scene.later.region} in place of the one in ${scene.earlier.region}`);
  const onlooker = await lookOn(screen, scene);
  try {
    const time = passingTime(scene.clock, { registry: scene.metrics, signal });
    const act: Act = { ...scene, screen, signal, onlooker, time };
    await buildBeside(act);
    await letClientsLearn(act);
    await watchItGo(act);
  } finally {
    await onlooker.close();
  }
}

async function buildBeside(act: Act): Promise<void> {
  const { screen, signal, api, site, onlooker, later, declared, certificate, standby, limitMs } = act;
  for (const manifest of [certificate, standby, declared]) {
    await apply(api, manifest);
  }
  const step = await manualStep(api, standby, { signal, limitMs, about: later.serviceName });
  onlooker.look();
  site.control.linkConnectionPoint(STANDBY_SERVER, later.serviceName);
  const end = performance.now() + limitMs;
  while (onlooker.phaseOfEarlier() !== 'Superseded') {
    signal.throwIfAborted();
    if (performance.now() > end) {
      throw notSeen(act, `${later.serviceName} in reach of every client within ${limitMs / 1000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  onlooker.look();
  expectUncut(act);
  screen.done(`both gateways serve. One step was for a person: ${step}`);
}

async function letClientsLearn(act: Act): Promise<void> {
  const { screen, clock, onlooker, later } = act;
  const since = clock.now();
  screen.step(`Letting ${FLEET.size} simulated clients learn of ${later.serviceName}, half an hour at a time`);
  let shown: number | undefined;
  await pass(act, 'clients to have learnt of the new gateway', WAIT, () => {
    if (onlooker.hour() !== shown) {
      shown = onlooker.hour();
      onlooker.look();
    }
    return onlooker.phaseOfEarlier() !== 'Superseded';
  });
  if (clock.now() - since < DAY_MS - MINUTE_MS) {
    throw notSeen(act, 'a whole day for clients before the gate opens');
  }
  const { eligible = 0, refreshed = 0 } = onlooker.cmg().status?.redeployment?.clients ?? {};
  screen.done(`the gate is open after ${hoursSince(act, since)} hours: ${refreshed} of ${eligible} clients know it`);
}

async function watchItGo(act: Act): Promise<void> {
  const { screen, world, site, clock, onlooker, earlier, later } = act;
  screen.step(`Retiring ${earlier.serviceName}`);
  await pass(act, `${earlier.serviceName} to be gone`, LEAVE, () => {
    onlooker.look();
    return onlooker.cmg().status?.redeployment === undefined && isReady(onlooker.cmg());
  });
  const group = `/subscriptions/${world.azure.subscriptionId}/resourceGroups/${earlier.resourceGroup}`;
  if (world.azure.control.resource(group) !== undefined) {
    throw notSeen(act, `the resource group ${earlier.resourceGroup} gone from Azure`);
  }
  const unseen = WAYS_BACK.filter((way) => !onlooker.rollbacks.includes(way));
  if (unseen.length > 0) {
    throw notSeen(act, `status.redeployment.rollback to be ${unseen.join(' and ')} for a while`);
  }
  const { servers, groups } = placeOnSite(site.control, later.serviceName);
  // Each client polls once an hour, and only then finds the old one gone.
  const end = clock.now() + HOUR_MS;
  await pass(act, 'each client to have polled', WAIT, () => clock.now() >= end);
  const { through } = onlooker.look('an hour later');
  if (String([...through.keys()]) !== later.serviceName) {
    throw notSeen(act, `every client to talk through ${later.serviceName}`);
  }
  screen.done(
    `the resource group ${earlier.resourceGroup} is gone from Azure, ${servers.join(' and ')} and the boundary group ${groups.join(' and ')} have moved, and all ${through.get(later.serviceName)} clients on the internet talk through ${later.serviceName}; 0 were cut off`,
  );
}

/** Lets time pass until `condition` holds; no client may be cut off meanwhile. */
async function pass(
  act: Act,
  what: string,
  limits: { readonly stepMs: number; readonly longestMs: number },
  condition: () => boolean,
): Promise<void> {
  const { signal, time } = act;
  try {
    await time.passUntil(
      what,
      async () => {
        signal.throwIfAborted();
        expectUncut(act);
        return condition();
      },
      limits,
    );
  } catch (error) {
    if (signal.aborted || error instanceof StepFailed) {
      throw error;
    }
    throw notSeen(act, what, error);
  }
}

function expectUncut({ site }: Act): void {
  const [first] = site.control.cutOffClients;
  if (first !== undefined) {
    throw new StepFailed(
      `The client ${first.name} was cut off at ${new Date(first.since).toISOString()}: it knew ${first.knows.join(' and ')}.`,
    );
  }
}

/** What was not seen, with what the operator waits for, which tells what to do. */
function notSeen({ onlooker }: Act, expected: string, cause?: unknown): StepFailed {
  const { conditions } = onlooker.cmg().status ?? {};
  const said = findCondition(conditions, 'Redeploying') ?? findCondition(conditions, 'Ready');
  return new StepFailed(
    `Not seen: ${expected}. The CMG says: ${said?.message ?? 'nothing at all'}`,
    cause === undefined ? undefined : { cause },
  );
}

function hoursSince({ clock }: Act, since: number): number {
  return Math.floor((clock.now() - since) / HOUR_MS);
}
