import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type MetricObject, Registry } from 'prom-client';
import { code, page, table } from './markdown.ts';

const INTRODUCTION = `# Metrics

The operator serves them in Prometheus' text format at \`/metrics\` of [\`--http-bind-address\`](flags.md), in plain HTTP. Times
are seconds, sizes are bytes. Names of gateways are in the labels of \`cmg_operator_gateway_*\` and nowhere else; these series come
from the replica that leads, and end with their CMG. Names of Sites are in those of \`cmg_operator_site_client_pass_seconds\`.

The runtime's metrics have the names and labels of controller-runtime and client-go, so dashboards and rules made for
operators in Go fit.`;

/** The groups of the page, by the beginning of the name. The first that fits takes a metric. */
const GROUPS: readonly (readonly [title: string, prefix: RegExp])[] = [
  ['Gateways and Azure', /^cmg_operator_(?:gateway|azure)/],
  ['Sites', /^cmg_operator_site/],
  ['Caches', /^cmg_operator_cache/],
  ['Reconciling', /^controller_runtime_/],
  ['Work queue', /^workqueue_/],
  ['Leader election', /^leader_election_/],
  ['Requests to Kubernetes', /^rest_client_/],
  ['Process', /^(?:process_|nodejs_)/],
  ['Others', /^/],
];

/** The page of metrics. */
export async function metricsPage(root: string): Promise<string> {
  const metrics = await allMetrics(root);
  const parts = GROUPS.flatMap(([title, prefix], at) => {
    const inGroup = metrics.filter(
      ({ name }) => prefix.test(name) && !GROUPS.slice(0, at).some(([, earlier]) => earlier.test(name)),
    );
    return inGroup.length === 0 ? [] : [`## ${title}`, tableOf(inGroup)];
  });
  return page('src/**/metrics.ts', INTRODUCTION, ...parts);
}

function tableOf(metrics: readonly DocumentedMetric[]): string {
  return table(
    ['Metric', 'Type', 'Labels', 'Meaning'],
    metrics.map(({ name, type, labelNames, help }) => [
      code(name),
      type,
      labelNames
        .filter((label) => label !== 'le')
        .map(code)
        .join(', '),
      help.replace(/\.$/, ''),
    ]),
  );
}

/** What the reference says of a metric. */
export type DocumentedMetric = Pick<MetricObject, 'name' | 'help'> & {
  readonly type: string;
  readonly labelNames: readonly string[];
};

/**
 * Every metric that the functions `create…Metrics` and `collect…Metrics` of the files `*metrics.ts` register, by name. On
 * every system the same: those of the process are those of Linux, where the operator runs.
 */
export async function allMetrics(root: string): Promise<readonly DocumentedMetric[]> {
  const registry = new Registry();
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    /(?:^|[/-])metrics\.ts$/.test(path),
  );
  for (const file of files.toSorted()) {
    const exported: Record<string, unknown> = await import(pathToFileURL(join(root, 'src', file)).href);
    for (const [name, value] of Object.entries(exported)) {
      if (/^(?:create|collect)\w*Metrics$/.test(name) && typeof value === 'function') {
        asOnLinux(() => value(registry));
      }
    }
  }
  return registry
    .getMetricsAsArray()
    .map(toDocumented)
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

function toDocumented(metric: MetricObject): DocumentedMetric {
  const { name, help } = metric;
  const labelNames: unknown = Reflect.get(metric, 'labelNames');
  // A metric tells its type by its class only.
  return {
    name,
    help,
    type: metric.constructor.name.toLowerCase(),
    labelNames: Array.isArray(labelNames) ? labelNames.map(String) : [],
  };
}

function asOnLinux(act: () => void): void {
  const platform = Object.getOwnPropertyDescriptor(process, 'platform');
  Object.defineProperty(process, 'platform', { ...platform, value: 'linux' });
  try {
    act();
  } finally {
    Object.defineProperty(process, 'platform', platform ?? {});
  }
}
