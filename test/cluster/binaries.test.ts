import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Binaries, cacheDirectory, findBinaries, type Program, type Source } from './binaries.ts';

let root = '';
let environment: NodeJS.ProcessEnv = {};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'binaries-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  environment = { XDG_CACHE_HOME: join(root, 'cache') };
});

/** Puts programs into a directory; their content says where they came from. */
function put(directory: string, origin: string, programs: readonly Program[]): string {
  mkdirSync(directory, { recursive: true });
  for (const program of programs) writeFileSync(join(directory, program), origin, { mode: 0o755 });
  return directory;
}

const THREE = ['etcd', 'kube-apiserver', 'kubectl'] as const;

function from(origin: string): Source {
  return async ({ programs, directory }) => void put(directory, origin, programs);
}

function failing(reason: string): Source {
  return () => Promise.reject(new Error(reason));
}

function origins(binaries: Binaries) {
  const { etcd, kubeApiServer, kubectl, kubeControllerManager } = binaries;
  return [etcd, kubeApiServer, kubectl, ...(kubeControllerManager === undefined ? [] : [kubeControllerManager])].map(
    (path) => readFileSync(path, 'utf8'),
  );
}

const sources = { archive: from('archive'), build: from('build') };

describe('where programs come from', () => {
  test('a variable for one program is stronger than KUBEBUILDER_ASSETS, which is stronger than the cache', async () => {
    put(cacheDirectory(environment), 'cache', [...THREE, 'kube-controller-manager']);
    environment.KUBEBUILDER_ASSETS = put(join(root, 'assets'), 'assets', THREE);
    environment.TEST_ASSET_ETCD = join(put(join(root, 'mine'), 'mine', ['etcd']), 'etcd');
    const binaries = await findBinaries({ environment, ...sources, controllerManager: true });
    expect(origins(binaries)).toEqual(['mine', 'assets', 'assets', 'cache']);
  });

  test('the cache is stronger than the archive, which is stronger than a build', async () => {
    put(cacheDirectory(environment), 'cache', ['etcd']);
    expect(origins(await findBinaries({ environment, ...sources }))).toEqual(['cache', 'archive', 'archive']);
  });

  test('kube-controller-manager is in no archive and is built', async () => {
    const binaries = await findBinaries({ environment, ...sources, controllerManager: true });
    expect(origins(binaries)).toEqual(['archive', 'archive', 'archive', 'build']);
  });

  test('everything is built without an archive', async () => {
    const found = await findBinaries({ environment, archive: failing('no internet'), build: from('build') });
    expect(origins(found)).toEqual(['build', 'build', 'build']);
  });

  test('what was had once comes from the cache the next time', async () => {
    await findBinaries({ environment, ...sources });
    const again = { archive: failing('asked again'), build: failing('asked again') };
    expect(origins(await findBinaries({ environment, ...again }))).toEqual(['archive', 'archive', 'archive']);
  });
});

test('two that look at once get the programs once', async () => {
  let builds = 0;
  const build: Source = async (request) => {
    builds += 1;
    await from('build')(request);
  };
  const options = { environment, archive: failing('no internet'), build };
  const [first, second] = await Promise.all([findBinaries(options), findBinaries(options)]);
  expect(first).toEqual(second);
  expect(builds).toBe(1);
});

test('a failure names each step and why it failed, says what to do, and leaves nothing half done', async () => {
  const half: Source = async ({ directory }) => {
    put(directory, 'half', ['etcd']);
    throw new Error('Go is not installed');
  };
  const finding = findBinaries({ environment, archive: failing('no internet'), build: half });
  await expect(finding).rejects.toThrow(
    /^Could not get etcd, kube-apiserver, kubectl.*\n- published archive: no internet\n- go build: Go is not installed\nWhat to do: install Go.*KUBEBUILDER_ASSETS/s,
  );
  expect(readdirSync(cacheDirectory(environment))).toEqual([]);
});

test('what a killed build left in the cache is removed by the next', async () => {
  put(join(cacheDirectory(environment), '.staging-abc'), 'half', ['etcd']);
  await findBinaries({ environment, ...sources });
  expect(readdirSync(cacheDirectory(environment)).sort()).toEqual([...THREE]);
});

test('a variable that names no program is a mistake, not a reason to look elsewhere', async () => {
  put(cacheDirectory(environment), 'cache', THREE);
  const assets = put(join(root, 'assets'), 'assets', ['etcd', 'kube-apiserver']);
  await expect(findBinaries({ environment: { ...environment, KUBEBUILDER_ASSETS: assets } })).rejects.toThrow(
    `KUBEBUILDER_ASSETS=${assets} is set, but ${join(assets, 'kubectl')} is no program that can be run`,
  );
  await expect(findBinaries({ environment: { ...environment, TEST_ASSET_ETCD: '/nowhere' } })).rejects.toThrow(
    'TEST_ASSET_ETCD=/nowhere is set',
  );
});
