import type { CustomResourceDefinition, Schema } from './generate-api-types.ts';

/** A Kubernetes object as it stands in a file. */
export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** A role with its rules. */
export interface RoleObject extends ManifestObject {
  readonly rules: readonly object[];
}

/** The parts of a Deployment that change when OLM runs it. */
export interface DeploymentObject extends ManifestObject {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>>; readonly [field: string]: unknown };
      readonly spec: {
        readonly serviceAccountName: string;
        readonly securityContext: Readonly<Record<string, unknown>>;
        readonly containers: readonly Readonly<Record<string, unknown>>[];
        readonly [field: string]: unknown;
      };
    };
    readonly [field: string]: unknown;
  };
}

interface Descriptor {
  readonly path: string;
  readonly displayName: string;
}

interface OwnedKind {
  readonly name: string;
  readonly kind: string;
  readonly version: string;
  readonly displayName: string;
  readonly specDescriptors: readonly Descriptor[];
  readonly statusDescriptors: readonly Descriptor[];
}

/** What is written by hand of a ClusterServiceVersion. */
export interface ClusterServiceVersionBase extends ManifestObject {
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: {
    readonly customresourcedefinitions: { readonly owned: readonly OwnedKind[] };
    readonly [field: string]: unknown;
  };
}

/** What a ClusterServiceVersion is made from. */
export interface BundleParts {
  readonly base: ClusterServiceVersionBase;
  /** An SVG picture. */
  readonly icon: Buffer;
  /** Version of the operator, without a `v`. */
  readonly version: string;
  readonly definitions: readonly CustomResourceDefinition[];
  /** Objects of our kinds that the console offers to fill in. */
  readonly examples: readonly ManifestObject[];
  /** Roles of the operator, and other documents of their files, which are passed over. */
  readonly roles: readonly RoleObject[];
  readonly deployment: DeploymentObject;
}

/** The whole ClusterServiceVersion. */
export function clusterServiceVersion(parts: BundleParts): object {
  const { base, version, deployment, examples, roles } = parts;
  const { serviceAccountName } = deployment.spec.template.spec;
  const rulesOf = (...names: readonly string[]) => names.flatMap((name) => ruleOf(roles, name));
  const { image } = deployment.spec.template.spec.containers[0] ?? {};
  return {
    ...base,
    metadata: {
      name: `cmg-operator.v${version}`,
      annotations: {
        'alm-examples': JSON.stringify(examples.map(withoutAnnotations), undefined, 2),
        ...base.metadata.annotations,
        containerImage: image,
      },
    },
    spec: {
      ...base.spec,
      icon: [{ base64data: parts.icon.toString('base64'), mediatype: 'image/svg+xml' }],
      version,
      customresourcedefinitions: {
        owned: base.spec.customresourcedefinitions.owned.map((owned) => describeKind(owned, parts.definitions)),
      },
      install: {
        strategy: 'deployment',
        spec: {
          // OLM grants these in the namespaces of the OperatorGroup, and in its own.
          permissions: [{ serviceAccountName, rules: rulesOf('cmg-operator', 'cmg-operator-leader-election') }],
          clusterPermissions: [{ serviceAccountName, rules: rulesOf('cmg-operator-cluster-identity') }],
          deployments: [deploymentForOlm(deployment)],
        },
      },
    },
  };
}

/** Annotations of samples are for GitOps. */
function withoutAnnotations({ metadata: { annotations: _, ...metadata }, ...rest }: ManifestObject): object {
  const { apiVersion, kind, ...parts } = rest;
  return { apiVersion, kind, metadata, ...parts };
}

function ruleOf(roles: readonly RoleObject[], name: string): readonly object[] {
  const role = roles.find(({ kind, metadata }) => kind.endsWith('Role') && metadata.name === name);
  if (role === undefined) {
    throw new Error(`No role ${name} is among the manifests.`);
  }
  return role.rules;
}

/**
 * OLM notes the namespaces to watch in an annotation of the pod, empty for all; the installation id comes from the
 * Subscription. OpenShift gives each namespace user and group ids of its own and refuses others.
 */
function deploymentForOlm({ metadata, spec }: DeploymentObject): object {
  const { template } = spec;
  const { runAsUser, runAsGroup, fsGroup, ...securityContext } = template.spec.securityContext;
  const watched = { fieldRef: { fieldPath: "metadata.annotations['olm.targetNamespaces']" } };
  return {
    name: metadata.name,
    spec: {
      ...spec,
      template: {
        metadata: {
          ...template.metadata,
          labels: { ...template.metadata.labels, 'azure.workload.identity/use': 'true' },
        },
        spec: {
          ...template.spec,
          securityContext,
          containers: template.spec.containers.map(({ envFrom, ...container }) => ({
            ...container,
            env: [{ name: 'CMG_OPERATOR_NAMESPACES', valueFrom: watched }],
          })),
        },
      },
    },
  };
}

/** The Service of the metrics, in whatever namespace OLM installs the bundle. */
export function metricsService({ metadata: { namespace: _, ...metadata }, ...service }: ManifestObject): object {
  return { ...service, metadata };
}

function describeKind(owned: OwnedKind, definitions: readonly CustomResourceDefinition[]): object {
  const definition = definitions.find(({ spec }) => spec.names.kind === owned.kind);
  const schema = definition?.spec.versions.find(({ name }) => name === owned.version)?.schema.openAPIV3Schema;
  const describe = (part: string) => (descriptor: Descriptor) => {
    const at = `${part}.${descriptor.path}`;
    const found = at.split('.').reduce<Schema | undefined>((each, name) => each?.properties?.[name], schema);
    if (found === undefined) {
      throw new Error(`${owned.kind} ${owned.version} has no field ${at}.`);
    }
    return { ...descriptor, description: found.description, 'x-descriptors': descriptorsOf(descriptor.path, found) };
  };
  return {
    ...owned,
    description: schema?.description,
    specDescriptors: owned.specDescriptors.map(describe('spec')),
    statusDescriptors: owned.statusDescriptors.map(describe('status')),
  };
}

/** How OpenShift's console shows a field. */
function descriptorsOf(path: string, schema: Schema): string[] {
  if (path === 'conditions') {
    return ['urn:alm:descriptor:io.kubernetes.conditions'];
  }
  if (path.toLowerCase().endsWith('secretref.name')) {
    return ['urn:alm:descriptor:io.kubernetes:Secret'];
  }
  const control = 'urn:alm:descriptor:com.tectonic.ui:';
  if (schema.enum !== undefined) {
    return schema.enum.map((value) => `${control}select:${value}`);
  }
  switch (schema.type) {
    case 'boolean':
      return [`${control}booleanSwitch`];
    case 'integer':
      return [`${control}number`];
    default:
      return ['urn:alm:descriptor:text'];
  }
}
