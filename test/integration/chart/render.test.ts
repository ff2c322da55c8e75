import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { stepsOf } from '../../../scripts/documentation/page.ts';
import { sharedApi } from '../../cluster/shared.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { goProgram } from '../../tools/go-program.ts';
import { KUBECONFORM } from '../../tools/programs.ts';
import {
  BUILD_TIMEOUT_MS,
  CHART,
  type Finished,
  helmSuite,
  objectsOf,
  type RenderedObject,
  runProgram,
  VALUES_FILES,
  withValues,
} from './helm.ts';
import { installMonitoringDefinitions } from './monitoring-definitions.ts';
import { schemaLocation, writeSchemas } from './openapi-schemas.ts';

const helm = helmSuite();
let directory = '';
let kubeconform = '';

beforeAll(async () => {
  kubeconform = await goProgram(KUBECONFORM);
  directory = makeTemporaryDirectory();
  await installMonitoringDefinitions(sharedApi());
  await writeSchemas(sharedApi(), join(directory, 'schemas'));
  return () => removeTemporaryDirectory(directory);
}, BUILD_TIMEOUT_MS);

function validate(manifests: string): Promise<Finished> {
  const file = join(directory, 'manifests.yaml');
  writeFileSync(file, manifests);
  const location = schemaLocation(join(directory, 'schemas'));
  const args = ['-strict', '-summary', '-schema-location', location, file];
  return runProgram(kubeconform, args, { PATH: process.env.PATH });
}

describe.each(VALUES_FILES)('the chart with %s', (file) => {
  it('passes helm lint --strict', async () => {
    const { code, output } = await helm.run('lint', '--strict', CHART, ...withValues(file));
    expect(code, output).toBe(0);
  });

  it('renders the same each time', async () => {
    expect(await helm.template(...withValues(file))).toBe(await helm.template(...withValues(file)));
  });

  it('renders what the schemas of the API server allow, each object once', async () => {
    const manifests = await helm.template(...withValues(file));
    const { code, output } = await validate(manifests);
    expect(code, output).toBe(0);
    const objects = objectsOf(manifests);
    expect(output).toContain(`Valid: ${objects.length}, Invalid: 0, Errors: 0, Skipped: 0`);
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it('names the namespace of each object that has one, so that any tool may apply what is rendered', async () => {
    const clusterScoped = /^(Cluster|CustomResourceDefinition|ValidatingAdmissionPolicy)/;
    for (const { kind, metadata } of await helm.render(...withValues(file))) {
      expect(metadata.namespace !== undefined, `${kind} ${metadata.name}`).toBe(!clusterScoped.test(kind));
    }
  });
});

/** What of an object selects pods, whatever its kind calls it; `undefined` where it selects none. */
function podSelectorOf({ kind, spec }: RenderedObject): Readonly<Record<string, string>> | undefined {
  const { selector, podSelector } = (spec ?? {}) as Readonly<Record<string, Selector | undefined>>;
  if (kind === 'Service') return selector as Readonly<Record<string, string>> | undefined;
  // A ServiceMonitor selects Services, which carry the same labels.
  return /^(NetworkPolicy|PodDisruptionBudget|(Pod|Service)Monitor|Deployment)$/.test(kind)
    ? (podSelector ?? selector)?.matchLabels
    : undefined;
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
}

interface PodTemplate {
  readonly template: {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    readonly spec: { readonly containers: readonly { readonly ports: readonly { readonly name: string }[] }[] };
  };
}

it('selects the pods of the operator, and names a port that they have, wherever it does', async () => {
  const seen = new Set<string>();
  for (const file of VALUES_FILES) {
    const objects = await helm.render(...withValues(file));
    const deployment = objects.find(({ kind }) => kind === 'Deployment') ?? expect.fail('no Deployment');
    const { metadata, spec } = (deployment.spec as PodTemplate).template;
    expect(spec.containers[0]?.ports.map(({ name }) => name)).toEqual(['http']);
    for (const object of objects) {
      const selector = podSelectorOf(object);
      if (selector === undefined) continue;
      seen.add(object.kind);
      expect(Object.keys(selector), object.kind).not.toEqual([]);
      expect(metadata.labels, `${object.kind} with ${file}`).toMatchObject(selector);
      const ports = [...JSON.stringify(object).matchAll(/"(?:port|targetPort)":"(\w+)"/g)].map(([, name]) => name);
      expect(
        ports.filter((name) => name !== 'http'),
        object.kind,
      ).toEqual([]);
    }
    const services = objects.filter(({ kind }) => kind === 'Service');
    for (const monitor of objects.filter(({ kind }) => kind === 'ServiceMonitor')) {
      expect(services.map((service) => service.metadata.labels)).toEqual([
        expect.objectContaining(podSelectorOf(monitor) ?? {}),
      ]);
    }
  }
  expect([...seen].toSorted()).toEqual([
    'Deployment',
    'NetworkPolicy',
    'PodDisruptionBudget',
    'PodMonitor',
    'Service',
    'ServiceMonitor',
  ]);
});

it('lets a network policy without lists of its own reach Azure, DNS and gateways, and everybody read the metrics', async () => {
  const objects = await helm.render(...withValues('network-policy-values.yaml'));
  const { spec } = objects.find(({ kind }) => kind === 'NetworkPolicy') ?? expect.fail('no NetworkPolicy');
  expect(spec).toMatchObject({
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ ports: [{ port: 'http', protocol: 'TCP' }] }],
    egress: [
      {
        ports: [
          { port: 53, protocol: 'UDP' },
          { port: 53, protocol: 'TCP' },
        ],
      },
      {
        ports: [
          { port: 443, protocol: 'TCP' },
          { port: 6443, protocol: 'TCP' },
        ],
      },
      // What asks each gateway whether it serves.
      {
        ports: [
          { port: 443, protocol: 'TCP' },
          { port: 10124, endPort: 10139, protocol: 'TCP' },
        ],
      },
    ],
  });
  expect(JSON.stringify(spec)).not.toContain('"from"');
});

