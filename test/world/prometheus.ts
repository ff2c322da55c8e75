import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePorts } from '../cluster/ports.ts';
import { startSupervised } from '../cluster/supervised-process.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../cluster/temporary-directory.ts';

/** What is scraped, with the labels that a monitor of the chart gives it. */
export interface Target {
  /** On 127.0.0.1. */
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface PrometheusOptions {
  /** The program. */
  readonly program: string;
  readonly targets: readonly Target[];
  /** Seconds between two scrapes. Default: 1. */
  readonly intervalSeconds?: number;
}

/** One series of an answer: its points as seconds since the epoch and value. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [at: number, value: number])[];
}

/** A running Prometheus with data of its own. */
export interface Prometheus {
  /** The value now; one point in each series. */
  query(expression: string): Promise<readonly Series[]>;
  /** The values from `from` to `to`, each `step` seconds. */
  queryRange(expression: string, range: Range): Promise<readonly Series[]>;
  /** Values of a label over all of its series. */
  labelValues(series: string, label: string): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Seconds since the epoch. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

const PATIENCE_MS = 30_000;
const POLL_MS = 100;

/** Starts Prometheus on 127.0.0.1 and waits until it answers. It ends with this process at the latest. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const directory = makeTemporaryDirectory();
  const [port = 0] = await freePorts(1);
  const configuration = join(directory, 'prometheus.yaml');
  writeFileSync(configuration, configurationOf(options));
  const log = join(directory, 'log');
  const output = openSync(log, 'w');
  const program = startSupervised(
    options.program,
    [
      `--config.file=${configuration}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { output },
  );
  closeSync(output);
  const stop = async () => {
    await program.kill();
    removeTemporaryDirectory(directory);
  };
  const url = `http://127.0.0.1:${port}`;
  const until = performance.now() + PATIENCE_MS;
  while (!(await answers(`${url}/-/ready`))) {
    if (program.exit() !== undefined || performance.now() > until) {
      const tail = readFileSync(log, 'utf8').slice(-2000);
      await stop();
      throw new Error(`Prometheus did not start: ${tail}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return { ...clientOf(url), stop };
}

function configurationOf({ targets, intervalSeconds = 1 }: PrometheusOptions): string {
  return stringify({
    global: { scrape_interval: `${intervalSeconds}s`, scrape_timeout: `${intervalSeconds}s` },
    scrape_configs: [
      {
        job_name: 'operator',
        honor_labels: true,
        static_configs: targets.map(({ port, labels }) => ({ targets: [`127.0.0.1:${port}`], labels })),
      },
    ],
  });
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

function clientOf(url: string): Omit<Prometheus, 'stop'> {
  const ask = async (path: string, parameters: Readonly<Record<string, string>>): Promise<unknown> => {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const answer = (await response.json()) as { readonly data?: unknown; readonly error?: string };
    if (!response.ok) throw new Error(`Prometheus refuses ${JSON.stringify(parameters)}: ${answer.error}`);
    return answer.data;
  };
  return {
    query: async (expression) => {
      const { result } = (await ask('query', { query: expression })) as { readonly result: readonly RawVector[] };
      return result.map(({ metric, value }) => ({ labels: metric, points: [pointOf(value)] }));
    },
    queryRange: async (expression, { from, to, step }) => {
      const parameters = { query: expression, start: String(from), end: String(to), step: String(step) };
      const { result } = (await ask('query_range', parameters)) as { readonly result: readonly RawMatrix[] };
      return result.map(({ metric, values }) => ({ labels: metric, points: values.map(pointOf) }));
    },
    labelValues: async (series, label) =>
      (await ask(`label/${label}/values`, { 'match[]': series })) as readonly string[],
  };
}

type RawPoint = readonly [at: number, value: string];

interface RawVector {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: RawPoint;
}

interface RawMatrix {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly RawPoint[];
}

function pointOf([at, value]: RawPoint): readonly [number, number] {
  return [at, Number(value)];
}
