import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { APPLY_PATCH } from '../../cluster/api-client.ts';
import { namespaceForTest, sharedApi } from '../../cluster/shared.ts';
import type { RenderedObject } from '../chart/helm.ts';
import { configurationOf, DEPLOY, type Deployment, kustomize, kustomizeOwn, objectOf } from './kustomize.ts';

const INSTALLATION = {
  configMapGenerator: [
    {
      name: 'cmg-operator-flags',
      namespace: 'cmg-operator',
      behavior: 'merge',
      literals: ['CMG_OPERATOR_INSTALLATION_ID=contoso-prod'],
    },
  ],
};

const OVERLAYS = ['base', 'overlays/namespaced', 'overlays/cluster-wide', 'overlays/high-availability'];

/** The namespaces in which the role of the gateways is bound; `*` where it is everywhere. */
function boundIn(objects: readonly RenderedObject[]): string[] {
  return objects
    .filter(
      ({ kind, roleRef }) => kind.endsWith('RoleBinding') && (roleRef as { name: string }).name === 'cmg-operator',
    )
    .map(({ metadata }) => metadata.namespace ?? '*');
}

describe.each(OVERLAYS)('deploy/%s', (overlay) => {
  test('is accepted by the API server, object for object', async () => {
    const namespace = await namespaceForTest('deploy');
    const api = sharedApi();
    const groups = new Map<string, Promise<unknown>>();
    for (const object of await kustomize(overlay)) {
      const path = await pathOf(object, namespace, groups);
      const metadata = { ...object.metadata, ...(object.metadata.namespace === undefined ? {} : { namespace }) };
      const query = 'fieldManager=test&force=true&dryRun=All&fieldValidation=Strict';
      const { status, body } = await api.send('PATCH', `${path}?${query}`, { ...object, metadata }, APPLY_PATCH);
      expect([200, 201], `${object.kind} ${object.metadata.name}: ${JSON.stringify(body)}`).toContain(status);
    }
  });

  test('makes pods that the profile restricted admits', async () => {
    const namespace = await namespaceForTest('restricted');
    const label = { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } };
    await sharedApi().call('PATCH', `/api/v1/namespaces/${namespace}`, label, 'application/merge-patch+json');
    const { template } = objectOf<Deployment>(await kustomize(overlay), 'Deployment').spec;
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'operator' }, spec: template.spec };
    await sharedApi().call('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, {
      metadata: { name: 'cmg-operator' },
    });
    const { status, body } = await sharedApi().send('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, pod);
    expect(status, JSON.stringify(body)).toBe(201);
  });

  test('lets the operator into the namespaces that it watches, and no others', async () => {
    const objects = await kustomizeOwn({ ...INSTALLATION, resources: [overlay] });
    const outcome = configurationOf(objects);
    if (outcome.kind !== 'Run') throw new Error(JSON.stringify(outcome));
    const { namespaces } = outcome.config;
    const everywhere = overlay === 'overlays/cluster-wide';
    expect(namespaces.length === 0).toBe(everywhere);
    expect(boundIn(objects).sort()).toEqual(everywhere ? ['*'] : [...namespaces].sort());
  });

  test('does not run without an installation id, and says so', async () => {
    const outcome = configurationOf(await kustomize(overlay));
    expect(outcome).toMatchObject({
      kind: 'Invalid',
      problems: [expect.stringMatching(/--installation-id is required/)],
    });
  });
});

async function pathOf(
  { apiVersion, kind, metadata }: RenderedObject,
  namespace: string,
  groups: Map<string, Promise<unknown>>,
) {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const known = groups.get(group) ?? sharedApi().call('GET', group);
  groups.set(group, known);
  const { resources } = (await known) as { resources: readonly { name: string; kind: string; namespaced: boolean }[] };
  const resource = resources.find((each) => each.kind === kind && !each.name.includes('/'));
  if (resource === undefined) throw new Error(`The API server knows no ${apiVersion} ${kind}.`);
  // What has no namespace must not name one, and the reverse.
  expect(metadata.namespace !== undefined, `${kind} ${metadata.name}`).toBe(resource.namespaced);
  return `${group}${resource.namespaced ? `/namespaces/${namespace}` : ''}/${resource.name}/${metadata.name}`;
}

describe('a kustomization of your own', () => {
  test('as the README has it runs the operator', async () => {
    const readme = readFileSync(join(DEPLOY, 'README.md'), 'utf8');
    const [, example = ''] = /^```yaml\n(# kustomization\.yaml\n.+?)^```/ms.exec(readme) ?? [];
    const here = (folders: readonly string[]) => folders.map((folder) => relative('deploy', folder));
    const { resources, components, ...rest } = parse(example);
    const objects = await kustomizeOwn({ ...rest, resources: here(resources), components: here(components) });
    expect(configurationOf(objects)).toMatchObject({ kind: 'Run', config: { 'installation-id': 'contoso-prod' } });
  });

  test('sets the installation id, a flag and the image, and restarts the operator when a flag changes', async () => {
    const render = (interval: string) =>
      kustomizeOwn({
        resources: ['overlays/namespaced'],
        images: [{ name: 'cmg-operator', newName: 'registry.contoso.com/cmg-operator', newTag: '0.1.0' }],
        configMapGenerator: [
          {
            ...INSTALLATION.configMapGenerator[0],
            literals: ['CMG_OPERATOR_INSTALLATION_ID=contoso-prod', `CMG_OPERATOR_DRIFT_INTERVAL=${interval}`],
          },
        ],
      });
    const objects = await render('5m');
    expect(configurationOf(objects)).toMatchObject({
      config: {
        'installation-id': 'contoso-prod',
        'drift-interval': 300_000,
        namespaces: ['gateways', 'gateways-pilot'],
      },
    });
    const templateOf = (rendered: readonly RenderedObject[]) =>
      objectOf<Deployment>(rendered, 'Deployment').spec.template;
    expect(templateOf(objects).spec.containers[0].image).toBe('registry.contoso.com/cmg-operator:0.1.0');
    expect(templateOf(await render('5m'))).toEqual(templateOf(objects));
    expect(templateOf(await render('6m'))).not.toEqual(templateOf(objects));
  });

  test('puts components on top of any overlay', async () => {
    const components = ['components/high-availability', 'components/workload-identity'];
    const objects = await kustomizeOwn({
      ...INSTALLATION,
      resources: ['overlays/cluster-wide'],
      components,
    });
    const { replicas, template } = objectOf<Deployment>(objects, 'Deployment').spec;
    expect(replicas).toBe(2);
    expect(template.metadata.labels['azure.workload.identity/use']).toBe('true');
    expect(template.spec.topologySpreadConstraints).toHaveLength(2);
  });
});

test('the definitions stay when Argo CD or Flux prune, in every overlay', async () => {
  for (const overlay of OVERLAYS) {
    const definitions = (await kustomize(overlay)).filter(({ kind }) => kind === 'CustomResourceDefinition');
    expect(definitions).toHaveLength(4);
    for (const { metadata } of definitions) {
      expect(metadata.annotations).toMatchObject({
        'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
        'kustomize.toolkit.fluxcd.io/prune': 'disabled',
      });
    }
  }
});
