import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVED_TAG } from '../../src/gateway/mark.ts';
import { isJsonObject, type JsonObject } from '../../src/json.ts';
import { sleep, systemClock } from '../../src/runtime/clock.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import type { ApiClient } from '../cluster/api-client.ts';
import type { ControlPlane } from '../cluster/control-plane.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../cluster/temporary-directory.ts';
import { allWrites } from '../simulators/arm/journal.ts';
import { cmgManifest } from '../world/gateway-manifests.ts';
import { startOperatorUnderTest } from '../world/operator-under-test.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../world/simulated-world.ts';
import { countReads, covered, type Span, waitsOf } from './azure-waits.ts';
import { buildOperator, startBundledOperator } from './bundled-operator.ts';
import { apply, applyAll, applyGateway, prepareGateway, untilReady, withControlPlane, writesOf } from './gateways.ts';
import type { Figures } from './main.ts';
import { until } from './until.ts';

/**
 * Simulated time runs this much faster for the one gateway. What the operator itself spends is real time, so it counts
 * twice in simulated seconds: the figure is an upper bound of the overhead at real speed.
 */
const SPEED = 2;

const MANY_GATEWAYS = 100;
const STORED_CMGS = 1000;

/** Drift interval of the steady state, and how many of them are watched. */
const RESYNC_SECONDS = 5;
const RESYNC_PERIODS = 10;

/** In it, gateways that have just become `Ready` come to rest. */
const MARKING_MS = 300_000;

/** Benchmark `provision`. Every part has a control plane of its own, and the parts run one after the other. */
export async function measureProvision(tell: (what: string) => void, signal: AbortSignal): Promise<Figures> {
  const directory = makeTemporaryDirectory();
  try {
    tell(`One gateway, Azure ${SPEED} times as fast as real time …`);
    const one = await withControlPlane(signal, (plane) => measureOne(plane, join(directory, 'one.jsonl')));
    const file = await buildOperator(directory);
    tell(`${MANY_GATEWAYS} gateways at once, Azure without delays, then ${RESYNC_PERIODS} resync periods …`);
    const many = await withControlPlane(signal, (plane) => measureMany(plane, file, directory, signal));
    tell(`Start with ${STORED_CMGS} stored CMGs …`);
    const start = await withControlPlane(signal, (plane) => measureStart(plane, file, directory));
    return { ...one, ...many, ...start };
  } finally {
    removeTemporaryDirectory(directory);
  }
}

async function measureOne(plane: ControlPlane, record: string): Promise<Figures> {
  const world = await startSimulatedWorld({ speed: SPEED, record });
  let from = 0;
  let to = 0;
  let operator: Awaited<ReturnType<typeof startOperatorUnderTest>> | undefined;
  try {
    operator = await startOperatorUnderTest({ kubeconfigPath: plane.kubeconfigPath, world, logger: silentLogger });
    const cmg = await applyGateway(plane.api, world, 'one', 'granitefalls.contoso.com');
    from = world.azure.clock.now();
    await untilReady(plane.api, [cmg], 600_000);
    to = world.azure.clock.now();
  } finally {
    await operator?.stop();
    await world.close();
  }
  const { counts } = world.azure.control;
  const recording = readFileSync(record, 'utf8');
  const waits = [...waitsOf(recording), ...unannouncedSpans(world)];
  return {
    overheadSeconds: (to - from - covered(waits, { from, to })) / 1000,
    totalSimulatedSeconds: (to - from) / 1000,
    writesPerGateway: allWrites(counts),
    readsPerGateway: countReads(recording),
  };
}

/** Azure's turn without a word how long: until a vault is done, and until a new role assignment has taken effect. */
function unannouncedSpans({ azure }: SimulatedWorld): readonly Span[] {
  const { writes, settings } = azure.control;
  return writes.flatMap(({ path, acceptedAt, doneAt }): readonly Span[] => {
    if (/\/vaults\/[^/]+$/i.test(path) && doneAt !== undefined) {
      return [{ from: acceptedAt, to: doneAt }];
    }
    const lasting = settings.roleLagSeconds * 1000;
    return /\/roleAssignments\//i.test(path) ? [{ from: acceptedAt, to: acceptedAt + lasting }] : [];
  });
}

