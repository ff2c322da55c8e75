import { parseArgs } from 'node:util';
import { measureClients } from './clients.ts';
import { measureFleet } from './fleet.ts';
import { measurePlanner } from './planner.ts';
import { measureProvision } from './provision.ts';
import { measureSimulator } from './simulator.ts';

/** Figures of one benchmark; the unit is part of each name. */
export type Figures = Readonly<Record<string, number>>;

interface Benchmark {
  readonly about: string;
  /** Upper bounds that the figures must keep. */
  readonly bounds: Figures;
  readonly run: (tell: (what: string) => void, signal: AbortSignal) => Promise<Figures>;
}

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  provision: {
    about: 'one gateway and a hundred, from apply to Ready; the steady state after that; the start with 1,000 CMGs',
    bounds: {
      overheadSeconds: 5,
      writesPerGateway: 20,
      readsPerGateway: 40,
      peakRssMiB: 256,
      steadyAzureWrites: 0,
      steadyKubernetesWrites: 0,
      startSeconds: 1,
    },
    run: measureProvision,
  },
  fleet: {
    about: '500 gateways of one subscription at rest under the limits of Azure, and one change among them',
    bounds: {
      azureWrites: 0,
      kubernetesWrites: 0,
      resourceGraphQueriesPerSweep: 5,
      eventLoopP99Ms: 50,
      peakRssMiB: 300,
      changeSeconds: 2,
      retryAfterErrorSeconds: 1,
    },
    run: measureFleet,
  },
  clients: {
    about: '500,000 devices of a site, read once page after page; how much memory that takes beside the idle operator',
    bounds: { seconds: 60, rssGrowthMiB: 40, eventLoopP99Ms: 50 },
    run: measureClients,
  },
  planner: {
    about:
      'one plan of a CMG with five deployments; the whole model of redeployment, every state of it, in two threads',
    bounds: { planMicroseconds: 50, violations: 0, explorationSeconds: 60 },
    run: measurePlanner,
  },
  simulator: {
    about: 'the simulated Azure: one gateway at full speed; 500 gateways, their memory and how fast they are read',
    bounds: { gatewaySeconds: 2, getMedianMs: 2, rssMiB: 1024 },
    run: measureSimulator,
  },
};

const HELP = `Runs a benchmark and prints its figures with the bounds that they must keep.

  npm run bench -- NAME [--json]

  --json   one JSON object on the last line
  --help   print this

Benchmarks:
${Object.entries(BENCHMARKS)
  .map(([name, { about }]) => `  ${name}  ${about}`)
  .join('\n')}

Example:
  npm run bench -- provision --json
`;

async function main(): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${HELP}`);
    return 2;
  }
  const [name = ''] = options.positionals;
  const benchmark = Object.hasOwn(BENCHMARKS, name) ? BENCHMARKS[name] : undefined;
  if (options.values.help || benchmark === undefined) {
    const unknown = name === '' || options.values.help ? '' : `There is no benchmark ${name}.\n`;
    (options.values.help ? process.stdout : process.stderr).write(`${unknown}${HELP}`);
    return options.values.help ? 0 : 2;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)));
  }
  const figures = await benchmark.run((what) => process.stderr.write(`${what}\n`), stop.signal);
  const kept = printTable(figures, benchmark.bounds);
  if (options.values.json) {
    process.stdout.write(`${JSON.stringify(figures)}\n`);
  }
  return kept ? 0 : 1;
}

function readOptions() {
  return parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
  });
}

function printTable(figures: Figures, bounds: Figures): boolean {
  let kept = true;
  for (const [name, value] of Object.entries(figures)) {
    const bound = bounds[name];
    const within = bound === undefined || value <= bound;
    kept &&= within;
    const shown = Number.isInteger(value) ? String(value) : value.toFixed(2);
    const verdict = bound === undefined ? '' : `at most ${bound}${within ? '' : '  EXCEEDED'}`;
    process.stdout.write(`${name.padEnd(24)} ${shown.padStart(10)}   ${verdict}\n`);
  }
  return kept;
}

process.exit(await main());
