import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { azureCli, azureCliUnlessMissing } from './azure-cli.ts';

let root = '';
let environment: NodeJS.ProcessEnv = {};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'azure-cli-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'bin'));
  // Without the machine's own Python; the rest of what the scripts below use is in /bin.
  for (const version of ['', '.14', '.13', '.12', '.11', '.10']) addProgram(`python3${version}`, 'exit 127');
  environment = { XDG_CACHE_HOME: join(root, 'cache'), PATH: `${root}/bin:/usr/bin:/bin` };
});

function addProgram(name: string, script: string): void {
  writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** A Python that notes what it is asked for, makes environments of itself, and has a pip that does what `pip` says. */
function addPython(name: string, minor: number, pip = 'exit 0'): void {
  addProgram(
    name,
    `case "$*" in
      *ensurepip*) echo ${minor};;
      *"-m venv"*) echo "${name} venv" >> ${root}/calls; mkdir -p "$4/bin"; cp "$0" "$4/bin/python";;
      *"-m pip"*) echo "${name} pip $*" >> ${root}/calls; ${pip};;
      *"-m azure.cli"*) echo "az of 3.${minor}";;
    esac`,
  );
}

function calls(): string[] {
  return readFileSync(join(root, 'calls'), 'utf8').trimEnd().split('\n');
}

test('installs what is pinned, by hash, once, and takes it from the cache after that', async () => {
  addPython('python3', 11);
  const [az, ...others] = await Promise.all([1, 2, 3].map(() => azureCli({ environment })));
  expect(az).toContain(join(root, 'cache', 'cmg-operator', 'tools', 'azure-cli-'));
  expect(new Set(others)).toEqual(new Set([az]));
  expect(await azureCli({ environment })).toBe(az);
  expect(calls()).toHaveLength(2);
  expect(calls()[1]).toMatch(/install --require-hashes --only-binary=:all: .*-r .*\/azure-cli\/requirements\.txt$/);
  expect(readFileSync(String(az), 'utf8')).toContain('-m azure.cli');
});

test('pins every package with hashes', () => {
  const text = readFileSync(join(import.meta.dirname, 'azure-cli', 'requirements.txt'), 'utf8');
  const packages = text.replaceAll('\\\n', '').split('\n').slice(2).filter(Boolean);
  expect(packages.length).toBeGreaterThan(100);
  for (const line of packages) expect(line).toMatch(/^[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}/);
  const wanted = readFileSync(join(import.meta.dirname, 'azure-cli', 'requirements.in'), 'utf8').trim();
  expect(packages.some((line) => line.startsWith(`${wanted} `))).toBe(true);
});

test('never takes an installation that was broken off for a good one', async () => {
  addPython('python3', 11, 'echo "hashes differ" >&2; exit 1');
  await expect(azureCli({ environment })).rejects.toThrow('could not be installed by python3:\nhashes differ');
  addPython('python3', 11);
  const az = await azureCli({ environment });
  expect(readdirSync(dirname(dirname(dirname(az))))).toEqual(['environment']);
});

test('installs again when the Python that it was made from is gone', async () => {
  addPython('python3', 11);
  const az = await azureCli({ environment });
  rmSync(join(dirname(az), 'python'));
  expect(await azureCli({ environment })).toBe(az);
  expect(existsSync(join(dirname(az), 'python'))).toBe(true);
});

test('takes the first Python that can, and keeps those of different versions apart', async () => {
  addPython('python3', 9);
  addPython('python3.12', 12);
  const newer = await azureCli({ environment });
  expect(newer).toContain('-python3.12-');
  addPython('python3', 10);
  expect(await azureCli({ environment })).toContain('-python3.10-');
  expect(calls().filter((call) => call.endsWith(' venv'))).toEqual(['python3.12 venv', 'python3 venv']);
});

test.each([
  ['there is no Python', () => {}, 'No python3 was found.'],
  ['it is too old', () => addPython('python3', 9), 'python3 is Python 3.9.'],
  [
    'it cannot make environments',
    () => addProgram('python3', 'echo "ModuleNotFoundError: No module named \'ensurepip\'" >&2; exit 1'),
    'python3 has no ensurepip.',
  ],
])('says what to do where %s, and fails for it in CI only', async (_, prepare, why) => {
  prepare();
  const found = await azureCliUnlessMissing({ environment });
  expect(found).toEqual({ missing: expect.stringContaining('apt-get install python3-venv') });
  expect(found).toEqual({ missing: expect.stringContaining(why) });
  await expect(azureCliUnlessMissing({ environment: { ...environment, CI: 'true' } })).rejects.toThrow(why);
});
