import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { currentPlatform } from '../cluster/pinned-versions.ts';
import type { Progress } from '../cluster/progress.ts';
import { kept } from './kept.ts';

const run = promisify(execFile);

/** The CLI and all that it depends on, each with its version and the SHA-256 of its files. */
const REQUIREMENTS = join(import.meta.dirname, 'azure-cli', 'requirements.txt');

/** Those on which Microsoft supports the CLI, the machine's own first. */
const PYTHONS = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];
const OLDEST_MINOR = 10;

/**
 * Prints the minor version of a Python 3. Fails without `ensurepip`, which Debian keeps in a package of its own and without
 * which there is no virtual environment.
 */
const PROBE = 'import sys; assert sys.version_info[0] == 3; print(sys.version_info[1]); import ensurepip';

const OUTPUT_TAIL_LINES = 20;

/**
 * `az`, whatever folder its virtual environment was made in and has been moved to. `-I`: nothing of the caller's own Python
 * gets in.
 */
const LAUNCHER = '#!/bin/sh\nexec "$(dirname "$0")/python" -I -m azure.cli "$@"\n';

export interface AzureCliOptions {
  /** Default: tells nobody. */
  readonly progress?: Progress;
  /** Default: this process's environment. */
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Path of `az`, the Azure CLI as Microsoft publishes it on the Python Package Index. It is installed once, by pip and into
 * a virtual environment outside the checkout, in `cmg-operator/tools` of `$XDG_CACHE_HOME` or `~/.cache`; a file whose hash
 * is not the pinned one is refused. Several processes may ask at once: one installs, the others wait.
 *
 * @throws Error that says what to do where there is no Python that can, and with the last lines of pip where that fails
 */
export async function azureCli(options: AzureCliOptions = {}): Promise<string> {
  const { environment = process.env, progress = () => {} } = options;
  const python = await findPython(environment);
  const { os, arch } = currentPlatform();
  const installed = await kept({
    folder: `azure-cli-${requirementsHash()}-python3.${python.minor}-${os}-${arch}`,
    name: 'environment',
    needs: 'bin/python',
    stage: 'installing the Azure CLI, once, about a minute',
    elsewhere: 'installing the Azure CLI',
    environment,
    progress,
    make: (staging) => install(python.program, join(staging, 'environment'), environment),
  });
  return join(installed, 'bin', 'az');
}

/**
 * The same; or, in words, why the CLI cannot be had here. In CI, which sets the variable `CI`, that is no excuse.
 *
 * @throws Error in CI
 */
export async function azureCliUnlessMissing(
  options: AzureCliOptions = {},
): Promise<string | { readonly missing: string }> {
  if ((options.environment ?? process.env).CI) return azureCli(options);
  try {
    return await azureCli(options);
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

interface Python {
  readonly program: string;
  /** 11 of 3.11. */
  readonly minor: number;
}

async function findPython(environment: NodeJS.ProcessEnv): Promise<Python> {
  const unfit: string[] = [];
  for (const program of PYTHONS) {
    const found = await probe(program, environment);
    if (typeof found === 'number' && found >= OLDEST_MINOR) return { program, minor: found };
    if (found !== undefined) unfit.push(typeof found === 'number' ? `${program} is Python 3.${found}.` : found);
  }
  throw new Error(
    `The Azure CLI needs Python 3.${OLDEST_MINOR} or newer with venv: "apt-get install python3-venv" on Debian and Ubuntu, else https://www.python.org/downloads. ${unfit.join(' ') || 'No python3 was found.'}`,
  );
}

/** The minor version, or what is wrong with this Python, or undefined where there is none of that name. */
async function probe(program: string, environment: NodeJS.ProcessEnv): Promise<number | string | undefined> {
  try {
    return Number((await run(program, ['-I', '-c', PROBE], { env: environment })).stdout);
  } catch (error) {
    // Version managers put programs in the path that only say that this version is not there.
    return String(error).includes("No module named 'ensurepip'") ? `${program} has no ensurepip.` : undefined;
  }
}

/** 12 hexadecimal digits that change when a version or a hash does. */
function requirementsHash(): string {
  return createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
}

async function install(python: string, directory: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const bin = join(directory, 'bin');
  try {
    await run(python, ['-I', '-m', 'venv', directory], { env: environment });
    await run(
      join(bin, 'python'),
      // Only what has a hash: building a package would bring in what has none. What is used is compiled when it is used.
      ['-I', '-m', 'pip', 'install', '--require-hashes', '--only-binary=:all:', '--no-compile', '-r', REQUIREMENTS],
      { env: { ...environment, PIP_NO_INPUT: '1', PIP_PROGRESS_BAR: 'off' }, maxBuffer: 64 * 1024 * 1024 },
    );
  } catch (error) {
    throw new Error(`The Azure CLI could not be installed by ${python}:\n${tailOf(error)}`, { cause: error });
  }
  writeFileSync(join(bin, 'az'), LAUNCHER, { mode: 0o755 });
}

function tailOf(error: unknown): string {
  const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
  const lines = `${stdout}${stderr}`.trimEnd().split('\n').slice(-OUTPUT_TAIL_LINES).join('\n');
  return lines === '' ? String(error) : lines;
}
