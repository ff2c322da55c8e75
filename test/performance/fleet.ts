import { request } from 'undici';
import { isJsonObject } from '../../src/json.ts';
import { sleep, systemClock } from '../../src/runtime/clock.ts';
import { MERGE_PATCH } from '../cluster/api-client.ts';
import type { ControlPlane } from '../cluster/control-plane.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../cluster/temporary-directory.ts';
import { allWrites } from '../simulators/arm/journal.ts';
import { type Manifest, pathOf } from '../world/gateway-manifests.ts';
import { type SimulatedWorld, startSimulatedWorld } from '../world/simulated-world.ts';
import { type BundledOperator, buildOperator, startBundledOperator } from './bundled-operator.ts';
import { applyAll, prepareGateway, untilReady, withControlPlane, writesOf } from './gateways.ts';
import type { Figures } from './main.ts';
import { until } from './until.ts';

/** How many gateways; fewer make a quick try possible, whose figures say little. */
const GATEWAYS = Number(process.env.BENCH_GATEWAYS ?? 500);

/** Certificates are made and gateways are applied in portions, so that the benchmark itself stays small. */
const PORTION = 25;

/** Drift interval of the steady state. Ten minutes are the default; shorter makes more of everything, writes included. */
const INTERVAL_SECONDS = 60;
const INTERVALS = 2;

/** What Azure asks for in the answer that is obeyed to the second. */
const RETRY_AFTER_SECONDS = 7;

/** Benchmark `fleet`: gateways of one subscription at rest, and what one change and one refusal among them come to. */
export async function measureFleet(tell: (what: string) => void, signal: AbortSignal): Promise<Figures> {
  const directory = makeTemporaryDirectory();
  try {
    const file = await buildOperator(directory);
    return await withControlPlane(signal, (plane) => measure(plane, { file, directory }, tell, signal));
  } finally {
    removeTemporaryDirectory(directory);
  }
}

async function measure(
  plane: ControlPlane,
  { file, directory }: { readonly file: string; readonly directory: string },
  tell: (what: string) => void,
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
    flags: ['--drift-interval', `${INTERVAL_SECONDS}s`],
  });
  try {
    tell(`${GATEWAYS} gateways in one subscription …`);
    const cmgs = await provision(plane, world, signal);
    tell(`At rest for ${INTERVALS} intervals of ${INTERVAL_SECONDS} s, with Azure's own limits …`);
    const steady = await measureSteadyState(plane, world, operator, signal);
    tell('One change while a sweep runs, and one answer that asks for patience …');
    const changeSeconds = await measureChange(plane, world, cmgs[0], signal);
    const retryAfterErrorSeconds = await measureRetryAfter(plane, world, cmgs[1], signal);
    return { ...steady, changeSeconds, retryAfterErrorSeconds, peakRssMiB: operator.peakRssMiB() };
  } finally {
    await operator.stop();
    await world.close();
  }
}

async function provision(
  plane: ControlPlane,
  world: SimulatedWorld,
  signal: AbortSignal,
): Promise<readonly Manifest[]> {
  const cmgs: Manifest[] = [];
  while (cmgs.length < GATEWAYS) {
    signal.throwIfAborted();
    const names = Array.from(
      { length: Math.min(PORTION, GATEWAYS - cmgs.length) },
      (_, index) => `gateway${String(cmgs.length + index).padStart(3, '0')}`,
    );
    const prepared = await Promise.all(names.map((name) => prepareGateway(world, name, `${name}.contoso.com`)));
    for (const manifests of prepared) {
      await applyAll(plane.api, manifests);
      cmgs.push(manifests.cmg);
    }
  }
  await untilReady(plane.api, cmgs, 900_000);
  return cmgs;
}

const SWEEPS = /^cmg_operator_azure_sweeps_total\{result="success"\} (\S+)$/m;

/** Sweeps that have ended, as the operator counts them. */
async function sweepsOf(operator: BundledOperator): Promise<number> {
  return sampleOf(await scrape(operator), SWEEPS);
}

async function scrape({ port }: BundledOperator): Promise<string> {
  const { body } = await request(`http://127.0.0.1:${port}/metrics`);
  return body.text();
}

function sampleOf(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}

async function untilSwept(operator: BundledOperator, count: number, signal: AbortSignal): Promise<void> {
  await until(
    `${count} sweeps have succeeded`,
    async () => (await sweepsOf(operator)) >= count,
    500,
    signal,
    PATIENCE_MS,
  );
}

/** What takes longer than this will not come. */
const PATIENCE_MS = 6 * INTERVAL_SECONDS * 1000;

/** Every gateway has fifteen resources to read, at the 25 reads a second that Azure allows, less a look at its VMs each interval. */
const CATCHING_UP_MS = 15 * 60_000;

