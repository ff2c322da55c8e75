import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { goProgram } from './go-program.ts';
import { HELM, KUBECONFORM, PROGRAMS } from './programs.ts';

let root = '';
let environment: NodeJS.ProcessEnv = {};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'go-program-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  environment = { XDG_CACHE_HOME: join(root, 'cache'), PATH: `${root}/bin:/usr/bin:/bin` };
});

/** Puts a `go` on the path that notes its arguments and its folder, and then does what `script` says. */
function installGo(script: string): void {
  mkdirSync(join(root, 'bin'));
  const note = `echo "$(basename "$PWD") $*" >> ${root}/calls`;
  writeFileSync(join(root, 'bin', 'go'), `#!/bin/sh\n${note}\n${script}\n`, { mode: 0o755 });
}

/** Writes the file that `-o` names. */
const BUILDS = 'while [ "$1" != -o ]; do shift; done; echo built > "$2"';

function calls(): string[] {
  return readFileSync(join(root, 'calls'), 'utf8').trimEnd().split('\n');
}

test('builds the package of the tools module once, and takes it from the cache after that', async () => {
  installGo(BUILDS);
  const path = await goProgram(HELM, { environment });
  expect(readFileSync(path, 'utf8')).toBe('built\n');
  expect(path.startsWith(join(root, 'cache', 'cmg-operator', 'tools', 'helm-'))).toBe(true);
  expect(await goProgram(HELM, { environment })).toBe(path);
  expect(calls()).toHaveLength(1);
  expect(calls()[0]).toMatch(/^helm build -trimpath .* helm\.sh\/helm\/v4\/cmd\/helm$/);
});

test('builds once for many that ask at once', async () => {
  installGo(BUILDS);
  const paths = await Promise.all([1, 2, 3].map(() => goProgram(KUBECONFORM, { environment })));
  expect(new Set(paths).size).toBe(1);
  expect(calls()).toHaveLength(1);
});

test('says what it builds and how long that takes', async () => {
  installGo(BUILDS);
  const stages: string[] = [];
  await goProgram(HELM, { environment, progress: (stage) => stages.push(stage) });
  expect(stages).toEqual(['building helm from source, once, about 7 minutes']);
});

test('tells what go wrote when a build fails, keeps nothing of it, and tries again', async () => {
  installGo('echo "no required module"; exit 1');
  const failed = goProgram(HELM, { environment });
  await expect(failed).rejects.toThrow('go build of test/tools/helm failed');
  await expect(failed).rejects.toThrow('no required module');
  rmSync(join(root, 'bin'), { recursive: true });
  installGo(BUILDS);
  const path = await goProgram(HELM, { environment });
  expect(readdirSync(dirname(path))).toEqual(['helm']);
});

test('says that it needs Go where there is none', async () => {
  environment.PATH = '/usr/bin:/bin';
  await expect(goProgram(HELM, { environment })).rejects.toThrow(
    /it needs Go, https:\/\/go\.dev\/dl\):[\s\S]*go: not found/,
  );
});

test('lists each tools module, so that all are there before the tests begin', () => {
  const modules = readdirSync(import.meta.dirname).filter((name) =>
    existsSync(join(import.meta.dirname, name, 'go.mod')),
  );
  expect(PROGRAMS.map(({ module }) => module).sort()).toEqual(modules.sort());
});