async function measureMany(
  plane: ControlPlane,
  file: string,
  directory: string,
  signal: AbortSignal,
): Promise<Figures> {
  const world = await startSimulatedWorld({ speed: 1 });
  world.azure.control.settings.durationFactor = 0;
  const operator = await startBundledOperator({
    file,
    directory,
    kubeconfigPath: plane.kubeconfigPath,
    azureUrl: world.azure.url,
    trusted: world.trusted,
    flags: ['--drift-interval', `${RESYNC_SECONDS}s`],
  });
  try {
    const names = Array.from({ length: MANY_GATEWAYS }, (_, index) => `gateway${String(index).padStart(3, '0')}`);
    const prepared = await Promise.all(names.map((name) => prepareGateway(world, name, `${name}.contoso.com`)));
    const started = performance.now();
    for (const manifests of prepared) {
      await applyAll(plane.api, manifests);
    }
    const cmgs = prepared.map(({ cmg }) => cmg);
    await untilReady(plane.api, cmgs, 600_000);
    const seconds = (performance.now() - started) / 1000;
    const steady = await measureSteadyState(plane.api, world, signal);
    return { seconds, peakRssMiB: operator.peakRssMiB(), ...steady };
  } finally {
    await operator.stop();
    await world.close();
  }
}

/** Writes while nothing changes. */
async function measureSteadyState(api: ApiClient, { azure }: SimulatedWorld, signal: AbortSignal): Promise<Figures> {
  await untilAtRest(api, azure, signal);
  const azureWrites = allWrites(azure.control.counts);
  const reads = azure.control.counts.reads;
  const kubernetesWrites = await writesOf(api);
  await sleep(systemClock, RESYNC_PERIODS * RESYNC_SECONDS * 1000 * 1.1, signal);
  if (azure.control.counts.reads === reads) {
    throw new Error('The operator has not looked at Azure, so its silence proves nothing.');
  }
  return {
    steadyAzureWrites: allWrites(azure.control.counts) - azureWrites,
    steadyKubernetesWrites: (await writesOf(api)) - kubernetesWrites,
    steadyAzureReads: azure.control.counts.reads - reads,
  };
}

/**
 * Waits until each gateway has the mark that clients may depend on it, which is the last write of a provisioning, and
 * until nothing was written for two periods.
 */
async function untilAtRest(api: ApiClient, { control }: SimulatedWorld['azure'], signal: AbortSignal): Promise<void> {
  const areMarked = () => control.state().filter(isMarkedAsServing).length >= MANY_GATEWAYS;
  await until('all gateways are marked as serving', areMarked, 5000, signal, MARKING_MS);
  let before = Number.NEGATIVE_INFINITY;
  const isAtRest = async () => {
    const writes = allWrites(control.counts) + (await writesOf(api));
    const since = writes - before;
    before = writes;
    return since === 0;
  };
  await until('nothing is written', isAtRest, 2 * RESYNC_SECONDS * 1000, signal, MARKING_MS);
}

function isMarkedAsServing({ tags }: JsonObject): boolean {
  return isJsonObject(tags) && tags[SERVED_TAG] === 'Yes';
}

async function measureStart(plane: ControlPlane, file: string, directory: string): Promise<Figures> {
  const world = await startSimulatedWorld({ speed: 1, blobs: false });
  try {
    for (let index = 0; index < STORED_CMGS; index += 1) {
      const name = `stored${String(index).padStart(4, '0')}`;
      const serviceName = `${name}.contoso.com`;
      await apply(plane.api, cmgManifest(world, { namespace: 'default', name, serviceName, spec: { suspend: true } }));
    }
    const seconds: number[] = [];
    for (let run = 0; run < 3; run += 1) {
      const operator = await startBundledOperator({
        file,
        directory,
        kubeconfigPath: plane.kubeconfigPath,
        azureUrl: world.azure.url,
        trusted: world.trusted,
      });
      seconds.push(operator.startSeconds);
      await operator.stop();
    }
    return { startSeconds: seconds.toSorted((left, right) => left - right)[1] ?? Number.NaN };
  } finally {
    await world.close();
  }
}