async function measureSteadyState(
  plane: ControlPlane,
  { azure }: SimulatedWorld,
  operator: BundledOperator,
  signal: AbortSignal,
): Promise<Figures> {
  // With the limits on that a fleet has after a restart too: all gateways read everything once before a sweep shows them.
  azure.control.settings.throttling = true;
  // The first sweeps show what the operator itself has made, and the gateways read it once more.
  await untilSwept(operator, (await sweepsOf(operator)) + 2, signal);
  await untilCaughtUp(azure, signal);
  const queries = () => azure.control.counts.byMethod.POST ?? 0;
  const before = { azure: azure.control.counts, queries: queries(), kubernetes: await writesOf(plane.api) };
  // The histogram of the event loop begins anew with each scrape, so that there is none between these two.
  const first = await sweepsOf(operator);
  await sleep(systemClock, INTERVALS * INTERVAL_SECONDS * 1000, signal);
  const text = await scrape(operator);
  const lag = sampleOf(text, /^nodejs_eventloop_lag_p99_seconds (\S+)$/m);
  const sweeps = sampleOf(text, SWEEPS) - first;
  const after = azure.control.counts;
  return {
    azureWrites: allWrites(after) - allWrites(before.azure),
    kubernetesWrites: (await writesOf(plane.api)) - before.kubernetes,
    azureReadsPerInterval: (after.reads - before.azure.reads) / INTERVALS,
    resourceGraphQueriesPerSweep: (queries() - before.queries) / sweeps,
    eventLoopP99Ms: lag * 1000,
  };
}

/** Waits until the reads of an interval are no more than one look at the VMs of each gateway: nothing else is read at rest. */
async function untilCaughtUp({ control }: SimulatedWorld['azure'], signal: AbortSignal): Promise<void> {
  let before = Number.NEGATIVE_INFINITY;
  const isAtRest = () => {
    const { GET: gets = 0 } = control.counts.byMethod;
    const since = gets - before;
    before = gets;
    return since <= GATEWAYS;
  };
  await until('all gateways have read their resources', isAtRest, INTERVAL_SECONDS * 1000, signal, CATCHING_UP_MS);
}

/** From the apply of another size to the scale set that has it, begun as soon as a sweep is seen to run. */
async function measureChange(
  plane: ControlPlane,
  { azure }: SimulatedWorld,
  cmg: Manifest | undefined,
  signal: AbortSignal,
): Promise<number> {
  const name = cmg?.metadata.name ?? '';
  // Looked up before: to show all that exists takes the simulated Azure half a second, in which it answers nobody.
  const id = azure.control
    .state()
    .map((resource) => String(resource.id))
    .find((each) => /virtualMachineScaleSets\/[^/]+$/i.test(each) && each.includes(name));
  if (id === undefined) throw new Error(`${name} has no scale set.`);
  const { byMethod } = azure.control.counts;
  await until('a sweep runs', () => azure.control.counts.byMethod.POST !== byMethod.POST, 5, signal, PATIENCE_MS);
  const from = performance.now();
  await patch(plane, cmg, { vm: { instances: 2 } });
  const capacity = () => {
    const { sku } = azure.control.resource(id) ?? {};
    return isJsonObject(sku) ? sku.capacity : undefined;
  };
  await until('the scale set has two VMs', () => capacity() === 2, 10, signal, PATIENCE_MS);
  return (performance.now() - from) / 1000;
}

/** How much later than asked, or earlier, the next request comes after an answer with `Retry-After`. */
async function measureRetryAfter(
  plane: ControlPlane,
  { azure }: SimulatedWorld,
  cmg: Manifest | undefined,
  signal: AbortSignal,
): Promise<number> {
  const total = () => azure.control.counts.reads + azure.control.counts.writes + azure.control.counts.polls;
  azure.control.faults.add({
    match: { method: 'PUT', urlPattern: 'virtualMachineScaleSets' },
    action: {
      kind: 'answer',
      status: 429,
      code: 'TooManyRequests',
      message: 'The request was throttled.',
      headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
    },
  });
  await patch(plane, cmg, { vm: { instances: 2 } });
  const applied = () => azure.control.faults.rules.at(-1)?.applied ?? 0;
  await until('the write is refused', () => applied() > 0, 1, signal, PATIENCE_MS);
  const from = performance.now();
  // What was on its way already is still answered.
  await sleep(systemClock, 100);
  const asked = total();
  await until('Azure is asked again', () => total() !== asked, 5, signal, PATIENCE_MS);
  return Math.abs((performance.now() - from) / 1000 - RETRY_AFTER_SECONDS);
}

async function patch({ api }: ControlPlane, cmg: Manifest | undefined, spec: object): Promise<void> {
  if (cmg === undefined) throw new Error('There are too few gateways to change one.');
  await api.call('PATCH', pathOf(cmg), { spec }, MERGE_PATCH);
}
