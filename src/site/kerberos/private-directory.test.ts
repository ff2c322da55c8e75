import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { makePrivateDirectory } from './private-directory.ts';

let parent = '';
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'private-'));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
});

test('only this user gets at what is in it, and all of it is removed', () => {
  const directory = makePrivateDirectory(parent);
  const file = directory.write('keytab', 'old');
  expect(directory.write('keytab', 'new')).toBe(file);
  expect(readFileSync(file, 'utf8')).toBe('new');
  expect([statSync(directory.path).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o700, 0o600]);
  expect(readdirSync(directory.path)).toEqual(['keytab']);
  directory.remove('keytab');
  directory.remove('keytab');
  expect(readdirSync(directory.path)).toEqual([]);
  directory.write('keytab', 'again');
  directory.close();
  expect(readdirSync(parent)).toEqual([]);
});

test('what a killed operator left is removed, and nothing else', () => {
  const own = makePrivateDirectory(parent);
  const names = {
    // In a container that was started again, the process id is the same.
    before: `cmg-operator-kerberos-${process.pid}-AbCdEf`,
    dead: 'cmg-operator-kerberos-2147483000-AbCdEf',
    alive: `cmg-operator-kerberos-${process.ppid}-AbCdEf`,
    foreign: 'cmg-operator-kerberos-notes',
  };
  for (const name of Object.values(names)) {
    mkdirSync(join(parent, name));
    writeFileSync(join(parent, name, 'keytab'), 'secret');
  }
  const other = makePrivateDirectory(parent);
  expect([names.before, names.dead].map((name) => existsSync(join(parent, name)))).toEqual([false, false]);
  expect([names.alive, names.foreign].map((name) => existsSync(join(parent, name)))).toEqual([true, true]);
  expect([own, other].map(({ path }) => existsSync(path))).toEqual([true, true]);
});

test('without a place to write to, it says what to do', () => {
  expect(() => makePrivateDirectory(join(parent, 'missing'))).toThrow(/mount a volume .* TMPDIR.*ENOENT/);
});
