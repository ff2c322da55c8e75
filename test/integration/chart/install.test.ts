import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { waitFor } from '../../cluster/api-client.ts';
import { type ControlPlane, startControlPlane } from '../../cluster/control-plane.ts';
import { untilDefinitionsServed } from '../../cluster/definitions.ts';
import { deleteNamespace } from '../../cluster/namespaces.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { goProgram } from '../../tools/go-program.ts';
import { HELM } from '../../tools/programs.ts';
import { appliedObjects } from './applied-objects.ts';
import {
  BUILD_TIMEOUT_MS,
  CHART,
  helmSuite,
  objectsOf,
  RELEASE_NAMESPACE,
  type RenderedObject,
  runProgram,
  VALUES_FILES,
  withValues,
} from './helm.ts';
import { installMonitoringDefinitions } from './monitoring-definitions.ts';

const PROJECT = join(import.meta.dirname, '../../..');
const DEFINITION = 'CustomResourceDefinition cmgs.configmgr.io';
const DEFINITIONS = ['boundarygroupreferences', 'cmgs', 'connectionpoints', 'sites'].map(
  (plural) => `CustomResourceDefinition ${plural}.configmgr.io`,
);

const helm = helmSuite();
let directory = '';
let controlPlane: ControlPlane;

beforeAll(async () => {
  directory = makeTemporaryDirectory();
  controlPlane = await startControlPlane();
  await installMonitoringDefinitions(controlPlane.api);
  for (const name of [RELEASE_NAMESPACE, 'gateways', 'gateways-test']) {
    await controlPlane.api.call('POST', '/api/v1/namespaces', { metadata: { name } });
  }
  return async () => {
    await controlPlane.stop();
    removeTemporaryDirectory(directory);
  };
}, BUILD_TIMEOUT_MS);

/** Runs helm against the control plane, and throws with what it says when it fails. */
async function release(command: string, ...args: readonly string[]): Promise<string> {
  const target = ['--namespace', RELEASE_NAMESPACE, '--kubeconfig', controlPlane.kubeconfigPath];
  const { code, output } = await helm.run(command, 'cmg-operator', ...args, ...target);
  if (code !== 0) throw new Error(output);
  return output;
}

/** The chart as it might have been in an earlier version: the CMG has no column `Message`. */
function earlierChart(): string {
  const chart = join(directory, 'earlier');
  cpSync(CHART, chart, { recursive: true });
  const definition = join(chart, 'templates/crds/configmgr.io_cmgs.yaml');
  const text = readFileSync(definition, 'utf8');
  const without = text.replace(/^ {8}- name: Message\n(?: {10}.*\n)+/m, '');
  expect(without).not.toBe(text);
  writeFileSync(definition, without);
  return chart;
}

async function columnsOfCmg(): Promise<readonly string[]> {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/cmgs.configmgr.io';
  const { spec } = (await controlPlane.api.call('GET', path)) as {
    spec: { versions: { additionalPrinterColumns: { name: string }[] }[] };
  };
  return spec.versions[0]?.additionalPrinterColumns.map(({ name }) => name) ?? [];
}

describe('a release of the chart', () => {
  it('is installed, upgraded with its definitions, and uninstalled but for these', async () => {
    const values = withValues('default-values.yaml');
    const objects = appliedObjects(controlPlane.api, await helm.render(...values));
    const notes = await release('install', earlierChart(), ...values);
    expect(notes).toContain(`kubectl rollout status deployment/cmg-operator --namespace ${RELEASE_NAMESPACE}`);
    expect(notes).toContain('kubectl get cmg --namespace gateways --watch');
    expect(await columnsOfCmg()).not.toContain('Message');

    await release('upgrade', CHART, ...values);
    expect(await columnsOfCmg()).toContain('Message');
    const installed = await objects.versions();
    expect(Object.keys(installed)).toContain('Deployment cmg-operator');

    await release('upgrade', CHART, ...values);
    expect(await objects.versions()).toEqual(installed);

    await release('upgrade', CHART, ...values, '--set', 'crds.install=false');
    expect(Object.keys(await objects.versions())).toContain(DEFINITION);

    await release('uninstall');
    expect(Object.keys(await objects.versions()).sort()).toEqual(DEFINITIONS);
  });

  it('takes its definitions along when it was told not to keep them', async () => {
    const values = [...withValues('cluster-wide-values.yaml'), '--take-ownership'];
    const notes = await release('install', CHART, ...values);
    expect(notes).toContain('uninstalling this release deletes every CMG');
    expect(notes).toContain('kubectl get cmg --all-namespaces --watch');
    const objects = appliedObjects(controlPlane.api, await helm.render(...withValues('cluster-wide-values.yaml')));
    expect(Object.keys(await objects.versions())).toContain(DEFINITION);
    await untilDefinitionsServed(controlPlane.api);
    await release('uninstall');
    await waitFor('the definition to be gone', async () => {
      const left = await objects.stored();
      return left.length === 0 || undefined;
    });
  });
});