it('renders, with the values in docs/how-to/monitor.md, what makes Prometheus keep the namespaces of gateways', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/how-to/monitor.md'), 'utf8');
  const file = join(directory, 'values-monitoring.yaml');
  const step = stepsOf(page).find((one) => one.kind === 'File' && one.name === 'values-monitoring.yaml');
  writeFileSync(file, step?.text ?? '');
  const objects = await helm.render(...withValues('default-values.yaml'), '--values', file);
  const monitor = objects.find(({ kind }) => kind === 'PodMonitor');
  expect(monitor).toMatchObject({ spec: { podMetricsEndpoints: [{ port: 'http', honorLabels: true }] } });
  const rules = objects.filter(({ kind }) => kind === 'PrometheusRule');
  expect(rules.length).toBeGreaterThan(0);
  for (const { metadata } of [...rules, monitor ?? expect.fail('no PodMonitor')]) {
    expect(metadata).toMatchObject({ labels: { release: 'kube-prometheus-stack' } });
  }
});

describe('kubeconform with these schemas', () => {
  it.each([
    ['an unknown field', ['replicas: 2', 'replicaz: 2'], "additional properties 'replicaz' not allowed"],
    ['a wrong type', ['replicas: 2', 'replicas: many'], "/spec/replicas': got string, want integer"],
    ['an unknown kind', ['kind: Deployment', 'kind: Employment'], 'could not find schema for Employment'],
    ['an unknown field of a monitor', ['honorLabels:', 'honourLabels:'], "properties 'honourLabels' not allowed"],
    ['a wrong value in a monitor', ['scrapeTimeout: 10s', 'scrapeTimeout: long'], "'long' does not match pattern"],
    ['a missing field of a rule', ['expr:', 'expression:'], "missing property 'expr'"],
  ])('finds %s', async (_what, [right = '', wrong = ''], message) => {
    const monitoring = ['--set', 'monitoring.podMonitor.enabled=true,monitoring.prometheusRule.enabled=true'];
    const manifests = await helm.template(...withValues('default-values.yaml'), ...monitoring);
    expect(manifests).toContain(right);
    const { code, output } = await validate(manifests.replace(right, wrong));
    expect(code).toBe(1);
    expect(output).toContain(message);
  });
});
