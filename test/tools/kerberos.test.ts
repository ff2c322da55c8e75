import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { kerberosTools, kerberosToolsUnlessMissing } from './kerberos.ts';

let root = '';
let environment: NodeJS.ProcessEnv = {};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kerberos-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'bin'));
  environment = { XDG_CACHE_HOME: join(root, 'cache'), PATH: `${join(root, 'bin')}:/usr/bin:/bin` };
});

function addProgram(name: string, script: string): void {
  writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

/** apt that has packages, and dpkg that unpacks them. */
function addPackages(): void {
  addProgram(
    'apt-cache',
    'echo krb5-kdc; echo libc6; echo libkrb5-3; echo "  Depends: libkeyutils1"; echo libkdb5-10t64',
  );
  addProgram('apt-get', `echo "$@" >> ${root}/calls; for name in "$@"; do touch "$name.deb"; done`);
  addProgram('dpkg', 'mkdir -p "$3/usr/lib/x86_64-linux-gnu"');
}

test('takes of the packages what is not on every machine, whatever their versions are called, and compiles the module once', async () => {
  addPackages();
  addProgram(
    'npm',
    `echo compile "$CPLUS_INCLUDE_PATH" >> ${root}/calls; mkdir -p node_modules/kerberos/build/Release; touch node_modules/kerberos/build/Release/kerberos.node`,
  );
  const [tools, ...others] = [
    ...(await Promise.all([1, 2].map(() => kerberosTools({ environment })))),
    await kerberosTools({ environment }),
  ];
  expect(new Set(others.map((other) => JSON.stringify(other)))).toEqual(new Set([JSON.stringify(tools)]));
  expect(readFileSync(join(root, 'calls'), 'utf8').trim().split('\n')).toEqual([
    'download krb5-kdc libkrb5-3 libkdb5-10t64',
    expect.stringMatching(/^compile .*\/packages\/usr\/include$/),
  ]);
  expect(tools?.libraryPath).toContain('/packages/usr/lib/x86_64-linux-gnu:');
});

test.each([
  ['there is no apt', () => addProgram('apt-cache', 'exit 127'), 'from the packages of Debian or Ubuntu'],
  [
    'there is no compiler',
    () => {
      addPackages();
      addProgram('npm', 'echo "make: g++: not found" >&2; exit 1');
    },
    /apt-get install g\+\+ make python3[\s\S]*make: g\+\+: not found/,
  ],
])('says what to do where %s, and fails for it in CI only', async (_, prepare, why) => {
  prepare();
  expect(await kerberosToolsUnlessMissing({ environment })).toEqual({
    missing: typeof why === 'string' ? expect.stringContaining(why) : expect.stringMatching(why),
  });
  await expect(kerberosToolsUnlessMissing({ environment: { ...environment, CI: 'true' } })).rejects.toThrow(why);
});
