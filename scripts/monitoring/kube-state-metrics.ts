import { cmgSchema, fieldsOf } from '../reference/schema.ts';

/** Where a value stands below the object, or below `path` of its metric. */
type Path = readonly string[];

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly each: Readonly<Record<string, unknown>>;
  /** A field that is not there yet is no error worth a line of the log. */
  readonly errorLogV: number;
}

const QUIET = 5;

/** One series for each value that a field can have, which is 1 for the one that it has. */
function stateSet(name: string, help: string, options: StateSetOptions): Metric {
  const { label, path, values, valueFrom, labelsFromPath } = options;
  return {
    name,
    help,
    each: { type: 'StateSet', stateSet: { path, labelName: label, valueFrom, labelsFromPath, list: values } },
    errorLogV: QUIET,
  };
}

interface StateSetOptions {
  readonly label: string;
  readonly path: Path;
  readonly values: readonly string[];
  readonly valueFrom: Path;
  readonly labelsFromPath: Readonly<Record<string, Path>>;
}

const gauge = (name: string, help: string, path: Path, valueFrom?: Path): Metric => ({
  name,
  help,
  each: { type: 'Gauge', gauge: { path, ...(valueFrom && { valueFrom }) } },
  errorLogV: QUIET,
});

/** What the definition allows for a field; the metric has a series for each. */
function valuesOf(root: string, path: string): readonly string[] {
  const values = fieldsOf(cmgSchema(root), 'status').find((field) => field.path === path)?.schema.enum;
  if (values === undefined) throw new Error(`The definition of the CMG says of ${path} no values.`);
  return values;
}

/**
 * What kube-state-metrics is to tell of gateways, in the form of its custom resource state configuration. It stays true
 * while the operator is down, which its own metrics do not.
 *
 * @param root folder of the project, whose `crds/` name the values of fields
 */
export function customResourceState(root: string) {
  const metrics: readonly Metric[] = [
    {
      name: 'info',
      help: 'What a gateway is and where it runs.',
      each: {
        type: 'Info',
        info: {
          path: ['spec'],
          labelsFromPath: {
            service_name: ['serviceName'],
            environment: ['azure', 'environment'],
            subscription_id: ['azure', 'subscriptionId'],
            resource_group: ['azure', 'resourceGroup', 'name'],
            region: ['azure', 'region'],
          },
        },
      },
      errorLogV: QUIET,
    },
    gauge('created', 'When the CMG was created, in seconds since the epoch.', ['metadata', 'creationTimestamp']),
    gauge('deletion_timestamp', 'Since when the CMG is being deleted, in seconds since the epoch.', [
      'metadata',
      'deletionTimestamp',
    ]),
    gauge('spec_suspend', 'Whether the operator leaves the gateway alone: 1 if it does.', ['spec', 'suspend']),
    gauge('generation', 'How often the spec was changed.', ['metadata', 'generation']),
    stateSet('status_condition', 'The conditions of a CMG: 1 for the status that a condition has.', {
      label: 'status',
      path: ['status', 'conditions'],
      values: valuesOf(root, 'status.conditions[].status'),
      valueFrom: ['status'],
      labelsFromPath: { type: ['type'], reason: ['reason'] },
    }),
    stateSet('status_deployment_phase', 'Where a deployment of a gateway stands: 1 for its phase.', {
      label: 'phase',
      path: ['status', 'deployments'],
      values: valuesOf(root, 'status.deployments[].phase'),
      valueFrom: ['phase'],
      labelsFromPath: { deployment: ['id'] },
    }),
  ];
  return {
    kind: 'CustomResourceStateMetrics',
    spec: {
      resources: [
        {
          groupVersionKind: { group: 'configmgr.io', version: 'v1alpha1', kind: 'CMG' },
          metricNamePrefix: 'kube_cmg',
          labelsFromPath: { namespace: ['metadata', 'namespace'], name: ['metadata', 'name'] },
          metrics,
        },
      ],
    },
  };
}

/** What kube-state-metrics has to be allowed for that. */
const RULES = [
  { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: ['list', 'watch'] },
  { apiGroups: ['configmgr.io'], resources: ['cmgs'], verbs: ['list', 'watch'] },
] as const;

/** The same with its rights, as values of the Helm chart `kube-state-metrics` of prometheus-community. */
export function kubeStateMetricsValues(root: string) {
  return {
    customResourceState: { enabled: true, config: customResourceState(root) },
    rbac: { extraRules: RULES },
  };
}
