import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import type { CMGSpec } from '../../../src/api/v1alpha1/cmg.generated.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from '../../cluster/temporary-directory.ts';
import { certificateSecret, type Manifest, secret } from '../../world/gateway-manifests.ts';
import type { RenderedObject } from '../chart/helm.ts';
import { kustomize, objectOf } from '../deploy/kustomize.ts';
import { pfxOf } from '../operator/pfx.ts';
import type { GatewayTest, Suite } from '../operator/suite.ts';

const PFX_PASSWORD = 'correct horse battery staple';
const PACKAGE_TOKEN = 'package-token';

/** The folders of `deploy/samples` whose gateways the operator makes. */
export const SAMPLES = ['first-gateway', 'pki-clients', 'existing-resource-group'] as const;

type CmgManifest = RenderedObject & { readonly spec: CMGSpec };

/**
 * The CMG of a sample in a test's namespace. Only what names things of the reader's own is replaced: tenant, subscription,
 * application, and the service package. What the sample takes for granted is made: Secrets, the application's
 * credentials, and the resource group.
 */
export async function prepareSample(suite: Suite, test: GatewayTest, sample: string): Promise<Manifest> {
  const { azure, packages } = suite.world();
  const { spec, ...cmg } = objectOf<CmgManifest>(await kustomize(`samples/${sample}`), 'CMG');
  const application = azure.control.addApplication('cmg-operator');
  const clientId = application.principal.appId;
  azure.control.setRights([{ scope: '/', actions: ['*'], notActions: [] }], clientId);
  await prepareCertificate(suite, test, spec);
  await prepareCredentials(suite, test, spec, application);
  if (spec.servicePackage?.credentialsSecretRef !== undefined) {
    const { name } = spec.servicePackage.credentialsSecretRef;
    await test.apply(secret(test.namespace, name, 'Opaque', { token: PACKAGE_TOKEN }));
  }
  for (const { configMap } of spec.clientAuthentication?.trustedCertificates ?? []) {
    if (configMap !== undefined) await test.apply(authorities(suite, test, configMap));
  }
  const { mode, name } = spec.azure.resourceGroup;
  if (mode === 'UseExisting') {
    const path = `/subscriptions/${azure.subscriptionId}/resourcegroups/${name}?api-version=2025-04-01`;
    azure.control.call('PUT', path, { location: spec.azure.region });
  }
  return {
    ...cmg,
    metadata: { ...cmg.metadata, namespace: test.namespace },
    spec: {
      ...spec,
      azure: {
        ...spec.azure,
        tenantId: azure.tenantId,
        subscriptionId: azure.subscriptionId,
        credentials: withClientId(spec.azure.credentials, clientId),
      },
      ...(spec.servicePackage === undefined
        ? {}
        : { servicePackage: { ...spec.servicePackage, url: packages.url, sha256: packages.sha256 } }),
    },
  };
}

type ConfigMapKey = { readonly name: string; readonly key: string };

function authorities(suite: Suite, { namespace }: GatewayTest, { name, key }: ConfigMapKey): Manifest {
  const data = { [key]: suite.world().authority.rootPem };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
}

function withClientId(credentials: CMGSpec['azure']['credentials'], clientId: string): object {
  const members = Object.entries(credentials).map(([name, member]) =>
    typeof member === 'object' ? [name, { ...member, clientId }] : [name, member],
  );
  return Object.fromEntries(members);
}

async function prepareCertificate(suite: Suite, test: GatewayTest, { serverCertificate, serviceName }: CMGSpec) {
  const certificate = await suite.certificateFor({ commonName: serviceName, organization: 'Contoso' });
  if (serverCertificate === undefined) {
    return;
  }
  const { name } = serverCertificate.secretRef;
  if (serverCertificate.format !== 'PFX') {
    await test.apply(certificateSecret(test.namespace, name, certificate, suite.world()));
    return;
  }
  const chain = certificate.chainPem + suite.world().authority.rootPem;
  const pfx = await pfxOf(chain, certificate.privateKeyPem, PFX_PASSWORD);
  await test.apply(secret(test.namespace, name, 'Opaque', { pfx, password: PFX_PASSWORD }));
}

type Application = ReturnType<GatewayTest['azure']['control']['addApplication']>;

async function prepareCredentials(suite: Suite, test: GatewayTest, { azure }: CMGSpec, application: Application) {
  const { type, clientSecret, clientCertificate } = azure.credentials;
  if (type === 'WorkloadIdentity') {
    trustServiceAccount(application);
  } else if (clientCertificate !== undefined) {
    const { name } = clientCertificate.secretRef;
    const own = await suite.certificateFor({ commonName: 'cmg-operator' });
    application.certificates.add(own.certificatePem);
    const data = { 'tls.crt': own.certificatePem, 'tls.key': own.privateKeyPem };
    await test.apply(secret(test.namespace, name, 'kubernetes.io/tls', data));
  } else if (clientSecret !== undefined) {
    application.secrets.add('sample-secret');
    const { name } = clientSecret.secretRef;
    await test.apply(secret(test.namespace, name, 'Opaque', { 'client-secret': 'sample-secret' }));
  }
}

/** A token as the kubelet gives it to the operator's pod, and an application that takes it. */
function trustServiceAccount(application: Application): void {
  application.acceptsAnyAssertion = true;
  const parts = [{ alg: 'RS256' }, { sub: 'system:serviceaccount:cmg-operator:cmg-operator' }, {}];
  const token = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const folder = makeTemporaryDirectory();
  onTestFinished(() => removeTemporaryDirectory(folder));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, token);
  vi.stubEnv('AZURE_FEDERATED_TOKEN_FILE', tokenFile);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
}
