import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { currentPlatform } from '../cluster/pinned-versions.ts';
import { type Progress, withProgress } from '../cluster/progress.ts';
import { startSupervised } from '../cluster/supervised-process.ts';
import { fromToolsCache } from './tools-cache.ts';

const OUTPUT_TAIL_LINES = 20;

/** A program that the tests use, whose version and checksums a Go module beside this file pins. */
export interface GoProgram {
  /** Folder of the module, which also names the program. */
  readonly module: string;
  /** Package to build. Default: the module itself. */
  readonly package?: string;
  /** How long a build takes on two cores with empty caches, for the message about it. Default: a moment. */
  readonly usualTime?: string;
  /** Variables of packages that the linker sets, as `-X` takes them: name with its package, and value. Default: none. */
  readonly linkedValues?: Readonly<Record<string, string>>;
}

export interface GoProgramOptions {
  /** Default: tells nobody. */
  readonly progress?: Progress;
  /** Default: this process's environment. */
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Path of the program. It is built once with `go build`, from sources of the Go module proxy, and kept outside the
 * checkout in `cmg-operator/tools` of `$XDG_CACHE_HOME` or `~/.cache` until its module changes. Several processes may ask
 * at once: one builds, the others wait.
 *
 * @throws Error with the last lines that `go build` wrote, or when Go is not installed
 */
export async function goProgram(program: GoProgram, options: GoProgramOptions = {}): Promise<string> {
  const { environment = process.env, progress = () => {} } = options;
  const { module, usualTime } = program;
  const startedAt = performance.now();
  const { os, arch } = currentPlatform();
  const tool = {
    folder: `${module}-${moduleHash(sourceOf(module))}-${os}-${arch}`,
    entry: module,
    environment,
    onWait: (holder: number) =>
      progress(`waiting for process ${holder}, which is building ${module}`, (performance.now() - startedAt) / 1000),
  };
  const stage = `building ${module} from source, once${usualTime === undefined ? '' : `, ${usualTime}`}`;
  return fromToolsCache(tool, (staging) => withProgress(progress, stage, () => build(program, staging, environment)));
}

function sourceOf(module: string): string {
  return join(import.meta.dirname, module);
}

/** 12 hexadecimal digits that change when a file of the module does. */
function moduleHash(source: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(source).sort()) {
    const content = readFileSync(join(source, name));
    hash.update(`${name}\0`).update(content).update('\0');
  }
  return hash.digest('hex').slice(0, 12);
}

/** Builds the program in a folder, and returns its path. */
async function build(
  { module, package: target = '.', linkedValues = {} }: GoProgram,
  folder: string,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const logFile = join(folder, 'log');
  const log = openSync(logFile, 'w');
  const output = join(folder, module);
  const linked = Object.entries(linkedValues).map(([name, value]) => `-X ${name}=${value}`);
  const linking = ['-s', '-w', ...linked].join(' ');
  const running = startSupervised('go', ['build', '-trimpath', '-ldflags', linking, '-o', output, target], {
    cwd: sourceOf(module),
    env: { ...environment, CGO_ENABLED: '0', GOWORK: 'off', GOTMPDIR: folder },
    output: log,
  });
  closeSync(log);
  if ((await running.exited).code !== 0) {
    const tail = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-OUTPUT_TAIL_LINES).join('\n');
    throw new Error(`go build of test/tools/${module} failed (it needs Go, https://go.dev/dl):\n${tail}`);
  }
  return output;
}
