import { execFile } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Program } from './binaries.ts';
import { kubernetesVersion, TOOLS_DIRECTORY } from './pinned-versions.ts';
import { type Progress, withProgress } from './progress.ts';
import { interrupt, type SupervisedProcess, startSupervised } from './supervised-process.ts';

const OUTPUT_TAIL_LINES = 20;
/** `go` removes its temporary files when it is interrupted; it gets this long to do so. */
const INTERRUPT_TIMEOUT_MS = 2_000;

interface Target {
  readonly module: 'etcd' | 'kubernetes';
  readonly package: string;
}

const TARGETS: Readonly<Record<Program, Target>> = {
  etcd: { module: 'etcd', package: 'go.etcd.io/etcd/server/v3' },
  'kube-apiserver': { module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kube-apiserver' },
  kubectl: { module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kubectl' },
  'kube-controller-manager': { module: 'kubernetes', package: 'k8s.io/kubernetes/cmd/kube-controller-manager' },
};

/** How long a module's build takes on two cores with empty caches. */
const USUAL_TIME = { etcd: 'about 1 minute', kubernetes: 'about 4 minutes' } as const;

export interface BuildRequest {
  readonly programs: readonly Program[];
  /** Gets one file for each program, with its name. Exists already. */
  readonly directory: string;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/**
 * Builds programs with `go build` from the tools modules, whose sources come from the Go module proxy.
 *
 * @throws Error when Go is not installed, or with the last lines that `go build` wrote
 */
export async function buildWithGo(request: BuildRequest): Promise<void> {
  await requireGo();
  for (const module of ['etcd', 'kubernetes'] as const) {
    const programs = request.programs.filter((program) => TARGETS[program].module === module);
    if (programs.length === 0) continue;
    const stage = `building ${programs.join(', ')} from source, once, ${USUAL_TIME[module]}`;
    await withProgress(request.progress, stage, () => buildModule(module, programs, request));
  }
}

async function requireGo(): Promise<void> {
  try {
    await promisify(execFile)('go', ['version']);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(
      code === 'ENOENT' ? 'Go is not installed (there is no program "go")' : `go version: ${String(error)}`,
    );
  }
}

async function buildModule(
  module: Target['module'],
  programs: readonly Program[],
  { directory, signal }: BuildRequest,
): Promise<void> {
  // etcd's package is the root of its module and would be called "v3"; a file name says what to call it.
  const output = module === 'etcd' ? join(directory, 'etcd') : `${directory}/`;
  const packages = programs.map((program) => TARGETS[program].package);
  const temporary = join(directory, `.${module}-tmp`);
  mkdirSync(temporary, { recursive: true });
  const logPath = join(directory, `.${module}-build.log`);
  const log = openSync(logPath, 'w');
  const build = startSupervised(
    'go',
    ['build', '-trimpath', '-ldflags', linkerFlags(module), '-o', output, ...packages],
    {
      cwd: join(TOOLS_DIRECTORY, module),
      env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off', GOTMPDIR: temporary },
      output: log,
    },
  );
  closeSync(log);
  const { code } = await unlessAborted(build, signal);
  if (code !== 0) {
    const tail = readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-OUTPUT_TAIL_LINES);
    throw new Error(`go build of ${programs.join(', ')} failed:\n${tail.map((line) => `    ${line}`).join('\n')}`);
  }
}

async function unlessAborted(build: SupervisedProcess, signal?: AbortSignal) {
  const onAbort = () => void interrupt(build, INTERRUPT_TIMEOUT_MS);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  const exit = await build.exited;
  signal?.removeEventListener('abort', onAbort);
  signal?.throwIfAborted();
  return exit;
}

/** Without the version in it, the API server would report `v0.0.0-master`. */
function linkerFlags(module: Target['module']): string {
  if (module === 'etcd') return '-s -w';
  const version = kubernetesVersion();
  const [major, minor] = version.slice(1).split('.');
  const values = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  const settings = Object.entries(values).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
  return ['-s', '-w', ...settings].join(' ');
}