describe('the commands of the README', () => {
  it('install the chart, and remove it with all that it brought', async () => {
    const [install = '', remove = ''] = commandsOf(readFileSync(join(CHART, 'README.md'), 'utf8'));
    // One of them makes it.
    await deleteNamespace(controlPlane.api, 'gateways');
    expect(await runShell(install)).toContain('STATUS: deployed');
    expect(await columnsOfCmg()).toContain('Message');
    await untilDefinitionsServed(controlPlane.api);
    expect(await runShell(remove)).toContain('release "cmg-operator" uninstalled');
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const { items } = (await controlPlane.api.call('GET', definitions)) as { items: readonly RenderedObject[] };
    expect(items.filter(({ metadata }) => metadata.name.endsWith('.configmgr.io'))).toEqual([]);
  });
});

function commandsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^```sh\n(.*?)^```/gms)].map(([, commands = '']) => commands);
}

/** Runs commands in the folder of the project, as somebody with helm, kubectl and a kubeconfig would. */
async function runShell(commands: string): Promise<string> {
  const { code, output } = await runProgram('/bin/sh', ['-ec', `cd '${PROJECT}'\n${commands}`], {
    PATH: [dirname(await goProgram(HELM)), dirname(controlPlane.kubectlPath), process.env.PATH].join(delimiter),
    HOME: directory,
    KUBECONFIG: controlPlane.kubeconfigPath,
  });
  if (code !== 0) throw new Error(output);
  return output;
}

describe.each(VALUES_FILES)('what the chart renders with %s', (file) => {
  it('is applied, and applying it again changes nothing', async () => {
    const rendered = await helm.render(...withValues(file));
    const objects = appliedObjects(controlPlane.api, rendered);
    onTestFinished(objects.remove);
    await objects.apply();
    const applied = await objects.versions();
    expect(await objects.stored()).toHaveLength(rendered.length);
    await objects.apply();
    expect(await objects.versions()).toEqual(applied);
  });

  it('is a pod that the profile `restricted` takes', async () => {
    const deployment = (await helm.render(...withValues(file))).find(({ kind }) => kind === 'Deployment');
    const { spec } = (deployment as unknown as Workload).spec.template;
    expect(await refusalOfPod(spec)).toBe('');
    const [container] = spec.containers;
    const loose = { ...container, securityContext: { ...container?.securityContext, allowPrivilegeEscalation: true } };
    expect(await refusalOfPod({ ...spec, containers: [loose] })).toContain('allowPrivilegeEscalation != false');
    expect(container?.securityContext?.readOnlyRootFilesystem).toBe(true);
    expect(container?.resources?.limits?.memory).toBeDefined();
  });
});

interface Workload {
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
}

interface Container {
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly resources?: { readonly limits?: Readonly<Record<string, string>> };
}

/** What a namespace with the profile `restricted` says against the pod, or `''` when it would take it. */
async function refusalOfPod(spec: object): Promise<string> {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await controlPlane.api.send('POST', '/api/v1/namespaces', { metadata: { name: 'restricted', labels } });
  const pod = { metadata: { name: 'operator' }, spec };
  const { status, body } = await controlPlane.api.send('POST', '/api/v1/namespaces/restricted/pods?dryRun=All', pod);
  return status === 201 ? '' : String((body as { message: string }).message);
}

describe('rules and dashboards', () => {
  /** What the chart makes of a file that lies in one of its folders. */
  async function renderedWith(path: string, content: string): Promise<RenderedObject | undefined> {
    const chart = join(directory, 'with-files');
    cpSync(CHART, chart, { recursive: true });
    writeFileSync(join(chart, path), content);
    const args = ['template', 'cmg-operator', chart, '-n', RELEASE_NAMESPACE, ...withValues('everything-values.yaml')];
    const { stdout } = await helm.run(...args);
    return objectsOf(stdout).find(({ metadata }) => metadata.name.endsWith('test-only'));
  }

  it('become PrometheusRules, with the braces that are for Prometheus', async () => {
    const annotations = { summary: '{{ $labels.pod }} is down' };
    const rules = { groups: [{ name: 'gateways', rules: [{ alert: 'Down', expr: 'up == 0', annotations }] }] };
    expect(await renderedWith('files/rules/test-only.yaml', stringify(rules))).toMatchObject({
      kind: 'PrometheusRule',
      metadata: { namespace: RELEASE_NAMESPACE, labels: { release: 'prometheus' } },
      spec: rules,
    });
  });

  it('become ConfigMaps that the sidecar of Grafana finds', async () => {
    const dashboard = JSON.stringify({ uid: 'fleet', title: '{{ title }}', panels: [] }, undefined, 2);
    expect(await renderedWith('files/dashboards/test-only.json', dashboard)).toMatchObject({
      kind: 'ConfigMap',
      metadata: { labels: { grafana_dashboard: '1' }, annotations: { grafana_folder: 'Configuration Manager' } },
      data: { 'test-only.json': expect.stringMatching(/^\{\n {2}"uid": "fleet",\n {2}"title": "\{\{ title \}\}",/) },
    });
  });
});
