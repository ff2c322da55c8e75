import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { buildWithGo } from './go-build.ts';
import { withLock } from './lock.ts';
import { currentPlatform, kubernetesVersion, toolsHash } from './pinned-versions.ts';
import type { Progress } from './progress.ts';
import { withProgress } from './progress.ts';
import { downloadArchive } from './published-archive.ts';

/** The programs of a control plane, by the names of their files. */
export type Program = 'etcd' | 'kube-apiserver' | 'kubectl' | 'kube-controller-manager';

/** Paths of the programs. */
export interface Binaries {
  readonly etcd: string;
  readonly kubeApiServer: string;
  readonly kubectl: string;
  /** Present when it was asked for. */
  readonly kubeControllerManager?: string;
}

/** A way to get programs that are in no cache: puts files with their names into `directory`, or throws saying why not. */
export type Source = (request: {
  readonly programs: readonly Program[];
  readonly directory: string;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}) => Promise<void>;

export interface FindOptions {
  /** Also kube-controller-manager. Default false. */
  readonly controllerManager?: boolean;
  /** Default: tells nobody. */
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** Default: this process's environment. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Replaces the download, in tests. */
  readonly archive?: Source;
  /** Replaces the build, in tests. */
  readonly build?: Source;
}

const ALWAYS: readonly Program[] = ['etcd', 'kube-apiserver', 'kubectl'];
/** The same variables as the envtest harness of controller-runtime; it knows none for kube-controller-manager. */
const VARIABLES: Readonly<Partial<Record<Program, string>>> = {
  etcd: 'TEST_ASSET_ETCD',
  'kube-apiserver': 'TEST_ASSET_KUBE_APISERVER',
  kubectl: 'TEST_ASSET_KUBECTL',
};

/**
 * Finds the programs of a control plane; each is taken from the first of these that has it:
 *
 * 1. the file that `TEST_ASSET_ETCD`, `TEST_ASSET_KUBE_APISERVER` or `TEST_ASSET_KUBECTL` names, then the directory
 *    `KUBEBUILDER_ASSETS`;
 * 2. the cache outside the checkout: `cmg-operator/control-plane/<version>-<hash>-<os>-<arch>` in `$XDG_CACHE_HOME` or
 *    `~/.cache`, whose hash changes with the tools modules;
 * 3. the published archive (not kube-controller-manager, which is not in it), put into the cache;
 * 4. `go build` from the tools modules, put into the cache.
 *
 * Several processes may look at once: one gets the programs, the others wait for it.
 *
 * @throws Error that says which way failed, why, and what to do
 */
export async function findBinaries(options: FindOptions = {}): Promise<Binaries> {
  const environment = options.environment ?? process.env;
  const cache = cacheDirectory(environment);
  const wanted: Program[] = options.controllerManager ? [...ALWAYS, 'kube-controller-manager'] : [...ALWAYS];
  const paths = new Map(wanted.map((program) => [program, given(program, environment) ?? join(cache, program)]));
  const missing = () => wanted.filter((program) => !existsSync(paths.get(program) ?? ''));
  if (missing().length > 0) await fillCache(cache, missing, options);
  const path = (program: Program) => paths.get(program) ?? '';
  return {
    etcd: path('etcd'),
    kubeApiServer: path('kube-apiserver'),
    kubectl: path('kubectl'),
    ...(options.controllerManager ? { kubeControllerManager: path('kube-controller-manager') } : {}),
  };
}

/** Where programs are kept for the next run, by what they are built from and for. */
export function cacheDirectory(environment: NodeJS.ProcessEnv): string {
  const { os, arch } = currentPlatform();
  const root = environment.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(root, 'cmg-operator', 'control-plane', `${kubernetesVersion()}-${toolsHash()}-${os}-${arch}`);
}

/** The path that the environment gives for a program, or undefined when it gives none. */
function given(program: Program, environment: NodeJS.ProcessEnv): string | undefined {
  const variable = VARIABLES[program];
  const file = variable === undefined ? undefined : environment[variable];
  if (file) return executable(file, `${variable}=${file}`);
  const directory = environment.KUBEBUILDER_ASSETS;
  if (!directory) return undefined;
  const path = join(directory, program);
  // The published archives have no kube-controller-manager, so its absence is no mistake.
  if (program === 'kube-controller-manager' && !existsSync(path)) return undefined;
  return executable(path, `KUBEBUILDER_ASSETS=${directory}`);
}

function executable(path: string, setting: string): string {
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    throw new Error(`${setting} is set, but ${path} is no program that can be run. Correct the variable or unset it.`);
  }
}

async function fillCache(cache: string, missing: () => readonly Program[], options: FindOptions): Promise<void> {
  const progress = options.progress ?? (() => {});
  const startedAt = performance.now();
  mkdirSync(cache, { recursive: true });
  await withLock(
    join(cache, '.lock'),
    async () => {
      // Whoever held the lock before may have got everything.
      if (missing().length > 0) await obtain(cache, missing, progress, options);
    },
    (holder) =>
      progress(
        `waiting for process ${holder}, which is getting the control plane's programs`,
        (performance.now() - startedAt) / 1000,
      ),
    options.signal,
  );
}

async function obtain(cache: string, missing: () => readonly Program[], progress: Progress, options: FindOptions) {
  for (const name of readdirSync(cache)) {
    if (name.startsWith(STAGING_PREFIX)) rmSync(join(cache, name), { recursive: true, force: true });
  }
  const failures: string[] = [];
  const sources: readonly [string, Source, (program: Program) => boolean][] = [
    ['published archive', options.archive ?? publishedArchive, (program) => program !== 'kube-controller-manager'],
    ['go build', options.build ?? buildWithGo, () => true],
  ];
  for (const [name, source, has] of sources) {
    const programs = missing().filter(has);
    if (programs.length === 0) continue;
    try {
      await stage(cache, programs, (directory) =>
        source({ programs, directory, progress, ...(options.signal === undefined ? {} : { signal: options.signal }) }),
      );
    } catch (error) {
      options.signal?.throwIfAborted();
      failures.push(`- ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (missing().length === 0) return;
  throw new Error(
    [
      `Could not get ${missing().join(', ')} for the test control plane:`,
      ...failures,
      `What to do: install Go (https://go.dev/dl) and see that it reaches its module proxy, or set KUBEBUILDER_ASSETS to a`,
      `directory with etcd, kube-apiserver and kubectl of Kubernetes ${kubernetesVersion()} or near it.`,
    ].join('\n'),
  );
}

const STAGING_PREFIX = '.staging-';

/** Lets `fill` write into a directory of its own and then renames its files, so that the cache never has half a file. */
async function stage(cache: string, programs: readonly Program[], fill: (directory: string) => Promise<void>) {
  const directory = mkdtempSync(join(cache, STAGING_PREFIX));
  try {
    await fill(directory);
    for (const program of programs) renameSync(join(directory, program), join(cache, program));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const publishedArchive: Source = async ({ directory, progress, signal }) => {
  await withProgress(progress, 'looking for a published archive of the control plane', () =>
    downloadArchive({
      version: kubernetesVersion(),
      platform: currentPlatform(),
      directory,
      ...(signal === undefined ? {} : { signal }),
    }),
  );
};
