import { expect, test } from 'vitest';
import { helmSuite, type RenderedObject, withValues } from '../chart/helm.ts';
import { configurationOf, type Deployment, kustomizeOwn, objectOf } from './kustomize.ts';

const helm = helmSuite();

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** One line for each thing that the rules of an object allow, wherever it is split into rules. */
function allowed({ rules }: { readonly rules: readonly Rule[] }): string[] {
  return rules
    .flatMap(({ apiGroups, resources, verbs, resourceNames = ['*'] }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.flatMap((verb) => resourceNames.map((name) => `${verb} ${group}/${resource} ${name}`)),
        ),
      ),
    )
    .sort();
}

/** The rights of everybody in a set of manifests, by where they hold and whom they are for. */
function rightsIn(objects: readonly RenderedObject[], find: (role: RenderedObject) => string | undefined) {
  const roles = objects.flatMap((each) => {
    const what = each.kind.endsWith('Role') ? find(each) : undefined;
    return what === undefined ? [] : [[what, allowed(each as never)] as const];
  });
  return Object.fromEntries(roles);
}

const ENDINGS = ['cluster-identity', 'leader-election', 'view', 'edit'];
const purposeOf = ({ metadata }: RenderedObject) =>
  ENDINGS.find((ending) => metadata.name.endsWith(ending)) ?? 'gateways';

/** The configuration with which the operator would run. */
function runConfig(objects: readonly RenderedObject[]) {
  const outcome = configurationOf(objects);
  if (outcome.kind !== 'Run') throw new Error(JSON.stringify(outcome));
  // The chart names the namespace of the lease; otherwise it is the pod's own, which is the same.
  return { ...outcome.config, 'leader-election-namespace': undefined };
}

test.each([
  {
    overlay: 'overlays/namespaced',
    values: [...withValues('default-values.yaml'), '--set', 'watch.namespaces={gateways,gateways-pilot}'],
  },
  { overlay: 'overlays/cluster-wide', values: withValues('cluster-wide-values.yaml') },
])('deploy/$overlay and the chart grant the same rights and run the operator alike', async ({ overlay, values }) => {
  const charted = await helm.render(...values, '--set', 'image.repository=cmg-operator');
  const kustomized = await kustomizeOwn({
    resources: [overlay],
    components: ['components/high-availability'],
    configMapGenerator: [
      {
        name: 'cmg-operator-flags',
        namespace: 'cmg-operator',
        behavior: 'merge',
        literals: ['CMG_OPERATOR_INSTALLATION_ID=contoso-prod'],
      },
    ],
  });
  expect(rightsIn(kustomized, purposeOf)).toEqual(rightsIn(charted, purposeOf));

  const chart = objectOf<Deployment>(charted, 'Deployment').spec;
  const own = objectOf<Deployment>(kustomized, 'Deployment').spec;
  expect(own.replicas).toBe(chart.replicas);
  const partsOf = ({ template }: Deployment['spec']) => {
    const { containers, topologySpreadConstraints: _, serviceAccountName: __, ...pod } = template.spec;
    const { args: _args, env: _env, envFrom: _envFrom, imagePullPolicy: _policy, ...container } = containers[0];
    return { pod, container };
  };
  expect(partsOf(own)).toEqual(partsOf(chart));

  expect(runConfig(kustomized)).toEqual(runConfig(charted));

  const protectionOf = (objects: readonly RenderedObject[]) =>
    objects
      .filter(({ kind, metadata }) => kind.startsWith('Validating') && metadata.name.endsWith('deletion-protection'))
      .map(({ kind, spec, metadata }) => ({
        kind,
        spec: JSON.parse(JSON.stringify(spec).replaceAll(metadata.name, 'deletion-protection')),
      }));
  expect(protectionOf(charted)).toHaveLength(2);
  expect(protectionOf(kustomized)).toEqual(protectionOf(charted));

  const budgetOf = (objects: readonly RenderedObject[]) => {
    const { selector: _, ...spec } = objectOf<{ readonly spec: Record<string, unknown> }>(
      objects,
      'PodDisruptionBudget',
    ).spec;
    return spec;
  };
  expect(budgetOf(kustomized)).toEqual(budgetOf(charted));
});
