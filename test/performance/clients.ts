import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, NODE_ENVIRONMENT, NODE_FLAGS } from '../../scripts/build.ts';
import { sleep, systemClock } from '../../src/runtime/clock.ts';
import { type SupervisedProcess, startSupervised } from '../cluster/supervised-process.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../cluster/temporary-directory.ts';
import type { PassFigures } from './client-pass.ts';
import type { Figures } from './main.ts';

/** How many devices the site has; fewer make a quick try possible, whose figures say little. */
const DEVICES = Number(process.env.BENCH_DEVICES ?? 500_000);
const LIMIT_MS = 300_000;

/** Benchmark `clients`: all devices of a site, read once by a process with the operator's code, bundled as it is shipped. */
export async function measureClients(tell: (what: string) => void, signal: AbortSignal): Promise<Figures> {
  const directory = makeTemporaryDirectory();
  const program = join(directory, 'client-pass.mjs');
  await bundle({ entry: join(import.meta.dirname, 'client-pass.ts'), outfile: program });
  const siteFile = join(directory, 'site.json');
  tell(`A site with ${DEVICES} devices …`);
  const site = start([join(import.meta.dirname, 'simulated-site.ts'), String(DEVICES)], siteFile);
  try {
    await line(site, siteFile, signal);
    tell('Reading them …');
    const passFile = join(directory, 'pass.json');
    const reader = start([...NODE_FLAGS, program, siteFile], passFile, NODE_ENVIRONMENT);
    try {
      const pass: PassFigures = JSON.parse(await line(reader, passFile, signal));
      const { devices, seconds, idleRssMiB, peakRssMiB, eventLoopP99Ms } = pass;
      if (devices !== DEVICES) throw new Error(`Read: ${JSON.stringify(pass)}`);
      return { devices, seconds, idleRssMiB, rssGrowthMiB: peakRssMiB - idleRssMiB, eventLoopP99Ms };
    } finally {
      await reader.kill();
    }
  } finally {
    await site.kill();
    removeTemporaryDirectory(directory);
  }
}

function start(args: readonly string[], file: string, environment: NodeJS.ProcessEnv = {}): SupervisedProcess {
  const output = openSync(file, 'w');
  try {
    return startSupervised(process.execPath, args, { output, env: { ...process.env, ...environment } });
  } finally {
    closeSync(output);
  }
}

/** What a process has said when it ends its first line. */
async function line(program: SupervisedProcess, file: string, signal: AbortSignal): Promise<string> {
  const from = performance.now();
  for (;;) {
    const said = readFileSync(file, 'utf8');
    if (said.endsWith('}\n')) return said;
    signal.throwIfAborted();
    if (program.exit() !== undefined || performance.now() - from > LIMIT_MS) throw new Error(`No figures: ${said}`);
    await sleep(systemClock, 50);
  }
}
