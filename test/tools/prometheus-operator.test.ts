import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { prometheusOperatorDefinitions } from './prometheus-operator.ts';

const PINNED = 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=';

let root = '';
let environment: NodeJS.ProcessEnv = {};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'prometheus-operator-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  environment = { XDG_CACHE_HOME: join(root, 'cache'), PATH: `${root}/bin:/usr/bin:/bin` };
});

/** Puts a `go` on the path that notes its arguments, and then does what `script` says. */
function installGo(script: string): void {
  mkdirSync(join(root, 'bin'), { recursive: true });
  writeFileSync(join(root, 'bin', 'go'), `#!/bin/sh\necho "$*" >> ${root}/calls\n${script}\n`, { mode: 0o755 });
}

/** A `go` that has downloaded a module with this checksum. */
function installGoWithModule(checksum: string): void {
  const folder = join(root, 'module', 'example', 'prometheus-operator-crd');
  mkdirSync(folder, { recursive: true });
  for (const kind of ['podmonitors', 'probes', 'prometheusrules', 'servicemonitors']) {
    writeFileSync(join(folder, `monitoring.coreos.com_${kind}.yaml`), `${kind}\n`);
  }
  installGo(`echo '${JSON.stringify({ Dir: join(root, 'module'), Sum: checksum })}'`);
}

test('takes the definitions of three kinds from the pinned module, once', async () => {
  installGoWithModule(PINNED);
  const folder = await prometheusOperatorDefinitions({ environment });
  expect(folder.startsWith(join(root, 'cache', 'cmg-operator', 'tools', 'prometheus-operator-v'))).toBe(true);
  expect(readdirSync(folder).sort()).toEqual([
    'monitoring.coreos.com_podmonitors.yaml',
    'monitoring.coreos.com_prometheusrules.yaml',
    'monitoring.coreos.com_servicemonitors.yaml',
  ]);
  expect(readFileSync(join(folder, 'monitoring.coreos.com_podmonitors.yaml'), 'utf8')).toBe('podmonitors\n');
  expect(await prometheusOperatorDefinitions({ environment })).toBe(folder);
  const calls = readFileSync(join(root, 'calls'), 'utf8');
  const [, minor] = /^mod download -json \S+\/prometheus-operator@v(\d+\.\d+)\.\d+\n$/.exec(calls) ?? [];
  const page = readFileSync(join(import.meta.dirname, '../../docs/compatibility.md'), 'utf8');
  expect(page).toContain(`with the definitions of ${minor},`);
});

test('refuses a module with another checksum, and keeps nothing of it', async () => {
  installGoWithModule('h1:ofAnotherModule=');
  await expect(prometheusOperatorDefinitions({ environment })).rejects.toThrow(
    `has the checksum h1:ofAnotherModule=, not ${PINNED}`,
  );
  installGoWithModule(PINNED);
  expect(existsSync(await prometheusOperatorDefinitions({ environment }))).toBe(true);
});

test('tells what go said when it cannot download', async () => {
  installGo(`echo '{ "Error": "no such host" }'; exit 1`);
  await expect(prometheusOperatorDefinitions({ environment })).rejects.toThrow('no such host');
});

test('says that it needs Go where there is none', async () => {
  environment.PATH = join(root, 'bin');
  await expect(prometheusOperatorDefinitions({ environment })).rejects.toThrow('it needs Go, https://go.dev/dl');
});
