import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Progress } from '../cluster/progress.ts';
import { kept } from './kept.ts';

const run = promisify(execFile);

const MODULE = 'github.com/prometheus-operator/prometheus-operator';
const VERSION = 'v0.85.0';
/** Of the module at that version, as in a `go.sum`. */
const CHECKSUM = 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=';

/** Where the module has its definitions. The others are ten times as large, and the chart has no object of their kinds. */
const DEFINITIONS = 'example/prometheus-operator-crd';
const KINDS = ['podmonitors', 'prometheusrules', 'servicemonitors'];

export interface PrometheusOperatorOptions {
  /** Default: tells nobody. */
  readonly progress?: Progress;
  /** Default: this process's environment. */
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Folder with the Prometheus Operator's own definitions of PodMonitor, PrometheusRule and ServiceMonitor, which are part of
 * its Go module. They are taken once from the Go module proxy, and kept outside the checkout in `cmg-operator/tools` of
 * `$XDG_CACHE_HOME` or `~/.cache`.
 *
 * @throws Error when Go is not installed or cannot download the module, or the module is not the one that was pinned
 */
export async function prometheusOperatorDefinitions(options: PrometheusOperatorOptions = {}): Promise<string> {
  const { environment = process.env, progress = () => {} } = options;
  return kept({
    folder: `prometheus-operator-${VERSION}`,
    name: 'definitions',
    stage: 'downloading the definitions of the Prometheus Operator, once',
    elsewhere: 'downloading the definitions of the Prometheus Operator',
    environment,
    progress,
    make: (staging) => bring(staging, environment),
  });
}

/** Puts the folder `definitions` into another one. */
async function bring(folder: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const module = await download(folder, environment);
  if (module.Sum !== CHECKSUM) {
    throw new Error(`${MODULE} ${VERSION} has the checksum ${module.Sum}, not ${CHECKSUM}.`);
  }
  const definitions = join(folder, 'definitions');
  mkdirSync(definitions);
  for (const kind of KINDS) {
    const name = `monitoring.coreos.com_${kind}.yaml`;
    copyFileSync(join(module.Dir, DEFINITIONS, name), join(definitions, name));
  }
}

/** What `go mod download -json` tells of a module. */
interface DownloadedModule {
  /** Folder with its files. */
  readonly Dir: string;
  readonly Sum: string;
}

async function download(cwd: string, environment: NodeJS.ProcessEnv): Promise<DownloadedModule> {
  // Its checksum is known here, so that no database has to be reached for it.
  const env = { ...environment, GOWORK: 'off', GOFLAGS: '', GOSUMDB: 'off' };
  try {
    const { stdout } = await run('go', ['mod', 'download', '-json', `${MODULE}@${VERSION}`], { cwd, env });
    return JSON.parse(stdout) as DownloadedModule;
  } catch (error) {
    // Where go fails, it says why in what would have been the answer.
    const { stdout = '', message } = error as Error & { readonly stdout?: string };
    throw new Error(`go mod download of ${MODULE} failed (it needs Go, https://go.dev/dl):\n${stdout || message}`);
  }
}
