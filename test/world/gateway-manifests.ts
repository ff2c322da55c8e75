import type { ManagedCmg } from '../../src/controllers/cmg/managed-cmg.ts';
import type { IssuedCertificate } from '../certificate-authority.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** What differs between the gateways of tests. */
export interface GatewayManifestOptions {
  readonly namespace: string;
  readonly name: string;
  readonly serviceName: string;
  readonly certificate?: IssuedCertificate;
  /** Merged over the spec, one level deep. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** A manifest as it would stand in Git. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly [field: string]: unknown;
}

/** A Secret; its values are base64. */
export interface SecretManifest extends Manifest {
  readonly type: string;
  readonly data: Readonly<Record<string, string>>;
}

/** The CMG of a gateway, its certificate as cert-manager writes it, and the client secret for Azure. */
export function gatewayManifests(world: SimulatedWorld, options: GatewayManifestOptions) {
  const { namespace, name, serviceName, certificate } = options;
  return {
    cmg: cmgManifest(world, options),
    certificate:
      certificate === undefined ? undefined : certificateSecret(namespace, `${name}-tls`, certificate, world),
    credentials: secret(namespace, 'azure', 'Opaque', { 'client-secret': world.azure.clientSecret }),
    serviceName,
  };
}

export function cmgManifest({ azure, packages }: SimulatedWorld, options: GatewayManifestOptions): Manifest {
  const { namespace, name, serviceName, spec = {} } = options;
  return {
    apiVersion: 'configmgr.io/v1alpha1',
    kind: 'CMG',
    metadata: { name, namespace },
    spec: {
      serviceName,
      azure: {
        tenantId: azure.tenantId,
        subscriptionId: azure.subscriptionId,
        region: 'westeurope',
        credentials: { type: 'ClientSecret', clientSecret: { clientId: azure.clientId, secretRef: { name: 'azure' } } },
        resourceGroup: { name: `cmg-${name}` },
      },
      serverCertificate: { secretRef: { name: `${name}-tls` } },
      servicePackage: { url: packages.url, sha256: packages.sha256 },
      vm: { size: 'Standard', instances: 1, modelUpdates: 'OnRequest' },
      ...spec,
    },
  };
}

/** What the API server fills in where a CMG says nothing of its redeployments. */
export const DEFAULT_REDEPLOYMENT = {
  minimumWait: '24h',
  requiredRefreshPercent: 95,
  ignoreClientsInactiveFor: '336h',
  deadline: '720h',
  onDeadline: 'Hold',
  drainFor: '0s',
  evidence: 'Site',
} as const;

/** The spec of a gateway that the operator builds. */
export type BuiltSpec = ManagedCmg['spec'] & Required<Pick<ManagedCmg['spec'], 'servicePackage'>>;

/** A CMG of such a gateway. */
export type BuiltCmg = ManagedCmg & { readonly spec: BuiltSpec };

/** The spec of a gateway with all defaults filled in, for where there is no API server that does it. */
export function defaultedSpec({ azure, packages }: Pick<SimulatedWorld, 'azure' | 'packages'>, serviceName: string) {
  return {
    managementPolicy: 'Manage',
    provisioner: 'Operator',
    deploymentModel: 'VirtualMachineScaleSet',
    suspend: false,
    deletionPolicy: 'Delete',
    deletionProtection: false,
    azure: {
      environment: azure.cloud.name,
      tenantId: azure.tenantId,
      subscriptionId: azure.subscriptionId,
      region: azure.cloud.regions[0]?.name ?? '',
      credentials: {
        type: 'ClientSecret',
        clientSecret: { clientId: azure.clientId, secretRef: { name: 'azure', key: 'client-secret' } },
      },
      resourceGroup: { name: `rg-${serviceName.split('.')[0]}`, mode: 'Create' },
    },
    serviceName,
    serverCertificate: { format: 'TLS', secretRef: { name: 'tls' }, revision: '' },
    vm: { size: 'Standard', instances: 1, modelUpdates: 'OnRequest' },
    servicePackage: { url: packages.url, sha256: packages.sha256 },
    content: { enabled: true },
    clientAuthentication: { verifyRevocation: true },
    enforceTls12: true,
    redeployment: DEFAULT_REDEPLOYMENT,
  } satisfies BuiltSpec;
}

export function certificateSecret(
  namespace: string,
  name: string,
  certificate: IssuedCertificate,
  { authority }: Pick<SimulatedWorld, 'authority'>,
): SecretManifest {
  return secret(namespace, name, 'kubernetes.io/tls', {
    'tls.crt': certificate.chainPem,
    'tls.key': certificate.privateKeyPem,
    'ca.crt': authority.rootPem,
  });
}

export function secret(
  namespace: string,
  name: string,
  type: string,
  values: Readonly<Record<string, string | Uint8Array>>,
): SecretManifest {
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type, data };
}

/** Where the API server has an object of this manifest. */
export function pathOf({ apiVersion, kind, metadata }: Manifest): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const plural = kind === 'CMG' ? 'cmgs' : `${kind.toLowerCase()}s`;
  return `${group}/namespaces/${metadata.namespace}/${plural}/${metadata.name}`;
}
