#!/usr/bin/env node
import { VERSION } from '../version.ts';
import { type CommandLine, HELP, readCommandLine } from './command-line.ts';
import { Failure } from './failure.ts';
import { type Extent, extentOf, jsonOf, type Style, textOf } from './plan/report.ts';
import { planManifests } from './plan-command.ts';

/** Whatever is wrong. 2 and 3 are answers, so a wrong command line is not told apart. */
const FAILED = 1;

const EXIT_CODES: Readonly<Record<Extent, number>> = { Nothing: 0, InPlace: 2, Replaces: 3, Failed: FAILED };

async function main(): Promise<number> {
  const command = readCommandLine(process.argv.slice(2));
  switch (command.kind) {
    case 'Help':
      process.stdout.write(HELP);
      return 0;
    case 'Version':
      process.stdout.write(`kubectl-cmg ${VERSION}\n`);
      return 0;
    case 'Invalid':
      process.stderr.write(`${command.problem}\nSee kubectl cmg --help.\n`);
      return FAILED;
    case 'Plan':
      return plan(command);
    default:
      return command satisfies never;
  }
}

async function plan({ options, output, detailedExitCode }: Extract<CommandLine, { kind: 'Plan' }>): Promise<number> {
  const { plans, skipped } = await planManifests(options);
  if (output === 'json') {
    process.stdout.write(jsonOf(plans, skipped));
  } else {
    process.stdout.write(textOf(plans, styleOf(process.stdout)));
    if (skipped.length > 0) {
      process.stderr.write(`\nNot looked at: ${skipped.map(({ kind, name }) => `${kind} ${name}`).join(', ')}.\n`);
    }
  }
  const extent = extentOf(plans);
  return detailedExitCode || extent === 'Failed' ? EXIT_CODES[extent] : 0;
}

function styleOf(stream: NodeJS.WriteStream): Style {
  const isPlain = !stream.isTTY || process.env.TERM === 'dumb' || Boolean(process.env.NO_COLOR);
  const set = (code: number) => (text: string) => (isPlain ? text : `\u001b[${code}m${text}\u001b[0m`);
  return { bold: set(1), warning: set(33) };
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Failure)) {
    throw error;
  }
  process.stderr.write(`${error.message}\n`);
  process.exitCode = FAILED;
}
