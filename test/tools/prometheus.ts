import { execFile } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Progress, withProgress } from '../cluster/progress.ts';
import { fromToolsCache } from './tools-cache.ts';

const run = promisify(execFile);

/** Paths of Prometheus and of the tool that checks and tests its rules. */
export interface PrometheusPrograms {
  readonly prometheus: string;
  readonly promtool: string;
}

export interface PrometheusOptions {
  /** Default: tells nobody. */
  readonly progress?: Progress;
  /** Default: this process's environment. */
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Prometheus, from Debian's package `prometheus`, unpacked once outside the checkout in `cmg-operator/tools` of
 * `$XDG_CACHE_HOME` or `~/.cache`; nothing is installed and no root is needed. `PROMETHEUS_BIN` and `PROMTOOL_BIN` name
 * programs to take instead. The version is the one of the machine's Debian, which keeps no others; apt checks its
 * signature.
 *
 * @throws Error that says what to do where apt is missing, has no such package, or a named program cannot be run
 */
export async function prometheusPrograms(options: PrometheusOptions = {}): Promise<PrometheusPrograms> {
  const { environment = process.env, progress = () => {} } = options;
  const named = { prometheus: environment.PROMETHEUS_BIN, promtool: environment.PROMTOOL_BIN };
  if (named.prometheus && named.promtool) {
    return {
      prometheus: runnable('PROMETHEUS_BIN', named.prometheus),
      promtool: runnable('PROMTOOL_BIN', named.promtool),
    };
  }
  const unpacked = await unpackedPackage(environment, progress);
  return {
    prometheus: named.prometheus ? runnable('PROMETHEUS_BIN', named.prometheus) : join(unpacked, 'usr/bin/prometheus'),
    promtool: named.promtool ? runnable('PROMTOOL_BIN', named.promtool) : join(unpacked, 'usr/bin/promtool'),
  };
}

/**
 * The same; or, in words, why Debian's package cannot be had here. In CI, which sets the variable `CI`, that is no excuse.
 *
 * @throws Error where a program was named that cannot be run, and in CI
 */
export async function prometheusUnlessMissing(
  options: PrometheusOptions = {},
): Promise<PrometheusPrograms | { readonly missing: string }> {
  const { CI, PROMETHEUS_BIN, PROMTOOL_BIN } = options.environment ?? process.env;
  if (CI || PROMETHEUS_BIN || PROMTOOL_BIN) return prometheusPrograms(options);
  try {
    return await prometheusPrograms(options);
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

function runnable(variable: string, path: string): string {
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    throw new Error(`${variable} names ${path}, which is no program that can be run.`);
  }
}

async function unpackedPackage(environment: NodeJS.ProcessEnv, progress: Progress): Promise<string> {
  const tool = { folder: `prometheus-debian-${process.platform}-${process.arch}`, entry: 'package', environment };
  const stage = 'downloading Prometheus from Debian, once';
  return fromToolsCache(tool, (staging) => withProgress(progress, stage, () => unpack(staging, environment)));
}

/** Downloads and unpacks the package in a folder, and returns where it is. */
async function unpack(folder: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const options = { cwd: folder, env: environment };
  try {
    await run('apt-get', ['download', 'prometheus'], options);
    const file = readdirSync(folder).find((name) => name.endsWith('.deb'));
    if (file === undefined) throw new Error('apt-get download left no package.');
    await run('dpkg', ['-x', file, 'package'], options);
    return join(folder, 'package');
  } catch (error) {
    throw new Error(messageFor(error), { cause: error });
  }
}

const INSTEAD = 'Or install Prometheus yourself and name its programs in PROMETHEUS_BIN and PROMTOOL_BIN.';

function messageFor(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
    return `The tests of the monitoring need Prometheus, which they take from Debian's package, and there is no apt-get or dpkg here. ${INSTEAD}`;
  }
  const reason = error instanceof Error ? error.message.trim() : String(error);
  return `Debian's package prometheus could not be downloaded; "apt-get update" may help. ${INSTEAD}\n${reason}`;
}
