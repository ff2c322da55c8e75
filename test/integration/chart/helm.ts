import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { goProgram } from '../../tools/go-program.ts';
import { HELM } from '../../tools/programs.ts';

export const CHART = join(import.meta.dirname, '../../../charts/cmg-operator');

/** Where releases of the tests go. */
export const RELEASE_NAMESPACE = 'cmg-system';

/** A tool that is not there yet is built first, which is once. */
export const BUILD_TIMEOUT_MS = 15 * 60_000;

/** What a program wrote and how it ended. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  /** Both outputs. */
  readonly output: string;
}

/** Any object of Kubernetes, as a chart renders it. */
export interface RenderedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** The real helm, with nothing of the user's configuration. */
export interface Helm {
  run(...args: readonly string[]): Promise<Finished>;
  /** What `helm template` makes of the chart. Throws with what helm says when it refuses. */
  template(...args: readonly string[]): Promise<string>;
  /** The same as objects, in their order. */
  render(...args: readonly string[]): Promise<RenderedObject[]>;
}

/** Helm for the tests of a file. */
export function helmSuite(): Helm {
  let opened: Helm | undefined;
  beforeAll(async () => {
    const directory = makeTemporaryDirectory();
    opened = await openHelm(directory);
    return () => removeTemporaryDirectory(directory);
  }, BUILD_TIMEOUT_MS);
  const present = () => {
    if (opened === undefined) throw new Error('Helm is there only while tests run.');
    return opened;
  };
  return {
    run: (...args) => present().run(...args),
    template: (...args) => present().template(...args),
    render: (...args) => present().render(...args),
  };
}

/**
 * Helm, built if need be.
 *
 * @param directory where it may keep what it likes
 */
export async function openHelm(directory: string): Promise<Helm> {
  const path = await goProgram(HELM);
  const folders = Object.fromEntries(
    ['CACHE', 'CONFIG', 'DATA'].map((kind) => [`HELM_${kind}_HOME`, join(directory, kind.toLowerCase())]),
  );
  const { PATH, GOGC } = process.env;
  const run: Helm['run'] = (...args) => runProgram(path, args, { PATH, GOGC, HOME: directory, ...folders });
  const template: Helm['template'] = async (...args) => {
    const { code, stdout, output } = await run('template', 'cmg-operator', CHART, '-n', RELEASE_NAMESPACE, ...args);
    if (code !== 0) throw new Error(output);
    return stdout;
  };
  return { run, template, render: async (...args) => objectsOf(await template(...args)) };
}

/** The objects in a stream of YAML documents. */
export function objectsOf(text: string): RenderedObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    const mistake = document.errors[0];
    if (mistake !== undefined) throw new Error(`the YAML is wrong: ${mistake.message}`);
    const object = document.toJS() as RenderedObject | null;
    return object === null ? [] : [object];
  });
}

/** The files of values with which the chart is tried: what differs most between those who use it. */
export const VALUES_FILES: readonly string[] = readdirSync(join(CHART, 'ci')).filter((name) => name.endsWith('.yaml'));

/** The arguments for one of them. */
export function withValues(file: string): readonly string[] {
  return ['--values', join(CHART, 'ci', file)];
}

/** Runs a program to its end. Rejects only when it cannot be started. */
export function runProgram(path: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Finished> {
  return new Promise((resolve, reject) => {
    execFile(path, args, { env, maxBuffer: 64 * 1024 ** 2 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve({ code: Number(error?.code ?? 0), stdout, output: `${stdout}${stderr}` });
    });
  });
}
