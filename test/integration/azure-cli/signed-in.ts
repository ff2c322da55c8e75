import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { azureCliLines } from '../../simulators/arm/azure-cli-lines.ts';
import type { ArmSimulator } from '../../simulators/arm/simulator.ts';
import { type Finished, startCommandRunner } from './command-runner.ts';

/** The Azure CLI with a configuration of its own. */
export interface AzureCli {
  /**
   * Runs `az` with these words and returns what it printed, which is JSON; `undefined` when it printed nothing.
   *
   * @throws Error with the command and what it wrote, when it fails
   */
  az(command: string, ...values: readonly string[]): Promise<unknown>;
  /** The same for commands that may fail. */
  run(command: string, ...values: readonly string[]): Promise<Finished>;
}

/** The environment of the CLI in tests: whatever goes to another host than this machine fails at once. */
export function guardedEnvironment(az: string, directory: string): NodeJS.ProcessEnv {
  const { PATH = '' } = process.env;
  return {
    PATH: `${join(az, '..')}:${PATH}`,
    HOME: directory,
    TMPDIR: directory,
    HTTPS_PROXY: 'http://127.0.0.1:9',
    HTTP_PROXY: 'http://127.0.0.1:9',
    NO_PROXY: '127.0.0.1',
    LC_ALL: 'C.UTF-8',
  };
}

/** The CLI `az`, pointed at a simulator and signed in by the lines of `azureCliLines`. Ends with the tests of the file. */
export async function signedInCli(az: string, simulator: ArmSimulator): Promise<AzureCli> {
  const directory = makeTemporaryDirectory();
  afterAll(() => removeTemporaryDirectory(directory));
  const caFile = join(directory, 'ca.crt');
  writeFileSync(caFile, simulator.caPem);
  const guarded = guardedEnvironment(az, directory);
  const lines = [...azureCliLines(simulator, caFile), 'env'];
  const { code, stdout, stderr } = await finished('/bin/sh', ['-ec', lines.join('\n')], guarded);
  if (code !== 0) throw new Error(`The Azure CLI could not sign in:\n${stderr}`);
  const set = stdout.split('\n').flatMap((line) => {
    const [, name = '', value = ''] = /^((?:AZURE|REQUESTS)_\w+)=(.*)$/.exec(line) ?? [];
    return name === '' ? [] : [[name, value]];
  });
  const environment = { ...guarded, ...Object.fromEntries(set) };
  const runner = startCommandRunner(az, environment);
  afterAll(() => runner.stop());
  const run: AzureCli['run'] = (command, ...values) => runner.run([...command.split(' '), ...values]);
  return {
    run,
    az: async (command, ...values) => {
      const { code, stdout, stderr } = await run(command, ...values);
      if (code !== 0) throw new Error(`az ${[command, ...values].join(' ')} ended with ${code}:\n${stderr}`);
      return stdout.trim() === '' ? undefined : JSON.parse(stdout);
    },
  };
}

/** Runs a program of its own, as a person would. */
export function finished(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Finished> {
  return new Promise((resolve) => {
    execFile(program, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
  });
}
