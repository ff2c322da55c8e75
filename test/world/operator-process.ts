import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../../scripts/build.ts';
import { createLogger } from '../../src/observability/logging.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { startSupervised } from '../cluster/supervised-process.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../cluster/temporary-directory.ts';
import { createAcceleratedClock } from '../simulators/accelerated-clock.ts';
import { CLOUDS } from '../simulators/arm/clouds.ts';
import { startOperatorUnderTest } from './operator-under-test.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** What a process with an operator is told on its command line, as JSON. Nothing in it is secret. */
interface Instructions {
  readonly kubeconfigPath: string;
  readonly azureUrl: string;
  readonly flags: readonly string[];
  /** A reading of the simulated clock and of the machine's at the same moment, from which the process goes on. */
  readonly time: { readonly simulated: number; readonly machine: number; readonly speed: number };
}

export interface OperatorProcessOptions {
  /** What `bundleOperatorProcess` made. */
  readonly program: string;
  readonly kubeconfigPath: string;
  readonly world: Pick<SimulatedWorld, 'azure' | 'trusted'>;
  /** How fast the simulated clock runs. */
  readonly speed: number;
  readonly flags?: readonly string[];
}

/** An operator in a process of its own, which ends with this one at the latest. */
export interface OperatorProcess {
  /** Ends it as the kernel does, without a chance to finish anything, and waits until it has ended. */
  kill(): Promise<void>;
  /** All that it has logged, on all levels. */
  log(): string;
  /** Kills it, and removes its log. */
  close(): Promise<void>;
}

/** Makes one file of this program for many starts: Node has it running in a third of the time. Returns its path. */
export async function bundleOperatorProcess(folder: string): Promise<string> {
  const outfile = join(folder, 'operator-process.mjs');
  await bundle({ entry: import.meta.filename, outfile });
  return outfile;
}

/** Starts an operator against the simulated Azure. It is at work some moments later. */
export function startOperatorProcess(options: OperatorProcessOptions): OperatorProcess {
  const { program, kubeconfigPath, world, speed, flags = [] } = options;
  const folder = makeTemporaryDirectory();
  const trusted = join(folder, 'trusted.pem');
  writeFileSync(trusted, world.trusted);
  const logFile = join(folder, 'operator.log');
  const instructions: Instructions = {
    kubeconfigPath,
    azureUrl: world.azure.url,
    flags,
    time: { simulated: world.azure.clock.now(), machine: systemClock.now(), speed },
  };
  const output = openSync(logFile, 'w');
  const child = startSupervised(process.execPath, [program, JSON.stringify(instructions)], {
    env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: trusted },
    output,
  });
  closeSync(output);
  return {
    kill: () => child.kill(),
    log: () => readFileSync(logFile, 'utf8'),
    close: async () => {
      await child.kill();
      removeTemporaryDirectory(folder);
    },
  };
}

async function main(text: string): Promise<void> {
  const { kubeconfigPath, azureUrl, flags, time } = JSON.parse(text) as Instructions;
  const { simulated, machine, speed } = time;
  const simulatedNow = simulated + (systemClock.now() - machine) * speed;
  await startOperatorUnderTest({
    kubeconfigPath,
    world: {
      azure: {
        url: azureUrl,
        cloud: CLOUDS.AzurePublicCloud,
        clock: createAcceleratedClock({ ...systemClock, now: () => simulatedNow }, speed),
      },
    },
    logger: createLogger({ level: 'debug', format: 'json' }),
    flags,
  });
}

if (process.argv[1] === import.meta.filename) {
  await main(process.argv[2] ?? '');
}
