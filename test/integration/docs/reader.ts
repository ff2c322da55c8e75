import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { expect, inject, vi } from 'vitest';
import { type Step, stepsOf } from '../../../scripts/documentation/page.ts';
import { PATIENCE_MS } from '../operator/suite.ts';
import { firstDifference } from './output.ts';

/** Who does what a page says: a shell in a folder, with `kubectl` for a namespace. */
export interface Reader {
  /** Where files are saved and commands are run, with programs of the reader's own. */
  readonly folder: string;
  readonly kubeconfigPath: string;
  /** Replaces values that stand as an example on the pages, such as ids. Default: nothing. */
  readonly replace?: (text: string) => string;
  /** Replaces what stands in the output for what stands on the page. Default: nothing. */
  readonly restore?: (output: string) => string;
}

/** Does every step of a page in its order. Fails at the first command that fails or prints something else. */
export async function readAlong(reader: Reader, page: string, text: string, steps = stepsOf(text)): Promise<void> {
  for (const step of steps) {
    await doStep(reader, page, step);
  }
}

async function doStep(reader: Reader, page: string, step: Step): Promise<void> {
  const { replace = (text: string) => text } = reader;
  switch (step.kind) {
    case 'File':
      writeFileSync(join(reader.folder, step.name), replace(step.text));
      return;
    case 'NotRun':
      return;
    case 'Commands':
      await doCommands(reader, `${page}:${step.line}`, step);
      return;
    default:
      return step satisfies never;
  }
}

/** Commands that change nothing. What they show may come a moment later, as events do; a person would look again. */
const ONLY_READS = /^(?:kubectl (?:get|events|describe) .*\n)+$/;

async function doCommands(reader: Reader, where: string, step: Extract<Step, { kind: 'Commands' }>): Promise<void> {
  const { replace = (text: string) => text, restore = (text: string) => text } = reader;
  const attempt = async () => {
    const { code, output } = await run(reader, replace(step.text));
    const printed = `${where}\n${step.text}\nprinted:\n${restore(output)}`;
    expect(code, printed).toBe(0);
    if (step.output !== undefined) {
      expect(firstDifference(step.output, restore(output)), printed).toBeUndefined();
    }
  };
  await (ONLY_READS.test(step.text) ? vi.waitFor(attempt, { timeout: PATIENCE_MS, interval: 200 }) : attempt());
}

/** How long one block may take. */
const LIMIT_MS = PATIENCE_MS;

/**
 * A note of kubectl's library about its own watch, which some `kubectl wait` print when what they wait for comes in the very
 * moment in which they start to watch. No page shows it, as it is not there most of the time.
 */
const NOTE_ON_A_WATCH = /^I\d{4} .* reflector\.go:\d+\] .*\n/gm;

/** Runs commands as a person at a terminal would see them: errors of commands that may fail stand between the output. */
async function run({ folder, kubeconfigPath }: Reader, commands: string) {
  const path = [folder, dirname(inject('kubectlPath')), dirname(process.execPath), process.env.PATH].join(delimiter);
  const shell = spawn('bash', ['-euo', 'pipefail', '-c', commands], {
    cwd: folder,
    env: { PATH: path, HOME: folder, KUBECONFIG: kubeconfigPath, GOGC: process.env.GOGC },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code] = await once(shell, 'close');
  return { code, output: output.replace(NOTE_ON_A_WATCH, '') };
}
