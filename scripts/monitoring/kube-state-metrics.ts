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

/** A kind, in words and in labels. */
interface StatedKind {
  readonly kind: string;
  readonly prefix: string;
  readonly info: { readonly help: string; readonly labelsFromPath: Readonly<Record<string, Path>> };
  /** What is left alone while the object is suspended. */
  readonly leftAlone: string;
}

const GATEWAY: StatedKind = {
  kind: 'CMG',
  prefix: 'kube_cmg',
  info: {
    help: 'What a gateway is and where it runs.',
    labelsFromPath: {
      service_name: ['serviceName'],
      environment: ['azure', 'environment'],
      subscription_id: ['azure', 'subscriptionId'],
      resource_group: ['azure', 'resourceGroup', 'name'],
      region: ['azure', 'region'],
    },
  },
  leftAlone: 'the gateway',
};

const REFERENCES = { site: ['siteRef', 'name'], cmg: ['cmgRef', 'name'] } as const;

const SITE_KINDS: readonly StatedKind[] = [
  {
    kind: 'Site',
    prefix: 'kube_cmg_site',
    info: {
      help: 'Which site it is.',
      labelsFromPath: { site_code: ['siteCode'], type: ['type'], url: ['adminService', 'url'] },
    },
    leftAlone: 'the site, and all that is on it,',
  },
  {
    kind: 'ConnectionPoint',
    prefix: 'kube_cmg_connection_point',
    info: {
      help: 'Which server it is on, and for which gateway.',
      labelsFromPath: { ...REFERENCES, server: ['siteSystem'], role: ['role'] },
    },
    leftAlone: 'the connection point',
  },
  {
    kind: 'BoundaryGroupReference',
    prefix: 'kube_cmg_boundary_group_reference',
    info: {
      help: 'For which gateway it is, and how clients take the way to it.',
      labelsFromPath: { ...REFERENCES, connection: ['connection'] },
    },
    leftAlone: 'the boundary group',
  },
];

/** What is told of every kind. */
function commonMetrics(root: string, { kind, info, leftAlone }: StatedKind): readonly Metric[] {
  return [
    {
      name: 'info',
      help: info.help,
      each: { type: 'Info', info: { path: ['spec'], labelsFromPath: info.labelsFromPath } },
      errorLogV: QUIET,
    },
    gauge('created', `When the ${kind} was created, in seconds since the epoch.`, ['metadata', 'creationTimestamp']),
    gauge('deletion_timestamp', `Since when the ${kind} is being deleted, in seconds since the epoch.`, [
      'metadata',
      'deletionTimestamp',
    ]),
    gauge('spec_suspend', `Whether the operator leaves ${leftAlone} alone: 1 if it does.`, ['spec', 'suspend']),
    gauge('generation', 'How often the spec was changed.', ['metadata', 'generation']),
    stateSet('status_condition', `The conditions of a ${kind}: 1 for the status that a condition has.`, {
      label: 'status',
      path: ['status', 'conditions'],
      values: valuesOf(root, 'status.conditions[].status'),
      valueFrom: ['status'],
      labelsFromPath: { type: ['type'], reason: ['reason'] },
    }),
  ];
}

function resourceOf({ kind, prefix }: StatedKind, metrics: readonly Metric[]) {
  return {
    groupVersionKind: { group: 'configmgr.io', version: 'v1alpha1', kind },
    metricNamePrefix: prefix,
    labelsFromPath: { namespace: ['metadata', 'namespace'], name: ['metadata', 'name'] },
    metrics,
  };
}

/**
 * What kube-state-metrics is to tell of gateways and of what they have on their sites, in the form of its custom resource
 * state configuration. It stays true while the operator is down, which its own metrics do not.
 *
 * @param root folder of the project, whose `crds/` name the values of fields
 */
export function customResourceState(root: string) {
  const phase = stateSet('status_deployment_phase', 'Where a deployment of a gateway stands: 1 for its phase.', {
    label: 'phase',
    path: ['status', 'deployments'],
    values: valuesOf(root, 'status.deployments[].phase'),
    valueFrom: ['phase'],
    labelsFromPath: { deployment: ['id'] },
  });
  return {
    kind: 'CustomResourceStateMetrics',
    spec: {
      resources: [
        resourceOf(GATEWAY, [...commonMetrics(root, GATEWAY), phase]),
        ...SITE_KINDS.map((kind) => resourceOf(kind, commonMetrics(root, kind))),
      ],
    },
  };
}

/** What kube-state-metrics has to be allowed for that. */
const RULES = [
  { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: ['list', 'watch'] },
  {
    apiGroups: ['configmgr.io'],
    resources: ['boundarygroupreferences', 'cmgs', 'connectionpoints', 'sites'],
    verbs: ['list', 'watch'],
  },
] as const;

/** The same with its rights, as values of the Helm chart `kube-state-metrics` of prometheus-community. */
export function kubeStateMetricsValues(root: string) {
  return {
    customResourceState: { enabled: true, config: customResourceState(root) },
    rbac: { extraRules: RULES },
  };
}
