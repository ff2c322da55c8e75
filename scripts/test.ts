import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatSeconds } from '../test/cluster/progress.ts';
import { interrupt, type SupervisedProcess, startSupervised } from '../test/cluster/supervised-process.ts';
import { firstOf, outcomeIn } from './vitest-report.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** A stage that is interrupted gets this long to stop what it started. */
const INTERRUPT_GRACE_MS = 10_000;

/**
 * Percentage by which the heap of a Go program grows before its garbage is collected. With the default of 100, a fifth of
 * the processor time of kube-apiserver goes into collecting, and processor time is what the tests wait for.
 */
const FEWER_COLLECTIONS = '400';

interface Stage {
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
  /** What to do when it fails. */
  readonly advice: string;
  /** The vitest project that it runs, if it runs tests. */
  readonly tests?: 'unit' | 'integration';
}

/** `npm test`, in this order: what is quick and finds most comes first. */
const STAGES: readonly Stage[] = [
  {
    name: 'type check',
    command: ['tsc', '--noEmit'],
    advice: 'correct the types above; `npm run typecheck` runs this stage alone',
  },
  {
    name: 'format and lint',
    command: ['biome', 'check', '--error-on-warnings', '.'],
    advice: '`npm run format` corrects what can be corrected without a person; correct the rest',
  },
  {
    name: 'layout: who may import whom',
    command: ['node', 'scripts/check-layout.ts'],
    advice: 'move the code to where it belongs; the rules are in scripts/layout.ts',
  },
  {
    name: 'generated files are current',
    command: ['node', 'scripts/generate.ts', '--check'],
    advice: '`npm run generate`, and commit what it changes',
  },
  {
    name: 'programs of the test control plane',
    command: ['node', 'test/cluster/main.ts', '--prepare', '--controller-manager'],
    advice: 'see above; `npm run cluster -- --prepare --controller-manager` runs this stage alone',
  },
  {
    name: 'command line tools: helm and others',
    command: ['node', 'test/tools/main.ts', '--prepare'],
    advice: 'see above; `node test/tools/main.ts --prepare`, run by Node 24, runs this stage alone',
  },
  {
    name: 'unit tests',
    command: ['vitest', 'run', '--project', 'unit'],
    advice: '`npm run test:unit -- NAME` runs the test files with NAME in their path',
    tests: 'unit',
  },
  {
    name: 'integration tests, on a real API server',
    command: ['vitest', 'run', '--project', 'integration'],
    advice: '`npm run test:integration -- NAME` runs the test files with NAME in their path',
    tests: 'integration',
  },
];

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/**
 * Runs the stages until one fails. Prints `N passed, N failed` as its last line: the tests of the stages that ran, and
 * one failure for a stage that failed in another way.
 */
async function main(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'cmg-operator-test-'));
  const interruption = interruptible();
  let total: Counts = { passed: 0, failed: 0 };
  try {
    for (const [index, stage] of STAGES.entries()) {
      console.log(`\n[${index + 1}/${STAGES.length}] ${stage.name}`);
      const startedAt = performance.now();
      const report = join(directory, `${index}.json`);
      const code = await run(stage, { report, compiled: join(directory, 'compiled') }, interruption);
      const took = formatSeconds((performance.now() - startedAt) / 1000);
      const outcome = outcomeIn(report);
      const counts = countsOf(outcome, code);
      total = { passed: total.passed + counts.passed, failed: total.failed + counts.failed };
      if (interruption.interrupted) {
        console.log(`\nInterrupted in stage "${stage.name}" after ${took}.`);
        return 130;
      }
      if (code !== 0) {
        for (const failure of firstOf(outcome.failures, ROOT)) console.log(`\n${failure}`);
        console.log(`\nFAILED: ${stage.name}, after ${took}. What to do: ${stage.advice}.`);
        return 1;
      }
      console.log(`[${index + 1}/${STAGES.length}] ${stage.name}: ok, ${took}`);
    }
    return 0;
  } finally {
    rmSync(directory, { recursive: true, force: true });
    console.log(`\n${total.passed} passed, ${total.failed} failed`);
  }
}

interface Interruption {
  interrupted: boolean;
  running: SupervisedProcess | undefined;
}

/** Ends the stage that runs when somebody ends us. */
function interruptible(): Interruption {
  const state: Interruption = { interrupted: false, running: undefined };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      const again = state.interrupted;
      state.interrupted = true;
      // Who asks twice does not want to wait.
      if (state.running !== undefined) void interrupt(state.running, again ? 0 : INTERRUPT_GRACE_MS);
    });
  }
  return state;
}

interface Files {
  /** Where the report of the stage is to be written to. */
  readonly report: string;
  /**
   * Directory for compiled modules. Tests start the same programs again and again, each of which loads hundreds of modules
   * first; Node keeps here what it has made of them.
   */
  readonly compiled: string;
}

/** Runs a stage with its output on ours, and returns its exit code. */
async function run(stage: Stage, { report, compiled }: Files, interruption: Interruption): Promise<number> {
  if (interruption.interrupted) return 130;
  const [program, ...args] = stage.command;
  const reporting =
    stage.tests === undefined ? [] : ['--reporter=default', '--reporter=json', `--outputFile=${report}`];
  const path = `${join(ROOT, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}`;
  const running = startSupervised(program, [...args, ...reporting], {
    cwd: ROOT,
    env: { NODE_COMPILE_CACHE: compiled, GOGC: FEWER_COLLECTIONS, ...process.env, PATH: path },
    output: process.stdout.fd,
  });
  interruption.running = running;
  const { code } = await running.exited;
  interruption.running = undefined;
  return code ?? 1;
}

function countsOf({ passed, failed }: Counts, code: number): Counts {
  return { passed, failed: code === 0 ? failed : Math.max(failed, 1) };
}

process.exitCode = await main();
